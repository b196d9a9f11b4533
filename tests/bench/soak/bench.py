#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Serves for a long time while everything that can be changed changes.

    ./test bench soak [--seconds S] [--rate R] [--nice N] [--line LINE]...

For S seconds (600) two generators of the server's bench ask R times a second
(30 000) together: 1000 clients without a key and 1000 with one, every answer is
judged.  Each second
  - the key file is written anew, all keys but the clients' being others, and
    `rekey' reads it;
  - `deny' closes a subnet, out of which a request must stay unanswered, and
    `allow' opens it, and then it must be answered; so do keys come and go;
  - memory is read, and what the kernel dropped since the server was too slow
    (SO_RXQ_OVFL's count, the last column of /proc/net/udp).

At the end: requests, answers, what was wrong, and where the rest was lost: by
the server, by the generator's own sockets, or by nobody (late); how often the
changes took place and did not work; the memory of all processes (PSS, and
what no file backs) and its slope over the last half; processor time.

It judges nothing.  Other programs on the machine make the server late; against
these it and the generators run at a higher priority (nice -10), each on a
processor of its own where there are two, and the load average is told.  LINE is
one more of the configuration.
"""
import argparse
import contextlib
import errno
import hashlib
import json
import os
import pathlib
import secrets
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference"),
                str(ROOT / "tests/interop"), str(ROOT / "tests/bench/server")]
import hosts                                            # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402
from servers import CPUS, Server, pinned                # noqa: E402

CLIENTS = 1000          # of each generator
KEY, CHANGING, OTHERS = 7, 8, range(100, 200)
SUBNET, INSIDE = "127.9.0.0/16", "127.9.0.1"
PREFIX = "10.64.0.0/10"
FIRST = "10.64.0.1", "10.80.0.1"
CANCEL_ON_SET = 1 | 2   # TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET
PATIENCE = 0.3          # s for an answer
TRIES = 5               # to get one that has to come


def control(*words):
    """Whether it was done."""
    return subprocess.run([lib.BUILD / "tockctl", *words],
                          capture_output=True).returncode == 0


def line_of(number, secret):
    return f"{number} SHA1 HEX:{secret.hex()}\n"


def is_answered(key=None, source="", tries=TRIES):
    """Whether this machine's own server answers; key: number and secret."""
    return any(ask(key, source) for _ in range(tries))


def ask(key, source):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        s.connect(("127.0.0.1", 123))
        request = b"\x23" + bytes(39) + secrets.token_bytes(8)
        if key:
            request += struct.pack("!I", key[0]) + \
                hashlib.sha1(key[1] + request).digest()
        s.send(request)
        s.settimeout(PATIENCE)
        try:
            return len(s.recv(512)) == len(request)
        except TimeoutError:
            return False


class Changes:
    """What is changed each second, and whether it took effect."""

    def __init__(self, folder):
        self.file = folder / "keys"
        self.fixed = secrets.token_bytes(20)
        self.old = self.new = None
        self.counts = dict.fromkeys((
            "rekey", "deny", "allow", "denied but answered",
            "allowed and not answered", "old key answered",
            "new key not answered", "command failed"), 0)
        self.write()

    def write(self):
        """All keys anew but the generator's."""
        self.old, self.new = self.new, secrets.token_bytes(20)
        part = self.file.with_suffix(".part")
        part.write_text(
            line_of(KEY, self.fixed) + line_of(CHANGING, self.new) +
            "".join(line_of(i, secrets.token_bytes(20)) for i in OTHERS))
        os.chown(part, 0, lib.gid_of("tock"))
        part.chmod(0o640)
        part.rename(self.file)

    def do(self, what, *words):
        self.counts[what] += 1
        self.counts["command failed"] += not control(*words)

    def turn(self):
        self.write()
        self.do("rekey", "rekey")
        self.counts["old key answered"] += is_answered(
            (CHANGING, self.old), tries=1)
        self.counts["new key not answered"] += not is_answered(
            (CHANGING, self.new))
        self.do("deny", "deny", SUBNET)
        self.counts["denied but answered"] += is_answered(
            source=INSIDE, tries=1)
        self.do("allow", "allow", SUBNET)
        self.counts["allowed and not answered"] += not is_answered(
            source=INSIDE)


def anonymous(pids):
    """kB that no file backs.  What is shared with other programs comes and
    goes with them."""
    return sum(int(line.split()[1]) for pid in pids
               for line in pathlib.Path(f"/proc/{pid}/smaps_rollup")
               .read_text().splitlines() if line.startswith("Anonymous:"))


class ClockWatch:
    """How often somebody sets the machine's clock; the generators compare with
    it, so what is on its way then may seem wrong."""

    def __init__(self):
        self.sets = 0
        self.fd = lib.libc.timerfd_create(time.CLOCK_REALTIME, os.O_NONBLOCK)
        lib.call(self.fd, "timerfd_create")
        self.arm()

    def arm(self):
        far = struct.pack("@4l", 0, 0, 1 << 40, 0)
        lib.call(lib.libc.timerfd_settime(self.fd, CANCEL_ON_SET, far, None),
                 "timerfd_settime")

    def look(self):
        try:
            os.read(self.fd, 8)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ECANCELED:
                raise
            self.sets += 1
            self.arm()


def dropped():
    """Datagrams that the server's sockets had no room for."""
    rows = [line.split() for family in ("udp", "udp6") for line in
            pathlib.Path(f"/proc/self/net/{family}").read_text()
            .splitlines()[1:]]
    return sum(int(row[-1]) for row in rows if row[1].endswith(":007B"))


def slope(points):
    """Of (s, kB) by least squares, kB/h."""
    n = len(points)
    x0, y0 = (sum(column) / n for column in zip(*points))
    return 3600 * sum((x - x0) * (y - y0) for x, y in points) / \
        sum((x - x0) ** 2 for x, _ in points)


@contextlib.contextmanager
def generators(host, rate, seconds, key, prefix):
    """Both, which tell in the end."""
    program = lib.BUILD / "tests/bench/server/load"
    common = ["--clients", CLIENTS, "--rate", rate / 2, "--seconds", seconds,
              "--patience", 1, host.server, 123]
    running = [subprocess.Popen(
        host.inside(*prefix, *pinned(CPUS[-1]), program, *options,
                    *common, first), stdout=subprocess.PIPE, text=True)
        for first, options in ((FIRST[0], ()), (FIRST[1], (
            "--key", f"{KEY} SHA1 {key.hex()}")))]
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
            process.wait()


def soak(folder, args):
    urgent = ["nice", "-n", str(args.nice)]
    changes = Changes(folder)
    host = hosts.Host(1, crowd=PREFIX)
    with lib.tockd(folder, [
            "local stratum 5", "allow 10.0.0.0/8", "allow 127.0.0.0/8",
            "deny 10.250.0.0/16", f"keyfile {changes.file}",
            "ratelimit interval -19 burst 255", *args.line], "-x",
            prefix=[*urgent, *pinned(CPUS[0])]) as daemon:
        server = Server("tockd", 123, daemon.pid)
        began, before = time.monotonic(), server.cpu()
        readings, turns, loads, clock = [], [], [], ClockWatch()
        with generators(host, args.rate, args.seconds, changes.fixed,
                        urgent) as running:
            while any(process.poll() is None for process in running):
                start = time.monotonic()
                changes.turn()
                now = time.monotonic()
                turns.append(now - start)
                readings.append((now - began, server.memory(),
                                 anonymous(server.pids())))
                loads.append(os.getloadavg()[0])
                clock.look()
                if len(turns) % 60 == 0:
                    print(f"{now - began:6.0f} s: {readings[-1][1]} and "
                          f"{readings[-1][2]} kB, {dropped()} dropped",
                          flush=True)
                time.sleep(max(0, start + 1 - time.monotonic()))
            told = [json.loads(process.stdout.read()) for process in running]
        report(told, changes, readings, turns, loads, server.cpu() - before)
        print(f"{'clock':20}set {clock.sets} times by somebody else")
        lost = [line for line in daemon.text().splitlines()
                if "rror" in line or "lost" in line or "drop" in line]
        print(f"log                 {len(daemon.text().splitlines())} lines, "
              f"of which {len(lost)} of trouble")
        print(*lost[:5], sep="\n")


def report(told, changes, readings, turns, loads, took):
    for name, t in zip(("plain", "SHA1"), told):
        print(f"{name:20}{t['sent']} requests in {t['seconds']:.0f} s, "
              f"{t['answered']} answered, {t['wrong']} wrong"
              f"{' (' + t['why'] + ')' if t['why'] else ''}, {t['stray']} to "
              f"nobody, {t['lost']} lost, {t['late']} of these late; refused "
              f"{t['refused']}, at worst {t['behind']:.3f} s behind")
        print(f"{'':20}latency, us: 50, 90, 99, 99.9, 100 %: "
              f"{t['latency_us']}")
    drops = dropped()
    own = reference.tockctl(lib.BUILD, "serverstats")[0]["queue_dropped"]
    lost = sum(t["lost"] - t["late"] for t in told)
    sent = sum(t["sent"] for t in told)
    print(f"{'dropped':20}{drops} by the server's sockets, {own} by its own "
          f"count; {lost - drops} more were lost elsewhere")
    print(f"{'changes':20}" + ", ".join(
        f"{n} {what}" for what, n in changes.counts.items()) +
        f"; a turn takes {sum(turns) / len(turns):.2f} s")
    half = readings[len(readings) // 2:]
    for name, i in ("PSS", 1), ("anonymous", 2):
        print(f"{'memory, ' + name:20}{readings[0][i]} kB first, "
              f"{half[0][i]} at half, {readings[-1][i]} last; slope over the "
              f"last half {slope([(r[0], r[i]) for r in half]):+.1f} kB/h")
    print(f"{'processor':20}{took:.1f} s, {1e6 * took / sent:.2f} us for a "
          f"request; load average {min(loads):.1f} to {max(loads):.1f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=30000)
    parser.add_argument("--line", action="append", default=[])
    parser.add_argument("--nice", type=int, default=-10)
    args = parser.parse_args()
    lib.alone()
    folder = pathlib.Path("/run/soak")
    folder.mkdir(mode=0o755)
    soak(folder, args)


if __name__ == "__main__":
    main()
