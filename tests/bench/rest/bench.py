#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How often a daemon wakes the processor when nobody asks it anything, beside
Debian's chronyd.

    ./test bench rest [--seconds S] [--settle S] [--poll N] [--sources N]
                      [--steer]

Each has N servers (4), on another host 2 ms away, which it asks every 2^N s (6),
a server's port that is open, and a control socket that nobody uses.  Once the
quick requests of the start are over, after S seconds (200), the voluntary
context switches of all its processes are counted for S seconds (400): a daemon
gives the processor up once for every time it is woken.  For each: wake-ups/s,
wake-ups for each request to a server, and how many of them each process had.

Both may not set the clock and run at the same time.  --steer: both may, in
turns, as root under the lock of the clock.  Nobody else may step the machine's
clock meanwhile: tockd notices, and asks its servers at once.

It takes ten minutes, twenty with --steer, and hardly any processor time.
"""
import argparse
import contextlib
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference"),
                str(ROOT / "tests/interop"), str(ROOT / "scripts")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import prepare                                          # noqa: E402
import reference                                        # noqa: E402
from hosts import Host, ip                              # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
FAR = [f"10.9.1.{n}" for n in range(2, 6)]      # the servers
CHRONYD = "usr/sbin/chronyd"
PORTS = {"tockd": 1001, "chronyd": 1002}


@contextlib.contextmanager
def tockd(folder, lines, keeper):
    may_not = [] if keeper else ["-x"]
    with lib.tockd(folder, lines, *may_not, keeper=keeper) as daemon:
        yield daemon.pid


@contextlib.contextmanager
def chronyd(folder, lines, keeper):
    """As Debian starts it.  With a keeper it may set the clock: it is ended
    before the clock is put back, as in the bench of steering."""
    conf = folder / "chrony.conf"
    conf.write_text("\n".join([*lines, f"bindcmdaddress {folder}/sock",
                               f"pidfile {folder}/pid", ""]))
    may_not = [] if keeper else ["-x"]
    bound = ["--pdeathsig", "KILL"] if keeper else ["--bounding-set",
                                                    "-sys_time"]
    with open(folder / "chronyd.log", "w") as log, reference.program(
            "setpriv", *bound, debian.unpacked(lib.BUILD, "chrony") / CHRONYD,
            *may_not, "-d", "-F", "1", "-U", "-u", "root", "-f", conf,
            keeper=keeper, stdout=log, stderr=log) as process:
        yield process.pid


DAEMONS = {"tockd": tockd, "chronyd": chronyd}


def family(pid):
    """{pid: name} of a process and of all below it."""
    found = [pid]
    for one in found:
        found += lib.children(one)
    return {one: lib.name_of(one) for one in found if lib.is_alive(one)}


def wakeups(pid):
    return sum(int(line.split()[1])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
               for line in (task / "status").read_text().splitlines()
               if line.startswith("voluntary"))


def count(daemons, args):
    """daemons: {name: pid}.  Waits, counts and prints."""
    time.sleep(args.settle)
    before = {name: {pid: wakeups(pid) for pid in family(first)}
              for name, first in daemons.items()}
    time.sleep(args.seconds)
    requests = args.sources * args.seconds / 2 ** args.poll
    for name, counted in before.items():
        each = {pid: wakeups(pid) - n for pid, n in counted.items()}
        total = sum(each.values())
        print(f"{name:16}{total / args.seconds:12.3f}{total / requests:12.2f}"
              "  " + ", ".join(f"{lib.name_of(pid)} {n}"
                               for pid, n in each.items()), flush=True)


def rest(names, args, keeper=None):
    """Those daemons for a while, in a network with servers."""
    with contextlib.ExitStack() as stack:
        daemons = {}
        for name in names:
            folder = pathlib.Path(f"/run/{name}")
            folder.mkdir()
            folder.chmod(0o755)
            lines = [f"server {address} iburst minpoll {args.poll} "
                     f"maxpoll {args.poll}" for address in FAR[:args.sources]]
            lines += [f"port {PORTS[name]}", "allow 10.0.0.0/8", "cmdport 0"]
            daemons[name] = stack.enter_context(
                DAEMONS[name](folder, lines, keeper))
        count(daemons, args)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=400)
    parser.add_argument("--settle", type=int, default=200)
    parser.add_argument("--poll", type=int, default=6)
    parser.add_argument("--sources", type=int, choices=range(1, len(FAR) + 1),
                        default=len(FAR))
    parser.add_argument("--steer", action="store_true")
    args = parser.parse_args()
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", CHRONYD)
        prepare.make_accounts()
    lib.alone()
    far = Host(1)
    for address in FAR[1:]:
        ip("-n", far.name, "address", "add", f"{address}/24", "dev", "eth0")
    print(f"{'':16}{'wake-ups/s':>12}{'a request':>12}")
    with far.daemon("/run/far.log", sys.executable, HERE / "farserver.py",
                    *FAR):
        if not args.steer:
            rest(DAEMONS, args)
        else:
            for name in DAEMONS:
                with lib.clock() as keeper:
                    rest([name], args, keeper)


if __name__ == "__main__":
    main()
