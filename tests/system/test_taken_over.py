#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""An engine that was taken over, against the real launcher and clock.

tests/system/puppet takes the engine's place and gives its end of the channel to
this test.  Whatever it says, the clock must end in order, with the status that
the page says: one that a forbidden call or a fault ends would leave a slew
running in the kernel.
"""
import array
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

import lib

PUPPET = lib.BUILD / "tests/system/puppet"
SETUP, SEAL, ADJUST, STEP, STATUS, DRIFT, READY, BYE = range(2, 18, 2)
GONE, BREACH = 75, 76
PPM = 10**6
NSEC = 10**9
F_SETSIG = 10


def limits(bucket=2 * NSEC, window=900, steps=3, name=b""):
    return struct.pack("=qqqqqIiIII56sI", 500 * PPM, bucket, 100 * PPM, 0, 0,
                       window, steps, 0, 0, 0, name, 0)


class Puppet:
    """A tockd whose engine is ours."""

    def __init__(self, folder, *options, prefix=(), preexec=None):
        place = folder / "bin"
        if not place.exists():
            place.mkdir()
            for name in lib.ROLES + ("tockd",):
                shutil.copy(PUPPET if name == "tock-engine" else
                            lib.BUILD / name, place / name)
        ear = folder / "ear"
        ear.unlink(missing_ok=True)
        self.log = folder / "tockd.log"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s, \
                open(self.log, "a") as log:
            s.bind(str(ear))
            s.listen()
            s.settimeout(5)
            self.process = subprocess.Popen(
                [*prefix, place / "tockd", "-d", *options, "-f", ear],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=preexec)
            self.engine = s.accept()[0]
        fds = array.array("i", [0])
        message = self.engine.recvmsg(1, socket.CMSG_SPACE(fds.itemsize))
        fds.frombytes(message[1][0][2][:fds.itemsize])
        self.edge = socket.socket(fileno=fds[1])
        self.edge.settimeout(5)
        self.pid = self.process.pid
        self.seq = 0

    def say(self, kind, body=b"", fds=(), seq=None):
        self.seq += 1
        message = struct.pack("=II120s", kind, seq or self.seq, body)
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                    array.array("i", fds))] if fds else []
        self.edge.sendmsg([message], control)

    def ask(self, *args, **more):
        """The error in the answer."""
        self.say(*args, **more)
        return self.hear()[2]

    def hear(self):
        """type, seq, error, steps, window, frequency, real, mono, budget"""
        return struct.unpack("=IIiHHqqqq", self.edge.recv(64))

    def start(self, **more):
        assert self.ask(SETUP, limits(**more)) == 0
        assert self.ask(SEAL) == 0
        return self

    def status(self):
        """How the clock has ended: an exit status, or minus a signal."""
        try:
            return self.process.wait(8)
        except subprocess.TimeoutExpired:
            return "it goes on"

    def end(self):
        for s in (self.edge, self.engine):
            s.close()
        if self.status() == "it goes on":
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def puppet(folder, *options, keeper=None, **more):
    p = Puppet(folder, *options, **more)
    if keeper:
        keeper.watch(p.pid)
    try:
        yield p
    finally:
        p.end()


def ends(folder, wanted, what, act, begin=Puppet.start):
    with puppet(folder, "-x") as p:
        begin(p)
        with contextlib.suppress(OSError):
            act(p)
        status = p.status()
        lib.check(status == wanted, f"{what}: status {status}")


def nothing(p):
    pass


def every_breach_is_found(folder):
    for what, act in (
            ("unknown type", lambda p: p.say(7)),
            ("a wrong seq", lambda p: p.say(STATUS, seq=9)),
            ("too short", lambda p: p.edge.send(bytes(127))),
            ("too long", lambda p: p.edge.send(bytes(129))),
            ("a second CLK_SETUP", lambda p: p.say(SETUP, limits())),
            ("a second CLK_SEAL", lambda p: p.say(SEAL)),
            ("a descriptor with CLK_STATUS", lambda p: p.say(STATUS, fds=[0])),
            ("40 of them", lambda p: p.say(STATUS, fds=[0] * 40)),
            ("a descriptor with a second CLK_SETUP",
             lambda p: p.say(SETUP, limits(), fds=[0])),
            ("a flood", lambda p: [p.say(STATUS) for _ in range(10**6)])):
        ends(folder, BREACH, what, act)
    for what, act in (
            ("CLK_STATUS first", lambda p: p.say(STATUS)),
            ("CLK_SEAL first", lambda p: p.say(SEAL))):
        ends(folder, BREACH, what, act, nothing)
    # The launcher takes it, in the engine's set-up, and there is no clock yet.
    ends(folder, 1, "no directory with CLK_SETUP",
         lambda p: p.say(SETUP, limits(), fds=[0]), nothing)


def last_words_are_heard(folder):
    def bye_before_it_reads(p):
        os.kill(p.pid, signal.SIGHUP)
        time.sleep(0.2)                 # the event lies unread in the socket
        p.say(BYE, struct.pack("=i", 3))
        p.edge.close()

    def term_and_gone(p):
        os.kill(p.pid, signal.SIGSTOP)
        p.process.terminate()
        p.edge.close()
        os.kill(p.pid, signal.SIGCONT)

    def gone(p):
        p.edge.close()

    ends(folder, 3, "CLK_BYE and an unread event", bye_before_it_reads)
    ends(folder, 0, "SIGTERM to all of us at once", term_and_gone)
    ends(folder, GONE, "nothing", gone)


def an_engine_that_hangs(folder):
    def term(p):
        start = time.monotonic()
        p.process.terminate()
        p.status()
        lib.check(time.monotonic() - start < 5, "SIGTERM ends it within 5 s")

    def deaf(p):
        for _ in range(8):
            for _ in range(100):
                p.say(STATUS)
            time.sleep(1.1)

    ends(folder, 0, "it does not react to SIGTERM", term)
    ends(folder, GONE, "it asks and does not read", deaf)


def steps_left_after(folder, keeper, code, *options):
    """A run with one step, which is taken (by nothing at all); then another."""
    lib.subtree_gone("/run/tock")
    for _ in range(2):
        with puppet(folder, *options, keeper=keeper) as p:
            p.start(steps=1)
            p.say(STATUS)
            steps = p.hear()[3]
            p.ask(STEP, bytes(8))
            if code is not None:
                p.say(BYE, struct.pack("=i", code))
                p.status()
    return steps


def who_ends_in_order_may_start_anew(folder):
    with lib.clock() as keeper:
        for code, options, wanted in ((0, (), 0), (None, (), 0),
                                      (0, ("-q",), 1), (1, ("-q",), 1),
                                      (None, ("-q",), 0), (76, ("-q",), 0)):
            left = steps_left_after(folder, keeper, code, *options)
            lib.check(left == wanted, f"tockd {' '.join(options)} ended with "
                      f"{code}: {left} steps at the next start")


def as_the_clocks_user(act):
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(lib.uid_of("_tockclock"))
        os.setuid(lib.uid_of("_tockclock"))
        act()
        os._exit(0)
    lib.check(os.waitpid(pid, 0)[1] == 0, "  (it was sent)")


def only_root_can_grant_a_step(folder):
    """Whoever may signal can also write what he likes into a queued signal,
    and a signal for I/O carries no sender."""
    def grants(act):
        with puppet(folder, "-x") as p:
            p.start(steps=0)
            act(p)
            time.sleep(0.1)
            p.say(STATUS)
            return p.hear()[3]

    def queue(p):
        info = struct.pack("=iiiiii104x", signal.SIGUSR1, 0, -1, 0, 1, 0)
        nr = {"x86_64": 129, "aarch64": 138}[os.uname().machine]
        as_the_clocks_user(lambda: lib.call(lib.libc.syscall(
            nr, p.pid, signal.SIGUSR1, info), "rt_sigqueueinfo"))

    def by_io(p):
        here, there = socket.socketpair()
        with here, there:
            fcntl.fcntl(here, fcntl.F_SETOWN, p.pid)
            fcntl.fcntl(here, F_SETSIG, signal.SIGUSR1)
            fcntl.fcntl(here, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
            there.send(b"x")

    for what, wanted, act in (
            ("root's kill", 1, lambda p: os.kill(p.pid, signal.SIGUSR1)),
            ("another user's", 0, lambda p: as_the_clocks_user(
                lambda: os.kill(p.pid, signal.SIGUSR1))),
            ("one queued in root's name", 0, queue),
            ("one for I/O", 0, by_io)):
        steps = grants(act)
        lib.check(steps == wanted, f"{what}: {steps} steps")


lib.alone()
if not os.access(PUPPET, os.X_OK):
    lib.skip("puppet is not built")
if __name__ == "__main__":
    lib.main(every_breach_is_found, last_words_are_heard,
             an_engine_that_hangs, who_ends_in_order_may_start_anew,
             only_root_can_grant_a_step)
