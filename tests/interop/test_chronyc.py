#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Debian's chronyc, unmodified, talks to tockd.

root comes in by the Unix socket, an ordinary user by UDP.  Both may look; only
root may change something.
"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402

NOBODY = 65534
PATIENCE = 30           # s


COPY = pathlib.Path("/run/chronyc")     # /run is the test's own


def chronyc(*words, user=None):
    ids = {"user": user, "group": user, "extra_groups": []} if user else {}
    return subprocess.run([COPY, *words], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=20, **ids)


def looks(who, *how, user=None):
    """What everybody may see, and that it is true."""
    def columns(command):
        done = chronyc(*how, "-c", command, user=user)
        if not lib.check(done.returncode == 0, f"{who}: {command}"):
            print(done.stdout + done.stderr)
            return []
        return [line.split(",") for line in done.stdout.splitlines()]

    tracking = columns("tracking")
    lib.check([(len(t), *t[:3], t[-1]) for t in tracking] ==
              [(14, "7F000001", "127.0.0.1", "2", "Normal")],
              f"{who}: tracking says {tracking}")
    sources = columns("sources")
    lib.check(len(sources) == 1 and sources[0][:4] ==
              ["^", "*", "127.0.0.1", "1"], f"{who}: sources says {sources}")
    stats = columns("sourcestats")
    lib.check(len(stats) == 1 and stats[0][0] == "127.0.0.1" and
              int(stats[0][1]) >= 3, f"{who}: sourcestats says {stats}")
    activity = columns("activity")
    lib.check(activity == [["1", "0", "0", "0", "0"]],
              f"{who}: activity says {activity}")
    for command in ("tracking", "sources", "sourcestats", "activity"):
        done = chronyc(*how, command, user=user)
        lib.check(done.returncode == 0 and len(done.stdout) > 40,
                  f"{who}: {command}, for people")


def refused(who, *how, user=None):
    done = chronyc(*how, "makestep", user=user)
    lib.check(done.returncode == 1 and
              done.stdout.strip() == "501 Not authorised",
              f"{who}: makestep is refused: {done.stdout.strip()!r}")


def chronyc_of_debian(folder):
    with lib.clock() as keeper, \
            reference.serving(lib.BUILD, folder / "anchor", 0.005,
                              keeper=keeper) as ref, \
            lib.tockd(folder, [f"server 127.0.0.1 port {ref.port} iburst "
                               "minpoll 0 maxpoll 2"], keeper=keeper):
        def is_settled():
            """Synchronised, and the quick first requests are over."""
            says = [chronyc("-h", "127.0.0.1", "-c", c).stdout.strip()
                    for c in ("tracking", "activity")]
            return says[0].endswith(",Normal") and says[1] == "1,0,0,0,0"

        if not lib.check(lib.until(is_settled, PATIENCE, 0.2) is not None,
                         f"synchronised within {PATIENCE} s"):
            return
        looks("root by the Unix socket", "-h", "/run/chrony/chronyd.sock")
        looks("a user by UDP", user=NOBODY)
        looks("a user by UDP over IPv6", "-h", "::1", user=NOBODY)
        refused("a user by UDP", user=NOBODY)
        refused("root by UDP", "-h", "127.0.0.1")
        done = chronyc("-h", "/run/chrony/chronyd.sock", "makestep")
        lib.check(done.returncode == 0 and done.stdout.strip() == "200 OK",
                  f"root: makestep works: {done.stdout.strip()!r}")
        lib.check(chronyc("waitsync", "10", "0.01").returncode == 0,
                  "waitsync sees the end of it")
        lib.check(abs(ref.scale.clock_error()) < 0.001,
                  f"the clock is {ref.scale.clock_error():+.6f} s off")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/bin/chronyc")
    lib.alone()
    # The build may lie where an ordinary user cannot go.
    shutil.copy(debian.unpacked(lib.BUILD, "chrony") / "usr/bin/chronyc", COPY)
    lib.main(chronyc_of_debian)
