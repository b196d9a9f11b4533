#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How the engine does on paths that nobody tuned it for, next to a plain
least-squares line on the same samples.

    ./test bench unseen [--seeds N] [--jobs N] [SCENARIO...]

Each scenario is run once per seed with the engine's log and a trace.  The log
has the samples (RAW at the middle of the exchange, the server's time less RAW,
the round trip), the trace has RAW, true time and the engine's error.  From
them an ideal clock is steered, which is always where a line through the last N
samples of each server says; of several servers the median counts.  There are
seven of them: N = 8, 16, 32, of all samples or of those whose round trip is not
above the median of the server's last 16, and `causal`, which at each sample
takes the one whose predictions have been off least (mean |residual|, 64
samples).  A leap of RAW by more than 10 s, a suspension, begins new lines with
the old slope.

Errors are RMS over the time after settling, over the seeds: the engine's,
causal's, and of the best of the other six, chosen afterwards.  What lies
between a wake-up and the next answer is left out, for all of them.
"""
import argparse
import collections
import concurrent.futures
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TOCK_BUILD", HERE.parents[2] / "build"))
SIM = BUILD / "tests" / "sim" / "sim"
LINES = [(n, f) for f in (False, True) for n in (8, 16, 32)]
SAMPLE = re.compile(r"source (\S+): .* delay (\S+) at .*, raw (\S+) (\S+)$")
LEAP = 10        # s
FEW = 4          # samples from which a slope is taken
FORGET = 1 / 64
LOST = 1         # s: an ideal clock that is off by more has just woken up


class Line:
    """A line through the last n samples (t, d)."""

    def __init__(self, n):
        self.window = collections.deque(maxlen=n)
        self.origin = self.level = self.slope = 0.0
        self.missed = math.inf

    def at(self, t):
        return self.level + self.slope * (t - self.origin)

    def add(self, t, d):
        if self.window:
            miss = abs(d - self.at(t))
            if miss > LEAP:
                self.window.clear()
            elif math.isinf(self.missed):
                self.missed = miss
            else:
                self.missed += FORGET * (miss - self.missed)
        self.window.append((t, d))
        n = len(self.window)
        mean_t = sum(t for t, _ in self.window) / n
        mean_d = sum(d for _, d in self.window) / n
        if n >= FEW:
            self.slope = (
                sum((t - mean_t) * (d - mean_d) for t, d in self.window) /
                sum((t - mean_t) ** 2 for t, _ in self.window))
        self.origin, self.level = mean_t, mean_d


class Server:
    def __init__(self):
        self.delays = collections.deque(maxlen=16)
        self.lines = [Line(n) for n, _ in LINES]

    def add(self, t, d, delay):
        self.delays.append(delay)
        median = sorted(self.delays)[len(self.delays) // 2]
        for line, (_, filtered) in zip(self.lines, LINES):
            leap = line.window and abs(d - line.at(t)) > LEAP
            if not filtered or delay <= median or leap:
                line.add(t, d)

    def all_at(self, t):
        every = [line.at(t) for line in self.lines]
        best = min(range(len(LINES)), key=lambda i: self.lines[i].missed)
        return every + [every[best]]


def middle(values):
    values, n = sorted(values), len(values)
    return (values[n // 2] + values[(n - 1) // 2]) / 2


def clocks_at(servers, raw):
    return [middle(c) for c in zip(*(s.all_at(raw) for s in servers.values()))]


def tally(log, trace, settle):
    """[sum of squares per clock, the engine last], seconds."""
    samples = []
    for row in log:
        m = SAMPLE.search(row)
        if m:
            delay, t, d = (float(m.group(i)) for i in (2, 3, 4))
            samples.append((t + delay / 2 - 1e-6, m.group(1), t, d, delay))
    samples.sort(reverse=True)
    servers, zero, last = {}, None, None
    sums, seconds = [0.0] * (len(LINES) + 2), 0.0
    for row in trace:
        if row[0] == "#":
            continue
        f = row.split()
        at, engine, raw = float(f[0]), float(f[2]), float(f[6])
        if servers and at >= settle:
            here = [at - raw + zero - c for c in clocks_at(servers, raw)]
            here.append(engine)
            if last and all(abs(e) < LOST for e in here + last[1]):
                dt = at - last[0]
                seconds += dt
                for i, (e, g) in enumerate(zip(last[1], here)):
                    sums[i] += dt * (e * e + e * g + g * g) / 3
        while samples and samples[-1][0] <= raw:
            _, name, t, d, delay = samples.pop()
            if zero is None: # the engine's seconds begin at a whole one
                zero = round(d - at + raw)
            servers.setdefault(name, Server()).add(t, d, delay)
        if servers and at >= settle:
            here = [at - raw + zero - c for c in clocks_at(servers, raw)]
            last = (at, here + [engine])
    return sums, seconds


def run(job):
    scenario, seed = job
    import json
    settle = re.search(r"^settle (\d+)(\w)", scenario.read_text(), re.M)
    settle = int(settle[1]) * {"s": 1, "m": 60, "h": 3600}[settle[2]]
    with tempfile.TemporaryDirectory() as where:
        trace = pathlib.Path(where) / "trace"
        r = subprocess.run([SIM, "-d", "--json", "--seed", str(seed), "--trace",
                            trace, scenario], text=True, capture_output=True)
        if r.returncode not in (0, 1):
            sys.exit(f"{scenario}: {r.stderr[-500:]}")
        node = json.loads(r.stdout)["nodes"]["a"]
        with open(trace) as rows:
            return node, *tally(r.stderr.splitlines(), rows, settle)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("scenarios", nargs="*", type=pathlib.Path)
    a = p.parse_args()
    names = a.scenarios or sorted(HERE.glob("*.scn"))
    jobs = [(n, s + 1) for n in names for s in range(a.seeds)]
    print("%-16s %10s %10s %10s %10s %-10s %6s %6s %7s %7s %6s" %
          ("us", "rms", "max", "causal", "best", "", "/caus", "/best",
           "honest", "synced", "steps"))
    with concurrent.futures.ProcessPoolExecutor(a.jobs) as pool:
        results, logs = pool.map(run, jobs), []
        for name in names:
            runs = [next(results) for _ in range(a.seeds)]
            seconds = sum(r[2] for r in runs)
            rms = [math.sqrt(sum(s) / seconds) * 1e6
                   for s in zip(*(r[1] for r in runs))]
            best = min(range(len(LINES)), key=lambda i: rms[i])
            logs.append((math.log(rms[-1] / rms[-2]),
                         math.log(rms[-1] / rms[best])))
            print("%-16s %10.4g %10.4g %10.4g %10.4g %-10s %6.2f %6.2f "
                  "%7.4f %7.4f %6d" % (
                      name.stem, rms[-1], max(r[0]["max"] for r in runs) * 1e6,
                      rms[-2], rms[best], "%d%s" % (
                          LINES[best][0], " short" * LINES[best][1]),
                      *(math.exp(x) for x in logs[-1]),
                      min(r[0]["honesty"] for r in runs),
                      min(r[0]["synced"] for r in runs),
                      max(r[0]["steps"] for r in runs)), flush=True)
    print("geometric means %.3f %.3f" % tuple(
        math.exp(sum(x) / len(logs)) for x in zip(*logs)))


if __name__ == "__main__":
    main()
