# SPDX-License-Identifier: ISC
"""Replies of a daemon in the control protocol, made up byte by byte, and a
daemon that gives them."""
import os
import socket
import struct
import threading

N_SOURCES, SOURCE, TRACKING, STATS, MAKESTEP, ACTIVITY, MODIFY, NAME = (
    14, 15, 33, 34, 43, 44, 50, 65)
NTPDATA, AUTHDATA, SELECTDATA = 57, 67, 69
REPLY = {N_SOURCES: (2, 32), SOURCE: (3, 76), TRACKING: (5, 104),
         STATS: (6, 84), MAKESTEP: (1, 28), ACTIVITY: (12, 48),
         MODIFY: (1, 28), NAME: (19, 284), NTPDATA: (26, 172),
         AUTHDATA: (20, 52), SELECTDATA: (23, 76)}
NTPDATA_OLD = 16, 152       # what chronyc 4.3 asks for
# What has an empty reply.
CHANGES = {*range(1, 10), 16, 29, 37, MAKESTEP, 45, 46, 47, 48, 49, MODIFY, 53,
           56, 62, 63, 64, 66, 70, 72, 73, 74}


# Bytes of replies.

def word(x):
    """The protocol's float: only what the edges here need."""
    if x == 0:
        return 0
    e, c = 1, abs(x)
    while c >= 1:
        c, e = c / 2, e + 1
    while c < 0.5:
        c, e = c * 2, e - 1
    e -= 1
    c = int(c * (1 << 24) + 0.5)
    if c > (1 << 24) - 1:
        c, e = c >> 1, e + 1
    return ((e + 1) & 0x7f) << 25 | (-c if x < 0 else c) & 0x1ffffff


def f(*values):
    return struct.pack(f">{len(values)}I", *map(word, values))


def ip(text):
    if not text:
        return bytes(20)
    if isinstance(text, int):
        return struct.pack(">I", text) + bytes(12) + b"\0\3\0\0"
    if ":" in text:
        return socket.inet_pton(socket.AF_INET6, text) + b"\0\2\0\0"
    return socket.inet_aton(text) + bytes(12) + b"\0\1\0\0"


def source(addr="192.0.2.1", poll=6, stratum=2, state=0, mode=0, reach=255,
           ago=12, measured=1e-3, adjusted=2e-3, margin=3e-3):
    return ip(addr) + struct.pack(">hHHHHHI", poll, stratum, state, mode, 0,
                                  reach, ago) + f(measured, adjusted, margin)


def stats(addr="192.0.2.1", refid=0xC0000201, n=8, runs=4, span=500, dev=1e-4,
          freq=0.1, skew=0.2, offset=1e-3):
    return (struct.pack(">I", refid) + ip(addr) +
            struct.pack(">III", n, runs, span) +
            f(dev, freq, skew, offset, 1e-3))


def tracking(addr="192.0.2.1", refid=0xC0000201, stratum=3, leap=0,
             sec=1795442838, ns=60736736,
             floats=(1e-6, -2e-6, 3e-6, 7.25, -0.5, 0.25, 0.02, 0.003, 64.5)):
    return (struct.pack(">I", refid) + ip(addr) +
            struct.pack(">HHIII", stratum, leap, sec >> 32,
                        sec & 0xffffffff, ns) + f(*floats))


def ntpdata(remote="192.0.2.1", local="192.0.2.9", port=123, leap=0, version=4,
            mode=4, stratum=2, poll=6, precision=-24, refid=0xC0000201,
            flags=0xffff, stamps=b"KD", delays=(0.01, 0.02), sec=1795442838,
            values=(1e-3, -2e-3, 3e-3, 4e-3, 0.5), counts=(1, 2, 3, 4)):
    return (ip(remote) + ip(local) +
            struct.pack(">HBBBBbb", port, leap, version, mode, stratum, poll,
                        precision) + f(*delays) +
            struct.pack(">IIII", refid, 0, sec, 60736736) + f(*values) +
            struct.pack(">H2s4I", flags, stamps, *counts) + bytes(32))


def selectdata(addr="192.0.2.1", refid=0xC0000201, state=b"*", auth=1, leap=0,
               options=0, effective=15, ago=5, score=1.0, low=-1e-3,
               high=2e-3):
    return (struct.pack(">I", refid) + ip(addr) +
            struct.pack(">cBBBHHI", state, auth, leap, 0, options, effective,
                        ago) + f(score, low, high))


def authdata(mode=0, kind=0, key=0, bits=0, attempts=0, ago=2**32 - 1,
             cookies=0, length=0, nak=0):
    return struct.pack(">HHIHHIHHHH", mode, kind, key, bits, attempts, ago,
                       cookies, length, nak, 0)


class Daemon:
    """Answers by UDP and on a datagram socket with what `answer` returns for
    (command, payload): (status, payload), bytes of a whole reply, or None."""

    def __init__(self, path):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.unix = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.unix.bind(str(path))
        os.chmod(path, 0o666)
        self.path = path
        self.answer = lambda command, payload: None
        for sock in self.udp, self.unix:
            threading.Thread(target=self.serve, args=[sock],
                             daemon=True).start()

    def serve(self, sock):
        while True:
            packet, peer = sock.recvfrom(2000)
            if len(packet) < 28 or not peer:
                continue
            reply = self.reply(packet)
            if reply:
                try:
                    sock.sendto(reply, peer)
                except OSError as error:
                    print(f"  (reply to {peer}: {error})")

    def reply(self, packet):
        command, = struct.unpack_from(">H", packet, 4)
        answer = self.answer(command, packet[20:])
        if answer is None or isinstance(answer, bytes):
            return answer and answer[:16] + packet[8:12] + answer[20:]
        status, payload = answer
        code, length = REPLY.get(command, (1, 28))
        if command == NTPDATA and len(packet) < length:
            code, length = NTPDATA_OLD
            payload = payload and payload[:length - 28]
        if status or payload is None:
            code, length, payload = 1, 28, b""
        head = struct.pack(">BBHHHHHHH", 6, 2, 0, command, code, status,
                           0, 0, 0)
        return (head + packet[8:12] + bytes(8) + payload).ljust(length, b"\0")


# Replies that are made up.

def canned(tracking_reply=None, sources=(), statistics=(), names=None,
           errors=None, counts=(4, 1, 0, 2, 1), ntp=None, auth=None,
           select=()):
    def answer(command, payload):
        index, = struct.unpack_from(">I", payload)
        if command in (errors or {}):
            return errors[command], None
        if command == N_SOURCES:
            return 0, struct.pack(">I", max(
                len(sources), len(statistics), len(select)))
        if command == SOURCE:
            return (0, sources[index]) if index < len(sources) else (4, None)
        if command == STATS:
            return ((0, statistics[index]) if index < len(statistics)
                    else (4, None))
        if command == TRACKING:
            return 0, tracking_reply or tracking()
        if command == ACTIVITY:
            return 0, struct.pack(">5i", *counts)
        if command == NAME:
            name = (names or {}).get(payload[:20])
            return (0, name) if name else (4, None)
        if command == SELECTDATA:
            return (0, select[index]) if index < len(select) else (4, None)
        if command in (NTPDATA, AUTHDATA):
            row = ((ntp if command == NTPDATA else auth) or {}).get(
                payload[:20])
            return (0, row) if row else (4, None)
        return (0, b"") if command in CHANGES else (3, None)
    return answer
