#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""dumpdir and -r, and the tables of leap seconds, through the live confinement:
the engine writes, reads and removes files in that directory after it has given
up everything else.
"""
import os
import pathlib
import socket
import struct
import subprocess
import threading
import time

import lib

LIST = pathlib.Path("/usr/share/zoneinfo/leap-seconds.list")
ADDRESS = "127.0.0.1"
EPOCH = 2208988800


def serve(server):
    """Stratum 1, on this machine's own clock."""
    while True:
        try:
            request, peer = server.recvfrom(512)
        except OSError:
            return
        now = int((time.time() + EPOCH) * 2**32) & (2**64 - 1)
        server.sendto(struct.pack(">BBbbII4s4Q", 0x24, 1, 0, -20, 0, 0, b"GPS",
                                  now, struct.unpack(">Q", request[40:48])[0],
                                  now, now), peer)


def dumpdir(folder, owner):
    path = folder / f"dump-{owner}"
    path.mkdir(0o750)
    os.chown(path, lib.uid_of(owner), 0)
    return path


def lines(port, dumps):
    found = [f"server {ADDRESS} port {port} iburst", f"dumpdir {dumps}"]
    return found + ([f"leapseclist {LIST}"] if LIST.exists() else [])


def tockctl(*words):
    return subprocess.run([lib.BUILD / "tockctl", *words],
                          capture_output=True, check=False).returncode


def histories_outlive_the_daemon(folder):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((ADDRESS, 0))
    threading.Thread(target=serve, args=[server], daemon=True).start()
    dumps = dumpdir(folder, "_tock")
    file = dumps / f"{ADDRESS}.dat"
    conf = lines(server.getsockname()[1], dumps)

    with lib.tockd(folder, conf, "-x") as daemon:
        lib.check(daemon.says("following 127"), "there is a sample")
        lib.check(not file.exists(), "nothing is written yet")
        lib.check(tockctl("dump") == 0 and file.exists(), "tockctl dump")
        file.unlink()
        lib.check(daemon.stop() == 0, "an orderly end")
        if LIST.exists():
            lib.check("entries, TAI - UTC at last 3" in daemon.text(),
                      "the table of leap seconds is read")
    stat = file.stat()
    lib.check(file.read_text().startswith("tock-dump 1 "), "a history")
    lib.check((stat.st_uid, stat.st_mode & 0o777) ==
              (lib.uid_of("_tock"), 0o600), "it is the engine's alone")

    with lib.tockd(folder, conf, "-x", "-r") as daemon:
        lib.check(daemon.says("samples of the last run"), "-r reads it")
        lib.check(lib.until(lambda: not file.exists()), "and removes it")
    lib.check(file.exists(), "its end writes it again")
    file.unlink()
    os.mkfifo(file)
    with lib.tockd(folder, conf, "-x", "-r") as daemon:
        lib.check(daemon.says(f"{ADDRESS}.dat: not read"), "a fifo is not read")
    server.close()


def a_directory_of_somebody_else_is_left_alone(folder):
    """That of chrony's, for one: histories are then kept in our own."""
    dumps = dumpdir(folder, "root")
    with lib.tockd(folder, lines(9, dumps), "-x") as daemon:
        lib.check(daemon.says(f"dumpdir {dumps}: _tock may not write there, "
                              "histories are kept in /var/lib/tock"), "said")
    lib.check(os.listdir(dumps) == [], "nothing is written there")


lib.alone()
lib.main(histories_outlive_the_daemon, a_directory_of_somebody_else_is_left_alone)
