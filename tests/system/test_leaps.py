#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The table of leap seconds is read again while the daemon runs, which sees
nothing any more but the directory that the file lies in."""
import os
import signal

import lib

ROWS = ("3644697600 36", "3692217600 37")


def write(file, *rows):
    """As packages do: another file takes its place."""
    new = file.with_suffix(".new")
    new.write_text("".join(line + "\n" for line in ("#@ 9999999999", *rows)))
    new.rename(file)


def a_new_list_is_read_at_sighup(folder):
    keys, table = folder / "keys", folder / "leap.list"
    keys.write_text("1 SHA1 twelve-bytes\n")
    keys.chmod(0o600)
    write(table, ROWS[0])
    with lib.tockd(folder, [f"keyfile {keys}", f"leapseclist {table}"],
                   "-x") as daemon:
        lib.check(daemon.says("TAI - UTC at last 36 s"), "at the start")
        write(table, *ROWS)
        os.kill(daemon.pid, signal.SIGHUP)
        lib.check(daemon.says("leap seconds: a new table: 2 entries, "
                              "TAI - UTC at last 37 s"), "at SIGHUP")
        table.unlink()
        os.kill(daemon.pid, signal.SIGHUP)
        lib.check(daemon.says("that of before is kept: No such file"),
                  "one that is gone is kept")
        table.symlink_to(keys)
        os.kill(daemon.pid, signal.SIGHUP)
        lib.check(daemon.says("that of before is kept: not a plain file"),
                  "a link is not followed")
        lib.check(daemon.process.poll() is None, "the daemon goes on")


def a_list_may_come_later(folder):
    table = folder / "leap.list"
    with lib.tockd(folder, [f"leapseclist {table}"], "-x") as daemon:
        lib.check(daemon.says(f"leapseclist {table}: not read: No such file"),
                  "there is none at the start")
        os.kill(daemon.pid, signal.SIGHUP)
        lib.check(daemon.says("the table cannot be read: No such file"),
                  "nor at SIGHUP")
        write(table, *ROWS)
        os.kill(daemon.pid, signal.SIGHUP)
        lib.check(daemon.says("leap seconds: a new table: 2 entries"),
                  "then it is read")


def a_zone_may_be_a_link(folder):
    if not os.path.exists("/usr/share/zoneinfo/right/UTC"):
        return
    with lib.tockd(folder, ["leapsectz right/UTC"], "-x") as daemon:
        lib.check(daemon.says("leapsectz right/UTC: .* entries"),
                  "at the start")
        os.kill(daemon.pid, signal.SIGHUP)
        lib.check(daemon.says("reload: files"), "it is asked to")
        lib.check(not daemon.says("read again, that", 0.5),
                  "and can read it again")


lib.alone()
lib.main(a_new_list_is_read_at_sighup, a_list_may_come_later,
         a_zone_may_be_a_link)
