#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A tockd among orphans that are Debian's chronyd: one of three leads, the one
with the smallest address, and when it ends, the next.  Nobody steers the
clock, which all of them share."""
import contextlib
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402
from test_follow import server                          # noqa: E402

PORT = 11123
STRATUM = 10
FIRST, OURS, LAST = "10.9.0.1", "10.9.0.2", "10.9.0.3"
# What makes the next one lead 20 s after the leader fell silent.
LOCAL = f"local stratum {STRATUM} orphan distance 0.002"
LINES = [LOCAL, "allow", f"port {PORT}", "maxclockerror 100"]
PATIENCE = 60           # s


def lines(own):
    return [*LINES, f"bindaddress {own}", f"bindacqaddress {own}",
            *(f"server {other} port {PORT} iburst minpoll 0 maxpoll 0"
              for other in (FIRST, OURS, LAST) if other != own)]


@contextlib.contextmanager
def chronyd(folder, own):
    tree = debian.unpacked(lib.BUILD, "chrony")
    place = folder / own
    place.mkdir()
    conf = place / "chrony.conf"
    conf.write_text("\n".join([*lines(own), "cmdport 0",
                               f"bindcmdaddress {place}/cmd/sock",
                               f"pidfile {place}/pid"]) + "\n")
    with server(place, tree / "usr/sbin/chronyd", "-4", "-x", "-d", "-U", "-u",
                "root", "-f", conf):
        yield lambda: told(subprocess.run(
            [tree / "usr/bin/chronyc", "-h", place / "cmd/sock", "-c",
             "tracking"], capture_output=True, text=True).stdout)


def told(text):
    """(whom it follows, stratum); "" is itself."""
    row = text.strip().split(",")
    return (row[1], int(row[2])) if len(row) > 2 else None


def ours():
    rows = reference.tockctl(lib.BUILD, "tracking")
    return (rows[0]["name"], int(rows[0]["stratum"])) if rows else None


def see(fact, *wanted):
    """Each a function, and what it must say in the end, all at once."""
    good = lib.until(lambda: all(f() in values for f, *values in wanted),
                     PATIENCE, 0.3) is not None
    if not lib.check(good, fact):
        print([f() for f, *_ in wanted])


def one_leads_and_then_the_next(folder):
    for own in FIRST, OURS, LAST:
        subprocess.run(["ip", "address", "add", f"{own}/24", "dev", "lo"],
                       check=True)
    leads = [("", STRATUM), ("127.127.1.1", STRATUM),
             ("7F7F0101", STRATUM)]
    with chronyd(folder, LAST) as last, lib.tockd(folder, lines(OURS), "-4", "-x"):
        for place in "once", "again":
            (folder / place).mkdir()
            with chronyd(folder / place, FIRST) as first:
                see(f"{place}, {FIRST}, chronyd, leads; the others follow",
                    (first, *leads), (ours, (FIRST, STRATUM + 1)),
                    (last, (FIRST, STRATUM + 1)))
            see(f"{place}, after its end, tockd leads; chronyd follows",
                (ours, *leads), (last, (OURS, STRATUM + 1)))



if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
    lib.alone()
    lib.main(one_leads_and_then_the_next)
