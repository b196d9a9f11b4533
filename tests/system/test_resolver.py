#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The resolver's program alone: the test is its engine, and its name server.

Name service is the machine's: /etc/hosts, and DNS on 127.0.0.1:53 of the
test's own network namespace.
"""
import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

import lib
import nameserver

LOOKUP, FOUND = 2, 3
OK, AGAIN, NONE, FAILED = range(4)
ANY, INET4, INET6 = 0, 1, 2
REQUEST = struct.Struct("=IIII256s")
ADDRESS = struct.Struct("=II16s")
REPLY = 16 + 16 * ADDRESS.size


class Resolver:
    """A tock-resolver, born as the launcher would do it."""

    def __init__(self, folder):
        self.ours, theirs = socket.socketpair(socket.AF_UNIX,
                                              socket.SOCK_SEQPACKET)
        self.ours.settimeout(20)
        self.log = folder / "resolver.log"
        fd, log = theirs.fileno(), os.open(self.log, os.O_WRONLY | os.O_CREAT |
                                           os.O_APPEND)

        def place():
            high = os.dup2(fd, 100), os.dup2(log, 101)
            os.dup2(high[0], 3)
            os.dup2(high[1], 7)
        self.process = subprocess.Popen(
            [lib.BUILD / "tock-resolver", "--log-style", "0", "--log-least",
             "0"], preexec_fn=place, pass_fds=(3, 7), env={})
        theirs.close()
        os.close(log)
        self.id = 0

    def ask(self, name, family=ANY):
        self.id += 1
        self.ours.send(REQUEST.pack(LOOKUP, self.id, family, 0, name.encode()))
        return self.id

    def reply(self):
        """(id, error, addresses as text)"""
        data = self.ours.recv(4096)
        assert len(data) == REPLY, f"a reply of {len(data)} bytes"
        kind, number, error, count = struct.unpack_from("=IIII", data)
        assert kind == FOUND and count <= 16
        found = []
        for i in range(count):
            family, _, raw = ADDRESS.unpack_from(data, 16 + i * ADDRESS.size)
            found.append(socket.inet_ntop(
                *((socket.AF_INET, raw[:4]) if family == INET4
                  else (socket.AF_INET6, raw))))
        return number, error, found

    def find(self, name, family=ANY):
        number = self.ask(name, family)
        got, error, found = self.reply()
        assert got == number
        return error, found

    def end(self):
        self.ours.close()
        try:
            return self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextlib.contextmanager
def resolver(folder):
    r = Resolver(folder)
    try:
        yield r
    finally:
        r.end()


def names_are_found(folder):
    with resolver(folder) as r:
        lib.check(r.find("clock.test") == (OK, ["192.0.2.7"]),
                  "a name of /etc/hosts")
        error, found = r.find("two.test")
        lib.check(error == OK and sorted(found) ==
                  ["192.0.2.1", "2001:db8::1"], f"both families: {found}")
        lib.check(r.find("two.test", INET6) == (OK, ["2001:db8::1"]),
                  "IPv6 alone")
        lib.check(r.find("two.test", INET4) == (OK, ["192.0.2.1"]),
                  "IPv4 alone")
        lib.check(r.find("192.0.2.99") == (OK, ["192.0.2.99"]), "a literal")
        error, found = r.find("many.test", INET4)
        lib.check(error == OK and len(found) == 16, "16 of 20 addresses")
        lib.check(r.find("absent.test")[0] == NONE, "no such name: NONE")
        error, found = r.find("longlist.test", INET4)
        lib.check(error == OK and server.over_tcp > 0,
                  f"a long answer comes over TCP: {len(found)}, "
                  f"{server.over_tcp} queries")


def several_at_once_and_a_mute_server(folder):
    with resolver(folder) as r:
        start = time.monotonic()
        mute = r.ask("mute.test")
        quick = {r.ask("two.test") for _ in range(40)}
        got = set()
        while len(got) < 40:
            number, error, _ = r.reply()
            if error == OK:
                got.add(number)
        lib.check(got == quick, "40 names are found beside a mute one in "
                  f"{time.monotonic() - start:.2f} s")
        number, error, _ = r.reply()
        took = time.monotonic() - start
        lib.check(number == mute and error in (AGAIN, FAILED) and
                  3 < took < 11, f"the mute one ends after {took:.1f} s with "
                  f"error {error}")


def a_crash_costs_one_look_up(folder):
    with resolver(folder) as r:
        number = r.ask("mute.test")
        lib.until(lambda: lib.children(r.process.pid))
        os.kill(lib.children(r.process.pid)[0], signal.SIGSEGV)
        lib.check(r.reply() == (number, FAILED, []), "it FAILED")
        lib.check(r.find("clock.test")[0] == OK, "the next one is found")


def it_ends_with_the_engine(folder):
    r = Resolver(folder)
    r.ask("mute.test")
    time.sleep(0.2)
    child = lib.children(r.process.pid)
    lib.check(len(child) == 1, "a look-up is a child")
    lib.check(r.end() == 0, "end of file: status 0")
    lib.check(lib.until(lambda: not lib.is_alive(child[0]), 2) is not None,
              "its child is gone too")


def nonsense_ends_it(folder):
    for what, message in (
            ("too short", b"x"), ("too long", b"x" * 300),
            ("a reply", REQUEST.pack(FOUND, 1, 0, 0, b"a")),
            ("no name", REQUEST.pack(LOOKUP, 1, 0, 0, b"")),
            ("no end of the name", REQUEST.pack(LOOKUP, 1, 0, 0, b"a" * 256)),
            ("a family", REQUEST.pack(LOOKUP, 1, 3, 0, b"a"))):
        r = Resolver(folder)
        r.ours.send(message)
        lib.check(lib.until(lambda: r.process.poll() is not None, 3)
                  is not None and r.process.returncode == 1,
                  f"{what}: status {r.process.returncode}")
        r.end()


lib.alone()
ETC = pathlib.Path("/run/etc")
ETC.mkdir()
nameserver.own_etc(ETC)
address = socket.inet_pton
A, AAAA = nameserver.A, nameserver.AAAA
server = nameserver.NameServer({
    "two.test": [(A, address(socket.AF_INET, "192.0.2.1")),
                 (AAAA, address(socket.AF_INET6, "2001:db8::1"))],
    "many.test": [(A, bytes((10, 0, 0, i))) for i in range(1, 21)],
    "longlist.test": [(A, bytes((10, 0, 1, i))) for i in range(1, 61)],
    "mute.test": [],
})
lib.main(names_are_found, several_at_once_and_a_mute_server,
         a_crash_costs_one_look_up, it_ends_with_the_engine, nonsense_ends_it)
