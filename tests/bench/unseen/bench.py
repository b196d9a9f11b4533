#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How the engine does on paths that nobody tuned it for, next to plain least
squares on the same samples.

    ./test bench unseen [--seeds N] [--jobs N] [SCENARIO...]

Each scenario is run once per seed with the engine's log and a trace.  The log
has the samples (RAW at the middle of the exchange, the server's time less RAW,
the round trip), the trace has RAW, true time and the engine's error.  Estimates
from the samples are lines through the last N of each server, of several servers
the median.  There are nine of them: N = 8, 16, 32, 64, of all samples or of
those whose round trip is not above the median of the server's last 16, and
`causal`, which at each sample takes the one whose predictions have been off
least (mean |residual|, 64 samples).  A leap of RAW by more than 10 s, a
suspension, begins new lines with the old slope.

`steered` is a clock that follows causal, and is begun, set by the RTC and
corrected as ours is: it has our clock's error when the first sample comes and
our RTC's after a sleep, and whatever lies between it and its line is slewed
away, at once and at the default maxslewrate.  (That is the fastest that is
allowed; the engine takes a quarter of an interval.  makestep applies to none of
these scenarios: nothing is off by a second.)  `hindsight` is likewise steered
by the best of the other eight, chosen afterwards, and `line` is causal itself,
a clock that is always right about its own estimate and needs no steering.

Errors are RMS over the time after settling, over the seeds; `a seed` is the
largest ratio to steered that a single seed has.  What lies between a wake-up
and the next answer is left out, for all of them.  Status 1 if the engine's
error is in a scenario more than 1.2 x steered's.
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
LINES = [(n, f) for f in (False, True) for n in (8, 16, 32, 64)]
SAMPLE = re.compile(r"source (\S+): .* delay (\S+) at .*, raw (\S+) (\S+)$")
LEAP = 10        # s
FEW = 8          # samples from which a slope is taken: more than a burst's
FORGET = 1 / 64
LOST = 1         # s: a line that is off by more has just woken up
SLEW = 0.083333333              # s/s, maxslewrate
MOST = 1.2                      # of steered's error


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


def lines_at(servers, raw):
    return [middle(c) for c in zip(*(s.all_at(raw) for s in servers.values()))]


def square(e, f, dt):
    """The integral of the square of what goes straight from e to f."""
    return dt * (e * e + e * f + f * f) / 3


class Steered:
    """A clock that is slewed to a line as fast as is allowed."""

    def __init__(self, ahead):
        self.ahead = ahead      # of its line, s
        self.squares = 0.0

    def run(self, dt, was, now, counts):
        """dt s, in which the line's own error goes straight from was to now."""
        busy = min(dt, abs(self.ahead) / SLEW)
        then = self.ahead - math.copysign(busy * SLEW, self.ahead)
        if counts:
            between = was + (now - was) * (busy / dt if dt else 0)
            self.squares += square(was - self.ahead, between - then, busy)
            self.squares += square(between - then, now - then, dt - busy)
        self.ahead = then


class Tally:
    """Follows a trace with the clocks that its samples make possible."""

    def __init__(self, settle):
        self.settle = settle
        self.servers, self.steered = {}, []
        self.zero = None        # the engine's seconds begin at a whole one
        self.last = None        # true time, RAW, the engine's error, the lines'
        self.is_lost = False    # woken up, nobody has answered
        self.lines = [0.0] * (len(LINES) + 1)
        self.ours = self.seconds = 0.0

    def errors(self, at, raw):
        return [at - raw + self.zero - line
                for line in lines_at(self.servers, raw)]

    def advance(self, at, raw, engine):
        """To a row of the trace; between two all is straight."""
        if not self.servers:
            return
        then, was_raw, was_engine, were = self.last
        lines, dt = self.errors(at, raw), at - then
        asleep = dt - (raw - was_raw)
        if asleep > LEAP:       # the RTC's error is the same for all clocks
            for clock in self.steered:
                clock.ahead += asleep - (engine - was_engine)
            self.is_lost = True
        elif not self.is_lost:
            counts = then >= self.settle and all(
                abs(e) < LOST for e in (*were, *lines, was_engine, engine))
            for clock, was, now in zip(self.steered, were, lines):
                clock.run(dt, was, now, counts)
            if counts:
                self.seconds += dt
                self.ours += square(was_engine, engine, dt)
                for i, (was, now) in enumerate(zip(were, lines)):
                    self.lines[i] += square(was, now, dt)
        self.last = (at, raw, engine, lines)

    def sample(self, at, raw, engine, name, *values):
        """A server's answer, at the last row's time."""
        if self.zero is None:
            self.zero = round(values[1] - at + raw)
        self.servers.setdefault(name, Server()).add(*values)
        lines = self.errors(at, raw)
        if self.last is None:
            self.steered = [Steered(e - engine) for e in lines]
        else:                   # the clocks stay, the lines move
            for clock, was, now in zip(self.steered, self.last[3], lines):
                clock.ahead += now - was
        self.is_lost = False
        self.last = (at, raw, engine, lines)


def tally(log, trace, settle):
    """The sums of squares of ours, of the lines, of the clocks that are steered
    by them; seconds."""
    samples = []
    for row in log:
        m = SAMPLE.search(row)
        if m:
            delay, t, d = (float(m.group(i)) for i in (2, 3, 4))
            samples.append((t + delay / 2 - 1e-6, m.group(1), t, d, delay))
    samples.sort(reverse=True)
    sums = Tally(settle)
    for row in trace:
        if row[0] == "#":
            continue
        f = row.split()
        at, engine, raw = float(f[0]), float(f[2]), float(f[6])
        sums.advance(at, raw, engine)
        while samples and samples[-1][0] <= raw:
            sums.sample(at, raw, engine, *samples.pop()[1:])
    return ([sums.ours, *sums.lines, *(c.squares for c in sums.steered)],
            sums.seconds)


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
    print("%-16s %9s %9s %9s %9s %9s %-8s %6s %8s %6s %6s %6s %6s %5s" % (
        "us", "rms", "max", "line", "steered", "hindsight", "", "/line",
        "/steered", "/hind", "a seed", "honest", "synced", "steps"))
    ratios = []
    with concurrent.futures.ProcessPoolExecutor(a.jobs) as pool:
        results = pool.map(run, jobs)
        for name in names:
            runs = [next(results) for _ in range(a.seeds)]
            seconds = sum(r[2] for r in runs)
            ours, *rms = [math.sqrt(sum(s) / seconds) * 1e6
                          for s in zip(*(r[1] for r in runs))]
            line, steered = rms[len(LINES)], rms[-1]
            best, i = min((e, i) for i, e in enumerate(rms[-len(LINES) - 1:-1]))
            one = max(math.sqrt(r[1][0] / r[1][-1]) for r in runs)
            ratios.append((ours / line, ours / steered, ours / best, one))
            print("%-16s %9.4g %9.4g %9.4g %9.4g %9.4g %-8s %6.2f %8.2f %6.2f "
                  "%6.2f %6.4f %6.4f %5d" % (
                      name.stem, ours, max(r[0]["max"] for r in runs) * 1e6,
                      line, steered, best,
                      "%d%s" % (LINES[i][0], " short" * LINES[i][1]),
                      *ratios[-1], min(r[0]["honesty"] for r in runs),
                      min(r[0]["synced"] for r in runs),
                      max(r[0]["steps"] for r in runs)), flush=True)
    for what, mean in (("geometric mean", True), ("worst", False)):
        print(f"{what}: " + ", ".join(
            "%.3f of %s" % (math.exp(sum(map(math.log, x)) / len(x)) if mean
                            else max(x), of)
            for x, of in zip(zip(*ratios), ("line", "steered", "hindsight", "steered, worst seed"))))
    sys.exit(any(r[1] > MOST for r in ratios))


if __name__ == "__main__":
    main()
