#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the time of many servers costs: processor time and memory, of one source
and of 100, that are asked every second.

    ./test bench cost [--seconds S]

First an hour of the simulator: its time includes the simulated network and
servers, a few us a sample, but no system call.  Then, as root, tockd itself,
which may not set the clock, with servers on another host 2 ms away: the time of
all its processes in S seconds (60), after 20 s, and what its engine holds in
memory.  For each: processor time for a sample, in programs and in the kernel,
both as a share of a core, memory, and of that what a source has.

Status 1 if 100 sources take more than 2 % of a core, the kernel's part left
out: that is for sending, receiving and sleeping, whoever does it.
"""
import argparse
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference"),
                str(ROOT / "tests/interop"), str(ROOT / "scripts")]
import lib                                              # noqa: E402
import prepare                                          # noqa: E402
from hosts import Host, ip                              # noqa: E402

SIM = lib.BUILD / "tests" / "sim" / "sim"
FARSERVER = ROOT / "tests" / "bench" / "rest" / "farserver.py"
COUNTS = (1, 100)
SETTLE = 20             # s
MOST = 0.02             # of a core, for 100 sources
POLL = "minpoll 0 maxpoll 0"
WORLD = """duration 1h
node a 10.0.0.1
config a makestep 1 3
clock a behind 10ms freq 10ppm wander 1e-9
repeat {count} server s& 192.0.2.&
repeat {count} config a server 192.0.2.& {poll}
path a s* 5ms+exp:100us
"""


def simulated(count, _):
    """Processor time of program and kernel and simulated time, s; no memory: a
    child's largest begins with ours."""
    with tempfile.NamedTemporaryFile("w", suffix=".scn") as file:
        file.write(WORLD.format(count=count, poll=POLL))
        file.flush()
        pid = os.posix_spawn(SIM, [SIM, file.name], os.environ, file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
        _, status, used = os.wait4(pid, 0)
    if status != 0:
        sys.exit("The simulator failed.")
    return (used.ru_utime, used.ru_stime), 3600, None


def spent(pids):
    """s, of the processor, in programs and in the kernel."""
    stats = [pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
             .split() for pid in pids]
    tick = os.sysconf("SC_CLK_TCK")
    return [sum(int(s[i]) for s in stats) / tick for i in (11, 12)]


def real(count, seconds):
    """The same of tockd; its engine's memory."""
    folder = pathlib.Path(f"/run/cost{count}")
    folder.mkdir()
    folder.chmod(0o755)
    lines = [f"server {address} {POLL}" for address in far_addresses()[:count]]
    with lib.tockd(folder, lines, "-x") as daemon:
        pids = [daemon.pid]
        for pid in pids:
            pids += lib.children(pid)
        time.sleep(SETTLE)
        before = spent(pids)
        time.sleep(seconds)
        used = [b - a for a, b in zip(before, spent(pids))]
        engine = next(p for p in pids if lib.name_of(p) == "tock-engine")
        status = pathlib.Path(f"/proc/{engine}/status").read_text()
        return used, seconds, int(status.split("VmRSS:")[1].split()[0])


def far_addresses():
    return [f"10.9.1.{n}" for n in range(2, 2 + max(COUNTS))]


def measure(what, way, seconds):
    """Prints a line for each count; returns the programs' share of a core."""
    few = None
    for count in COUNTS:
        used, lasted, memory = way(count, seconds)
        few = few or memory
        each = (memory - few) / (count - 1) if memory and count > 1 else None
        print(f"{what:10}{count:8}"
              + "".join(f"{u / lasted / count * 1e6:10.1f}" for u in used)
              + "".join(f"{u / lasted * 100:10.3f}" for u in used)
              + (f"{memory:9}" if memory else "")
              + (f"{each:9.1f}" if each else ""), flush=True)
    return used[0] / lasted


def main():
    parser = argparse.ArgumentParser(prog="./test bench cost")
    parser.add_argument("--seconds", type=int, default=60)
    args = parser.parse_args()
    print(f"{'':10}{'sources':>8}{'us':>10}{'kernel':>10}{'%':>10}"
          f"{'kernel':>10}{'kB':>9}{'each':>9}")
    shares = [measure("simulated", simulated, args.seconds)]
    if os.geteuid() == 0:
        prepare.make_accounts()
        lib.alone()
        far = Host(1)
        for address in far_addresses()[1:]:
            ip("-n", far.name, "address", "add", f"{address}/24", "dev", "eth0")
        with far.daemon("/run/far.log", sys.executable, FARSERVER,
                        *far_addresses()):
            shares.append(measure("tockd", real, args.seconds))
    else:
        print("tockd: no root, not measured")
    sys.exit(max(shares) > MOST)


if __name__ == "__main__":
    main()
