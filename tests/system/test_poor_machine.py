#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What stays of the confinement where the machine does not permit all of it:
containers, which lack capabilities, and a start without root."""
import subprocess

import lib

NOBODY = 65534
# What is taken from the bounding set, what the log then says, and whether the
# engine still has a root without the host's files.
POOR = (
    ("-sys_admin", "no private root: chroot instead", True),
    ("-sys_admin,-sys_chroot", "no private root: not permitted", False),
    ("-sys_time", "it is only measured", True),
    ("-all,+sys_time,+net_bind_service,+setuid,+setgid,+setpcap,+chown,"
     "+dac_override", "no private root: not permitted", False),
)


def confined(daemon, uids):
    for role, pid in sorted(daemon.roles().items()):
        st = lib.status(pid)
        lib.check(st["NoNewPrivs"] == ["1"] and st["Seccomp"] == ["2"],
                  f"  {role} has no_new_privs and a filter")
        lib.check(st["Uid"][0] == uids[role], f"  {role} is {uids[role]}")
        if role != "tock-clock":
            lib.check(not any(lib.capabilities(pid, which) for which in
                              ("CapInh", "CapPrm", "CapEff", "CapAmb")),
                      f"  {role} has no capability")


def without_capabilities(folder):
    uids = {"tock-clock": "_tockclock", "tock-engine": "_tock",
            "tock-resolver": "_tockdns"}
    uids = {role: str(lib.uid_of(user)) for role, user in uids.items()}
    for n, (drop, says, is_empty) in enumerate(POOR):
        own = folder / str(n)
        own.mkdir()
        with lib.clock() as keeper, lib.tockd(
                own, ["server localhost port 9"], keeper=keeper,
                prefix=["setpriv", "--bounding-set", drop]) as daemon:
            print(f"{drop}:")
            lib.check(set(daemon.roles()) == set(lib.ROLES), "  all roles run")
            lib.check(daemon.says(says), f"  it says: {says}")
            lib.check(daemon.says("is (127.0.0.1|::1)"), "  names are found")
            confined(daemon, uids)
            pid = daemon.roles()["tock-engine"]
            hidden = subprocess.run(["test", "-e", f"/proc/{pid}/root/etc"]
                                    ).returncode != 0
            lib.check(hidden == is_empty, "  the engine's root is "
                      f"{'empty' if hidden else 'its host, by Landlock'}")
            lib.check(daemon.stop() == 0, "  it ends in order")


def without_root(folder):
    folder.chmod(0o777)
    with lib.tockd(folder, ["server localhost port 9", "cmdport 0",
                            "bindcmdaddress /"], "-U",
                   prefix=["setpriv", "--reuid", str(NOBODY), "--regid",
                           str(NOBODY), "--clear-groups"]) as daemon:
        lib.check(set(daemon.roles()) == set(lib.ROLES), "all roles run")
        lib.check(daemon.says("only measured"), "it only measures")
        confined(daemon, dict.fromkeys(lib.ROLES, str(NOBODY)))
        lib.check(daemon.stop() == 0, "it ends in order")


lib.alone()
lib.main(without_capabilities, without_root)
