#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tockd serves other people's daemons: ntpsec's ntpd, with a key of each type,
openntpd and systemd-timesyncd.

All ask at the same time, each on a host of its own, and find the clock that
they share with tockd.  None of them may set it: ntpd and openntpd lack the
capability, timesyncd is an ordinary user.
"""
import contextlib
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import hosts                                            # noqa: E402
import lib                                              # noqa: E402
from test_askers import ntp_keys                        # noqa: E402
from test_server import KEYS, key_file, tockd           # noqa: E402

DAEMONS = {"ntpsec": "usr/sbin/ntpd", "openntpd": "usr/sbin/ntpd",
           "systemd-timesyncd": "lib/systemd/systemd-timesyncd"}
NEAR = 0.005            # s; both ends read one clock, on a busy machine
PATIENCE = 60           # s; openntpd takes four answers, 5 to 9 s apart
PLAIN = 100             # 10.9.1.PLAIN is asked without a key
OPENNTPD_UID = 70123
NOBODY = 65534


def tree(package):
    return debian.unpacked(lib.BUILD, package)


@contextlib.contextmanager
def ntpd(folder, host, keys):
    """ntpq's lines by remote address, as a function."""
    numbers = " ".join(str(i) for i in KEYS)
    conf = folder / "ntp.conf"
    conf.write_text(
        "disable ntp\nrestrict default\nrestrict 127.0.0.1\n"
        f"keys {ntp_keys(folder, keys)}\ntrustedkey {numbers}\n"
        f"server 10.9.1.{PLAIN} iburst minpoll 0 maxpoll 2\n"
        f"server {host.server6} iburst minpoll 0 maxpoll 2\n" + "".join(
            f"server 10.9.1.{100 + i} iburst minpoll 0 maxpoll 2 key {i}\n"
            for i in KEYS))
    env = debian.environment(tree("python3-ntp"))

    def peers():
        said, _ = host.run("/usr/bin/python3", tree("ntpsec") / "usr/bin/ntpq",
                           "-pn", "127.0.0.1", env=env)
        rows = [line[1:].split() for line in said.splitlines()[2:] if line]
        return {row[0]: row for row in rows if len(row) == 10}

    with host.daemon(folder / "ntpd.log", tree("ntpsec") / "usr/sbin/ntpd",
                     "-n", "-c", conf):
        yield peers


def judge_ntpd(host, peers):
    """Row of ntpq: address, reference, stratum, type, when, poll, reach,
    delay, offset and jitter in ms."""
    ways = {f"10.9.1.{PLAIN}": "plain", host.server6: "plain, IPv6",
            **{f"10.9.1.{100 + i}": f"key {name}"
               for i, (name, _) in KEYS.items()}}

    def is_good(row):
        return row and row[2] == "2" and row[6] != "0" and \
            abs(float(row[8])) < NEAR * 1e3

    lib.until(lambda: all(is_good(peers().get(a)) for a in ways), PATIENCE, 1)
    rows = peers()
    for address, what in ways.items():
        row = rows.get(address, ["?"] * 10)
        lib.check(is_good(rows.get(address)), f"ntpsec's ntpd, {what}: "
                  f"stratum {row[2]}, reach {row[6]}, {row[8]} ms off")


def account(name, number):
    """A user that only this test's /etc knows."""
    for file, line in ("passwd", f"{name}:x:{number}:{number}::/:/bin/false"), \
            ("group", f"{name}:x:{number}:"):
        copy = pathlib.Path("/run", file)
        copy.write_text(pathlib.Path("/etc", file).read_text() + line + "\n")
        lib.mount(copy, f"/etc/{file}", None, lib.MS_BIND)


@contextlib.contextmanager
def openntpd(folder, host):
    """What ntpctl says, as a function."""
    account("ntpd", OPENNTPD_UID)
    for name in "run", "db":
        pathlib.Path("/var/lib/openntpd", name).mkdir(parents=True)
    conf = folder / "openntpd.conf"
    conf.write_text(f"server {host.server}\n")
    programs = tree("openntpd") / "usr/sbin"
    with host.daemon(folder / "openntpd.log", programs / "ntpd", "-d", "-v",
                     "-f", conf, "-p", folder / "openntpd.pid"):
        yield lambda: host.run(programs / "ntpctl", "-s", "peers")[0]


def judge_openntpd(said):
    """ntpctl's second line of a peer: weight, trust, stratum, next, poll,
    offset, delay, jitter."""
    pattern = r"\n +\d+ +(\d+) +(\d+) +\d+s +\d+s +(-?[\d.]+)ms"
    lib.until(lambda: re.search(pattern, said()), PATIENCE, 1)
    last = said()
    found = re.search(pattern, last)
    trust, stratum, offset = found.groups() if found else ("0", "?", "inf")
    if not lib.check(int(trust) >= 6 and stratum == "2" and
                     abs(float(offset)) < NEAR * 1e3,
                     f"openntpd: trust {trust}, stratum {stratum}, {offset} ms "
                     "off"):
        print(last)


@contextlib.contextmanager
def timesyncd(folder, host):
    """Its log, as a function.  It takes directories, and no service manager."""
    lib.mount("test", "/run/systemd", "tmpfs", lib.MS_NOSUID | lib.MS_NODEV,
              "mode=0755")
    for path in "/run/systemd/timesync", "/var/lib/systemd/timesync":
        os.makedirs(path)
        os.chown(path, NOBODY, NOBODY)
    conf = pathlib.Path("/run/systemd/timesyncd.conf.d")
    conf.mkdir()
    (conf / "zz.conf").write_text(
        f"[Time]\nNTP=\nNTP={host.server}\nPollIntervalMinSec=16\n")
    log = folder / "timesyncd.log"
    with host.daemon(log, "setpriv", "--reuid", NOBODY, "--regid", NOBODY,
                     "--clear-groups", "--bounding-set", "-all",
                     "--no-new-privs",
                     tree("systemd-timesyncd") / DAEMONS["systemd-timesyncd"],
                     env={**os.environ, "SYSTEMD_LOG_LEVEL": "debug",
                          "SYSTEMD_LOG_TARGET": "console"}):
        yield log.read_text


def judge_timesyncd(host, said):
    lib.until(lambda: "Contacted time server" in said(), PATIENCE, 0.5)
    stratum = re.search(r"stratum +: (\d+)", said())
    offset = re.search(r"\n +offset +: ([+-][\d.]+) sec", said())
    lib.check(f"Contacted time server {host.server}:123" in said() and
              stratum and stratum[1] == "2" and
              offset and abs(float(offset[1])) < NEAR,
              "systemd-timesyncd: contacted, " + ", ".join(
                  found[0].strip() for found in (stratum, offset) if found))
    lib.check("Failed to call clock_adjtime(): Operation not permitted" in
              said(), "systemd-timesyncd: it would set the clock now")


def daemons(folder):
    keys = key_file(folder / "keys")
    one, two, three = (
        hosts.Host(1, [PLAIN, *(100 + i for i in KEYS)]),
        hosts.Host(2), hosts.Host(3))
    with tockd(folder, f"keyfile {keys}", "allow 10.9.0.0/16",
               "allow fd09::/16") as daemon, \
            ntpd(folder, one, keys) as peers, \
            openntpd(folder, two) as ntpctl, \
            timesyncd(folder, three) as log:
        judge_timesyncd(three, log)
        judge_ntpd(one, peers)
        judge_openntpd(ntpctl)
        lib.check(not re.search("killed|gone|SIG", daemon.text()),
                  "tockd is well")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        for package, path in DAEMONS.items():
            debian.program(lib.BUILD, package, path)
        tree("python3-ntp")
    lib.alone()
    lib.main(daemons)
