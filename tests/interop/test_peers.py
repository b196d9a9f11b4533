#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Symmetric mode with Debian's chronyd, all kinds at the same time.

One tockd at 127.0.0.1 and a chronyd for each kind at 127.0.0.2 and further on,
port 123 to port 123.  Both sides tell the time by `local` and select nobody, so
that both measure; what they say of their samples is compared with what the kind
should yield.  A flood of packets in the other's name at our end costs neither side a sample.
"""
import contextlib
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
from test_follow import server                          # noqa: E402

POLL = "minpoll -1 maxpoll -1"
SAMPLES, FEW = 12, 2    # chronyd takes less than half of what is valid
NEAR = 1e-3         # s; both read one clock
KEYS = ["1 MD5 ASCII:0123456789abcdef", "2 SHA1 ASCII:abcdefghijklmnop",
        "3 SHA256 ASCII:abcdefghijklmnop", "4 AES128 HEX:" + "5a" * 16,
        "5 SHA512 ASCII:abcdefghijklmnop", "6 SHA1 ASCII:thisisoneofours"]
WRONG = "6 SHA1 ASCII:thisisanotherone"
NEITHER, OURS, BOTH = 0, 1, 2       # who measures

# Our options, None = no peer line; the other's; who measures; interleaved
KINDS = {
    "plain": ("", "", BOTH, False),
    "interleaved": ("xleave", "xleave", BOTH, True),
    "the other asks for interleaved": ("", "xleave", BOTH, True),
    "MD5": ("key 1", "key 1", BOTH, False),
    "SHA1": ("key 2", "key 2", BOTH, False),
    "SHA256": ("key 3", "key 3", BOTH, False),
    "AES128, interleaved": ("key 4 xleave", "key 4 xleave", BOTH, True),
    "SHA512": ("key 5", "key 5", BOTH, False),
    "another secret": ("key 6", "key 6", NEITHER, False),
    "another key of ours": ("key 1", "key 2", NEITHER, False),
    "a key on our side only": ("key 2", "", NEITHER, False),
    "a key on the other side only": ("", "key 2", NEITHER, False),
    "the other is passive": ("", None, OURS, False),
    "the other is passive, interleaved": ("xleave", None, OURS, True),
    "the other is passive, SHA1": ("key 2", None, OURS, False),
    "polls of 0.5 s and 4 s": ("", "minpoll 2 maxpoll 2", BOTH, False),
}
PLACES = {name: f"127.0.0.{i}" for i, name in enumerate(KINDS, 2)}


def chronyd(folder, name):
    """The configuration of the one of this kind, and its command socket."""
    address, options = PLACES[name], KINDS[name][1]
    place = folder / address
    place.mkdir()
    place.chmod(0o770)
    keys = place / "keys"
    keys.write_text("\n".join([WRONG if name == "another secret"
                               and line.startswith("6 ") else line
                               for line in KEYS]) + "\n")
    peer = "" if options is None else \
        f"peer 127.0.0.1 {POLL} noselect {options}\n"
    (place / "conf").write_text(
        f"{peer}local stratum 5\nallow 127/8\nbindaddress {address}\n"
        f"cmdport 0\nbindcmdaddress {place}/sock\nkeyfile {keys}\n"
        f"pidfile {place}/pid\n")
    return place


def ntpdata(chronyc, sock, address):
    """What a daemon says of the newest packet of a source, line by line."""
    done = subprocess.run([chronyc, "-h", sock, "ntpdata", address],
                          capture_output=True, text=True)
    return {line.split(":", 1)[0].strip(): line.split(":", 1)[1].strip()
            for line in done.stdout.splitlines() if ": " in line}


def number(said, what):
    return int(said.get(what, "0"))


def judge(who, name, said, measures, interleaved):
    good, valid = (number(said, f"Total {w} RX") for w in ("good", "valid"))
    wanted = FEW if "minpoll" in (KINDS[name][1] or "") else SAMPLES
    if not measures:
        lib.check(valid == 0, f"{name}: {who} take nothing for the other's "
                  f"({number(said, 'Total RX')} packets)")
        return
    offset = abs(float(said.get("Offset", "1 s").split()[0]))
    lib.check(valid >= wanted and good >= min(wanted, FEW) and offset < NEAR,
              f"{name}: {who} have {valid} samples, {good} good, {offset * 1e6:.1f} us, delay "
              f"{said.get('Peer delay', '?')}")
    lib.check(said.get("Interleaved") == ("Yes" if interleaved else "No"),
              f"{name}: interleaved: {said.get('Interleaved')}")
    lib.check(said.get("Authenticated") ==
              ("Yes" if "key" in KINDS[name][0] else "No"),
              f"{name}: authenticated: {said.get('Authenticated')}")


def forge(source, stop):
    """Packets in the peer's name, by whoever does not see theirs."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as s:
        while not stop.wait(0.002):
            ntp = struct.pack("!BBbb11I", 0x21, 1, 0, -20, 0, 0, 0x47505300,
                              int(time.time()) + 2208988800, 0, 0, 0, 1, 1,
                              int(time.time()) + 2208988800, 5)
            udp = struct.pack("!4H", 123, 123, 8 + len(ntp), 0) + ntp
            ip = struct.pack("!2B3H2BH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64,
                             17, 0, socket.inet_aton(source),
                             socket.inet_aton("127.0.0.1"))
            s.sendto(ip + udp, ("127.0.0.1", 0))


@contextlib.contextmanager
def forged(*sources):
    stop = threading.Event()
    threads = [threading.Thread(target=forge, args=(s, stop)) for s in sources]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def all_kinds(folder):
    tree = debian.unpacked(lib.BUILD, "chrony")
    chronyc = tree / "usr/bin/chronyc"
    folder.joinpath("tock.keys").write_text("\n".join(KEYS) + "\n")
    folder.joinpath("tock.keys").chmod(0o600)
    ours = [f"peer {PLACES[name]} {POLL} noselect {kind[0]}"
            for name, kind in KINDS.items()]
    with contextlib.ExitStack() as stack:
        places = {name: chronyd(folder, name) for name in KINDS}
        for place in places.values():
            stack.enter_context(server(place, tree / "usr/sbin/chronyd", "-x",
                                       "-d", "-U", "-u", "root", "-f",
                                       place / "conf"))
        stack.enter_context(lib.tockd(folder, [
            *ours, "local stratum 8", "bindaddress 127.0.0.1",
            f"keyfile {folder}/tock.keys"], "-x"))

        def valid(name):
            """What we, and what they have."""
            said = (ntpdata(chronyc, "/run/chrony/chronyd.sock", PLACES[name]),
                    ntpdata(chronyc, places[name] / "sock", "127.0.0.1"))
            return [number(s, "Total valid RX") for s in said]

        lib.until(lambda: all(min(valid(name)) > 2 * SAMPLES
                              for name in ("plain", "interleaved")), 60, 1)
        for name, kind in KINDS.items():
            judge("we", name, ntpdata(chronyc, "/run/chrony/chronyd.sock",
                  PLACES[name]), kind[2] != NEITHER, kind[3])
            if kind[1] is not None:
                judge("they", name, ntpdata(chronyc, places[name] / "sock",
                      "127.0.0.1"), kind[2] == BOTH, kind[3])
        lists_say_peer(chronyc)
        names = "plain", "interleaved", "SHA1"
        before = {n: valid(n) for n in names}
        with forged(*(PLACES[n] for n in names)):
            time.sleep(6)
        for n in names:
            more = [b - a for a, b in zip(before[n], valid(n))]
            lib.check(min(more) >= 9, f"{n}: {more[0]} and {more[1]} samples "
                      "in 6 s with 500 forged packets each second")


def lists_say_peer(chronyc):
    rows = subprocess.run([chronyc, "-h", "/run/chrony/chronyd.sock", "-c",
                           "sources"], capture_output=True, text=True).stdout
    rows = [row.split(",") for row in rows.splitlines()]
    lib.check(len(rows) == len(KINDS) and all(r[0] == "=" for r in rows),
              "chronyc sources shows = for each")
    ours = subprocess.run([lib.BUILD / "tockctl", "sources"],
                          capture_output=True, text=True).stdout
    lib.check(ours.count("=") >= len(KINDS), "so does tockctl")
    done = subprocess.run([chronyc, "-h", "/run/chrony/chronyd.sock", "add",
                           "peer", "127.0.0.100"], capture_output=True,
                          text=True)
    lib.check(done.returncode == 0, "chronyc add peer")


def nobody_of_ours(folder):
    """chronyd is active, tockd has an allow line; then not even that."""
    tree = debian.unpacked(lib.BUILD, "chrony")
    place = chronyd(folder, "plain")
    with server(place, tree / "usr/sbin/chronyd", "-x", "-d", "-U", "-u",
                "root", "-f", place / "conf"):
        def good():
            return number(ntpdata(tree / "usr/bin/chronyc", place / "sock",
                                  "127.0.0.1"), "Total good RX")

        with lib.tockd(folder, ["allow 127/8", "local stratum 8",
                                "bindaddress 127.0.0.1"], "-x"):
            lib.check(lib.until(lambda: good() >= 4, 20, 0.5),
                      "chronyd follows a passive tockd")
            rows = subprocess.run([lib.BUILD / "tockctl", "sources"],
                                  capture_output=True, text=True).stdout
            lib.check("127.0.0.2" not in rows, "which has no source by that")
        with lib.tockd(folder, ["server 127.0.0.2"], "-x") as daemon:
            done = subprocess.run(
                [tree / "usr/bin/chronyc", "-h", "/run/chrony/chronyd.sock",
                 "add", "peer", "127.0.0.3"], capture_output=True, text=True)
            lib.check(done.returncode == 1 and
                      daemon.says("start with a peer or allow line"),
                      "without the server's port none can be added")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
    lib.alone()
    lib.main(all_kinds, nobody_of_ours)
