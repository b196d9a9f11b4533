#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Garbage on every socket leaves the daemon alive and its answers right.

Random bytes, and real messages with bits turned over, go to the control port,
the chrony-compatible Unix socket and both native sockets.  All the while a
relay before the server sends the client, from the right address and port, a
heap of wrong answers ahead of each right one.  SEED=n repeats a run.
"""
import contextlib
import os
import pathlib
import random
import select
import socket
import struct
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import lib                                              # noqa: E402
import reference                                        # noqa: E402

ROUNDS = 2000 if not os.environ.get("TOCK_LONG") else 50000
SEED = int(os.environ.get("SEED", "1"))
PATIENCE = 30           # s
NEAR = 0.01             # s
TRACKING = bytes([6, 1, 0, 0]) + struct.pack("!HHI", 33, 0, 7) + bytes(96)
WRONG = 20              # wrong answers for each right one
ANSWERS = 200           # wrong ones, at least
RELAY = ("127.0.0.2", 1123)


def damaged(rng, message):
    """The message with a few bits, or its length, changed; or noise."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(0, 1500))
    data = bytearray(message)
    for _ in range(rng.randrange(1, 9)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    if kind == 1:
        del data[rng.randrange(len(data)):]
    elif kind == 2:
        data += rng.randbytes(rng.randrange(1, 600))
    return bytes(data)


def is_right():
    rows = reference.tockctl(lib.BUILD, "tracking")
    return len(rows) == 1 and rows[0]["name"] == RELAY[0] and \
        rows[0]["stratum"] == "2" and rows[0]["leap"] == "Normal" and \
        abs(float(rows[0]["correction"])) < NEAR


def throw_udp(rng, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        for _ in range(ROUNDS):
            s.sendto(damaged(rng, TRACKING), (address, 323))
            if rng.randrange(64) == 0:
                time.sleep(0.001)


def throw_datagrams(rng, folder, path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(str(folder / "client.sock"))
        (folder / "client.sock").chmod(0o666)   # answers come, unread
        s.setblocking(False)
        s.connect(path)
        for _ in range(ROUNDS):
            select.select([], [s], [], 1)
            with contextlib.suppress(BlockingIOError):
                s.send(damaged(rng, TRACKING))


def throw_native(rng, path):
    """A connection that the daemon closes is its good right."""
    sent = 0
    while sent < ROUNDS:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(0.5)
            with contextlib.suppress(OSError):
                s.connect(path)
                for _ in range(50):
                    sent += 1
                    s.send(damaged(rng, TRACKING))
            sent += 1


def wrong_answer(rng, right):
    """An answer that does not echo the request, or is none at all."""
    data = bytearray(right)
    data[rng.randrange(24, 32)] ^= 1 << rng.randrange(8)
    return rng.choice((bytes(data), bytes(data[:rng.randrange(48)]),
                       rng.randbytes(rng.randrange(400)),
                       damaged(rng, data)[:47]))


@contextlib.contextmanager
def relay(server, rng):
    """Passes requests on; yields the number of wrong answers in a list."""
    stop, told = threading.Event(), [0]

    def pass_on(here, there):
        while not stop.is_set():
            with contextlib.suppress(OSError):
                request, client = here.recvfrom(2048)
                there.sendto(request, server)
                answer = there.recv(2048)
                for _ in range(WRONG):
                    here.sendto(wrong_answer(rng, answer), client)
                    told[0] += 1
                here.sendto(answer, client)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        here.bind(RELAY)
        here.settimeout(0.1)
        there.settimeout(0.1)
        thread = threading.Thread(target=pass_on, args=(here, there))
        thread.start()
        try:
            yield told
        finally:
            stop.set()
            thread.join()


def garbage_everywhere(folder):
    rng = random.Random(SEED)
    print(f"  SEED={SEED}")
    with reference.serving(lib.BUILD, folder / "anchor") as ref, \
            relay(("127.0.0.1", ref.port), random.Random(SEED)) as told, \
            lib.tockd(folder, [f"server {RELAY[0]} port {RELAY[1]} iburst "
                               "minpoll -1 maxpoll -1"], "-x") as daemon:
        roles = daemon.roles()
        if not lib.check(lib.until(is_right, PATIENCE, 0.2) is not None,
                         f"synchronised within {PATIENCE} s"):
            return
        for name, throw in (
                ("UDP over IPv4", lambda: throw_udp(rng, "127.0.0.1")),
                ("UDP over IPv6", lambda: throw_udp(rng, "::1")),
                ("chronyd.sock", lambda: throw_datagrams(
                    rng, folder, "/run/chrony/chronyd.sock")),
                ("monitor.sock", lambda: throw_native(
                    rng, "/run/tock/monitor.sock")),
                ("control.sock", lambda: throw_native(
                    rng, "/run/tock/control.sock"))):
            throw()
            lib.check(lib.until(is_right, 3, 0.2) is not None and
                      daemon.roles() == roles,
                      f"{name}: alive and right after {ROUNDS} messages")
        lib.check(lib.until(lambda: told[0] >= ANSWERS, PATIENCE) is not None,
                  f"{told[0]} wrong answers to the client")
        lib.check(lib.until(is_right, 3, 0.2) is not None and
                  daemon.roles() == roles, "alive and right after those")
    lib.check(daemon.process.returncode == 0,
              f"it ended with status {daemon.process.returncode}")


if __name__ == "__main__":
    lib.alone()
    lib.main(garbage_everywhere)
