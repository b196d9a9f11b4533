#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Nobody gets more out of tockd than went in: on the real socket, to whatever
request, at most one answer comes, and none longer than the request.

tests/unit/test_server.c goes through all lengths, modes and versions; here come
requests of every length up to 2048 bytes with ends that look like something:
extension fields, those of NTS, MACs by known and unknown keys, right and wrong,
of every length, crypto-NAKs; and the other ways in, modes 6 and 7.  Answers are
told apart by the transmit timestamp, which they echo.  SEED=n repeats a run.
"""
import collections
import hashlib
import os
import pathlib
import random
import select
import socket
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system")]
import lib                                              # noqa: E402

SEED = int(os.environ.get("SEED", "1"))
HEADER, LONGEST = 48, 2048
AT_ORIGIN, AT_TRANSMIT = 24, 40
SECRET, KNOWN, UNKNOWN = bytes(range(20)), 1, 77
BATCH = 200             # requests on their way, which a small buffer holds
NTS = 0x0104, 0x0204, 0x0304, 0x0404    # unique identifier, cookie,
                        # placeholder, authenticator (RFC 8915)
FIRSTS = 0x23, 0x1b, 0x13, 0x0b, 0x08, 0x21, 0x19       # which are answered
MODE_6, MODE_7 = 0x16, 0x17     # version 2, as ntpq and ntpdc ask


def fields(kinds, size):
    """size bytes of extension fields, the last of which takes what is left."""
    out = b""
    for kind in kinds[:-1]:
        if size - len(out) >= 28 + 28:
            out += struct.pack("!HH", kind, 28) + bytes(24)
    left = size - len(out)
    if left >= 4:
        out += struct.pack("!HH", kinds[-1], left) + bytes(left - 4)
    return out + bytes(size - len(out))


def mac(key, message, digest):
    """MD5's, cut or lengthened to some number of bytes."""
    good = hashlib.md5(SECRET + message).digest()
    return struct.pack("!I", key) + (good + bytes(digest))[:digest]


def requests(rng, head, size):
    """All kinds of that size; head() makes a header of a new name."""
    rest = size - HEADER
    yield "zeros", head() + bytes(rest)
    yield "ones", head() + b"\xff" * rest
    yield "noise", head() + rng.randbytes(rest)
    if rest >= 4:
        yield "field", head() + fields([0x2005], rest)
        yield "NTS", head() + fields(NTS, rest)
        yield "crypto-NAK", head() + bytes(4) + rng.randbytes(rest - 4)
    for digest in {16, 20, max(rest - 4, 0) if rest <= 68 else 16}:
        if rest < 4 + digest:
            continue
        for name, key in ("known", KNOWN), ("unknown", UNKNOWN):
            message = head()
            if rest > 4 + digest:
                message += fields([0x2005], rest - 4 - digest)
            yield f"{name} key", message + mac(key, message, digest)


class Asker:
    """Sends requests and keeps account of what comes back."""

    def __init__(self, family, address):
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.socket.connect((address, 123))
        self.number = self.asked = 0
        self.waiting = {}       # name: bytes of the request, what it was
        self.answers = collections.Counter()    # by what it was
        self.faults = []

    def head(self, first):
        self.number += 1
        name = struct.pack("!Q", 1 << 63 | self.number)
        return bytes([first]) + bytes(AT_TRANSMIT - 1) + name

    def send(self, request, what):
        name = request[AT_TRANSMIT:HEADER]
        self.waiting[name] = len(request), what
        self.asked += 1
        self.socket.send(request)
        if self.asked % BATCH == 0:
            self.collect()

    def collect(self):
        """Sentinels mark the end: they are answered after all else."""
        head = self.head(0x23)
        self.waiting[head[AT_TRANSMIT:]] = HEADER, "plain"
        self.asked += 1
        self.socket.send(head)
        last = head[AT_TRANSMIT:]
        while last in self.waiting:
            if not select.select([self.socket], [], [], 2)[0]:
                self.faults.append("no answer to a plain request")
                break
            self.take(self.socket.recv(65535))
        self.waiting.clear()

    def take(self, answer):
        size, what = self.waiting.pop(answer[AT_ORIGIN:AT_ORIGIN + 8],
                                      (0, "nothing, or answered already"))
        self.answers[what] += 1
        if len(answer) > size:
            self.faults.append(f"{len(answer)} bytes to {size}: {what}")


def may_be_answered(first):
    version, mode = first >> 3 & 7, first & 7
    return 1 <= version <= 4 and (mode in (1, 3) or (version, mode) == (1, 0))


def ask_everything(family, address):
    rng = random.Random(SEED)
    asker = Asker(family, address)
    for size in range(LONGEST + 1):
        for first in (*FIRSTS[:None if size < 200 else 2],
                      rng.randrange(256), MODE_6, MODE_7):
            head = lambda: asker.head(first)        # noqa: E731
            kinds = requests(rng, head, size) if size > HEADER else \
                [(f"{size} bytes", head()[:size])]
            for what, request in kinds:
                asker.send(request, what if may_be_answered(first)
                           else "another mode or version")
    asker.collect()
    return asker


def no_more_comes_out_than_went_in(folder):
    print(f"  SEED={SEED}")
    keys = folder / "keys"
    keys.write_text(f"{KNOWN} MD5 HEX:{SECRET.hex()}\n")
    keys.chmod(0o640)
    with lib.tockd(folder, ["local stratum 5", "allow 127.0.0.0/8",
                            "allow ::1", f"keyfile {keys}"], "-x") as daemon:
        for family, address in ((socket.AF_INET, "127.0.0.1"),
                                (socket.AF_INET6, "::1")):
            asker = ask_everything(family, address)
            lib.check(not asker.faults, f"{address}: {asker.asked} requests, "
                      f"{sum(asker.answers.values())} answers, "
                      f"{len(asker.faults)} faults")
            print(*asker.faults[:5], dict(asker.answers), sep="\n")
            lib.check(not asker.answers.keys() & {
                "unknown key", "crypto-NAK", "ones",
                "another mode or version"},
                "what cannot be right is not answered")
            lib.check(all(asker.answers[what] > 0 for what in (
                "48 bytes", "known key", "field", "NTS")),
                "what can be is")
        lib.check(set(daemon.roles()) == set(lib.ROLES), "all alive")


if __name__ == "__main__":
    lib.alone()
    lib.main(no_more_comes_out_than_went_in)
