#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How far the clock is from the truth, engine and clock role in closed loop.

    ./test bench accuracy [--scenario NAME]... [--seeds N] [--own-poll]
                          [--points] [--svg DIR]

scenarios.txt has what is run, by the simulator (tests/sim), over two virtual
days with polls every 64 s, or with --own-poll from 64 to 1024 s as the engine
likes.  A seed stands for the same quartz, and for the same delay of the n-th
packet on a path, whatever the engine does, so that two engines may be compared
by few seeds.  The first 10 000 s do not count.  Figures are in us, over all seeds:
RMS, 99 % and largest error; frequency in ppb RMS; the longest time until the
error stayed below 1 ms, s; packets per run; RMS by the bound (what can be had
by who knows all parameters) and by chrony's; the time in which the error was
inside what was claimed, %, in brackets where no claim can hold.  --points puts
error against packets: chrony sends so many packets for its error, with polls of
64 s and with its own; what is the smallest error for no more packets, in parts
of chrony's, and what the fewest packets for no more error, of our own polls and
of fixed ones from 64 to 2048 s?  Below 1 both are better.  --svg draws seed 1 of
each and, over the first table, error against packets.

`accuracy`, beside this, measures the estimator alone.
"""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import chart

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TOCK_BUILD", HERE.parents[2] / "build"))
SIM = BUILD / "tests" / "sim" / "sim"
SETTLE = 10000
OWN = (6, 10)
POLLS = (4, 5, 6, 7, 8, 9, 10)      # of the picture
POINTS = (OWN, *((p, p) for p in range(6, 12)))
FIXED = 2677                        # chrony's packets in two days, poll 64 s


class Scenario:
    """One block of scenarios.txt."""

    def __init__(self, table, words):
        self.table, self.name = table, words[0]
        self.lines = []
        facts = dict(zip(words[1::2], map(float, words[2::2])))
        self.bound, self.chrony = facts.get("bound"), facts["chrony"]
        self.own, self.packets = facts.get("own"), facts.get("packets")
        self.poll = int(facts.get("poll", 6))
        self.days = facts.get("days", 2)
        self.fixed = None           # chrony's packets then
        self.has_makestep = facts.get("makestep", 1) > 0
        self.is_untrue = facts.get("untrue", 0) > 0

    def servers(self):
        return sorted({w for line in self.lines for w in line.split()[2:3]
                       if line.startswith("path a s") and "*" not in w})

    def text(self, polls):
        """The simulator's file; polls: (minpoll, maxpoll) or None."""
        low, high = polls or (self.poll, self.poll)
        out = [f"scenario {self.name}", f"duration {self.days}d",
               f"settle {SETTLE}", "node a 10.0.0.1",
               "clock a behind 10ms freq 10ppm wander 1e-9"]
        if self.has_makestep:
            out.append("config a makestep 1 3")
        for i, name in enumerate(self.servers(), 1):
            out += [f"server {name} 192.0.2.{i}",
                    f"config a server 192.0.2.{i} iburst "
                    f"minpoll {low} maxpoll {high}"]
        return "\n".join(out + self.lines) + "\n"


def read_scenarios():
    found, table = [], None
    for line in (HERE / "scenarios.txt").read_text().splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "table":
            table = words[1]
        elif words[0] == "==":
            found.append(Scenario(table, words[1:]))
        else:
            found[-1].lines.append(line)
    for s in found:
        s.fixed = FIXED * s.days / 2 * len(s.servers())
    return found


def run(scenario, polls, seed, pictures=None):
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / f"{scenario.name}.scn"
        file.write_text(scenario.text(polls))
        argv = [SIM, "--json", "--seed", str(seed), file]
        if pictures:
            argv[1:1] = ["--svg", pictures]
        done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{scenario.name}: {done.stderr}")
    return json.loads(done.stdout)["nodes"]["a"]


def together(runs):
    """One result of the runs of several seeds."""
    def mean(key):
        return sum(r[key] for r in runs) / len(runs)

    def most(key):
        return max(math.inf if r[key] is None else r[key] for r in runs)

    return {"rms": math.sqrt(sum(r["rms"] ** 2 for r in runs) / len(runs)),
            "freq": math.sqrt(sum(r["freq"] ** 2 for r in runs) / len(runs)),
            "p99": most("p99"), "max": most("max"), "sync": most("sync"),
            "packets": mean("packets"), "honesty": mean("honesty")}


def geometric(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def measure(pool, scenarios, polls, seeds, pictures=None):
    """Yields each scenario with its result, as they were given."""
    jobs = [(s, [pool.submit(run, s, polls, seed,
                             pictures if seed == 1 else None)
                 for seed in range(1, seeds + 1)]) for s in scenarios]
    for scenario, runs in jobs:
        yield scenario, together([r.result() for r in runs])


def row(s, r, reference):
    us = r["rms"] * 1e6
    bound = f"{s.bound:8.2f} {us / s.bound:6.2f}" if s.bound else " " * 15
    chrony = (f"{reference:9.2f} {us / reference:6.3f}" if reference
              else " " * 16)
    claim = f"{r['honesty'] * 100:.3f}"
    claim = f"({claim})" if s.is_untrue else claim
    return (f"{s.name:12} {us:10.3f} {r['p99'] * 1e6:10.2f} "
            f"{r['max'] * 1e6:10.2f} {r['freq'] * 1e9:8.2f} {r['sync']:7.0f} "
            f"{r['packets']:8.0f} {bound} {chrony} {claim:>9}")


def print_table(pool, name, scenarios, args):
    print(f"{name:12} {'rms':>10} {'99 %':>10} {'max':>10} {'freq':>8} "
          f"{'sync':>7} {'packets':>8} {'bound':>8} {'ratio':>6} "
          f"{'chrony':>9} {'ratio':>6} {'claimed':>9}")
    ratios, bounds, ours, theirs, claimed = [], [], 0, 0, 1
    for s, r in measure(pool, scenarios, OWN if args.own_poll else None,
                        args.seeds, args.svg):
        reference = s.own if args.own_poll else s.chrony
        print(row(s, r, reference), flush=True)
        if reference:
            ratios.append(r["rms"] * 1e6 / reference)
        if s.bound:
            bounds.append(r["rms"] * 1e6 / s.bound)
        if not s.is_untrue:
            claimed = min(claimed, r["honesty"])
        if s.packets:
            ours += r["packets"]
            theirs += s.packets
    print(f"{name}: inside the claim {claimed * 100:.3f} % of the time or more",
          end="")
    if ratios:
        print(f"; {geometric(ratios):.3f} of chrony (geometric mean), "
              f"worst {max(ratios):.3f}", end="")
    if args.own_poll and theirs:
        print(f"; {ours:.0f} packets, chrony {theirs:.0f}", end="")
    if bounds:
        print(f"; {sum(bounds) / len(bounds):.3f} of the bound (mean, "
              f"geometric {geometric(bounds):.3f})", end="")
    print("\n")


def print_points(pool, scenarios, seeds):
    """Error against packets, of each scenario, beside chrony's points."""
    runs = [list(measure(pool, scenarios, polls, seeds)) for polls in POINTS]
    names = ["own", *(str(1 << p) for p, _ in POINTS[1:])]
    print(f"{'':12} {'packets':>8} {'chrony':>9} {'error':>14} "
          f"{'packets':>14}")
    above = []
    for i, s in enumerate(scenarios):
        ours = [(name, run[i][1]["rms"] * 1e6, run[i][1]["packets"])
                for name, run in zip(names, runs)]
        for packets, error in ((s.fixed, s.chrony), (s.packets, s.own)):
            least = min(((e / error, name) for name, e, n in ours
                         if n <= packets), default=(math.inf, "-"))
            fewest = min(((n / packets, name) for name, e, n in ours
                          if e <= error), default=(math.inf, "-"))
            if least[0] > 1 or fewest[0] > 1:
                above.append(s.name)
            print(f"{s.name:12} {packets:8.0f} {error:9.2f} "
                  f"{least[0]:8.3f} {least[1]:>5} "
                  f"{fewest[0]:8.3f} {fewest[1]:>5}")
    print(f"{2 * len(scenarios) - len(above)} of {2 * len(scenarios)} points "
          f"of chrony's are above our curves" +
          (f", not: {', '.join(above)}" if above else ""))


def draw(pool, scenarios, args):
    """Error against packets, sums and geometric means over the table."""
    def point(polls):
        results = [r for _, r in measure(pool, scenarios, polls, 1)]
        return (sum(r["packets"] for r in results),
                geometric([r["rms"] * 1e6 for r in results]))

    fixed = sum(s.fixed for s in scenarios)
    chart.write(
        pathlib.Path(args.svg) / "packets.svg",
        "geometric mean of the RMS errors of the first table, us",
        "packets in two days, of all scenarios",
        [("tock, fixed polls", [(str(1 << p), *point((p, p)))
                                for p in POLLS]),
         ("tock, own poll", [("own", *point(OWN)),
                             ("4..10", *point((4, 10)))]),
         ("chrony", [("64", fixed, geometric([s.chrony for s in scenarios])),
                     ("own", sum(s.packets for s in scenarios),
                      geometric([s.own for s in scenarios]))])])


def main():
    parser = argparse.ArgumentParser(prog="./test bench accuracy")
    parser.add_argument("--scenario", action="append")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--own-poll", action="store_true")
    parser.add_argument("--points", action="store_true")
    parser.add_argument("--svg")
    args = parser.parse_args()
    scenarios = [s for s in read_scenarios()
                 if not args.scenario or s.name in args.scenario]
    if not scenarios:
        sys.exit("There is no such scenario.")
    if args.svg:
        os.makedirs(args.svg, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        first = [s for s in scenarios if s.table == "first"]
        if args.points:
            print_points(pool, first, args.seeds)
            return
        for table in ("first", "second"):
            those = [s for s in scenarios if s.table == table]
            if those:
                print_table(pool, table, those, args)
        if args.svg and not args.scenario:
            draw(pool, first, args)


if __name__ == "__main__":
    main()
