#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tockd tells the time to who scans it, and nothing else: nmap's ntp-info and
its service detection see a server, ntp-monlist, which lists a server's
clients, and ntpq, which asks for its variables, hear nothing.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import socket
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import hosts                                            # noqa: E402
import lib                                              # noqa: E402
from test_server import tockd                           # noqa: E402

UDP = 17
AT_PROTOCOL, AT_NTP = 9, 28     # in an IPv4 packet without options
REQUEST, ANSWER = 0, 4          # sll_pkttype: to us, from us


def listener(link):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                      socket.htons(3))  # ETH_P_ALL: what leaves, too
    s.bind((link, 0))
    s.setblocking(False)
    return s


def kinds(heard):
    """Version and mode of the requests and the answers that came by, counted."""
    found = {REQUEST: collections.Counter(), ANSWER: collections.Counter()}
    while True:
        try:
            data, (_, _, kind, *_) = heard.recvfrom(4096)
        except BlockingIOError:
            return found[REQUEST], found[ANSWER]
        if len(data) > AT_NTP and data[0] == 0x45 and \
                data[AT_PROTOCOL] == UDP and kind in found:
            found[kind][data[AT_NTP] >> 3 & 7, data[AT_NTP] & 7] += 1


def scans(folder):
    nmap = debian.unpacked(lib.BUILD, "nmap", whole=True)
    ntpsec, library = (debian.unpacked(lib.BUILD, name)
                       for name in ("ntpsec", "python3-ntp"))
    env = {**debian.environment(nmap, library),
           "NMAPDIR": str(nmap / "usr/share/nmap")}
    scanner, asker = hosts.Host(1), hosts.Host(2)

    def scan(*options):
        return scanner.run("nmap", "-n", "-Pn", "-sU", "-p", 123, *options,
                           scanner.server, env=env)[0]

    def ask(*options):
        return asker.run("/usr/bin/python3", ntpsec / "usr/bin/ntpq",
                         *options, asker.server, env=env)[0]

    with tockd(folder, "allow 10.9.0.0/16"), \
            listener(scanner.link) as heard, \
            listener(asker.link) as heard_too, \
            concurrent.futures.ThreadPoolExecutor() as pool:
        # First the right ways to ask, which take no time.
        version = scan("-sV")
        lib.check(re.search(r"123/udp open +ntp +NTP v4", version),
                  "nmap -sV: NTP v4") or print(version)
        said = pool.submit(ask, "-pn")
        info = scan("--script", "ntp-info,ntp-monlist")
        lib.check(re.search(r"ntp-info: *\n.*receive time stamp: \d{4}-",
                            info), "nmap's ntp-info: the time") or print(info)
        lib.check(not re.search(r"ntp-monlist|version:|processor:|refid:",
                                info), "and nothing else; ntp-monlist: nothing")
        asked, answered = kinds(heard)
        time = sum(n for (version, mode), n in asked.items()
                   if 1 <= version <= 4 and mode in (1, 3) or
                   (version, mode) == (1, 0))
        lib.check({6, 7} <= {mode for _, mode in asked} and
                  0 < answered.total() <= time,
                  f"of {asked.total()} requests, {time} for the time, "
                  f"{answered.total()} are answered")
        lib.check("timed out" in said.result(), "ntpq: nothing")
        asked, answered = kinds(heard_too)
        lib.check(asked.keys() == {(2, 6)} and answered.total() == 0,
                  f"of its {asked.total()} requests none is answered")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "nmap", "usr/bin/nmap", whole=True)
        for package in "ntpsec", "python3-ntp":
            debian.unpacked(lib.BUILD, package)
    lib.alone()
    lib.main(scans)
