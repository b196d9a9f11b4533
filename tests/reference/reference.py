# SPDX-License-Identifier: ISC
"""The reference server and its scale, for the tests and the quick start.

The scale (refscale.h) is a straight line over CLOCK_MONOTONIC_RAW, so what is
measured against it here does not depend on the clock that a daemon steers.
"""
import contextlib
import csv
import json
import secrets
import socket
import struct
import subprocess
import threading
import time

import keepclock

NTP_UNIX = 2208988800           # 1970 on the NTP scale, s
SOCK_MAGIC = 0x534f434b


@contextlib.contextmanager
def program(*argv, keeper=None, patience=10, **options):
    """A program that ends with the block.  The keeper (keepclock.py), if it is
    given, ends it before the clock is put back."""
    process = subprocess.Popen([str(a) for a in argv],
                               stdin=subprocess.DEVNULL, **options)
    try:
        if keeper:
            keeper.watch(process.pid)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tockctl(build, *words):
    """What `tockctl -c WORDS` says: one dictionary a line, by column; nothing
    where no daemon answers."""
    done = subprocess.run([build / "tockctl", "-c", *words], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    return list(csv.DictReader(done.stdout.splitlines()))


class Scale:
    """The reference's time, from its anchor."""

    def __init__(self, anchor):
        with open(anchor) as file:
            raw0, ref0, ppm = file.read().split()
        self.raw0, self.ref0, self.ppm = int(raw0), int(ref0), float(ppm)

    def at(self, raw):
        """ns since 1970 at that CLOCK_MONOTONIC_RAW (ns)."""
        past = raw - self.raw0
        return self.ref0 + past + round(past * self.ppm * 1e-6)

    def clock_error(self):
        """What CLOCK_REALTIME is off now, s; > 0: it is ahead."""
        real, raw = keepclock.read_pair()
        return (real - self.at(raw)) * 1e-9

    def server_error(self, address, port=123, tries=4):
        """What an NTP server's time is off, s, > 0: ahead; with the round
        trip it was measured over.  (None, None): no synchronised answer."""
        best = (None, None)
        for _ in range(tries):
            error, delay = self.ask(address, port)
            if error is not None and (best[1] is None or delay < best[1]):
                best = error, delay
            time.sleep(0.05)
        return best

    def ask(self, address, port):
        stamp = secrets.token_bytes(8)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(1)
            s.connect((address, port))
            try:
                sent = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
                s.send(b"\x23" + bytes(39) + stamp)
                reply = s.recv(512)
            except OSError:
                return None, None
            got = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        if len(reply) < 48 or reply[24:32] != stamp or reply[0] >> 6 == 3 or \
                not 1 <= reply[1] <= 15:
            return None, None
        received, answered = (
            (ntp - (NTP_UNIX << 32)) * 10**9 >> 32
            for ntp in struct.unpack("!QQ", reply[32:48]))
        theirs = (received + answered) // 2
        return ((theirs - self.at((sent + got) // 2)) * 1e-9,
                (got - sent - (answered - received)) * 1e-9)


class Reference:
    """A running reference server."""

    def __init__(self, build, process, anchor):
        port = process.stdout.readline().split()
        if not port:
            raise RuntimeError("the reference server did not start")
        self.port = int(port[-1])
        self.anchor = anchor
        self.scale = Scale(anchor)
        self.observer = build / "tests/reference/observer"

    def observe(self, count, interval=1):
        """Yields the observer's readings, dictionaries, as they come."""
        with program(self.observer, self.anchor, count, interval,
                     stdout=subprocess.PIPE, text=True) as observer:
            for line in observer.stdout:
                yield json.loads(line)


@contextlib.contextmanager
def serving(build, anchor, offset=0.0, ppm=0.0, port=0, address="127.0.0.1",
            awake=0, keeper=None):
    """A Reference for the length of the block: at first `offset` seconds ahead
    of the clock, and `ppm` faster than CLOCK_MONOTONIC_RAW.  awake, ms: keeps
    the kernel's network code in every CPU's caches, for 3 % of them at 1."""
    with program(build / "tests/reference/refserver", "--address", address,
                 "--port", port, "--offset", offset, "--ppm", ppm,
                 "--awake", awake, "--anchor", anchor, keeper=keeper,
                 stdout=subprocess.PIPE, text=True) as server:
        yield Reference(build, server, anchor)


@contextlib.contextmanager
def feeding(scale, path, interval=0.1):
    """Feeds the scale's time to a SOCK reference clock (gpsd's protocol to
    chronyd) for the length of the block.  The socket may come later."""
    stop = threading.Event()

    def feed():
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            while not stop.wait(interval):
                real, raw = keepclock.read_pair()
                sample = struct.pack(
                    "@qqdiiii", real // 10**9, real % 10**9 // 1000,
                    (scale.at(raw) - real) * 1e-9, 0, 0, 0,
                    SOCK_MAGIC)
                with contextlib.suppress(OSError):
                    s.sendto(sample, str(path))

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    try:
        yield
    finally:
        stop.set()
        feeder.join()
