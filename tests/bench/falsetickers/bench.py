#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How far servers that lie move the clock.

    ./test bench falsetickers [--seeds N] [NAME]...

Each scenario is run by the simulator (tests/sim) with the lie and without it:
a seed stands for the same quartz and for the same delay of the n-th packet on a
path, so the difference is what the lie did.  Polls of 64 s, then of 64 to
1024 s as the engine likes.  Figures are the largest of all seeds, in us: how far
the clock was moved, its error, its error without the lie; then both of the
first by what is allowed, which is 5 % of the lie or what is claimed as error at
that moment, whichever is more.  The exit status is 1 where that is above 1.
Errors count from 2 min on, while the engine says that it is synchronised.
"""
import argparse
import bisect
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TOCK_BUILD", HERE.parents[2] / "build"))
SIM = BUILD / "tests" / "sim" / "sim"
POLLS = ((6, 6), (6, 10))
SETTLE = 120
LATER = 3 * 3600
PART = 0.05

MID, WAN, NEAR = "1ms+exp:100us", "10ms+exp:1ms", "100us+exp:20us"
WANS = (WAN, "20ms+exp:1ms", "5ms+exp:500us")


class Scenario(NamedTuple):
    name: str
    honest: tuple       # paths, and those of the servers that lie together:
    liars: tuple
    offset: float = 0   # s
    drift: float = 0    # s/s
    start: int = LATER  # s
    end: int = 0        # s; 0: never
    hours: int = 12

    def lie(self, t):
        if t < self.start or 0 < self.end < t:
            return 0
        return abs(self.offset + self.drift * (t - self.start))

    def text(self, polls, lies):
        out = [f"scenario {self.name}", f"duration {self.hours}h",
               "node a 10.0.0.1", "config a makestep 1 3",
               "clock a behind 10ms freq 10ppm wander 1e-9"]
        for i, path in enumerate(self.honest + self.liars, 1):
            out += [f"server s{i} 192.0.2.{i}", f"path a s{i} {path}",
                    f"config a server 192.0.2.{i} iburst "
                    f"minpoll {polls[0]} maxpoll {polls[1]}"]
            if lies and i > len(self.honest):
                out.append(f"at {self.start}s server s{i} offset "
                           f"{self.offset * 1e6:g}us "
                           f"drift {self.drift * 1e6:g}ppm")
                if self.end:
                    out.append(f"at {self.end}s server s{i} offset 0")
        return "\n".join(out) + "\n"


def walks(name, honest, liars, rates):
    return [Scenario(f"{name}-{r:g}", honest, liars, drift=r, hours=24)
            for r in rates]


SCENARIOS = [
    Scenario("1of4-100ms", (MID,) * 3, (MID,), 0.1, start=0),
    Scenario("1of4-later", (MID,) * 3, (MID,), 0.1),
    Scenario("1of4-while", (MID,) * 3, (MID,), 0.1, end=2 * LATER),
    Scenario("1of4-3ms", (MID,) * 3, (MID,), 3e-3),
    Scenario("1of4-1.5ms", (MID,) * 3, (MID,), 1.5e-3),
    Scenario("1of4-0.5ms", (MID,) * 3, (MID,), 0.5e-3),
    Scenario("1of3-20ms", (MID,) * 2, (MID,), 20e-3),
    Scenario("2of5-20ms", (MID,) * 3, (MID,) * 2, 20e-3, start=0),
    Scenario("2of5-later", (MID,) * 3, (MID,) * 2, 20e-3),
    Scenario("2of5-1.5ms", (MID,) * 3, (MID,) * 2, 1.5e-3),
    Scenario("near-5ms", (WAN,) * 3, (NEAR,), 5e-3),
    Scenario("near-100ms", (WAN,) * 3, (NEAR,), 0.1, start=0),
    Scenario("near-1of3", (WAN,) * 2, (NEAR,), 5e-3),
    Scenario("near-2of5", (WAN,) * 3, (NEAR,) * 2, 5e-3),
    *walks("walk", (MID,) * 3, (MID,), (1e-9, 1e-8, 3e-8, 1e-7, 3e-7, 1e-6,
                                        5e-6, 5e-5)),
    *walks("2walk", (MID,) * 3, (MID,) * 2, (1e-8, 1e-7, 1e-6, 1e-5)),
    *walks("wanwalk", WANS, (WAN,), (1e-7, 1e-6, 1e-5)),
    *walks("nearwalk", (WAN,) * 3, (NEAR,), (3e-8, 1e-7, 1e-6, 1e-5)),
    *walks("near1of3", (WAN,) * 2, (NEAR,), (1e-7,)),
]


def trace(text, seed):
    """Rows of the time, the error and the claim, while synchronised."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "lie.scn"
        rows = pathlib.Path(directory) / "trace"
        file.write_text(text)
        done = subprocess.run([SIM, "--seed", str(seed), "--trace", rows, file],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr or done.stdout)
        split = (line.split() for line in rows.read_text().splitlines()
                 if line[0] != "#")
        return [(float(w[0]), float(w[2]), float(w[3]))
                for w in split if w[5] != "0"]


def between(rows, times, t):
    """The error at t, of rows in order of their times."""
    i = min(max(bisect.bisect_right(times, t), 1), len(rows) - 1)
    (t0, e0, _), (t1, e1, _) = rows[i - 1:i + 1]
    return e0 if t1 <= t0 else e0 + (e1 - e0) * (t - t0) / (t1 - t0)


def run(scenario, polls, seed):
    """The largest of: moved, error, honest error, and the first two by what is
    allowed."""
    lied = trace(scenario.text(polls, True), seed)
    honest = trace(scenario.text(polls, False), seed)
    times = [row[0] for row in honest]
    most = [0.0] * 5
    for t, error, claim in lied:
        if t < SETTLE:
            continue
        right = between(honest, times, t)
        allowed = max(PART * scenario.lie(t), claim)
        moved = abs(error - right)
        here = (moved, abs(error), abs(right), moved / allowed,
                abs(error) / allowed)
        most = [max(pair) for pair in zip(most, here)]
    return most


def main():
    parser = argparse.ArgumentParser(prog="./test bench falsetickers")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    those = [s for s in SCENARIOS if not args.names or s.name in args.names]
    worst = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for polls in POLLS:
            print(f"{'polls %d..%d' % tuple(1 << p for p in polls):16} "
                  f"{'moved':>9} {'error':>9} {'honest':>9} "
                  f"{'moved/':>7} {'error/':>7}")
            jobs = [(s, [pool.submit(run, s, polls, seed + 1)
                         for seed in range(args.seeds)]) for s in those]
            for s, runs in jobs:
                r = [max(x) for x in zip(*(j.result() for j in runs))]
                worst = max(worst, r[3], r[4])
                print(f"{s.name:16} {r[0] * 1e6:9.1f} {r[1] * 1e6:9.1f} "
                      f"{r[2] * 1e6:9.1f} {r[3]:7.3f} {r[4]:7.3f}", flush=True)
    print(f"worst: {worst:.3f} of what is allowed")
    sys.exit(worst > 1)


if __name__ == "__main__":
    main()
