#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tshark reads tockd's answers as they were meant, and finds none malformed.

Debian's chronyd asks at an address for each way to ask, as in test_server.py;
scripts ask in old versions, as a symmetric peer, and too often.  All that
passes is captured.
"""
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import hosts                                            # noqa: E402
import lib                                              # noqa: E402
from test_server import KEYS, key_file, tockd           # noqa: E402

FIELDS = ("ip.src", "ipv6.src", "ntp.flags.li", "ntp.flags.vn",
          "ntp.flags.mode", "ntp.stratum", "ntp.refid", "ntp.keyid", "ntp.mac",
          "ntp.org", "ntp.rec", "ntp.xmt", "udp.length", "_ws.malformed",
          "_ws.expert.message", "frame.protocols")
ETH_P_ALL, LINKTYPE_ETHERNET = 3, 1
ENOUGH = 4              # answers of each kind
PATIENCE = 30           # s
HEADER = 8 + 48         # bytes of UDP and NTP
BURST = 255
MAY_SAY = "Possible traceroute|$"   # of certain ports, which clients draw
ASK = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.connect((sys.argv[1], 123))
    s.settimeout(0.2)
    for first in sys.argv[2:]:
        s.send(bytes([int(first, 16)]) + bytes(39) + b"12345678")
        try:
            s.recv(100)
        except TimeoutError:
            pass
"""
FLOOD = """
import socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.connect((sys.argv[1], 123))
    for i in range(int(sys.argv[2])):
        s.send(b"\\x23" + bytes(39) + b"12345678")
        time.sleep(0.0005)
"""


class Capture(threading.Thread):
    """All that passes a link, into a pcap file, up to stop(); it can be read
    before."""

    def __init__(self, link, path):
        super().__init__(daemon=True)
        self.path, self.ended = path, threading.Event()
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                    socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((link, 0))
        self.socket.settimeout(0.2)
        self.start()

    def run(self):
        with self.socket, open(self.path, "wb", 0) as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535,
                                   LINKTYPE_ETHERNET))
            while not self.ended.is_set():
                try:
                    data = self.socket.recv(65535)
                except TimeoutError:
                    continue
                now = time.time_ns()
                file.write(struct.pack(
                    "<IIII", now // 10**9, now % 10**9 // 1000, len(data),
                    len(data)) + data)

    def stop(self):
        self.ended.set()
        self.join()


def read(path):
    """What tshark says: a dictionary for each NTP packet."""
    tree = debian.unpacked(lib.BUILD, "tshark", whole=True)
    done = subprocess.run(
        ["tshark", "-r", path, "-Y", "udp.port == 123 and not icmp",
         "-T", "fields", "-E", "separator=|",
         *(word for name in FIELDS for word in ("-e", name))],
        text=True, capture_output=True, env=debian.environment(tree))
    return [dict(zip(FIELDS, line.split("|")))
            for line in done.stdout.splitlines()]


def number(text):
    return int(text, 0) if text else 0


def ways(host):
    """Address: what it is called, chronyd's options, key and bytes of MAC."""
    found = {"10.9.1.1": ("plain", "", 0, 0),
             host.server6: ("plain, IPv6", "", 0, 0),
             "10.9.1.11": ("xleave", "xleave", 0, 0),
             "10.9.1.12": ("version 3", "version 3", 0, 0),
             "10.9.1.13": ("xleave, key SHA1", "xleave key 2", 2, 20)}
    digests = {"MD5": 16, "SHA1": 20, "SHA256": 32, "SHA512": 64,
               "AES128": 16, "AES256": 16}
    for i, (name, _) in KEYS.items():
        size = digests[name]
        found[f"10.9.1.{20 + i}"] = (f"key {name}, version 4",
                                     f"version 4 key {i}", i, min(size, 20))
        found[f"10.9.1.{40 + i}"] = (f"key {name}, version 3",
                                     f"version 3 key {i}", i, size)
    return found


def answers_from(rows, address):
    return [r for r in rows if address in (r["ip.src"], r["ipv6.src"]) and
            r["ntp.flags.mode"] == "4"]


def key_of(row):
    return number("0x" + (row["ntp.keyid"].replace(":", "") or "0"))


def judge(rows, address, what, options, key, digest):
    """The answers from one address."""
    answers = answers_from(rows, address)
    version = 3 if "version 3" in options else 4
    length = HEADER + (4 + digest if digest else 0)
    good = [r for r in answers if
            (number(r["ntp.flags.vn"]), number(r["ntp.stratum"]),
             number(r["ntp.flags.li"]), number(r["udp.length"])) ==
            (version, 2, 0, length) and key_of(r) == key and
            len(r["ntp.mac"].replace(":", "")) == 2 * digest]
    if not lib.check(len(good) == len(answers) >= ENOUGH,
                     f"{what}: {len(good)} of {len(answers)} answers are read "
                     "as meant"):
        print(*answers[:3], sep="\n")
    requests = {r["ntp.xmt"] for r in rows if r["ntp.flags.mode"] == "3"}
    interleaved = [r for r in answers if r["ntp.org"] not in requests]
    lib.check(bool(interleaved) == ("xleave" in options),
              f"{what}: {len(interleaved)} interleaved")


def chronyd_asks(folder, host, keys, capture):
    conf = folder / "chrony.conf"
    conf.write_text("".join(
        f"server {address} iburst minpoll -1 maxpoll 0 {options}\n"
        for address, (_, options, _, _) in ways(host).items()) +
        f"port 0\ncmdport 0\nkeyfile {keys}\nbindcmdaddress /\n"
        f"pidfile {folder}/chronyd.pid\n")
    with host.daemon(folder / "chronyd.log", debian.unpacked(
            lib.BUILD, "chrony") / "usr/sbin/chronyd", "-x", "-d", "-U", "-u",
            "root", "-f", conf):
        lib.until(lambda: all(
            len(answers_from(rows, address)) >= ENOUGH
            for rows in (read(capture.path),) for address in ways(host)),
            PATIENCE, 1)


def answers_are_well_formed(folder):
    keys = key_file(folder / "keys")
    one = hosts.Host(1, (11, 12, 13, *(20 + i for i in KEYS),
                         *(40 + i for i in KEYS)))
    two = hosts.Host(2)
    captures = [Capture(host.link, folder / f"{host.name}.pcap")
                for host in (one, two)]
    with tockd(folder, f"keyfile {keys}", "allow 10.9.0.0/16",
               "allow fd09::/16",
               f"ratelimit interval 0 burst {BURST} leak 2 kod 1"):
        two.run(sys.executable, "-c", ASK, two.server, "0b", "13", "1b", "23",
                "08", "21")
        two.run(sys.executable, "-c", FLOOD, two.server, 2 * BURST)
        chronyd_asks(folder, one, keys, captures[0])
    for capture in captures:
        capture.stop()
    rows = read(captures[0].path)
    for address, way in ways(one).items():
        judge(rows, address, *way)
    others = [r for r in read(captures[1].path) if r["ip.src"] == two.server]
    heads = {(number(r["ntp.flags.vn"]), number(r["ntp.flags.mode"]))
             for r in others}
    lib.check(heads == {(1, 4), (2, 4), (3, 4), (4, 4), (4, 2)},
              f"versions and modes of others: {sorted(heads)}")
    kisses = [r for r in others if r["ntp.stratum"] == "0"]
    lib.check(len(kisses) > 5 and all(
        bytes.fromhex(r["ntp.refid"].replace(":", "")) == b"RATE" and
        number(r["ntp.flags.li"]) == 3 for r in kisses),
        f"{len(kisses)} kisses, RATE") or print(*kisses[:3], sep="\n")
    rows += others
    bad = [r for r in rows if r["_ws.malformed"] or
           not r["frame.protocols"].endswith(":udp:ntp") or
           not re.match(MAY_SAY, r["_ws.expert.message"])]
    lib.check(len(rows) > 500 and not bad,
              f"{len(bad)} of {len(rows)} packets are malformed or odd") or \
        print(*([r[n] for n in FIELDS[-4:]] for r in bad[:5]), sep="\n")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "tshark", "usr/bin/tshark", whole=True)
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
    lib.alone()
    lib.main(answers_are_well_formed)
