#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Symmetric keys against Debian's chronyd and ntpsec, type by type.

One server with a key of each type; one tockd with sources at 127.0.TRY.TYPE of
it, all at the same time.  TRY 1 is the right key as it comes, 2 the same with
`version 4`, 3 interleaved, 4 a wrong secret under the right ID, 5 an ID that the
server does not have.  What counts is whether a source was ever reached: a table of it is
printed, a column for each TRY, + reached and - not.
"""
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402
from test_follow import server                          # noqa: E402

TYPES = {"MD5": 20, "SHA1": 20, "SHA256": 32, "SHA384": 32, "SHA512": 32,
         "SHA3-224": 28, "SHA3-256": 32, "SHA3-384": 32, "SHA3-512": 32,
         "AES128": 16, "AES256": 32}    # bytes of a key; ntpd's most is 32
SHORT = {"MD5", "SHA1", "AES128", "AES256"}     # version 4 has all their bits
DEFAULT, VERSION_4, XLEAVE, WRONG, UNKNOWN = TRIES = 1, 2, 3, 4, 5
PATIENCE = 20           # s
IN_VAIN = 7             # s: four requests, to which no answer is good


def secret(i, size):
    return bytes((7 * i + j) % 255 + 1 for j in range(size)).hex()


def key_files(folder, names, of_server):
    """The server's keys in its own way, and ours with the wrong ones."""
    right, ours = [], []
    for i, (name, size) in enumerate(TYPES.items(), 1):
        right.append(of_server(i, names.get(name, name), secret(i, size)))
        ours += [f"{i} {name} HEX:{secret(i, size)}",
                 f"{200 + i} {name} HEX:{secret(i, size)}"]
    wrong = [line[:-1] + ("0" if line[-1] != "0" else "1") for line in ours]
    for name, lines in ("server.keys", right), ("right.keys", ours), \
            ("wrong.keys", wrong):
        path = folder / name
        path.write_text("".join(line + "\n" for line in lines))
        path.chmod(0o640)


def source(attempt, i):
    options = {DEFAULT: f"key {i}", VERSION_4: f"key {i} version 4",
               XLEAVE: f"key {i} xleave", WRONG: f"key {i}",
               UNKNOWN: f"key {200 + i}"}[attempt]
    return f"server 127.0.{attempt}.{i} iburst minpoll 0 maxpoll 1 {options}"


def reached(folder, attempts, keys, wanted):
    """{(attempt, i), ...} of the sources that answered, as soon as those that
    are wanted have; none is: after a while."""
    lines = [source(attempt, i) for attempt in attempts
             for i in range(1, len(TYPES) + 1)]
    found = set()

    def look():
        for row in reference.tockctl(lib.BUILD, "sources"):
            if row["reach"] != "0":
                _, _, attempt, i = row["name"].split(".")
                found.add((int(attempt), int(i)))
        return bool(wanted) and found >= wanted

    with lib.tockd(folder, [f"keyfile {folder}/{keys}", *lines], "-x"):
        lib.until(look, PATIENCE if wanted else IN_VAIN, 0.5)
    return found


def judge(folder, who, takes_version_3):
    """All types, but for long digests perhaps in version 4 only."""
    as_it_comes = set(TYPES) if takes_version_3 else SHORT
    wanted = {(attempt, i) for attempt in (VERSION_4, XLEAVE)
              for i in range(1, len(TYPES) + 1)} | \
        {(DEFAULT, i) for i, name in enumerate(TYPES, 1)
         if name in as_it_comes}
    good = reached(folder, (DEFAULT, VERSION_4, XLEAVE), "right.keys",
                   wanted) | reached(folder, (WRONG, UNKNOWN), "wrong.keys",
                                     set())
    table = []
    for i, name in enumerate(TYPES, 1):
        got = {attempt: (attempt, i) in good for attempt in TRIES}
        table.append(f"{who:8} {name:9}" + "".join(
            f"{'+' if got[attempt] else '-':>4}" for attempt in TRIES))
        lib.check(got[VERSION_4] and got[XLEAVE],
                  f"{who}, {name}: answers in version 4, interleaved too")
        lib.check(got[DEFAULT] == (name in as_it_comes),
                  f"{who}, {name}: {'an' if got[DEFAULT] else 'no'} answer "
                  "where the line has no version")
        lib.check(not got[WRONG] and not got[UNKNOWN],
                  f"{who}, {name}: no sample by a wrong key")
    print("\n".join(table), flush=True)


def chronyd_of_debian(folder):
    key_files(folder, {},
              lambda i, name, key: f"{i} {name} HEX:{key}")
    chronyd = debian.unpacked(lib.BUILD, "chrony") / "usr/sbin/chronyd"
    conf = folder / "chrony.conf"
    conf.write_text(f"local stratum 5\nallow\ncmdport 0\nbindcmdaddress /\n"
                    f"keyfile {folder}/server.keys\n"
                    f"pidfile {folder}/chronyd.pid\n")
    with server(folder, chronyd, "-x", "-d", "-U", "-u", "root", "-f", conf):
        time.sleep(1)
        judge(folder, "chronyd", True)


def ntpd_of_ntpsec(folder):
    key_files(folder, {"AES128": "AES-128", "AES256": "AES-256"},
              lambda i, name, key: f"{i} {name} {key}")
    ntpd = debian.unpacked(lib.BUILD, "ntpsec") / "usr/sbin/ntpd"
    conf = folder / "ntp.conf"
    numbers = " ".join(str(i) for i in range(1, len(TYPES) + 1))
    conf.write_text(f"restrict default\ntos orphan 5 orphanwait 1\n"
                    f"keys {folder}/server.keys\ntrustedkey {numbers}\n")
    with server(folder, ntpd, "-n", "-c", conf):
        time.sleep(1)
        judge(folder, "ntpsec", False)


def addresses():
    """ntpd answers only to addresses that an interface has."""
    for attempt in TRIES:
        for i in range(1, len(TYPES) + 1):
            subprocess.run(["ip", "address", "add",
                            f"127.0.{attempt}.{i}/32", "dev", "lo"],
                           check=True)


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
        debian.program(lib.BUILD, "ntpsec", "usr/sbin/ntpd")
    lib.alone()
    addresses()
    lib.main(chronyd_of_debian, ntpd_of_ntpsec)
