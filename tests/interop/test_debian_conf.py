#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A machine on which Debian's chrony was configured: where there is no
/etc/tock/tock.conf, tockd takes its /etc/chrony/chrony.conf as it stands."""
import os
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402


def own_etc(folder):
    """An /etc with chrony's files, as its package makes them."""
    share = debian.unpacked(lib.BUILD, "chrony") / "usr/share/chrony"
    etc = folder / "etc"
    shutil.copytree("/etc", etc, symlinks=True)
    shutil.rmtree(etc / "tock", ignore_errors=True)
    for name in ("conf.d", "sources.d"):
        (etc / "chrony" / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(share / "chrony.conf", etc / "chrony/chrony.conf")
    shutil.copy(share / "chrony.keys", etc / "chrony/chrony.keys")
    (etc / "chrony/chrony.keys").chmod(0o640)
    lib.mount(etc, "/etc", None, lib.MS_BIND)
    os.mkdir("/run/chrony-dhcp")
    os.mkdir("/var/lib/chrony")


def the_file_is_taken_as_it_stands(folder):
    own_etc(folder)
    with lib.tockd(folder, None, "-x") as daemon:
        lib.check(daemon.says("ready, by /etc/chrony/chrony.conf: 4 sources"),
                  "it is ready, by chrony's file")
        text = daemon.text()
        lib.check("key file /etc/chrony/chrony.keys: read, keys: 0" in text,
                  "the keys are read")
        wrong = [line for line in text.splitlines() if "not built" in line
                 or "no effect" in line or "left out" in line]
        lib.check(not wrong, f"nothing is left out {wrong or ''}")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.unpacked(lib.BUILD, "chrony")
    lib.alone()
    lib.main(the_file_is_taken_as_it_stands)
