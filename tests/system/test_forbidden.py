#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Forbidden system calls, made inside the live release programs, must kill.

No hook in the programs helps: tests/system/inject.c stops a role with ptrace
and makes it call the kernel, as an attacker with code in it would.  The table
is written by hand from what each role is for, never generated from a filter.
"""
import os

import lib
from calls import CLOCK, FORK, INJECT, MAP_WX, NET, NOBODY, SIGSYS, UDP, inject

FORBIDDEN = {
    "tock-engine": NOBODY + CLOCK + FORK + NET + ["socket 1 2 0", MAP_WX],
    "tock-resolver": NOBODY + CLOCK + [MAP_WX],
    "tock-clock": NOBODY + FORK + NET + UDP + ["getdents64 3 0 0"],
}
# Calls that are allowed live, with this result: the tool itself works.
ALLOWED = {
    "tock-engine": [("getpid", None), ("socket 2 2 0", None),
                    ("close 9999", -9),
                    # below a held directory, for reading: not refused here
                    ("openat 9999 @x 0 0", -9)],
    "tock-resolver": [("getpid", None), ("socket 16 3 0", -97),
                      ("clone3 0 0", -38)],
    # It has all its memory from the start; ENOMEM for any more.
    "tock-clock": [("close 9999", -9), (MAP_WX, -12),
                   # its directories are for writing alone: Landlock
                   (f"openat 6 @. {os.O_DIRECTORY} 0", -13)],
}


def start(folder, keeper):
    return lib.tockd(folder, ["server 127.0.0.1 port 9"], keeper=keeper)


def allowed_calls_return(folder, keeper):
    with start(folder, keeper) as daemon:
        for role, calls in ALLOWED.items():
            if lib.status(daemon.roles()[role])["Seccomp"] != ["2"]:
                lib.skip(f"{role} has no filter in this build")
            for call, result in calls:
                said = inject(daemon.roles()[role], call)
                wanted = f"returned {'' if result is None else result}"
                lib.check(said.startswith(wanted), f"{role}: {call}: {said}")
        lib.check(set(daemon.roles()) == set(lib.ROLES), "all roles live on")
        pid = daemon.roles()["tock-engine"]
        said = inject(pid, f"tgkill {pid} {pid} 6")
        lib.check(said == "returned 0", f"abort() is allowed: {said}")


def forbidden_calls_kill(folder, keeper):
    for role, calls in FORBIDDEN.items():
        survived = []
        for call in calls:
            with start(folder, keeper) as daemon:
                said = inject(daemon.roles()[role], call)
                if said != f"killed {SIGSYS}":
                    survived.append(f"{call}: {said}")
        lib.check(not survived, f"{role}: {len(calls) - len(survived)} of "
                  f"{len(calls)} forbidden calls kill {survived or ''}")


def everything(folder):
    with lib.clock() as keeper:
        allowed_calls_return(folder, keeper)
        forbidden_calls_kill(folder, keeper)


lib.alone()
if not os.access(INJECT, os.X_OK):
    lib.skip("inject is not built")
lib.main(everything)
