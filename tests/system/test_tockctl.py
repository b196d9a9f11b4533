#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tockctl, over a made-up daemon behind the native sockets: what people and
programs are shown, and the exit codes.

The replies are bytes written by hand from the protocol, so that the codec is
not its own judge.  tests/interop/test_chronyc_output.py does the same for the
other face.
"""
import csv
import io
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import threading

import lib

NOBODY = 65534
NEVER = 0xffffffff
# Floats as chrony's encoder writes them.
ZERO, MILLI, MINUS_MILLI = 0, 0xf083126f, 0xf17ced91
HALF, ONE, TWO, HUNDRED, TENTH = (0x02800000, 0x04800000, 0x06800000,
                                  0x10c80000, 0xfccccccd)
N_SOURCES, SOURCE, TRACKING, STATS, MAKESTEP, ACTIVITY, NAME = (
    14, 15, 33, 34, 43, 44, 65)
STATUS, GUARD = 0x8001, 0x8002
CODES = {N_SOURCES: 2, SOURCE: 3, TRACKING: 5, STATS: 6, ACTIVITY: 12,
         NAME: 19, STATUS: STATUS, GUARD: GUARD}


def ip(a, b, c, d, family=1):
    return bytes([a, b, c, d]) + bytes(12) + struct.pack(">HH", family, 0)


GOOD, LIAR, NEW = ip(192, 0, 2, 1), ip(192, 0, 2, 7), ip(0, 0, 0, 1, family=3)


class Daemon:
    """Answers at path until close(); `refuse` are commands not allowed."""

    def __init__(self, path, mode, refuse=()):
        self.refuse, self.asked = refuse, []
        self.leap, self.flags, self.max_error = 0, 0, MILLI
        self.reach = 255
        self.reference = GOOD[:4] + GOOD
        self.names = {GOOD: b"ntp1.example", LIAR: b"liar\x1b[2J.example",
                      NEW: b"new.example"}
        self.activity, self.steps_left = (2, 0, 0, 0, 1), 0
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(str(path))
        os.chmod(path, mode)
        self.listener.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=[peer],
                             daemon=True).start()

    def serve(self, peer):
        while packet := peer.recv(2000):
            command, = struct.unpack_from(">H", packet, 4)
            self.asked.append(command)
            body = self.body(command, packet[20:])
            status = 2 if command in self.refuse else 0 if body is not None \
                else 4
            code = CODES.get(command, 1) if status == 0 else 1
            head = struct.pack(">BBHHHHHHH", 6, 2, 0, command, code, status,
                               0, 0, 0)
            reply = head + packet[8:12] + bytes(8) + (
                body if status == 0 else b"")
            peer.send(reply.ljust(284 if code == 19 else len(reply), b"\0"))

    def body(self, command, payload):
        index, = struct.unpack_from(">I", payload.ljust(4, b"\0"))
        if command == N_SOURCES:
            return struct.pack(">I", 3)
        if command == SOURCE:
            row = [(GOOD, 6, 2, 0, 0, 0, self.reach, 12, MILLI, MINUS_MILLI,
                    MILLI),
                   (LIAR, 6, 2, 2, 0, 0, self.reach, 12, HALF, HALF, MILLI),
                   (NEW, 6, 0, 1, 0, 0, 0, NEVER, 0, 0, 0)][index]
            return row[0] + struct.pack(">hHHHHHIIII", *row[1:])
        if command == STATS:
            row = [(GOOD, 8, 4, 500), (LIAR, 8, 3, 500), (NEW, 0, 0, 0)][index]
            return row[0][:4] + row[0] + struct.pack(
                ">IIIIIIII", *row[1:], MILLI, TENTH, ONE, MINUS_MILLI, MILLI)
        if command == TRACKING:
            return self.reference + struct.pack(
                ">HHIII9I", 3, self.leap, 0, 1795442838, 60736736, MILLI,
                MINUS_MILLI, MILLI, TWO, TENTH, ONE, MILLI, MILLI, HUNDRED)
        if command == ACTIVITY:
            return struct.pack(">5i", *self.activity)
        if command == NAME:
            return self.names.get(payload[:20])
        if command == STATUS:
            return struct.pack(">9III", 273600, 38, 26, 3, 1, 1, 1, 1,
                               self.flags, self.max_error, ONE)
        if command == GUARD:
            return struct.pack(">IIIiIIIIIIqqIIIII", 0, 900, 0, 3,
                               self.steps_left, 0, 1, 2, 3, 4, 0, 1795442838,
                               TWO, HALF, HUNDRED, TWO, ONE)
        return b"" if command == MAKESTEP else None


def tockctl(*words, user=None, text=""):
    ids = {"user": user, "group": user, "extra_groups": []} if user else {}
    return subprocess.run([lib.BUILD / "tockctl", *words], input=text,
                          text=True, capture_output=True, timeout=30, **ids)


def says(done, code, *parts):
    ok = done.returncode == code and all(
        part in done.stdout + done.stderr for part in parts)
    lib.check(ok, f"{' '.join(map(str, done.args[1:])) or 'tockctl'}: "
              f"exit {code}, {', '.join(map(repr, parts))}")
    if not ok:
        print(f"exit {done.returncode}\n{done.stdout}{done.stderr}")


def run_folder():
    lib.subtree_gone("/run/tock")
    os.mkdir("/run/tock", 0o755)
    return pathlib.Path("/run/tock")


def nobody_there(folder):
    lib.subtree_gone("/run/tock")
    says(tockctl(), 3, "no answer from tockd: is it running?")
    says(tockctl("sources"), 1, "systemctl status tockd")
    says(tockctl("-h", "127.0.0.1", "sources"), 1, "no answer from 127.0.0.1")
    says(tockctl("foo"), 1, "no such command")
    says(tockctl("rtcdata"), 1, "not built yet")
    says(tockctl("sources", "--help"), 0, "usage: tockctl sources")
    says(tockctl("--nonsense"), 3, "--help")
    lib.check(len(tockctl("--help").stdout.splitlines()) <= 24,
              "--help fits a screen")
    words = [line.split()[0] for line in tockctl("help").stdout.splitlines()
             if re.match("  [a-z]", line)]
    for text in (tockctl("help"), *(tockctl("help", w) for w in words)):
        lib.check(all(len(line) <= 80 for line in text.stdout.splitlines()),
                  f"{' '.join(text.args[1:])}: within 80 columns")
    for word in ("clients", "local", "tracking"):
        says(tockctl(word, "--json"), 1, "no answer from tockd")
        says(tockctl(word, "-c"), 1, "no answer from tockd")
    says(tockctl("help", "add"), 0, "add server|peer|pool NAME")
    says(tockctl("add", "peer", "127.0.0.1", "foo"), 1,
         '"foo" in peer directive')


def people(folder):
    run = run_folder()
    control = Daemon(run / "control.sock", 0o600)
    monitor = Daemon(run / "monitor.sock", 0o666, refuse=[MAKESTEP])
    says(tockctl(), 0, "clock OK   1.00 ms behind (max error 1.00 ms)",
         "stratum 3", "via ntp1.example", "1 usable of 3, 1 combined, "
         "1 falseticker, 1 unresolved", "+2.000 ppm +/- 1.000",
         "for 3 d 4 h, last update 38 s ago, next poll in 26 s",
         "leap none", "rejected: disagrees with the majority by 500 ms")
    lib.check("\x1b" not in tockctl("sources").stdout,
              "a name cannot steer the terminal")
    done = tockctl("sources")
    says(done, 0, "^* ntp1.example", "6", "8/8", "-1.000", "offset/ms",
         "1 without an address yet not shown (-a)")
    lib.check(all(len(line) <= 80 for line in done.stdout.splitlines()),
              "sources fits 80 columns")
    says(tockctl("sources", "-aw"), 0, "377", "^? new.example", "measured/ms")
    says(tockctl("sourcestats"), 0, "ntp1.example", "+0.100", "1.000")
    says(tockctl("tracking"), 0, "ntp1.example (C0000201), stratum 3",
         "1.00 ms slow of NTP time", "last offset  1.00 ms slow",
         "2.000 ppm fast, residual +0.100 ppm, +/- 1.000 ppm", "Normal")
    says(tockctl("activity"), 0, "2 on line", "1 without an address")
    says(tockctl("sourcename", "192.0.2.1"), 0, "ntp1.example")
    says(tockctl("sourcename", "192.0.2.9"), 1, "No such source")
    says(tockctl("guard"), 0, "start window closed", "500 ms of 2.00 s",
         "0 of 3 left", "to 2026-11-23",
         "1 out of range, 2 over budget, 3 too often, 4 other",
         "1.00 s of correction", "tockctl makestep")
    says(tockctl("waitsync", "1", "0.01"), 0, "try: 1, refid: C0000201")
    says(tockctl("waitsync", "1", "0.0001"), 1, "correction: 0.001000")
    says(tockctl("waitsync", "x"), 1, "x is no number")
    says(tockctl("-i", text="activity\n# no\nsourcename 192.0.2.1\nquit\nx\n"),
         0, "2 on line", "ntp1.example")
    lib.check(control.asked and not monitor.asked,
              "root came by the control socket")
    says(tockctl(user=NOBODY), 0, "clock OK")
    lib.check(bool(monitor.asked), "a user came by the monitor socket")
    says(tockctl("makestep", user=NOBODY), 1, "only root and the group tock")


def long_names(folder):
    d = Daemon(run_folder() / "control.sock", 0o600)
    short = {words: tockctl(words).stdout for words in
             ("sources", "sourcestats")}
    for name in b"fe80::1234:5678:9abc:def0%4", b"n" * 27:
        d.names[GOOD] = name
        for words, before in short.items():
            at = before.index("ntp1.example")
            row = before[before.rindex("\n", 0, at) + 1:].splitlines()[0]
            after = tockctl(words).stdout.splitlines()
            where = next(i for i, line in enumerate(after)
                         if name.decode() in line)
            lib.check(after[where + 1].split() == row.split("ntp1.example")[
                1].split() and len(after[where + 1]) == len(row),
                f"{words}: the columns of {name.decode()} are not shifted")


def health(folder):
    d = Daemon(run_folder() / "control.sock", 0o600)
    for leap, flags, error, code, text in [
            (0, 0, MILLI, 0, "clock OK"), (0, 0, HALF, 1, "clock WARN"),
            (0, 0, TWO, 2, "clock CRIT"), (0, 2, MILLI, 1, "guard holds"),
            (3, 0, MILLI, 2, "not synchronised"), (1, 0, MILLI, 0, "Insert")]:
        d.leap, d.flags, d.max_error = leap, flags, error
        says(tockctl(), code, text)
    lib.check(all(len(line) <= 80 for line in tockctl().stdout.splitlines()),
              "status fits 80 columns")
    d.leap, d.reference = 0, bytes([127, 127, 1, 1]) + bytes(20)
    says(tockctl(), 2, "clock CRIT not synchronised   served as it is, "
         "stratum 3 (local)")
    d.reference = GOOD[:4] + GOOD
    d.reach = 0
    says(tockctl(), 1, "clock WARN", "no source has answered lately")
    d.names = {name: b"pool.example" for name in d.names}
    says(tockctl("sources", "-a"), 0, "^* 192.0.2.1 ", "^? pool.example ")
    says(tockctl("minpoll", "pool.example", "4"), 1, "is several sources")
    d.activity = (0, 2, 0, 0, 0)
    says(tockctl(), 0, "all sources are off line: tockctl online")
    d.steps_left = 4
    says(tockctl("guard"), 0, "3 of 3 left (makestep), 1 granted, 0 for")
    says(tockctl("makestep", "1"), 1, "usage: tockctl makestep")


def programs(folder):
    Daemon(run_folder() / "control.sock", 0o600)
    reports = ["status", "tracking", "sources", "sourcestats", "activity",
               "guard"]
    for report in reports:
        done = tockctl("--json", report)
        data = json.loads(done.stdout)
        lib.check(data["schema"] == 1, f"{report}: JSON, schema 1")
        rows = list(csv.reader(io.StringIO(tockctl(report, "-c").stdout)))
        lib.check(len(rows) >= 2 and len({len(r) for r in rows}) == 1,
                  f"{report}: CSV, each row as long as the header")
    page = (lib.ROOT / "man/tockctl.8").read_text()
    page = page[page.index(".Sh JSON"):page.index(".Sh THE NAME")]
    for report in reports:
        data = json.loads(tockctl(report, "--json").stdout)
        members = set(data) | {k for v in data.values()
                               if isinstance(v, list) for k in v[0]}
        missing = [m for m in members - {"schema"} if m not in page]
        lib.check(not missing, f"{report}: the manual has {missing or 'all'}")
    sources = json.loads(tockctl("--json", "sources").stdout)["sources"]
    lib.check(sources[2]["address"] is None and sources[2]["offset"] is None
              and sources[0]["state"] == "selected"
              and abs(sources[0]["offset"] + 1e-3) < 1e-9,
              "what is unknown is null, the rest numbers")
    status = json.loads(tockctl("--json").stdout)
    lib.check(status["last_update_ago"] == 38 and status["via"] ==
              "ntp1.example", "status is the default, as JSON too")


def grant(folder):
    run = run_folder()
    d = Daemon(run / "control.sock", 0o600)
    pidfile = run / "tockd.pid"
    holder = subprocess.Popen(
        ["python3", "-c", "import fcntl, os, signal, sys\n"
         "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n"
         f"f = open({str(pidfile)!r}, 'w')\n"
         "fcntl.flock(f, fcntl.LOCK_EX)\n"
         "print(os.getpid(), file=f, flush=True)\n"
         "print('ready', flush=True)\n"
         "got = signal.sigtimedwait([signal.SIGUSR1], 20)\n"
         "sys.exit(7 if got and got.si_uid == 0 else 1)\n"],
        stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    says(tockctl("makestep", "0.1", "3"), 1)
    lib.check(holder.poll() is None, "makestep LIMIT UPDATES grants nothing")
    says(tockctl("makestep"), 0, "the clock was stepped")
    lib.check(holder.wait(20) == 7, "root's makestep signals who holds the "
              "pid file")
    lib.check(d.asked[-1] == MAKESTEP, "and then asks the daemon")
    pidfile.write_text(f"{os.getpid()}\n")
    signal.signal(signal.SIGUSR1, lambda *_: lib.check(
        False, "a pid file that nobody holds is not believed"))
    says(tockctl("makestep"), 0, "the clock was stepped")


lib.alone()
lib.main(nobody_there, people, long_names, health, programs, grant)
