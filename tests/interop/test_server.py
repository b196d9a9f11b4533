#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tockd serves the clients that people run.

It follows the reference server, only measuring, and serves this machine's own
clock.  Debian's chronyd asks it at an address for each way to ask: plain, with a
key of each type, interleaved; then comes chronyd -Q.
"""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402
from test_follow import server, tracking                # noqa: E402

KEYS = {1: ("MD5", 20), 2: ("SHA1", 20), 3: ("SHA256", 32), 4: ("AES128", 16),
        5: ("AES256", 32), 6: ("SHA512", 32)}
UPSTREAM = "127.0.0.5"  # not where clients are, which would be a loop
NEAR = 300e-6           # s; both ends read one clock
PATIENCE = 30           # s


def key_file(path):
    path.write_text("".join(
        f"{i} {name} HEX:{bytes(range(i, i + size)).hex()}\n"
        for i, (name, size) in KEYS.items()))
    path.chmod(0o640)
    return path


@contextlib.contextmanager
def tockd(folder, *lines):
    """Synchronised, and serving."""
    with reference.serving(lib.BUILD, folder / "anchor",
                           address=UPSTREAM) as upstream:
        with lib.tockd(folder, [
                f"server {UPSTREAM} port {upstream.port} iburst minpoll 0 "
                "maxpoll 2", "allow 127.0.0.0/8", "allow ::1", *lines],
                "-x") as daemon:
            lib.check(lib.until(tracking, PATIENCE, 0.2) is not None,
                      "tockd is synchronised")
            yield daemon


def chronyc(folder, *words):
    tree = debian.unpacked(lib.BUILD, "chrony")
    done = subprocess.run([tree / "usr/bin/chronyc", "-h",
                           folder / "cmd/chronyd.sock", "-c", *words],
                          capture_output=True, text=True)
    return [line.split(",") for line in done.stdout.splitlines()]


def judge_chronyd(folder, ways):
    """Each source with some good samples, near, and asked as it was meant."""
    def rows():
        found = {row[0]: row for row in chronyc(folder, "sourcestats")
                 if int(row[1]) >= 4}
        return found if len(found) == len(ways) else None

    lib.until(rows, PATIENCE, 0.5)
    found = rows() or {}
    for address, (what, *_) in ways.items():
        offset = abs(float(found[address][6])) if address in found else 1
        lib.check(offset < NEAR, f"chronyd, {what}: {offset * 1e6:.1f} us off")
        data = chronyc(folder, "ntpdata", address)
        row = data[0] if data else [""] * 40
        lib.check("Server" in row, f"chronyd, {what}: a server answers")
        lib.check(row[8] == "2", f"chronyd, {what}: stratum {row[8]}")
        is_interleaved = "Yes" if "xleave" in what else "No"
        lib.check(row[26:28] == [is_interleaved,
                                 "Yes" if "key" in what else "No"],
                  f"chronyd, {what}: interleaved, authenticated: {row[26:28]}")


def chronyd_of_debian(folder):
    chronyd = debian.unpacked(lib.BUILD, "chrony") / "usr/sbin/chronyd"
    keys = key_file(folder / "keys")
    ways = {"127.0.1.1": ("plain", ""), "::1": ("plain, IPv6", ""),
            "127.0.1.2": ("xleave", "xleave"),
            "127.0.1.3": ("version 3", "version 3")}
    for i, (name, _) in KEYS.items():
        ways[f"127.0.2.{i}"] = (f"key {name}", f"key {i}")
    ways["127.0.3.1"] = ("xleave, key SHA1", "xleave key 2")
    (folder / "cmd").mkdir(0o770)
    conf = folder / "chrony.conf"
    conf.write_text("".join(
        f"server {address} iburst minpoll -1 maxpoll 0 {options}\n"
        for address, (_, options) in ways.items()) +
        f"port 0\ncmdport 0\nkeyfile {keys}\n"
        f"bindcmdaddress {folder}/cmd/chronyd.sock\n"
        f"pidfile {folder}/chronyd.pid\n")
    with tockd(folder, f"keyfile {keys}") as daemon:
        with server(folder, chronyd, "-x", "-d", "-U", "-u", "root", "-f",
                    conf):
            judge_chronyd(folder, ways)
        lib.check(not re.search("killed|gone|SIG", daemon.text()),
                  "tockd is well")


def chronyd_once(folder):
    chronyd = debian.unpacked(lib.BUILD, "chrony") / "usr/sbin/chronyd"
    with tockd(folder):
        done = subprocess.run(
            [chronyd, "-Q", "-t", "10", "-U", "-u", "root",
             "server 127.0.0.1 iburst"],
            capture_output=True, text=True)
        said = done.stdout + done.stderr
        if not lib.check(done.returncode == 0 and "wrong by" in said,
                         "chronyd -Q measures"):
            print(said)


def chronyc_of_debian(folder):
    """What chronyc sees and changes of our server."""
    tree = debian.unpacked(lib.BUILD, "chrony")

    def say(*words):
        done = subprocess.run([tree / "usr/bin/chronyc", "-n", *words],
                              capture_output=True, text=True)
        return done.stdout.strip()

    def alike(*words):
        """Our chronyc prints what Debian's does, but for counts of commands
        and for the counts that its version does not know yet."""
        ours = subprocess.run(["chronyc", "-n", *words], capture_output=True,
                              executable=lib.BUILD / "tockctl", text=True)
        mine, theirs = ours.stdout.rstrip(), say(*words)
        rows = [(a, b) for a, b in zip(theirs.splitlines(),
                                       mine.splitlines())
                if "ommand" not in a and not a.startswith("127.0.0.1")]
        lib.check(len(rows) > 5 and all(
            re.sub(r" +\d+ *$", "", a) == re.sub(r" +\d+ *$", "", b)
            for a, b in rows), f"chronyc {' '.join(words)}: as Debian's") or \
            print(theirs, mine, sep="\n")

    def once(address):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            s.bind((address, 0))
            s.sendto(b"\x23" + bytes(47), ("127.0.0.1", 123))
            try:
                return len(s.recv(100))
            except TimeoutError:
                return 0

    with tockd(folder, "deny 127.0.9.0/24"):
        for i in range(1, 21):
            lib.check(once(f"127.0.4.{i}") == 48, f"127.0.4.{i} is served")
        lib.check(once("127.0.9.1") == 0, "denied")
        lib.check(say("accheck", "127.0.9.1") == "209 Access denied" and
                  say("accheck", "127.0.4.1") == "208 Access allowed",
                  "accheck tells them apart")
        lib.check(say("allow", "all", "127.0.9/24") == "200 OK" and
                  once("127.0.9.1") == 48, "allow all opens")
        lib.check(say("deny", "127.0.9.1") == "200 OK" and
                  once("127.0.9.1") == 0, "deny closes")
        rows = [row.split(",") for row in say("-c", "clients").splitlines()]
        hits = {row[0]: row[1] for row in rows}
        lib.check(all(hits.get(f"127.0.4.{i}") == "1" for i in range(1, 21)),
                  f"clients: {len(rows)} are listed")
        stats = say("-c", "serverstats").split(",")
        lib.check(stats[0] == "21", f"serverstats: {stats[:3]}")
        alike("clients")
        alike("clients", "-k")
        alike("serverstats")
        found = json.loads(subprocess.run(
            [lib.BUILD / "tockctl", "--json", "clients"], text=True,
            capture_output=True).stdout)["clients"]
        lib.check(len(found) == len(rows) and
                  found[0]["ntp"]["requests"] >= 1, "tockctl clients --json")
        done = subprocess.run([lib.BUILD / "tockctl", "accheck", "127.0.9.1"],
                              text=True, capture_output=True)
        lib.check(done.stdout == "127.0.9.1: denied\n", "tockctl accheck")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
    lib.alone()
    lib.main(chronyd_of_debian, chronyd_once, chronyc_of_debian)
