#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tockctl called as chronyc says what Debian's chronyc says.

Both run against the same replies: made-up ones with every edge of the formats,
random ones (SEED=n repeats a run), and those of a live chronyd, which a relay
holds still, so that output, errors and exit codes can be compared byte for
byte.  Network, /run and /etc/hosts are the test's own (namespaces)."""
import itertools
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "reference"))
import debian   # noqa: E402
from replies import (  # noqa: E402
    ACTIVITY, AUTHDATA, CHANGES, MAKESTEP, MODIFY, N_SOURCES, NAME, NTPDATA,
    SELECTDATA, SOURCE, STATS, TRACKING, Daemon, authdata, canned, f, ip,
    ntpdata, selectdata, source, stats, tracking)

BUILD = pathlib.Path(os.environ.get("TOCK_BUILD", "build")).resolve()
TIMEOUT = 30
SHOWN = 60             # different lines of an output that are printed
HOSTS = """127.0.0.1 localhost
192.0.2.1 short.example
192.0.2.2 exactly-25-chars.example.
192.0.2.3 exactly-25-chars1.example
192.0.2.4 one-more-than-25.chars.example
2001:db8::1 six.example
"""


class Compare:
    def __init__(self, theirs, ours):
        self.programs = theirs, ours
        self.done = self.bad = 0

    def run(self, program, args, text):
        done = subprocess.run(
            ["chronyc", *args], executable=program, input=text or "",
            capture_output=True, text=True, timeout=TIMEOUT,
            errors="backslashreplace")
        return done.stdout, done.stderr, done.returncode

    def __call__(self, *args, label=None, text=None, edit=lambda r: r,
                 between=lambda: None):
        theirs = edit(self.run(self.programs[0], args, text))
        between()
        ours = edit(self.run(self.programs[1], args, text))
        self.done += 1
        same = theirs == ours
        line = " ".join(args[2:] if args[:1] == ("-h",) else args)
        print(f"{'same     ' if same else 'DIFFERENT'} chronyc {line}"
              f"{'  # ' + label if label else ''}")
        if not same:
            self.bad += 1
            show_difference(theirs, ours)


def show_difference(theirs, ours):
    if theirs[2] != ours[2]:
        print(f"    exit code: theirs {theirs[2]}, ours {ours[2]}")
    for name, left, right in zip(("out", "err"), theirs, ours):
        rows = itertools.zip_longest(left.splitlines(), right.splitlines())
        for a, b in [row for row in rows if row[0] != row[1]][:SHOWN]:
            print(f"    {name}: theirs {a!r}\n    {name}: ours   {b!r}")

SPANS = [0, 1e-12, 0.4e-9, 0.6e-9, 999e-9, 9.999e-6, 9.9994e-6, 9.9996e-6,
         1e-5, 99.4e-6, 9.9994e-3, 9.9996e-3, 0.01, 0.5, 9.9994, 9.9996, 10,
         99.94, 99.96, 999.4, 999.6, 1000, 99999.4, 99999.6, 1e5, 3e5, 5.9e6,
         6.0e6, 6.1e6, 3e7, 3.5e8, 3.7e8, 1e9, 8.6e9, 8.7e9, 1e12, 1e15, 4e18]
INTERVALS = [0, 1, 59, 60, 999, 1000, 1199, 1200, 1259, 1260, 3599, 35999,
             36000, 39599, 39600, 345599, 345600, 431999, 432000, 86399999,
             86400000, 94608000, 31557599, 31557600, 315576000, 4294967294,
             4294967295]
PPMS = [0, 1e-4, 4e-4, 6e-4, 0.5, 9.9994, 9.9996, 999.9994, 99999.4, 99999.6,
        1e5, 1e6, 1e12, 4e18]
REFIDS = [0, 0x47505300, 0x47505358, 0x00475053, 0x47005053, 0x7f7f0101,
          0x4c4f434c, 0x20412042, 0x7e7f8081, 0x50505300, 0xffffffff]


def both_signs(values):
    return [s * v for v in values for s in (1, -1)]


def formats(d, compare, base):
    spans = both_signs(SPANS)
    d.answer = canned(
        sources=[source(adjusted=x, measured=-x, margin=x) for x in spans] +
        [source(ago=i) for i in INTERVALS] +
        [source(state=s, mode=m, reach=r, poll=p) for s, m, r, p in
         [(1, 1, 1, -7), (2, 1, 7, 0), (3, 0, 0o377, 10), (4, 0, 0, 24),
          (5, 0, 65535, -32768), (6, 3, 8, 99), (99, 99, 9, 32767)]] +
        [source(addr=socket.inet_ntoa(struct.pack(">I", r)), mode=2)
         for r in REFIDS] +
        [source(stratum=s) for s in (0, 9, 10, 15, 16, 65535)],
        statistics=[stats(offset=x, dev=x) for x in spans] +
        [stats(freq=p, skew=p) for p in both_signs(PPMS)] +
        [stats(span=i, n=i % 1000, runs=i % 100000) for i in INTERVALS] +
        [stats(addr=None, refid=r) for r in REFIDS])
    for report in "sources", "sourcestats":
        for options in [], ["-n"], ["-c"], ["-N"]:
            compare(*base, *options, report, label="edges of the formats")
    for i, leap in enumerate([0, 1, 2, 3, 4, 65535]):
        d.answer = canned(tracking(leap=leap, stratum=i))
        compare(*base, "tracking", label=f"leap {leap}")
        compare(*base, "-c", "tracking", label=f"leap {leap}")
    for sec, ns in [(0, 0), (0, 1), (2**31, 999999999), (2**32 + 5, 10**9),
                    (2**33, 7), (-1 & 2**64 - 1, 5), (9 * 10**9, 123456789)]:
        d.answer = canned(tracking(sec=sec, ns=ns))
        compare(*base, "tracking", label=f"time {sec} {ns}")
        compare(*base, "-c", "tracking", label=f"time {sec} {ns}")
    for refid in REFIDS:
        d.answer = canned(tracking(addr=None, refid=refid))
        compare(*base, "tracking", label=f"refid {refid:08x}")
        compare(*base, "-c", "tracking", label=f"refid {refid:08x}")
    for x in [0, 1e-10, 4.9e-10, 5.1e-10, -1e-12, 1, -1, 1234.5, -1e9]:
        d.answer = canned(tracking(floats=[x] * 9))
        compare(*base, "tracking", label=f"all {x}")
        compare(*base, "-c", "tracking", label=f"all {x}")
        compare(*base, "waitsync", "1", label=f"all {x}")
        compare(*base, "-c", "waitsync", "1", label=f"all {x}")


def names(d, compare, base):
    addrs = ["127.0.0.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4",
             "192.0.2.99", "2001:db8::1", "::1", "2001:db8:1:2:3:4:5:6",
             "2001:db8:1111:2222:3333:4444:5555:6666", "::ffff:192.0.2.1",
             "fe80::1", 1, 4294967295, None]
    known = {ip("192.0.2.1"): b"configured.name.example",
             ip("192.0.2.3"): b"a" * 30, ip("192.0.2.4"): b"b" * 255,
             ip(1): b"unresolved.example", ip("::1"): b"::1"}
    d.answer = canned(
        sources=[source(addr=a) for a in addrs],
        statistics=[stats(addr=a) for a in addrs], names=known)
    for report in "sources", "sourcestats":
        for options in [], ["-n"], ["-N"], ["-c"], ["-c", "-N"], ["-n", "-N"]:
            compare(*base, *options, report, label="names")
            compare(*base, *options, report, "-a", label="names")
    for a in addrs:
        d.answer = canned(tracking(addr=a), names=known)
        for options in [], ["-n"], ["-N"], ["-c"], ["-c", "-N"]:
            compare(*base, *options, "tracking", label=str(a))
    for a in ["192.0.2.1", "192.0.2.2", "::1", "ID#0000000001", "ID#1", "ID#x",
              "1.2.3", "1.2.3.4.5", "short.example", "nosuch.example", ""]:
        compare(*base, "sourcename", *([a] if a else []))


def errors(d, compare, base):
    d.answer = canned(sources=[source()], statistics=[stats()])
    for command in N_SOURCES, SOURCE, STATS, TRACKING, ACTIVITY, NAME:
        report = {N_SOURCES: "sources", SOURCE: "sources",
                  STATS: "sourcestats", TRACKING: "tracking",
                  ACTIVITY: "activity", NAME: "sourcename 192.0.2.1"}[command]
        for status in [1, 2, 3, 4, 6, 18, 19, 77]:
            d.answer = canned(sources=[source()] * 2,
                              statistics=[stats()] * 2,
                              errors={command: status})
            compare(*base, report, label=f"status {status}")
            if status < 3:
                compare(*base, "-c", report, label=f"status {status}")
    for status in range(25):
        d.answer = canned(errors={MAKESTEP: status, MODIFY: status})
        compare(*base, "makestep", label=f"status {status}")
        compare(*base, "makestep 0.1 3", label=f"status {status}")
    wrong = struct.pack(">BBHHHHHHH", 6, 2, 0, TRACKING, 99, 0, 0, 0, 0)
    d.answer = lambda command, payload: wrong + bytes(100)
    compare(*base, "tracking", label="unknown reply code")
    wrong = struct.pack(">BBHHHHHHH", 6, 2, 0, TRACKING, 12, 0, 0, 0, 0)
    compare(*base, "tracking", label="reply of another kind")
    d.answer = canned()
    for words in ["makestep 1", "makestep a b", "makestep 1 2 3",
                  "makestep 0.5 -1", "makestep 1x 2", "makestep 1 2x",
                  "waitsync 2 0 0 0.1", "waitsync 2 0.0000000001 0 0.1",
                  "waitsync 2 0 0.01 0.1", "waitsync a", "waitsync 1 a",
                  "foo", "", " ", "  activity   x", "# foo", "! foo", "; foo",
                  "% foo", "Activity", "dns -n", "dns +n", "dns -4", "dns -6",
                  "dns -46", "dns", "dns x", "timeout", "timeout 50",
                  "timeout x", "timeout 100", "retries", "retries 40",
                  "retries -1", "retries 3", "password", "password x",
                  "authhash", "authhash MD5", "exit", "quit", "quit x",
                  "tracking x", "sources x", "sources -x", "sources -a -x",
                  "sourcestats -v2", "sources -av"]:
        compare(*base, words)
    for argv in ["-m", "activity", "foo", "tracking"], ["-m", "", "activity"]:
        compare(*base, *argv)
    for argv in ["-m"], ["-c"], ["-a", "-f", "/x", "activity"]:
        compare(*base, *argv)
    for text in ["activity\nfoo\n\n# x\ntracking\nquit\nactivity\n",
                 "activity\nfoo", "foo\nactivity\n", "  sources\n", "\n",
                 "dns -n\nsources\ndns +n\nsources\n"]:
        compare(*base, label=repr(text), text=text)
    for refid, addr in [(0, None), (0x7f7f0101, None), (0x47505300, None)]:
        d.answer = canned(tracking(addr=addr, refid=refid))
        compare(*base, "waitsync 2 0 0 0.1", label=f"refid {refid:08x}")


def without_new_counts(result):
    """Four lines or columns of ntpdata that chronyc 4.3 does not have yet."""
    out, err, code = result
    rows = [",".join(row.split(",")[:34]) for row in out.splitlines()
            if not row.startswith(("Total kernel", "Total HW"))]
    return rows, err, code


def single_sources(d, compare, base):
    six = "2001:db8:1111:2222:3333:4444:5555:6666"
    rows = {
        "192.0.2.1": ntpdata(),
        "192.0.2.4": ntpdata(
            "192.0.2.4", leap=1, version=3, mode=1, poll=-2, flags=0x4155,
            stamps=b"H\0", refid=0x47505300, values=(-1e-3, 0, 0, 0, -0.5)),
        "::1": ntpdata("::1", "::1", leap=3, mode=2, stratum=1, poll=17,
                       precision=0, flags=0x82aa, stamps=b"xy",
                       refid=0x47505300, counts=(2**32 - 1, 0, 1, 9)),
        six: ntpdata(six, None, 0, 0, 0, 0, 0, 0, 0, 0, 0, b"\0\0", (0, 0), 0,
                     (0, 0, 0, 0, 0), (0, 0, 0, 0))}
    d.answer = canned(
        sources=[source(addr=a) for a in [*rows, 7, None]] +
        [source(addr="71.80.83.0", mode=2), source(addr="192.0.2.4", mode=1)],
        ntp={ip(a): row for a, row in rows.items()},
        names={ip("192.0.2.1"): b"configured.example"})
    for options in [], ["-n"], ["-N"], ["-c"], ["-c", "-N"]:
        for words in "ntpdata", "ntpdata 192.0.2.1", f"ntpdata {six}":
            compare(*base, *options, words, edit=without_new_counts)
    for words in ["ntpdata 192.0.2.2", "ntpdata ID#7", "ntpdata x",
                  "ntpdata short.example", "ntpdata 192.0.2.1 x"]:
        compare(*base, words, edit=without_new_counts)
    for mode in range(8):
        d.answer = canned(ntp={ip("::1"): ntpdata("::1", mode=mode,
                                                  stratum=mode)})
        compare(*base, "ntpdata ::1", edit=without_new_counts)

    states = b"*+-xNsMdD~wWSOTUPr"
    select = [selectdata(state=bytes([c]), options=i % 16, effective=15 - i % 16,
                         leap=i % 5, auth=i % 2, ago=INTERVALS[i],
                         score=10 ** (i - 3), low=-SPANS[i], high=SPANS[i])
              for i, c in enumerate(states)]
    select += [selectdata(addr=None, refid=r) for r in REFIDS]
    select += [selectdata(addr=a) for a in (7, six, "192.0.2.2", "192.0.2.3",
                                            "192.0.2.4")]
    auth = {ip(a): row for a, row in [
        ("192.0.2.1", authdata()), ("192.0.2.2", authdata(1, 1, 30, 128)),
        ("192.0.2.3", authdata(1, 13, 2**32 - 1, 65535, 3, 55, 2, 3, 4)),
        ("192.0.2.4", authdata(2, 15, 1, 256, 0, 100, 8, 100, 1)),
        (six, authdata(2, 30, 1, 128, ago=1300)), (7, authdata(3, 99, 1, 1)),
        (None, authdata(1, 7))]}
    d.answer = canned(
        sources=[source(addr=a) for a in ["192.0.2.1", "192.0.2.2",
                                          "192.0.2.3", "192.0.2.4", six, 7,
                                          None]] +
        [source(addr="71.80.83.0", mode=2), source(mode=1)],
        select=select, auth=auth, names={ip("192.0.2.1"): b"conf.example"})
    for options in [], ["-n"], ["-N"], ["-c"], ["-c", "-N"]:
        for words in ["selectdata", "selectdata -a", "authdata", "authdata -a",
                      "selectdata x", "authdata x"]:
            compare(*base, *options, words)
    for status in [1, 2, 3, 4, 19]:
        for command, words in [(NTPDATA, "ntpdata"), (AUTHDATA, "authdata"),
                               (SELECTDATA, "selectdata")]:
            d.answer = canned(sources=[source()], select=select,
                              errors={command: status})
            compare(*base, words, label=f"status {status}")
            compare(*base, "-c", words, label=f"status {status}")


RANGES = ["", "192.0.2.1", "255.255.255.0/192.0.2.0", "192.0.2.0/24",
          "192.0.2.0/33", "192.0.2.0/0", "192.0.2.0/x", "192.0.2.0/24x",
          "192.0.2.7/24", "2001:db8::1/64", "192.0.2/24", "localhost/24",
          "24/192.0.2.0", "192.0.2.1/", "/192.0.2.1", "ID#3", "ID#0000000003",
          "ID#3/24", "255.255.255.255/ID#3", "ffff::/2001:db8::", "x",
          "ffff::/192.0.2.0", "[192.0.2.1]", "192.0.2.1 192.0.2.2", "x/y",
          "short.example", "nosuch.example", "::1"]
ONE_SOURCE = ["", "192.0.2.1", "192.0.2.1 4", "192.0.2.1 4 5", "192.0.2.1 x",
              "192.0.2.1 4x", "x 4", "x y", "ID#3 -3", "192.0.2.1 0.5",
              "192.0.2.1 0x5", "192.0.2.1 99999999999", "192.0.2.1 inf",
              "192.0.2.1 -1", "short.example 4"]


def changes(d, compare, base):
    """What they send is compared, too."""
    asked = []
    fixed = canned()

    def noted(command, payload):
        asked.append((command, payload))
        return fixed(command, payload)

    def both(words):
        asked.clear()
        sent = []
        compare(*base, words, between=lambda: (sent.extend(asked),
                                               asked.clear()))
        # One request each; the longer one may have more zeros at its end.
        theirs, ours = [[(c, p.rstrip(b"\0")) for c, p in x]
                        for x in (sent, asked)]
        if theirs != ours and not words.startswith("add"):
            compare.bad += 1
            print(f"DIFFERENT request: {theirs} {ours}")
    d.answer = noted
    for command in "online", "offline", "burst 1/2", "burst -1/-2":
        for where in RANGES:
            both(f"{command} {where}".strip())
    for command in ["minpoll", "maxpoll", "minstratum", "polltarget",
                    "maxdelay", "maxdelayratio", "maxdelaydevratio", "delete"]:
        for words in ONE_SOURCE:
            both(f"{command} {words}".strip())
    for words in ["burst", "burst 1", "burst a/b", "burst 1/", "burst 1/2x",
                  "burst 1/2/3", "burst 192.0.2.1", "burst 1 / 2",
                  "burst /2", "maxupdateskew", "maxupdateskew x",
                  "maxupdateskew 5x", "maxupdateskew 5 x", "reselectdist",
                  "reselectdist x", "reselectdist 0.5", "reselectdist -1",
                  "reload", "reload sources", "reload x", "reload sources x",
                  "reload Sources", "reload  sources", "reset",
                  "reset sources", "reset x", "reset sources x"]:
        both(words)
    for command in ["reselect", "refresh", "rekey", "dump", "onoffline",
                    "cyclelogs", "shutdown"]:
        for words in "", " x", " 1 2":
            both(command + words)
    for words in ["", "foo", "server", "server 192.0.2.1",
                  "server 192.0.2.1 192.0.2.2", "server 192.0.2.1 foo",
                  "server 192.0.2.1 minpoll", "server 192.0.2.1 minpoll x",
                  "server 192.0.2.1 minpoll 3", "server nosuch.example",
                  "server 300.1.1.1", "peer 192.0.2.1", "pool short.example",
                  "Server 192.0.2.1", "server ::1 MINPOLL 3 iburst",
                  "server 192.0.2.1 key 0", "server 192.0.2.1 port 1 minpoll 2 "
                  "maxpoll 3 presend 9 maxdelayratio 2.5 maxdelaydevratio 3.5 "
                  "maxdelay 4.5 key 5 offline auto_offline iburst burst "
                  "prefer noselect trust require xleave copy minstratum 3 "
                  "polltarget 7 version 3 minsamples 2 maxsamples 9 mindelay "
                  "0.1 asymmetry 0.2 offset 0.3 filter 5"]:
        both(f"add {words}".strip())
    # Its request is another one than Debian's, which is no longer sent.
    for words in ["", "off", "stratum 5", "stratum 5 orphan distance 0.5",
                  "distance 1 stratum 15", "STRATUM 5", "x", "stratum",
                  "stratum x", "stratum 16", "stratum 0", "stratum 5 x",
                  "distance x", "orphan orphan"]:
        compare(*base, f"local {words}".strip())
    for status in range(25):
        d.answer = canned(errors=dict.fromkeys(CHANGES, status))
        for words in ["online", "burst 1/2", "minpoll ::1 3", "delete ::1",
                      "refresh", "rekey", "add server ::1"]:
            compare(*base, words, label=f"status {status}")


def connections(d, compare, run):
    d.answer = canned()
    nobody = ["-h", "127.0.0.1", "-p", "1"]
    compare("activity", label="default places, nobody there")
    compare("-m", "activity", "activity", label="nobody there")
    compare(text="activity\ntracking\nfoo\n", label="nobody there")
    compare("waitsync 2 0 0 0.1", label="nobody there")
    compare(*nobody, "activity")
    compare("-h", "/nonexistent,127.0.0.1", "-p", "1", "tracking")
    compare("-h", "/nonexistent", "tracking")
    compare("-h", "/nonexistent/x", "tracking")
    compare("-h", "", "tracking")
    compare("-h", "no.such.example", "tracking")
    compare("-p", "x", "tracking")
    compare("-h", f"/nonexistent,no.such.example,127.0.0.1,{d.path}", "-p",
            str(d.port), "activity", label="the third of four")
    compare("-h", f"::1,127.0.0.1,{d.path}", "-p", "1", "activity",
            label="the third of three")
    compare("-h", f"{d.path}", "activity", label="Unix socket")
    compare("-4", "-h", "localhost", "-p", str(d.port), "activity")
    compare("-h", str(run / "plain"), "activity", label="no socket there")
    left = [p.name for p in run.iterdir() if p.name.startswith("chronyc.")]
    compare.done += 1
    if left:
        compare.bad += 1
        print(f"DIFFERENT left behind: {left}")
    d.answer = lambda command, payload: None
    compare("-h", f"127.0.0.1,{d.path}", "-p", str(d.port),
            text="timeout 100\nretries 1\nactivity\n", label="silence")


def random_replies(d, compare, base, rounds):
    for _ in range(rounds):
        n = random.randrange(1, 12)
        noise = lambda size: random.randbytes(size)     # noqa: E731

        def floats(count):
            return b"".join(struct.pack(
                ">I", (random.randrange(-50, 40) & 0x7f) << 25 |
                random.getrandbits(25)) for _ in range(count))

        def addr():
            return ip(random.choice([
                socket.inet_ntoa(noise(4)), 7, None,
                socket.inet_ntop(socket.AF_INET6, noise(16))]))
        d.answer = canned(
            noise(4) + addr() + noise(4) + bytes(4) + noise(8) + floats(9),
            sources=[addr() + noise(16) + floats(3) for _ in range(n)],
            statistics=[noise(4) + addr() + noise(12) + floats(5)
                        for _ in range(n)],
            counts=[random.randrange(-2**31, 2**31) for _ in range(5)])
        for report in "tracking", "sources -a", "sourcestats -a", "activity":
            compare(*base, random.choice(["-n", "-c"]), report,
                    label="random")


# A live daemon.

def start_chronyd(chronyd, folder, name, lines):
    conf = folder / f"{name}.conf"
    conf.write_text("\n".join([*lines, f"pidfile {folder}/{name}.pid", ""]))
    log = open(folder / f"{name}.log", "w")
    return subprocess.Popen(
        [chronyd, "-x", "-U", "-u", "root", "-d", "-f", conf],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log)


class Relay:
    """Passes requests on to a daemon's Unix socket; the same request gets the
    same reply until forget() is called."""

    def __init__(self, path, own):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(own))
        os.chmod(own, 0o666)
        self.sock.connect(str(path))
        self.sock.settimeout(5)
        self.cache = {}
        self.lock = threading.Lock()

    def __call__(self, command, payload):
        with self.lock:
            key = command, payload.rstrip(b"\0")
            if key not in self.cache:
                head = struct.pack(">BBHHHI8x", 6, 1, 0, command, 0, 1)
                self.sock.send(head + payload)
                self.cache[key] = self.sock.recv(2000)
            return self.cache[key]

    def forget(self):
        with self.lock:
            self.cache = {}


def live(d, compare, base, folder, chronyd):
    sock = folder / "live.sock"
    daemons = [
        start_chronyd(chronyd, folder, "a", [
            "local stratum 8", "port 12301", "cmdport 0", "allow",
            "bindcmdaddress /"]),
        start_chronyd(chronyd, folder, "b", [
            "server 127.0.0.1 port 12301 minpoll -2 maxpoll 0 iburst",
            "server 127.0.0.2 port 12301 minpoll 0 maxpoll 0 noselect",
            "server ::1 port 12301 minpoll 1 maxpoll 1",
            "peer 127.0.0.3 port 12301", "server nosuch.invalid",
            "refclock SHM 0 refid GPSX", "port 0", f"bindcmdaddress {sock}"])]
    try:
        for _ in range(100):
            if sock.exists():
                break
            time.sleep(0.1)
        relay = Relay(sock, folder / "relay.sock")
        d.answer = relay
        time.sleep(4)
        reports = ["tracking", "sources", "sources -a", "sourcestats",
                   "sourcestats -a", "activity", "waitsync 1",
                   "sourcename ID#1", "sourcename 127.0.0.9", "makestep",
                   "makestep 0.1 3", "selectdata", "selectdata -a",
                   "authdata", "authdata -a", "ntpdata", "ntpdata ::1",
                   "ntpdata 127.0.0.9"]
        for _ in range(2):
            for options in [], ["-n"], ["-N"], ["-c"]:
                relay.forget()
                for report in reports:
                    compare(*base, *options, report, label="live",
                            edit=without_new_counts if "ntpdata" in report
                            else lambda result: result)
            time.sleep(1.5)
        compare("-h", str(sock), "activity", label="chronyd's own socket")
        compare("activity", label="chronyd at port 323")
        compare("-h", "::1", "activity", label="chronyd at port 323")
        compare("-h", "127.0.0.1", "makestep", label="not by UDP")
    finally:
        for daemon in daemons:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(10)


def inside(theirs, chronyd):
    """The test proper, in namespaces of its own."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    seed = int(os.environ.get("SEED", time.time()))
    print(f"SEED={seed}")
    random.seed(seed)
    with tempfile.TemporaryDirectory(dir="/run") as name:
        folder = pathlib.Path(name)
        (folder / "hosts").write_text(HOSTS)
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        for file in "hosts", "resolv.conf":
            subprocess.run(["mount", "--bind", folder / file, f"/etc/{file}"],
                           check=True)
        run = folder / "run"
        run.mkdir()
        (run / "plain").touch()
        d = Daemon(run / "fake.sock")
        compare = Compare(theirs, BUILD / "chronyc")
        base = ["-h", f"127.0.0.1", "-p", str(d.port)]
        formats(d, compare, base)
        names(d, compare, base)
        errors(d, compare, base)
        single_sources(d, compare, base)
        changes(d, compare, base)
        connections(d, compare, run)
        random_replies(d, compare, base, 25)
        live(d, compare, base, folder, chronyd)
        subprocess.run(["umount", "/etc/hosts", "/etc/resolv.conf"])
    print(f"{compare.done} comparisons, {compare.bad} different")
    return 1 if compare.bad else 0


def main():
    if len(sys.argv) > 2:
        sys.exit(inside(*map(pathlib.Path, sys.argv[1:])))
    if os.geteuid() != 0:
        debian.skip("needs root for namespaces")
    theirs = debian.program(BUILD, "chrony", "usr/bin/chronyc")
    chronyd = debian.program(BUILD, "chrony", "usr/sbin/chronyd")
    probe = subprocess.run(["unshare", "-n", "-m", "true"])
    if probe.returncode != 0:
        debian.skip("no namespaces here")
    sys.exit(subprocess.run(
        ["unshare", "-n", "-m", sys.executable, __file__, theirs, chronyd]
    ).returncode)


if __name__ == "__main__":
    main()
