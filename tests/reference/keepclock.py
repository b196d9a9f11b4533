#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Puts the system clock back, however what moved it ends.

    keepclock.py COMMAND [ARGUMENT...]

runs the command and afterwards puts back the clock's phase, frequency, tick,
status, errors and TAI offset, as if nobody had touched them: the phase is
where the clock would be by now at its old frequency, reckoned on
CLOCK_MONOTONIC_RAW, which nobody can move.

From Python:

    with keepclock.kept() as keeper:
        keeper.watch(pid)       # a process that steers the clock

A child process of its own, the keeper, does the work.  It waits on a pipe that
ends when the program ends, be it by SIGKILL; then it ends the watched
processes first, since they would go on steering, and puts the clock back.
"""
import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time

ADJ_OFFSET, ADJ_FREQUENCY, ADJ_MAXERROR, ADJ_ESTERROR = 0x1, 0x2, 0x4, 0x8
ADJ_STATUS, ADJ_TAI, ADJ_SETOFFSET = 0x10, 0x80, 0x100
ADJ_MICRO, ADJ_NANO, ADJ_TICK = 0x1000, 0x2000, 0x4000
STA_UNSYNC, STA_NANO, STA_READ_ONLY = 0x40, 0x2000, 0xff00
TOLERANCE = 1000        # ns: nearer than this the phase is left alone
STOP_TIME = 6           # s that a watched process has to end after SIGTERM


class Timex(ctypes.Structure):
    """struct timex of <sys/timex.h>."""
    _fields_ = [("modes", ctypes.c_uint)] + [
        (name, ctypes.c_long) for name in
        ("offset", "freq", "maxerror", "esterror")] + [
        ("status", ctypes.c_int)] + [
        (name, ctypes.c_long) for name in
        ("constant", "precision", "tolerance", "sec", "usec", "tick",
         "ppsfreq", "jitter")] + [
        ("shift", ctypes.c_int)] + [
        (name, ctypes.c_long) for name in
        ("stabil", "jitcnt", "calcnt", "errcnt", "stbcnt")] + [
        ("tai", ctypes.c_int), ("reserved", ctypes.c_int * 11)]


libc = ctypes.CDLL(None, use_errno=True)


def adjtimex(**fields):
    """One adjtimex(2) call; without fields it only reads."""
    timex = Timex(**fields)
    if libc.adjtimex(ctypes.byref(timex)) < 0:
        error = ctypes.get_errno()
        raise OSError(error, "adjtimex: " + os.strerror(error))
    return timex


def read_pair():
    """CLOCK_REALTIME and CLOCK_MONOTONIC_RAW at one instant, ns."""
    best = None
    for _ in range(20):
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        real = time.clock_gettime_ns(time.CLOCK_REALTIME)
        width = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) - before
        if best is None or width < best[0]:
            best = width, real, before + width // 2
    return best[1:]


def frequency(timex):
    """The kernel's frequency in ppm, with tick's share; > 0 is fast."""
    return timex.freq / 65536 + (timex.tick - 10000) * 100


def step(ns):
    """Moves the clock by ns, atomically.  The kernel then forgets its status
    and errors; they are written again."""
    before = adjtimex()
    seconds, rest = divmod(ns, 10**9)
    adjtimex(modes=ADJ_SETOFFSET | ADJ_NANO, sec=seconds, usec=rest)
    write_status(before)


def write_status(old):
    unit = ADJ_NANO if old.status & STA_NANO else ADJ_MICRO
    adjtimex(modes=ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR | unit,
             status=old.status & ~STA_READ_ONLY, maxerror=old.maxerror,
             esterror=old.esterror)
    if old.tai != adjtimex().tai:
        adjtimex(modes=ADJ_TAI, constant=old.tai)


def can_set():
    """Whether this process may set the clock, by a write that changes
    nothing: in a user namespace the capability alone does not tell."""
    try:
        adjtimex(modes=ADJ_TICK, tick=adjtimex().tick)
        return True
    except OSError:
        return False


class Saved:
    """The clock as it is now."""

    def __init__(self):
        self.timex = adjtimex()
        self.real, self.raw = read_pair()

    def displacement(self):
        """How far the clock is now from where it would be by itself, ns; > 0:
        ahead."""
        real, raw = read_pair()
        past = raw - self.raw
        drift = past * frequency(self.timex) * 1e-6
        return real - self.real - past - round(drift)

    def put_back(self):
        """Returns the displacement that was there, ns."""
        old = self.timex
        adjtimex(modes=ADJ_STATUS, status=STA_UNSYNC)   # no PLL, no leap
        adjtimex(modes=ADJ_FREQUENCY | ADJ_TICK, freq=old.freq, tick=old.tick)
        moved = self.displacement()
        if abs(moved) > TOLERANCE:
            step(-moved)
        write_status(old)
        return moved


def end_process(pidfd):
    """SIGTERM, and SIGKILL where that does not help."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            signal.pidfd_send_signal(pidfd, sig)
        except ProcessLookupError:
            return
        if select.select([pidfd], [], [], STOP_TIME)[0]:
            return


def keeper_process(saved, pipe):
    """Runs until the pipe ends.  Each word on it is a pid to be ended."""
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(sig, signal.SIG_IGN)
    os.setsid()
    watched = []
    for line in pipe:
        with contextlib.suppress(ProcessLookupError):
            watched.append(os.pidfd_open(int(line)))
    for pidfd in watched:
        end_process(pidfd)
    moved = saved.put_back()
    left = saved.displacement()
    now = adjtimex()
    if abs(left) > 10 * TOLERANCE or now.freq != saved.timex.freq:
        print(f"the clock could not be put back: {left} ns left",
              file=sys.stderr)
        return 1
    if os.environ.get("KEEPCLOCK_VERBOSE"):
        print(f"the clock was {moved * 1e-6:+.3f} ms off and is put back",
              file=sys.stderr)
    return 0


class Keeper:
    def __init__(self):
        self.saved = Saved()
        reader, writer = os.pipe()      # not inherited by programs we run
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.close(writer)
                with os.fdopen(reader) as pipe:
                    status = keeper_process(self.saved, pipe)
            except BaseException as error:
                print(f"the clock could not be put back: {error}",
                      file=sys.stderr)
            finally:
                os._exit(status)
        os.close(reader)
        self.pipe = os.fdopen(writer, "w")

    def watch(self, pid):
        """That process is ended before the clock is put back."""
        print(pid, file=self.pipe, flush=True)

    def close(self):
        """Puts the clock back now.  True if that worked."""
        self.pipe.close()
        return os.waitpid(self.pid, 0)[1] == 0


@contextlib.contextmanager
def kept():
    """The clock of before comes back at the end of the block."""
    keeper = Keeper()
    try:
        yield keeper
    finally:
        if not keeper.close():
            raise RuntimeError("the clock could not be put back")


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: keepclock.py COMMAND [ARGUMENT...]")
    if not can_set():
        sys.exit("keepclock.py: this process may not set the clock")
    os.environ.setdefault("KEEPCLOCK_VERBOSE", "1")
    with kept() as keeper:
        command = subprocess.Popen(sys.argv[1:])
        keeper.watch(command.pid)
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, lambda n, _: command.send_signal(n))
        status = command.wait()
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
