#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Processes that answer clients in the engine's place: `serverworkers`.

What they have and what they may do is read from outside; what they answer is
asked from many addresses.  Then they are killed.  The clock is left alone.
"""
import contextlib
import hashlib
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import lib
sys.path[:0] = [str(lib.ROOT / "tests/reference")]
import reference                                        # noqa: E402
from calls import (CLOCK, FORK, INJECT, MAP_WX, NET,    # noqa: E402
                   NOBODY, SIGSYS, UDP, inject)

CLIENTS = [f"127.0.1.{i}" for i in range(1, 25)]
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
LINES = ["allow 127.0.0.0/8", "allow ::1", "local stratum 5"]
FORBIDDEN = NOBODY + CLOCK + FORK + NET + UDP + [
    MAP_WX, "openat 3 @x 0 0", "open @/ 0 0", "getdents64 3 0 0",
    "accept4 3 0 0 0", "setsockopt 4 1 15 0 0", "read 3 0 0", "socket 1 2 0",
    "dup 3", "getrandom 0 0 0", "unlinkat 3 @x 0", "wait4 -1 0 0 0"]
ALLOWED = [("getpid", None), ("clock_gettime 0 0", None), ("mmap 0 0 0 0 0 0",
                                                           -22)]


def workers(daemon):
    engine = daemon.roles().get("tock-engine")
    return [pid for pid in lib.children(engine)
            if lib.name_of(pid) == "tock-worker"] if engine else []


@contextlib.contextmanager
def tockd(folder, n, *lines):
    with lib.tockd(folder, [*LINES, f"serverworkers {n}", *lines],
                   "-x") as daemon:
        pids = workers(daemon)
        yield daemon
    # Those that were given up are not waited for, and have the port.
    lib.until(lambda: not any(map(lib.is_alive, pids)), 2)


def request(transmit=b"abcdefgh", origin=bytes(8), receive=bytes(8)):
    return b"\x23" + bytes(23) + origin + receive + transmit


def ask(client, bytes_=None, to="127.0.0.1", patience=0.3):
    """The answer to a request from that address, or None."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.bind((client, 0))
        s.settimeout(patience)
        s.sendto(bytes_ or request(), (to, 123))
        try:
            return s.recv(2048)
        except TimeoutError:
            return None


def answered():
    return [c for c in CLIENTS if ask(c) is not None]


def tockctl(*words):
    done = subprocess.run([lib.BUILD / "tockctl", *words],
                          capture_output=True, text=True)
    return done.stdout


def stats():
    return {line.split(":")[0].strip(): int(line.split(":")[1])
            for line in tockctl("serverstats").splitlines()}


def what_they_have(pids):
    uid = str(lib.uid_of("_tock"))
    for pid in pids:
        st = lib.status(pid)
        lib.check(st["Uid"] == [uid] * 4 and st.get("Groups", []) == [],
                  f"a worker is _tock alone: {st['Uid']}")
        lib.check(st["NoNewPrivs"] == ["1"] and st["Seccomp"] == ["2"],
                  "it has no_new_privs and a filter")
        lib.check(not any(lib.capabilities(pid, name) for name in SETS),
                  "it has no capability in any set")
        fds = {int(f): os.readlink(f"/proc/{pid}/fd/{f}")
               for f in os.listdir(f"/proc/{pid}/fd")}
        files = {fd: to for fd, to in fds.items() if to.startswith("/")
                 and fd not in (0, 1, 2, 7)}
        lib.check(set(fds) <= {*range(9)} and not files,
                  f"it holds channel, sockets, their set and the log: {fds}")
        mounts = [line.split() for line in pathlib.Path(
            f"/proc/{pid}/mountinfo").read_text().splitlines()]
        lib.check(len(mounts) == 1 and mounts[0][4] == "/" and
                  {"ro", "nosuid", "nodev", "noexec"} <=
                  set(mounts[0][5].split(",")),
                  "its root is read-only, and the only mount")
        lib.check(os.listdir(f"/proc/{pid}/root") == [],
                  "there is nothing in it")
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        limits = {line[:26].strip(): line[26:].split()[0]
                  for line in limits.splitlines()}
        lib.check(limits["Max processes"] == "0" and
                  limits["Max core file size"] == "0" and
                  int(limits["Max open files"]) <= 16,
                  "it starts no process, leaves no core, opens little")
        lib.check(os.stat(f"/proc/{pid}/fd").st_uid == 0,
                  "it is not dumpable")
        lib.check(pathlib.Path(f"/proc/{pid}/environ").read_bytes() == b"",
                  "it has no environment")
        page = [line for line in pathlib.Path(
            f"/proc/{pid}/maps").read_text().splitlines()
            if "tock-reference" in line]
        lib.check(len(page) == 1 and page[0].split()[1] == "r--s",
                  f"it can only read what is told of us: {page}")


def processes_and_answers(folder):
    with tockd(folder, 3) as daemon:
        pids = workers(daemon)
        lib.check(len(pids) == 3, f"there are three workers: {pids}")
        what_they_have(pids)
        before = [cpu(pid) for pid in pids]
        lib.check(answered() == CLIENTS, "all clients are answered")
        lib.check(all(b < cpu(pid) for b, pid in zip(before, pids)),
                  "every worker has had something to do")
        answer = ask("127.0.1.1")
        lib.check(answer[0] == 0x24 and answer[1] == 5 and
                  answer[24:32] == b"abcdefgh", "stratum and origin are right")
        now = time.time() + 2208988800
        lib.check(all(abs(struct.unpack("!I", answer[at:at + 4])[0] - now) < 2
                      for at in (32, 40)), "so is the time")
        lib.check(ask("::1", to="::1") is not None, "IPv6, too")
        n = len(CLIENTS) + 2
        found = stats()
        lib.check(found["NTP packets received"] == n and
                  found["NTP kernel RX timestamps"] +
                  found["NTP daemon RX timestamps"] == n,
                  f"serverstats counts all {n}: {found}")
        text = tockctl("clients")
        lib.check(all(c in text for c in CLIENTS), "clients lists all")
        start = time.monotonic()
        lib.check(daemon.stop() == 0, "SIGTERM ends the daemon with 0")
        lib.check(lib.until(lambda: not any(map(lib.is_alive, pids)), 1)
                  is not None, "and all workers")
        lib.check(time.monotonic() - start < 2, "at once")
        lib.check("gone" not in daemon.text(), "without a complaint")


def cpu(pid):
    """ns that it has run."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def a_worker_that_dies_is_replaced_by_the_engine(folder):
    with tockd(folder, 2) as daemon:
        pids = workers(daemon)
        answered()
        os.kill(pids[0], signal.SIGKILL)
        start = time.monotonic()
        lib.check(lib.until(lambda: answered() == CLIENTS, 5) is not None and
                  time.monotonic() - start < 1,
                  "all clients are answered within a second")
        lib.check(daemon.says(r"worker 1 of 2: gone: the engine answers"),
                  "it is logged")
        lib.check(workers(daemon) == pids[1:], "nothing is left of it, and "
                  "no process was started")
        os.kill(pids[1], signal.SIGSTOP)
        hung = len(answered())
        lib.check(0 < hung < len(CLIENTS), f"one that hangs answers nobody "
                  f"({hung} of {len(CLIENTS)} answered)")
        start = time.monotonic()
        stats()
        lib.check(time.monotonic() - start < 3, "the engine asks it, and "
                  "does not wait for long")
        lib.check(answered() == CLIENTS, "then all are answered")
        lib.check(daemon.says(r"worker 2 of 2: does not answer the engine"),
                  "it is logged")
        os.kill(pids[1], signal.SIGCONT)
        lib.check(lib.until(lambda: not lib.is_alive(pids[1])) is not None,
                  "when it wakes up it ends")
        lib.check(answered() == CLIENTS, "all are answered still")
        lib.check(set(daemon.roles()) == set(lib.ROLES), "the roles live on")
    lib.check(daemon.process.returncode == 0, "the end is in order")


def one_that_is_always_late_is_given_up(folder):
    with tockd(folder, 2) as daemon:
        pid = workers(daemon)[0]
        start, waited = time.monotonic(), 0
        for _ in range(5):
            if pid not in workers(daemon):
                break
            os.kill(pid, signal.SIGSTOP)
            awake = threading.Timer(1.2, os.kill, (pid, signal.SIGCONT))
            awake.start()
            asked = time.monotonic()
            stats()
            waited += time.monotonic() - asked
            awake.join()
        lib.check(waited < 3, f"the engine has waited for {waited:.1f} s of "
                  f"{time.monotonic() - start:.1f}")
        lib.check(daemon.says(r"worker 1 of 2: does not answer the engine"),
                  "it is logged")
        lib.check(answered() == CLIENTS, "all are answered")


def one_that_hangs_is_found_out(folder):
    """By nothing but what its clients ask."""
    with tockd(folder, 3) as daemon:
        os.kill(workers(daemon)[0], signal.SIGSTOP)
        lib.check(answered() != CLIENTS, "a stopped worker does not answer")
        lib.check(daemon.says("worker 1 of 3: does not answer the engine"),
                  "it is found out")
        lib.check(answered() == CLIENTS, "all are answered")


def all_that_hang_are_found_out_together(folder):
    with tockd(folder, 8) as daemon:
        for pid in workers(daemon)[1:]:
            os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        stats()
        lib.check(time.monotonic() - start < 6, "seven that hang are not "
                  f"waited for in turn: {time.monotonic() - start:.1f} s")
        lib.check(daemon.text().count("does not answer the engine") == 7,
                  "each is given up")
        lib.check(answered() == CLIENTS, "all are answered")


def one_that_waited_is_stamped_when_it_came(folder):
    """All of the daemon sleeps for a while; else a client would take half of
    that for its clock's error."""
    for n in 0, 2:
        where = folder / f"waits{n}"
        where.mkdir()
        with tockd(where, n) as daemon, socket.socket(
                socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(5)
            s.connect(("127.0.0.1", 123))
            s.send(request())
            s.recv(2048)
            pids = [*workers(daemon), *daemon.roles().values()]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            sent = time.time()
            s.send(request())
            time.sleep(1.5)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            seconds, fraction = struct.unpack("!II", s.recv(2048)[32:40])
            came = seconds - 2208988800 + fraction / 2**32
            lib.check(abs(came - sent) < 0.5, "a request that waited came "
                      f"{came - sent:.3f} s after it was sent")


def rules_and_keys(folder):
    keys = folder / "keys"
    keys.write_text("5 SHA256 first-key\n")
    keys.chmod(0o640)
    os.chown(keys, 0, lib.gid_of("tock"))

    def signed(secret):
        r = request()
        return r + struct.pack("!I", 5) + hashlib.sha256(
            secret + r).digest()[:20]

    def who_knows(secret):
        count = 0
        for client in CLIENTS[:8]:
            a = ask(client, signed(secret), patience=0.1)
            count += a is not None and a[52:] == hashlib.sha256(
                secret + a[:48]).digest()[:20]
        return count

    with tockd(folder, 2, f"keyfile {keys}"):
        lib.check(who_knows(b"first-key") == 8, "all workers know the keys")
        lib.check(who_knows(b"other-key") == 0, "and no others")
        keys.write_text("5 SHA256 other-key\n")
        tockctl("rekey")
        lib.check(who_knows(b"other-key") == 8 and who_knows(b"first-key") == 0,
                  "and their new ones after rekey")
        lib.check(stats()["Authenticated NTP packets"] == 16,
                  "serverstats counts them")
        for client in CLIENTS[:2]:
            tockctl("deny", client)
        lib.check(answered() == CLIENTS[2:], "who is denied hears nothing more")
        lib.check("denied" in tockctl("accheck", CLIENTS[0]) and
                  "allowed" in tockctl("accheck", CLIENTS[3]),
                  "accheck says so")
        tockctl("allow", CLIENTS[0])
        lib.check(answered() == [CLIENTS[0], *CLIENTS[2:]],
                  "until it is allowed again")
        first = ask(CLIENTS[0], request(b"12345678", b"xxxxxxxx", b"yyyyyyyy"))
        second = ask(CLIENTS[0], request(b"23456789", first[32:40],
                                         b"33333333"))
        lib.check(second[24:32] == b"33333333" and
                  0 <= int.from_bytes(second[40:48], "big") - int.from_bytes(
                      first[32:40], "big") < 1 << 28, "interleaved: the next "
                  "answer says when the last one left")


def they_tell_what_the_engine_learns(folder):
    """Requests of our own leave from the port that is theirs, too."""
    with reference.serving(lib.BUILD, folder / "anchor",
                           address="127.0.0.5") as upstream, lib.tockd(
            folder, ["allow 127.0.0.0/8", "serverworkers 2",
                     "acquisitionport 123",
                     f"server 127.0.0.5 port {upstream.port} iburst minpoll 0 "
                     "maxpoll 2"], "-x"):
        def strata():
            return {ask(c)[1] for c in CLIENTS}

        lib.check(strata() <= {0, 2}, "workers begin unsynchronised")
        lib.check(lib.until(lambda: strata() == {2}, 20) is not None,
                  "and say so when the engine is not any more")
        refid = ask(CLIENTS[0])[12:16]
        lib.check(refid == bytes([127, 0, 0, 5]), f"by whom: {refid}")


def limits_hold_for_a_client(folder):
    with tockd(folder, 4, "ratelimit interval 4 burst 3 leak 4"):
        n = sum(ask(CLIENTS[0], patience=0.02) is not None
                for _ in range(40))
        lib.check(3 <= n < 16, f"{n} of 40 requests from 40 ports are "
                  "answered")
        lib.check(ask(CLIENTS[1]) is not None, "others are answered")


def they_end_with_the_engine(folder):
    with tockd(folder, 2) as daemon:
        pids = workers(daemon)
        os.kill(daemon.roles()["tock-engine"], signal.SIGKILL)
        lib.check(lib.until(lambda: not any(map(lib.is_alive, pids)), 2)
                  is not None, "an engine that is killed takes them along")
        lib.check(daemon.wait() == 75, "and the daemon ends with 75")


def one_that_hangs_ends_with_the_engine(folder):
    """And leaves the port to the next daemon."""
    for n, kill in enumerate((False, True)):
        where = folder / f"hangs{n}"
        where.mkdir()
        with tockd(where, 6) as daemon:
            pids = workers(daemon)
            for pid in pids[1:]:
                os.kill(pid, signal.SIGSTOP)
            engine = daemon.roles()["tock-engine"]
            if kill:
                os.kill(engine, signal.SIGKILL)
            else:
                daemon.stop()
                lib.check(not lib.is_alive(engine), "the engine has not "
                          "waited for each of them")
            lib.check(lib.until(lambda: not any(map(lib.is_alive, pids)), 5)
                      is not None, "a stopped worker ends, too, when the "
                      f"engine {'is killed' if kill else 'ends'}")
            for pid in filter(lib.is_alive, pids):
                os.kill(pid, signal.SIGKILL)


def forbidden_calls_kill(folder):
    if not os.access(INJECT, os.X_OK):
        return
    with tockd(folder, 64) as daemon:
        pids = workers(daemon)
        if lib.status(pids[0])["Seccomp"] != ["2"]:
            return
        for call, result in ALLOWED:
            said = inject(pids[0], call)
            wanted = f"returned {'' if result is None else result}"
            lib.check(said.startswith(wanted), f"{call}: {said}")
    survived = []
    for at in range(0, len(FORBIDDEN), 64):
        with tockd(folder, 64) as daemon:
            for call, pid in zip(FORBIDDEN[at:at + 64], workers(daemon)):
                said = inject(pid, call)
                if said != f"killed {SIGSYS}":
                    survived.append(f"{call}: {said}")
            lib.check(answered() == CLIENTS, "the engine stands in for all")
    lib.check(not survived, f"{len(FORBIDDEN) - len(survived)} of "
              f"{len(FORBIDDEN)} forbidden calls kill {survived or ''}")


def a_port_is_taken_once(folder):
    (folder / "second").mkdir()
    with tockd(folder, 2):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("0.0.0.0", 123))
                lib.check(False, "another daemon cannot have the port")
            except OSError:
                lib.check(True, "another daemon cannot have the port")
    daemon = lib.Tockd(folder / "second", [*LINES, "serverworkers 65"], "-x")
    lib.check(daemon.wait() == 1 and daemon.says(
        r"tock.conf:4:15: .*65.* 0 .*64"), "65 workers are too many")


GIVE = """
import fcntl, os, socket, sys
high = []
for family, address in (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, 123))
    high.append(fcntl.fcntl(s.detach(), fcntl.F_DUPFD_CLOEXEC, 20))
for n, fd in enumerate(high):
    os.dup2(fd, 3 + n)
os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[1], sys.argv[1:])
"""


def sockets_may_be_given(folder):
    for n in 0, 2:
        where = folder / f"given{n}"
        where.mkdir()
        with lib.tockd(where, [*LINES, f"serverworkers {n}"], "-x",
                       prefix=[sys.executable, "-c", GIVE]):
            lib.check(answered() == CLIENTS and ask("::1", to="::1"),
                      f"at sockets that were open, {n} workers")
    where = folder / "closed"
    where.mkdir()
    with lib.tockd(where, ["port 11123", "allow"], "-x", prefix=[
            sys.executable, "-c", GIVE]) as daemon:
        lib.check(daemon.says("socket 1, for 0.0.0.0 port 123, is closed") and
                  daemon.says("socket 2, for :: port 123, is closed"),
                  "those that have no use are told")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("0.0.0.0", 123))
            lib.check(True, "and closed")


def an_address_may_come_later(folder):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tockd(folder, 1, "bindaddress 192.0.2.7", "bindaddress 2001:db8::7",
               "allow"):
        for address in "192.0.2.7/32", "2001:db8::7/128":
            subprocess.run(["ip", "address", "add", address, "dev", "lo",
                            *["nodad"] * (":" in address)], check=True)
            address = address.split("/")[0]
            lib.check(ask(address, to=address) is not None,
                      f"{address} is served once it is there")


lib.alone()
lib.main(sockets_may_be_given, an_address_may_come_later,
         processes_and_answers, a_worker_that_dies_is_replaced_by_the_engine,
         one_that_is_always_late_is_given_up, one_that_hangs_is_found_out,
         all_that_hang_are_found_out_together,
         one_that_waited_is_stamped_when_it_came,
         rules_and_keys,
         they_tell_what_the_engine_learns,
         limits_hold_for_a_client, they_end_with_the_engine,
         one_that_hangs_ends_with_the_engine,
         forbidden_calls_kill, a_port_is_taken_once)
