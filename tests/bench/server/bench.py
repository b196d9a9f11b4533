#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What serving time costs: tockd beside Debian's chronyd.

    ./test bench server [--rounds N] [--seconds S] [--loads NAME,...]
    ./test bench server --clients N [--rounds N] [--seconds S]
    ./test bench server --workers N [--rounds N] [--seconds S]

Both serve side by side in a network of the bench's own, confined as they are
when installed, with client log, access rules, a rate limit and keys, on one
processor; the load generator (load.c) asks from 1000 addresses on another and
judges every answer.  Each of N rounds (7) starts the servers anew, since where
their memory happens to lie makes up to 10 %, and gives each each load for S
seconds (0.5), in turn.  The second chronyd is the same as the first: how much
the two differ is what a difference means.  `minimal' (minimal.c) answers with
the fewest system calls there are and knows nothing: the limit.

    plain-1, plain-16, plain-64     so many requests are always on their way
    keyed           SHA1, 16 requests
    interleaved     RFC 9769, 16 requests
    limited         50 000 requests/s of 100 clients that may not ask so often
    most            the highest rate of which less than 1 % is lost (3 rounds)

For each load: the server's processor time of all its processes for each
request, median over the rounds and best; that time by chronyd's, median and
range of the rounds' ratios; answers/s, and by chronyd's; share that was lost;
latencies.  Then memory (PSS, of all processes) of both with four sources and
nobody asking; how often they wake the processor then, `bench rest' tells.

--clients N: what changes when N clients ask instead of 100, drawn at random,
with a log that has room for nearly all, and the memory that each takes.

--workers N: one worker and N of them (`serverworkers'), all processors being
theirs and the generator's alike.  What a request costs tells how many all
processors could answer if the generator were elsewhere.

It takes four minutes, and wants the machine for itself.
"""
import argparse
import contextlib
import os
import pathlib
import statistics
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
import servers                                          # noqa: E402
from servers import debian, lib                         # noqa: E402

LOADS = {
    "plain-1": ["--outstanding", 1],
    "plain-16": ["--outstanding", 16],
    "plain-64": ["--outstanding", 64],
    "keyed": ["--outstanding", 16, "--key", servers.KEY],
    "interleaved": ["--outstanding", 16, "--interleaved"],
    "limited": ["--rate", 50000, "--clients", 100, "--patience", 0.02],
}
FEW = 100               # clients to compare many with
LOG_OF_EACH = {"tockd": 40, "chronyd": 256}     # bytes of client log, enough
SETTLE = 12             # s until a daemon is at rest
MOST_ROUNDS = 3
MOST = 60e3, 600e3      # requests/s between which the highest rate is sought
MOST_STEPS = 6
MOST_LOSS = 0.01


class Series:
    """One load's results, by server, one for each round."""

    def __init__(self, title, names):
        self.title = title
        self.results = {name: [] for name in names}

    def costs(self, name):
        """us of processor time for each request that was asked."""
        return [1e6 * r["cpu"] / r["sent"] for r in self.results[name]]

    def rates(self, name):
        return [r["rate"] for r in self.results[name]]

    def show(self, base="chronyd"):
        print(f"\n{self.title:16}{'us CPU':>8}{'best':>7}{'by ' + base:>12}"
              f"{'range':>12}{'answers/s':>11}{'by':>6}{'lost %':>8}"
              f"{'us 50 %':>9}{'99 %':>7}{'99.9 %':>8}")
        for name, results in self.results.items():
            cost, rate = self.costs(name), self.rates(name)
            ratios = [a / b for a, b in zip(cost, self.costs(base))]
            by = statistics.median(rate) / statistics.median(self.rates(base))
            lost = sum(r["lost"] for r in results) / sum(
                r["sent"] for r in results)
            latency = [statistics.median(column) for column in
                       zip(*(r["latency_us"] for r in results))]
            print(f"{name:16}{statistics.median(cost):8.2f}{min(cost):7.2f}"
                  f"{statistics.median(ratios):12.2f}"
                  f"{min(ratios):7.2f}-{max(ratios):.2f}"
                  f"{statistics.median(rate):11.0f}{by:6.2f}{100 * lost:8.3f}"
                  f"{latency[0]:9.0f}{latency[2]:7.0f}{latency[3]:8.0f}",
                  flush=True)


class Faults:
    """Answers that were not as they should be, by server and load."""

    def __init__(self):
        self.seen = {}
        self.why = ""           # what was wrong last

    def look(self, server, load, told):
        seen = self.seen.setdefault((server.name, load), dict.fromkeys(
            ("answered", "wrong", "stray", "interleaved"), 0))
        for what in seen:
            seen[what] += told[what]
        self.why = told["why"] or self.why
        return told

    def show(self):
        total = sum(seen["answered"] for seen in self.seen.values())
        print(f"\n{total} answers were right.")
        for (name, load), seen in self.seen.items():
            if seen["wrong"] + seen["stray"] > 0:
                print(f"{name}, {load}: {seen['wrong']} wrong answers "
                      f"({self.why}), {seen['stray']} to nobody")
            if load == "interleaved":
                share = seen["interleaved"] / max(seen["answered"], 1)
                print(f"{name}: {100 * share:.1f} % of the answers to "
                      "interleaved clients are interleaved")


def most(server, seconds, faults):
    """The highest rate of which less than 1 % is lost, requests/s."""
    low, high = MOST
    for _ in range(MOST_STEPS):
        rate = (low * high) ** 0.5
        for _ in range(2):      # something else may have disturbed the first
            told = faults.look(server, "most", servers.load(
                server, "--rate", rate, "--seconds", seconds))
            if told["answered"] > (1 - MOST_LOSS) * rate * told["seconds"]:
                low = rate
                break
        else:
            high = rate
    return low


def show_most(found, base="chronyd"):
    print(f"\n{'most':16}{'requests/s':>12}{'by ' + base:>12}")
    for name, rates in found.items():
        middle = statistics.median(rates)
        print(f"{name:16}{middle:12.0f}"
              f"{middle / statistics.median(found[base]):12.2f}", flush=True)


def rivals(stack, n):
    """The servers of round n, by name, and those for the load `limited'."""
    def start(how, name, port, limit):
        return stack.enter_context(how(name, 2000 + 10 * n + port,
                                       [*servers.SERVING, limit]))

    return {"tockd": start(servers.tockd, "tockd", 1, servers.UNLIMITED),
            "chronyd": start(servers.chronyd, "chronyd", 2,
                             servers.UNLIMITED),
            "chronyd again": start(servers.chronyd, "chronyd again", 3,
                                   servers.UNLIMITED),
            "minimal": start(servers.minimal, "minimal", 4, "")}, {
            "tockd": start(servers.tockd, "tockd", 5, servers.LIMITED),
            "chronyd": start(servers.chronyd, "chronyd", 6, servers.LIMITED)}


def names_for(load):
    """Who is given that load: `minimal' knows nothing but plain requests."""
    return ["tockd", "chronyd"] if load == "limited" else [
        "tockd", "chronyd", "chronyd again",
        *(["minimal"] if load.startswith("plain") or load == "most" else [])]


def compare(args, stack, faults):
    resting = stack.enter_context(servers.at_rest())
    time.sleep(SETTLE)
    memory = {s.name: s.memory() for s in resting}
    all_series = {load: Series(load, names_for(load))
                  for load in LOADS if load in args.loads}
    highest = {name: [] for name in names_for("most")}
    for n in range(args.rounds):
        print(f"round {n + 1}", end="\r", flush=True)
        with contextlib.ExitStack() as of_round:
            ordinary, limited = rivals(of_round, n)
            for load, series in all_series.items():
                for name, results in series.results.items():
                    server = (limited if load == "limited" else
                              ordinary)[name]
                    results.append(faults.look(server, load, servers.load(
                        server, "--seconds", args.seconds, *LOADS[load])))
            if "most" in args.loads and n < MOST_ROUNDS:
                for name, server in ordinary.items():
                    highest[name].append(most(server, args.seconds, faults))
    for series in all_series.values():
        series.show()
    if "most" in args.loads:
        show_most(highest)
    print(f"\n{'at rest':16}{'kB PSS':>8}")
    for name, size in memory.items():
        print(f"{name:16}{size:8}")


def grow(args, stack, faults):
    compared = []
    for i, how in enumerate((servers.tockd, servers.chronyd, servers.minimal)):
        log = LOG_OF_EACH.get(how.__name__, 0) * args.clients
        compared.append(stack.enter_context(how(how.__name__, 2001 + i, [
            *servers.SERVING, servers.UNLIMITED, f"clientloglimit {log}"])))
    memory, results = {}, {}
    for server in compared:
        few = ["--outstanding", 64, "--requests", FEW, "--clients", FEW]
        faults.look(server, "few", servers.load(server, *few))
        before = server.memory()
        faults.look(server, "all", servers.load(
            server, "--outstanding", 64, "--requests", args.clients,
            "--clients", args.clients))
        memory[server.name] = server.memory() - before
    for n in range(args.rounds):
        print(f"round {n + 1}", end="\r", flush=True)
        for clients in (FEW, args.clients):
            for server in compared:
                results.setdefault((server.name, clients), []).append(
                    faults.look(server, f"{clients} clients", servers.load(
                        server, "--seconds", args.seconds, "--random",
                        "--clients", clients)))
    print(f"{'us CPU':12}{FEW:>10}{args.clients:>10}{'growth':>9}"
          f"{'range':>12}{'bytes/client':>14}")
    for server in compared:
        few, many = ([1e6 * r["cpu"] / r["sent"]
                      for r in results[server.name, clients]]
                     for clients in (FEW, args.clients))
        growth = [b / a for a, b in zip(few, many)]
        print(f"{server.name:12}{statistics.median(few):10.2f}"
              f"{statistics.median(many):10.2f}"
              f"{statistics.median(growth):9.2f}"
              f"{min(growth):7.2f}-{max(growth):.2f}"
              f"{1024 * memory[server.name] / args.clients:14.1f}")


def scale(args, stack, faults):
    counts = {0: 1, 1: 1, args.workers: args.workers}
    compared = {n: stack.enter_context(servers.tockd(
        f"{n} workers", 2001 + n, [*servers.SERVING, servers.UNLIMITED,
                                   f"serverworkers {n}"], servers.CPUS))
                for n in counts}
    results = {n: [] for n in counts}
    for n in range(args.rounds):
        print(f"round {n + 1}", end="\r", flush=True)
        for count, server in compared.items():
            results[count].append(faults.look(server, "all", servers.load(
                server, "--outstanding", 256, "--seconds", args.seconds,
                cpus=servers.CPUS)))
    costs = {n: [1e6 * r["cpu"] / r["sent"] for r in results[n]]
             for n in counts}
    print(f"{'workers':8}{'us CPU':>8}{'range':>14}{'could answer':>14}"
          f"{'by one':>8}{'did':>10}{'lost':>8}")
    one = 1 / statistics.median(costs[1])
    for n, busy in counts.items():
        did = statistics.median(r["answered"] / r["seconds"]
                                for r in results[n])
        could = busy / statistics.median(costs[n])
        print(f"{n:<8}{busy / could:8.2f}{min(costs[n]):8.2f}-"
              f"{max(costs[n]):.2f}{1e6 * could:13.0f}{could / one:9.2f}"
              f"{did:10.0f}"
              f"{sum(r['lost'] for r in results[n]):8}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--clients", type=int, default=0)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--loads", default=",".join([*LOADS, "most"]))
    args = parser.parse_args()
    args.loads = args.loads.split(",")
    if args.rounds < 1 or not {*args.loads} <= {*LOADS, "most"}:
        parser.error("at least one round, of loads that there are")
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", servers.CHRONYD)
    lib.alone()
    os.sched_setaffinity(0, servers.CPUS[-1:])
    servers.make_hosts()
    faults = Faults()
    with contextlib.ExitStack() as stack:
        how = grow if args.clients else scale if args.workers else compare
        how(args, stack, faults)
    faults.show()


if __name__ == "__main__":
    main()
