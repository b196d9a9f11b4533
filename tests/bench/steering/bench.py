#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How near the kernel's real clock stays to a reference, beside Debian's
chronyd on the same machine.

    ./test bench steering [--turns N] [--seconds S] [--awake]

tockd, confined as ever, and chronyd steer the clock in turns of equal length,
as root, under the lock of the clock.  Every turn begins alike: the clock is put
back, the reference (tests/reference) is 5 ms ahead of it and 10 ppm faster, and
both daemons have the same `server' line and no drift file.  The first 30 s of a
turn do not count; then CLOCK_REALTIME is compared with the reference ten times
a second for S seconds (60).  Figures are errors in us, > 0: the clock is ahead;
last the medians over each daemon's turns, and tockd's by chronyd's.  The spread
is about the mean.  No client can tell when a packet takes longer one way than
the other: the reference stamps its answers as they leave (refsend.h).  A request
that comes out of a rest of some seconds finds the kernel's code no longer in the
caches, and takes longer than the answer, by some 1.5 us; what a daemon does about
that is its own affair.  With --awake the reference keeps that code in the caches,
and what is left, some 0.05 us, is its own.

Load on the machine disturbs both, so many turns tell more than long ones.
"""
import argparse
import contextlib
import math
import os
import pathlib
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference"),
                str(ROOT / "tests/interop"), str(ROOT / "scripts")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import prepare                                          # noqa: E402
import reference                                        # noqa: E402

START = 0.005, 10       # s, ppm: what the reference has over the clock
SETTLE = 30             # s of a turn that do not count
RATE = 10               # readings a second
LIMIT = 0.25            # s: a clock that is off by more ends it all
CHRONYD = "usr/sbin/chronyd"
COLUMNS = ("mean", "spread", "RMS", "99 %", "largest")


def tockd(where, server, keeper):
    return lib.tockd(where, [server], keeper=keeper)


@contextlib.contextmanager
def chronyd(where, server, keeper):
    """The one place where a daemon that is not ours may set the clock.  It is
    ended, before the clock is put back, by this block, by the keeper where
    that does not come to it, and by the kernel once this process is gone."""
    conf = where / "chrony.conf"
    conf.write_text(f"{server}\ncmdport 0\nbindcmdaddress /\n"
                    f"pidfile {where}/pid\n")
    with open(where / "chronyd.log", "w") as log, reference.program(
            "setpriv", "--pdeathsig", "KILL",
            debian.unpacked(lib.BUILD, "chrony") / CHRONYD,
            "-d", "-U", "-u", "root", "-f", conf,
            keeper=keeper, stdout=log, stderr=log) as process:
        yield process


def turn(where, daemon, seconds, awake):
    """The readings that count, s."""
    where.mkdir()
    where.chmod(0o755)
    errors = []
    with lib.clock() as keeper, \
            reference.serving(lib.BUILD, where / "anchor", *START,
                              awake=awake, keeper=keeper) as ref, \
            daemon(where, f"server 127.0.0.1 port {ref.port} iburst "
                   "minpoll 2 maxpoll 4", keeper) as running:
        for now in ref.observe((SETTLE + seconds) * RATE, 1 / RATE):
            errors.append(now["error"])
            if abs(errors[-1]) > LIMIT:
                break
        if abs(errors[-1]) > LIMIT or not lib.is_alive(running.pid):
            log = where / f"{daemon.__name__}.log"
            sys.exit(f"{daemon.__name__}: the clock is {errors[-1]} s off\n"
                     f"{log.read_text()[-3000:]}")
    return errors[SETTLE * RATE:]


def figures(errors):
    """By COLUMNS, us."""
    sizes = sorted(map(abs, errors))
    return [1e6 * x for x in (
        statistics.fmean(errors), statistics.pstdev(errors),
        math.sqrt(statistics.fmean(e * e for e in errors)),
        sizes[math.ceil(0.99 * len(sizes)) - 1], sizes[-1])]


def row(name, values):
    print(f"{name:16}" + "".join(f"{v:10.2f}" for v in values), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--awake", action="store_const", const=1, default=0)
    args = parser.parse_args()
    if args.turns < 2 or args.seconds < 1:
        parser.error("each daemon needs a turn, and a second of it")
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", CHRONYD)
        prepare.make_accounts()
    lib.alone()
    print(f"{'us':16}" + "".join(f"{c:>10}" for c in COLUMNS), flush=True)
    turns = {tockd: [], chronyd: []}
    for n in range(args.turns):
        daemon = list(turns)[n % 2]
        turns[daemon].append(figures(turn(pathlib.Path(f"/run/turn{n + 1}"),
                                          daemon, args.seconds,
                                          args.awake)))
        row(f"{n + 1} {daemon.__name__}", turns[daemon][-1])
    medians = [[statistics.median(column) for column in zip(*those)]
               for those in turns.values()]
    for daemon, values in zip(turns, medians):
        row(f"median {daemon.__name__}", values)
    row("tockd / chronyd", [abs(a / b) for a, b in zip(*medians)])


if __name__ == "__main__":
    main()
