#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Time that is sent unasked, between two hosts: network namespaces with a cable.

The far host runs tockd or Debian's chronyd as a broadcast server, and sends
again, as they were, packets that it is given.  Here tockd listens, and an eye on
the cable sees every packet.  What is signed is checked with Python's hashlib and
the openssl program.
"""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402

HERE, FAR = "10.9.0.1", "10.9.0.2"
NEAR = 300e-6           # s; both ends read one clock
PATIENCE = 20           # s
KEYS = {1: ("MD5", b"sixteen bytes ab"), 2: ("SHA1", b"twelve bytes"),
        3: ("SHA256", b"0123456789abcdef"), 4: ("AES128", b"0123456789abcdef"),
        5: ("AES256", b"0123456789abcdef" * 2)}
HEADER = 48


def key_file(folder, keys=KEYS):
    path = folder / "keys"
    path.write_text("".join(f"{i} {name} HEX:{key.hex()}\n"
                            for i, (name, key) in keys.items()))
    path.chmod(0o640)
    return path


# The far host: a process of its own that takes a JSON object, then a line for
# each packet that it is to send again.

def ip(*words):
    subprocess.run(["ip", *words], check=True)


def cable_up(device, address):
    pathlib.Path(f"/proc/sys/net/ipv6/conf/{device}/accept_dad").write_text("0")
    ip("address", "add", f"{address}/24", "broadcast", "10.9.0.255",
       "dev", device)
    ip("link", "set", device, "up")
    ip("route", "add", "default", "dev", device)


@contextlib.contextmanager
def far_daemon(folder, wish):
    if wish["chronyd"]:
        conf = folder / "chrony.conf"
        conf.write_text("".join(line + "\n" for line in wish["lines"]) +
                        f"cmdport 0\nbindcmdaddress /\n"
                        f"pidfile {folder}/chronyd.pid\n")
        with subprocess.Popen(
                ["setpriv", "--bounding-set", "-sys_time", wish["chronyd"],
                 "-x", "-d", "-U", "-u", "root", "-f", conf],
                stdout=sys.stderr) as process:
            yield
            process.terminate()
    else:
        with lib.tockd(folder, [f"keyfile {key_file(folder)}",
                                *wish["lines"]], "-x") as daemon:
            yield
        print(daemon.text(), file=sys.stderr)


def far_host():
    lib.alone()
    print("ready", flush=True)
    wish = json.loads(sys.stdin.readline())
    cable_up("far", FAR)
    folder = pathlib.Path("/run/far")
    folder.mkdir(0o755)
    with far_daemon(folder, wish), \
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as cable:
        cable.bind(("far", 0))
        print("ready", flush=True)
        for line in sys.stdin:
            cable.send(base64.b64decode(line))


class Far:
    def __init__(self, folder, lines, chronyd=None):
        self.process = subprocess.Popen(
            [sys.executable, __file__, "far"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=open(folder / "far.log", "w"),
            text=True, env={**os.environ, "TOCK_BUILD": str(SOURCE_BUILD)})
        self.expect()
        ip("link", "add", "here", "type", "veth", "peer", "name", "far",
           "netns", str(self.process.pid))
        cable_up("here", HERE)
        self.say(json.dumps({"lines": lines, "chronyd": chronyd}))
        self.expect()

    def expect(self):
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the far host failed")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def send(self, frame):
        self.say(base64.b64encode(frame).decode())

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def far(folder, *lines, chronyd=None):
    host = Far(folder, lines, chronyd and str(chronyd))
    try:
        yield host
    finally:
        host.close()
        lib.until(lambda: not os.path.exists("/sys/class/net/here"), 2)
        subprocess.run(["ip", "link", "del", "here"], capture_output=True)


# The eye on the cable.

def packets(frame):
    """(source, destination, port, TTL, payload) of a UDP packet, or None."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[23] == 17:
        ports = 14 + (frame[14] & 15) * 4
        source, to = (socket.inet_ntoa(frame[i:i + 4]) for i in (26, 30))
        ttl = frame[22]
    elif kind == b"\x86\xdd" and frame[20] == 17:
        ports = 54
        source, to = (socket.inet_ntop(socket.AF_INET6, frame[i:i + 16])
                      for i in (22, 38))
        ttl = frame[21]
    else:
        return None
    port, size = struct.unpack(">HH", frame[ports + 2:ports + 6])
    return source, to, port, ttl, frame[ports + 8:ports + size]


def watch(wanted, patience=PATIENCE):
    """Frames of mode 5 that come in, until there is one for each (address,
    port) of wanted: {(address, port): frame}."""
    seen = {}
    end = time.monotonic() + patience
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                       socket.htons(3)) as eye:
        eye.bind(("here", 3))
        while set(wanted) - set(seen) and time.monotonic() < end:
            eye.settimeout(max(end - time.monotonic(), 0.01))
            with contextlib.suppress(TimeoutError):
                frame, address = eye.recvfrom(2048)
                found = packets(frame)
                if found and address[2] != socket.PACKET_OUTGOING and \
                        found[4] and found[4][0] & 7 == 5:
                    seen.setdefault(found[1:3], frame)
    return seen


def digest(i, message):
    name, key = KEYS[i]
    if not name.startswith("AES"):
        return hashlib.new(name, key + message).digest()
    done = subprocess.run(
        ["openssl", "mac", "-cipher", f"AES-{len(key) * 8}-CBC", "-macopt",
         f"hexkey:{key.hex()}", "-binary", "CMAC"], input=message,
        capture_output=True, check=True)
    return done.stdout


def what_is_sent(folder):
    """Every type of key, unsigned, and multicast; here nobody listens."""
    wanted = {("10.9.0.255", 2000 + i): i for i in KEYS} | {
        ("10.9.0.255", 123): 0, ("255.255.255.255", 2000): 0,
        ("224.0.1.1", 123): 2, ("ff02::101", 123): 2}
    device = {"ff02::101": "ff02::101%far"}
    lines = [f"broadcast 1 {device.get(to, to)} {port}"
             + (f" key {i}" if i else "")
             for (to, port), i in wanted.items()]
    with far(folder, "local stratum 3", *lines):
        seen = watch(wanted)
        for (to, port), i in wanted.items():
            name = KEYS[i][0] if i else "unsigned"
            what = f"{name} to {to} port {port}"
            if not lib.check((to, port) in seen, f"{what}: is sent"):
                continue
            _, _, _, ttl, data = packets(seen[to, port])
            head, mac = data[:HEADER], data[HEADER:]
            lib.check(head[1] == 3 and head[0] >> 6 == 0 and head[2] == 0 and
                      head[24:40] == bytes(16), f"{what}: stratum 3, poll 0")
            second = struct.unpack(">I", head[40:44])[0] - 2208988800
            lib.check(abs(second - time.time()) < 10, f"{what}: the time")
            if to.startswith(("224", "ff")):
                lib.check(ttl == 1, f"{what}: time to live {ttl}")
            right = struct.pack(">I", i) + digest(i, head) if i else b""
            lib.check(hmac.compare_digest(mac, right),
                      f"{what}: {len(mac)} bytes of MAC are right")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            s.sendto(b"\x23" + bytes(47), (FAR, 123))
            try:
                answer = len(s.recv(100))
            except (TimeoutError, ConnectionRefusedError) as error:
                answer = error
            lib.check(isinstance(answer, TimeoutError),
                      f"who asks is not answered: {answer!r}")


# Listening.

def sources():
    return {row["name"]: row for row in reference.tockctl(lib.BUILD, "sources")}


def tracking():
    rows = reference.tockctl(lib.BUILD, "tracking")
    return rows[0] if rows and rows[0]["leap"] == "Normal" else None


def samples(name):
    rows = {row["name"]: row
            for row in reference.tockctl(lib.BUILD, "sourcestats")}
    return int(rows[name]["samples"]) if name in rows else 0


def a_broadcast_is_followed_and_its_replay_is_not(folder):
    with far(folder, "local stratum 3", "allow 10.9.0.0/24",
             "broadcast 1 10.9.0.255 key 4") as host, \
            lib.tockd(folder, [f"keyfile {key_file(folder)}",
                               "broadcastclient interface here key 4"],
                      "-x") as daemon:
        if not lib.check(lib.until(tracking, PATIENCE, 0.2) is not None,
                         "synchronised by what is heard"):
            return
        now = tracking()
        lib.check(now["name"] == FAR and now["stratum"] == "4",
                  f"the source is {now['name']}, we are {now['stratum']}")
        lib.check(lib.until(lambda: samples(FAR) >= 16, PATIENCE, 0.2)
                  is not None, f"{samples(FAR)} samples, more than volleys")
        lib.check(abs(float(tracking()["last_offset"])) < NEAR,
                  f"{tracking()['last_offset']} s off")
        frame = watch([("10.9.0.255", 123)])["10.9.0.255", 123]
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                           socket.htons(3)) as eye:
            eye.bind(("here", 3))
            eye.settimeout(0.1)
            time.sleep(2)
            before = samples(FAR)
            asked = 0
            for _ in range(200):    # a second and a bit
                host.send(frame)
                time.sleep(0.005)
            again = samples(FAR)
            with contextlib.suppress(TimeoutError):
                while True:
                    found, address = eye.recvfrom(2048)
                    parts = packets(found)
                    asked += bool(address[2] == socket.PACKET_OUTGOING and
                                  parts and parts[2] == 123)
        lib.check(again - before <= 3, f"200 replays: {again - before} more "
                  "samples, those of the real ones")
        lib.check(asked <= 2, f"and {asked} requests")
        lib.check(abs(float(tracking()["last_offset"])) < NEAR,
                  f"{tracking()['last_offset']} s off")
        lib.check(set(sources()) == {FAR}, "one source")
        engine = daemon.roles().get("tock-engine")
        lib.check(engine is not None, "the engine lives")


def groups_are_joined(folder):
    with far(folder, "local stratum 3", "allow 10.9.0.0/24",
             "allow fe80::/10", "broadcast 1 224.0.1.1 key 1",
             "broadcast 1 ff02::101%far key 1"), \
            lib.tockd(folder, [f"keyfile {key_file(folder)}",
                               "broadcastclient key 1"], "-x"):
        def heard():
            reached = [name for name, row in sources().items()
                       if row["reach"] != "0"]
            return FAR in reached and any(":" in name for name in reached)
        lib.check(lib.until(heard, PATIENCE, 0.2) is not None,
                  f"heard in both groups: {', '.join(sources())}")


def a_wrong_key_is_not_believed(folder):
    wrong = {4: ("AES128", b"0123456789abcdeg")}
    with far(folder, "local stratum 3", "allow 10.9.0.0/24",
             "broadcast 1 10.9.0.255 key 4",
             "broadcast 1 10.9.0.255 key 2"), \
            lib.tockd(folder, [f"keyfile {key_file(folder, wrong)}",
                               "broadcastclient key 4"], "-x") as daemon:
        lib.check(daemon.says(f"broadcast of {FAR}: ignored: it is not signed "
                              "by the broadcastclient line's key", PATIENCE),
                  "the log says why")
        time.sleep(2)
        lib.check(daemon.text().count("broadcast of") == 1, "once")
        lib.check(not sources() and tracking() is None, "no source")


def an_interface_that_is_missing_is_told(folder):
    daemon = lib.Tockd(folder, ["broadcastclient interface nonesuch key 1"],
                       "-x")
    status = daemon.wait()
    daemon.stop()
    lib.check(status == 1 and "broadcastclient interface nonesuch: there is "
              "none" in daemon.text(), f"status {status}, and the log says why")


def chronyd_of_debian_is_not_believed(folder):
    chronyd = debian.unpacked(lib.BUILD, "chrony") / "usr/sbin/chronyd"
    with far(folder, "local stratum 5", "allow", "broadcast 1 10.9.0.255",
             chronyd=SOURCE_BUILD / chronyd.relative_to(lib.BUILD)), \
            lib.tockd(folder, [f"keyfile {key_file(folder)}",
                               "broadcastclient key 1"], "-x") as daemon:
        lib.check(daemon.says(f"broadcast of {FAR}: ignored: it is not signed",
                              PATIENCE), "the log says why")
        lib.check(len(watch([("10.9.0.255", 123)])) == 1 and
                  len(watch([("10.9.0.255", 123)])) == 1,
                  "chronyd goes on sending")
        lib.check(len(re.findall("broadcast of", daemon.text())) == 1, "once")
        lib.check(not sources() and tracking() is None, "no source")


if __name__ == "__main__":
    if sys.argv[1:] == ["far"]:
        far_host()
        sys.exit(0)
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
    SOURCE_BUILD = lib.BUILD
    lib.alone()
    lib.main(what_is_sent, a_broadcast_is_followed_and_its_replay_is_not,
             groups_are_joined, a_wrong_key_is_not_believed,
             an_interface_that_is_missing_is_told,
             chronyd_of_debian_is_not_believed)
