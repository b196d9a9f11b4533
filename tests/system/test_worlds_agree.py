#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The simulator is right: what the real clock did, a simulated one does.

A real run of test_first_light's kind is recorded.  The reference is a straight
line over CLOCK_MONOTONIC_RAW, so the oscillator below the clock has no wander
and no noise at all, and truth is known for each sample that the engine took:
its error is (way out - way back) / 2 and its delay their sum, errors of the
time stamps included.  The simulator gets these delays, the clock's error at
the first request, the reference's frequency, and how late the clock role woke
up to end the first slew, whose rate is such that 1 ms makes 60 us.  The
engine's dice are its own.
Time counts from the first request in both worlds.
"""
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import keepclock                                        # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402

LENGTH = 60 if os.environ.get("TOCK_LONG") else 25      # s of a run
OBSERVED = 0.02         # s between two readings of the observer
RUNS = 3
NEAR = 100e-6           # s: below it the clock has converged
SETTLED = 10            # s: from then on it counts as settled
ALIKE = 0.20
POLL = "iburst minpoll 2 maxpoll 4"
OFFSET, PPM = 0.030, 20
SAMPLE = re.compile(r"delay ([\d.]+) at .., raw ([\d.]+) ([-+][\d.]+)")


def samples(log, scale):
    """[(raw, way out, way back)], s, of the samples in the engine's log."""
    out = []
    for delay, raw, offset in SAMPLE.findall(log):
        ns = round(float(raw) * 1e9)
        truth = (scale.at(ns) - ns) % 10**9 * 1e-9
        error = (float(offset) - truth + 0.5) % 1 - 0.5
        ways = float(delay) / 2 + error, float(delay) / 2 - error
        out.append((float(raw), *ways))
    return out


def real_run(where):
    """What the observer saw, [(s, error)], the samples, and how late the first
    slew ended."""
    with lib.clock() as keeper:
        # A simulated clock begins without a frequency and without a past.
        lib.subtree_gone("/run/tock", "/var/lib/tock")
        keepclock.adjtimex(modes=keepclock.ADJ_FREQUENCY | keepclock.ADJ_TICK,
                           freq=0, tick=10000)
        with open(where / "observed", "w") as seen, \
                reference.serving(lib.BUILD, where / "anchor", OFFSET, PPM,
                                  keeper=keeper) as ref, \
                reference.program(ref.observer, ref.anchor, 0, OBSERVED,
                                  stdout=seen), \
                lib.tockd(where, [f"server 127.0.0.1 port {ref.port} {POLL}"],
                          "-d", keeper=keeper) as daemon:
            time.sleep(LENGTH + 1)
            log = daemon.text()
    rows = [json.loads(line) for line in
            (where / "observed").read_text().splitlines()[:-1]]
    taken = samples(log, ref.scale)
    begin = taken[0][0]
    line = [(row["t"] - begin, -row["error"]) for row in rows]
    return cut(line), taken, lateness(rows, begin)


def meeting(one, two):
    """When a clock that ran as in the one reading began to run as in the other:
    where the lines through both meet."""
    (t, e, a), (u, f, b) = ((row["t"], row["error"], (row["ppm"] - PPM) * 1e-6)
                            for row in (one, two))
    return (f - e + a * t - b * u) / (a - b)


def lateness(rows, begin):
    """s by which the first slew, planned for a quarter of the 2 s of a burst,
    lasted longer; if it took away too much, another one may follow at once."""
    rows = [row for row in rows if row["t"] > begin - OBSERVED]
    first = next(i for i, row in enumerate(rows) if abs(row["ppm"]) > 1000)
    rate = rows[first]["ppm"]
    after = next(i for i, row in enumerate(rows)
                 if i > first and abs(row["ppm"] - rate) > 1000)
    return meeting(rows[after - 1], rows[after]) - \
        meeting(rows[first - 1], rows[first]) - 0.5


def cut(line):
    """From the first request on."""
    return [(t, e) for t, e in line if 0 <= t <= LENGTH]


def simulated_run(where, behind, late, taken, seed):
    for name, column in (("up", 1), ("down", 2)):
        text = "".join(f"{max(row[column], 0):.9f}\n" for row in taken)
        (where / name).write_text(text)
    (where / "run.scn").write_text(
        f"duration {LENGTH}s\n"
        f"node a 10.0.0.1 sample {OBSERVED}\n"
        f"config a server 192.0.2.1 {POLL}\n"
        f"clock a behind {behind:.9f} freq {-PPM / (1 + PPM * 1e-6)}ppm "
        f"late {max(late, 0):.6f}\n"
        "server s 192.0.2.1 precision -23 rootdelay 0 rootdisp 15us\n"
        f"path a s up-replay {where}/up down-replay {where}/down\n")
    subprocess.run([lib.BUILD / "tests/sim/sim", "--seed", str(seed),
                    "--trace", where / "trace", where / "run.scn"], check=True,
                   stdout=subprocess.DEVNULL)
    rows = [row.split() for row in (where / "trace").read_text().splitlines()
            if not row.startswith("#")]
    return cut([(float(row[0]), float(row[2])) for row in rows])


def rms(line, since=0.0):
    """Of straight lines between the points."""
    total = length = 0
    for (t, a), (u, b) in zip(line, line[1:]):
        if t >= since:
            total += (u - t) * (a * a + a * b + b * b) / 3
            length += u - t
    return math.sqrt(total / length)


def convergence(line):
    """s until the error stays small."""
    return next((t for t, e in reversed(line) if abs(e) >= NEAR), 0.0)


def figures(line):
    return {"RMS error": rms(line), "settled RMS error": rms(line, SETTLED),
            "convergence": convergence(line)}


def the_worlds_agree(where):
    ratios = {}
    for run in range(1, RUNS + 1):
        folder = where / str(run)
        folder.mkdir(mode=0o755)
        seen, taken, late = real_run(folder)
        real = figures(seen)
        made = figures(simulated_run(folder, seen[0][1], late, taken, run))
        keep(folder, run)
        print(f"  run {run}: the first slew ended {late * 1e6:.0f} us late")
        for name, value in real.items():
            ratio = made[name] / value
            ratios.setdefault(name, []).append(ratio)
            print(f"  run {run}: {name} real {value * 1e6:.1f} us, simulated "
                  f"{made[name] * 1e6:.1f} us, ratio {ratio:.3f}", flush=True)
    for name, values in ratios.items():
        ratio = statistics.median(values)
        lib.check(abs(ratio - 1) <= ALIKE, f"{name}: simulated / real "
                  f"{ratio:.3f}, the median of {RUNS}")


def keep(folder, run):
    """For whoever looks for a difference."""
    where = os.environ.get("TOCK_KEEP")
    if where:
        subprocess.run(["cp", "-r", folder, f"{where}/{run}"], check=True)


if __name__ == "__main__":
    lib.alone()
    lib.main(the_worlds_agree)
