#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tockd follows the servers that people run: Debian's chronyd and ntpsec.

Both serve this machine's own clock, in a network of the test's own, and tockd
measures without steering (-x).  What it says must be what they say: their
stratum plus one, an offset near nothing, no leap second, over IPv4 and IPv6.
"""
import contextlib
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402

STRATUM = 5
NEAR = 0.001            # s; both ends read one clock
PATIENCE = 30           # s


def tracking():
    """The columns of `tockctl -c tracking`, once they tell of a source."""
    rows = reference.tockctl(lib.BUILD, "tracking")
    return rows[0] if rows and rows[0]["leap"] == "Normal" else None


def follow(folder, address, *options):
    with lib.tockd(folder, [f"server {address} iburst minpoll 0 maxpoll 2 "
                            + " ".join(options)], "-x"):
        took = lib.until(tracking, PATIENCE, 0.2)
        if not lib.check(took is not None, f"{address} {' '.join(options)}: "
                         f"synchronised within {PATIENCE} s"):
            return
        now = tracking()
        lib.check(now["name"] == address, f"the source is {now['name']}")
        lib.check(int(now["stratum"]) == STRATUM + 1,
                  f"stratum {now['stratum']}")
        lib.check(abs(float(now["last_offset"])) < NEAR,
                  f"the clocks differ by {now['last_offset']} s")


@contextlib.contextmanager
def server(folder, *argv):
    """Another program's daemon that may not set the clock."""
    with open(folder / "server.log", "w") as log, reference.program(
            "setpriv", "--bounding-set", "-sys_time", *argv,
            stdout=log, stderr=log) as process:
        yield process


def chronyd_of_debian(folder):
    chronyd = debian.unpacked(lib.BUILD, "chrony") / "usr/sbin/chronyd"
    conf = folder / "chrony.conf"
    conf.write_text(f"local stratum {STRATUM}\nallow\ncmdport 0\n"
                    f"bindcmdaddress /\npidfile {folder}/chronyd.pid\n")
    with server(folder, chronyd, "-x", "-d", "-U", "-u", "root", "-f", conf):
        for address, *options in (("127.0.0.1",), ("::1",),
                                  ("127.0.0.1", "version 3")):
            follow(folder, address, *options)


def ntpd_of_ntpsec(folder):
    ntpd = debian.unpacked(lib.BUILD, "ntpsec") / "usr/sbin/ntpd"
    conf = folder / "ntp.conf"
    conf.write_text(f"restrict default\ntos orphan {STRATUM} orphanwait 1\n")
    with server(folder, ntpd, "-n", "-c", conf):
        follow(folder, "127.0.0.1")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
        debian.program(lib.BUILD, "ntpsec", "usr/sbin/ntpd")
    lib.alone()
    lib.main(chronyd_of_debian, ntpd_of_ntpsec)
