#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Names in a live tockd: pools, DNS that changes its mind or goes away, and
files of sources that come and go.

Name service is the test's own on 127.0.0.1:53, time servers answer on
127.0.0.11 and so on.  The clock is not touched (-x).
"""
import pathlib
import re
import signal
import socket
import struct
import subprocess
import threading
import time

import lib
import nameserver

NTP_UNIX = 2208988800
ZONE = {}


def serve_time(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 123))

    def run():
        while True:
            query, peer = s.recvfrom(512)
            now = int((time.time() + NTP_UNIX) * 2**32) & (2**64 - 1)
            s.sendto(struct.pack("!BBbbII4s", 0x24, 1, 6, -20, 0, 1, b"TEST")
                     + struct.pack("!Q8sQQ", now, query[40:48], now, now),
                     peer)
    threading.Thread(target=run, daemon=True).start()


def names(name, *last):
    """From now on the name has these addresses 127.0.0.N; none: it is gone."""
    ZONE.pop(name, None)
    if last:
        ZONE[name] = [(nameserver.A, bytes((127, 0, 0, n))) for n in last]


def addresses(daemon):
    """The last bytes of the addresses in use, by the log."""
    now = []
    for line in daemon.text().splitlines():
        if moved := re.search(r"is 127\.0\.0\.(\d+), no longer "
                              r"127\.0\.0\.(\d+)", line):
            now[now.index(int(moved[2]))] = int(moved[1])
        elif found := re.search(r"is 127\.0\.0\.(\d+)$", line):
            now.append(int(found[1]))
    return now


def becomes(daemon, wanted, patience):
    return lib.until(lambda: sorted(addresses(daemon)) == wanted, patience,
                     0.1)


def tockctl(*words):
    return subprocess.run([lib.BUILD / "tockctl", *words],
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL).returncode


def a_pool_has_its_own_of_many(folder):
    names("pool.test", 11, 12, 13, 14, 15)
    with lib.tockd(folder, ["pool pool.test iburst maxsources 3"],
                   "-x") as daemon:
        lib.check(daemon.says("following 127.0.0.1[1-3], stratum 1"),
                  "one of them is followed")
        time.sleep(1)
        lib.check(len(set(addresses(daemon))) == 3, "three are used")


def a_pool_follows_its_name(folder):
    names("pool.test", 11, 12)
    with lib.tockd(folder, ["pool pool.test iburst maxsources 2",
                            "refresh 2"], "-x") as daemon:
        lib.check(becomes(daemon, [11, 12], 5) is not None, "two are used")
        names("pool.test")
        time.sleep(5)
        lib.check(sorted(addresses(daemon)) == [11, 12],
                  "the name is gone, the addresses stay")
        names("pool.test", 13, 12)
        lib.check(becomes(daemon, [12, 13], 6) is not None,
                  "the one that the name lost is replaced")
        names("pool.test", 14, 15)
        lib.check(becomes(daemon, [14, 15], 12) is not None, "both are")
        lib.check(daemon.says("following 127.0.0.1[45]", 10),
                  "and followed")


def a_name_comes_late(folder):
    names("late.test")
    with lib.tockd(folder, ["server late.test iburst"], "-x") as daemon:
        lib.check(daemon.says("late.test: no such name, trying again"),
                  "no such name")
        names("late.test", 11)
        lib.check(daemon.says("following 127.0.0.11", 15), "it comes")


def one_that_never_answers_is_replaced(folder):
    names("dead.test", 99, 11)
    with lib.tockd(folder, ["server dead.test iburst"], "-x") as daemon:
        lib.check(daemon.says("dead.test: is 127.0.0.99"), "a dead one first")
        lib.check(daemon.says("following 127.0.0.11", 40),
                  "the other one is followed")


def hosts_are_served_when_they_have_a_name(folder):
    names("client.test", 21, 22)
    names("late.test")

    def accheck(address):
        return subprocess.run([lib.BUILD / "tockctl", "accheck", address],
                              capture_output=True, text=True).stdout.strip()

    with lib.tockd(folder, ["port 11123", "deny client.test", "allow 127/8",
                            "allow late.test", "deny all 127.0.0.22"],
                   "-x") as daemon:
        lib.check(lib.until(lambda: accheck("127.0.0.21") ==
                            "127.0.0.21: denied", 5) is not None,
                  "a name's address is denied")
        lib.check(accheck("127.0.0.22") == "127.0.0.22: denied" and
                  accheck("127.0.0.23") == "127.0.0.23: allowed",
                  "the subnet is served")
        lib.check(daemon.says("access of host late.test: there is no such "
                              "name, looking again"),
                  "a name that is none is told")
        lib.check(tockctl("allow", "all", "client.test") == 0 and
                  accheck("127.0.0.21") == "127.0.0.21: allowed",
                  "tockctl knows names, too")


def files_of_sources_come_and_go(folder):
    sources = pathlib.Path(folder / "sources")
    sources.mkdir()
    one = sources / "eth0.sources"
    one.write_text("server 127.0.0.11 iburst\nserver 127.0.0.12 trust\n")
    with lib.tockd(folder, [f"sourcedir {sources} {folder}/missing"],
                   "-x") as daemon:
        lib.check(daemon.says("following 127.0.0.11"), "its line is followed")
        lib.check(daemon.says("left out: .*/eth0.sources:2:19: the option "
                              "trust"), "the other one is left out")
        lib.check(daemon.says(f"sourcedir {folder}/missing: not read: it was "
                              "not there"), "a missing directory is told")
        names("new.test", 13)
        (sources / "eth1.sources").write_text("server new.test iburst\n")
        one.unlink()
        daemon.process.send_signal(signal.SIGHUP)
        lib.check(daemon.says("source 127.0.0.11: deleted"),
                  "its file went, it is deleted")
        lib.check(daemon.says("following 127.0.0.13", 10),
                  "the new one is followed")
        lib.check(tockctl("reload", "sources") == 0, "tockctl reload sources")
        lib.check(daemon.text().count("deleted") == 1 and
                  "not added" not in daemon.text(),
                  "reading the same again changes nothing")
        (sources / "eth1.sources").unlink()
        lib.check(tockctl("reload", "sources") == 0 and
                  daemon.says("source new.test: deleted"),
                  "nor does what went stay")


lib.alone()
ETC = pathlib.Path("/run/etc")
ETC.mkdir()
nameserver.own_etc(ETC)
nameserver.NameServer(ZONE)
for last_byte in range(11, 16):
    serve_time(f"127.0.0.{last_byte}")
lib.main(a_pool_has_its_own_of_many, a_pool_follows_its_name,
         a_name_comes_late, one_that_never_answers_is_replaced,
         hosts_are_served_when_they_have_a_name,
         files_of_sources_come_and_go)
