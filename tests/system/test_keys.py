#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Key files as an attacker or an accident leaves them (security: T12).

A file that is not plain, not root's or the daemon's, or open to others is
refused: tockd starts all the same and at once, names the file and the reason,
and does not ask the source that needs the key.  A good one is read, as root if
need be.
"""
import os
import pathlib
import socket
import struct
import time

import lib

NOBODY = 65534
KEY = "7 SHA1 HEX:2b7e151628aed2a6abf7158809cf4f3c\n"


class Server:
    """Where the source's requests would arrive."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def request(self, patience):
        """The length of the first one; None when there is none."""
        self.socket.settimeout(patience)
        try:
            return len(self.socket.recv(512))
        except TimeoutError:
            return None
        finally:
            self.socket.close()


def start(folder, path, patience):
    """tockd with a source that needs the file: (log, length of the request,
    seconds until it was ready)."""
    server = Server()
    began = time.monotonic()
    with lib.tockd(folder, [f"keyfile {path}", f"server 127.0.0.1 port "
                            f"{server.port} key 7 iburst"], "-x") as daemon:
        took = time.monotonic() - began
        length = server.request(patience)
        lib.check(daemon.process.poll() is None, "tockd runs")
        text = daemon.text()
    daemon.log.rename(folder / f"{path.name}.log")
    return text, length, took


def is_refused(folder, path, why):
    text, length, took = start(folder, path, 1.5)
    lib.check(f"key file {path}: not read: {why}" in text,
              f"{path.name}: {why}, and the log names the file")
    lib.check("not used: there is no key 7" in text and length is None,
              f"{path.name}: the source is not asked")
    lib.check(took < 5, f"{path.name}: ready after {took:.1f} s")


def make(path, mode=0o640, owner=0, group="tock"):
    path.write_text(KEY)
    os.chown(path, owner, lib.gid_of(group))
    path.chmod(mode)
    return path


def what_is_no_plain_file_is_refused(folder):
    good = make(folder / "good")
    os.mkfifo(folder / "fifo", 0o600)
    (folder / "link").symlink_to(good)
    (folder / "directory").mkdir(0o700)
    (folder / "dangling").symlink_to("/nowhere")
    os.mknod(folder / "device", 0o600 | 0o020000, os.makedev(1, 3))
    for name in "fifo", "link", "directory", "dangling":
        is_refused(folder, folder / name, "not a plain file")
    # in the private root devices do not even open
    is_refused(folder, folder / "device", "not")
    is_refused(folder, folder / "missing", "No such file")
    is_refused(folder, folder / "no/where", "No such file")


def what_others_may_read_or_write_is_refused(folder):
    for mode in 0o644, 0o604, 0o602, 0o777:
        is_refused(folder, make(folder / f"mode-{mode:o}", mode), "not safe")
    is_refused(folder, make(folder / "of-nobody", 0o640, NOBODY), "not safe")


def what_is_too_long_is_refused(folder):
    path = make(folder / "long")
    with open(path, "a") as file:
        file.truncate(1 << 30)
    is_refused(folder, path, "longer than 256 KiB")


def a_file_of_thousands_is_read(folder):
    path = make(folder / "many")
    path.write_text("".join(f"{i} SHA1 HEX:{i:040x}\n"
                            for i in range(4000, 0, -1)))
    text, length, _ = start(folder, path, 5)
    lib.check("read, keys: 4000" in text and length == 72, "4000 keys")


def a_good_file_is_read(folder):
    for path in make(folder / "of-group-tock"), \
            make(folder / "of-root-alone", 0o600, group="root"), \
            make(folder / "of-the-daemon", 0o400, lib.uid_of("_tock")):
        text, length, _ = start(folder, path, 5)
        lib.check(f"key file {path}: read, keys: 1" in text and length == 72,
                  f"{path.name}: read, and a request of 72 bytes is sent "
                  f"({length})")


def may_write(daemon, directory):
    """Whether the engine's private root has it for writing."""
    pid = daemon.roles()["tock-engine"]
    for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        words = line.split()
        if words[4] == str(directory):
            return "rw" in words[5].split(",")
    return None


def it_may_lie_beside_the_drift_file(folder):
    """One directory for both is mounted once, and as the one that wants more."""
    os.chown(folder, lib.uid_of("_tockclock"), 0)
    keyfile = f"keyfile {make(folder / 'keys')}"
    for lines, wanted in ([keyfile], False), \
            ([keyfile, f"driftfile {folder}/drift"], True):
        with lib.tockd(folder, lines, "-x") as daemon:
            lib.check(may_write(daemon, folder) is wanted,
                      f"{len(lines)} lines: mounted "
                      + ("for writing" if wanted else "for reading only"))
            lib.check("read, keys: 1" in daemon.text(), "the keys are read")


def rekey():
    """The status of the reply: 0 done, 1 failed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(5)
        s.connect("/run/tock/control.sock")
        s.send(struct.pack(">BBxxHHI16x", 6, 1, 16, 0, 1))
        return struct.unpack_from(">H", s.recv(512), 8)[0]


def rekey_reads_what_an_editor_put_there(folder):
    """Editors make a new file and rename it."""
    server, path = Server(), folder / "keys"
    with lib.tockd(folder, [f"keyfile {path}", f"server 127.0.0.1 port "
                            f"{server.port} key 7 iburst"], "-x") as daemon:
        lib.check(rekey() == 1, "no file: failed")
        make(folder / "new", 0o644).rename(path)
        lib.check(rekey() == 1, "one that is open to others: failed")
        make(folder / "new", 0o600, group="root").rename(path)
        lib.check(rekey() == 1 and daemon.says("chgrp tock FILE"),
                  "one that only root can read: failed, with the hint")
        make(folder / "new").rename(path)
        lib.check(rekey() == 0, "one of group tock: done")
        lib.check(server.request(5) == 72, "the source is asked")


lib.alone()
lib.main(what_is_no_plain_file_is_refused,
         what_others_may_read_or_write_is_refused, what_is_too_long_is_refused,
         a_good_file_is_read, a_file_of_thousands_is_read,
         it_may_lie_beside_the_drift_file,
         rekey_reads_what_an_editor_put_there)
