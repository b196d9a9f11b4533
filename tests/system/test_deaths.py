#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Who dies, and what the others and the kernel's clock do then."""
import contextlib
import os
import pathlib
import re
import signal
import sys
import time

import lib

sys.path[:0] = [str(lib.ROOT / "tests/reference")]
import keepclock                                        # noqa: E402
import reference                                        # noqa: E402

OFFSET = 0.150          # s that the reference is ahead: a slew of seconds
NEAR = 10               # ppm
SLOW = "maxslewrate 20000"
POLL = "iburst minpoll 2 maxpoll 4"


def ppm():
    return keepclock.frequency(keepclock.adjtimex())


@contextlib.contextmanager
def slewing(folder, keeper):
    """A tockd that is in the middle of a slew; yields it and the frequency
    that the kernel had before.  (Its steady frequency may already be a few ppm
    from that: the first samples say so.)"""
    before = ppm()
    with reference.serving(lib.BUILD, folder / "anchor", OFFSET,
                           keeper=keeper) as ref, \
            lib.tockd(folder, [f"server 127.0.0.1 port {ref.port} {POLL}",
                               SLOW], keeper=keeper) as daemon:
        begun = lib.until(lambda: abs(ppm() - before) > 1000, 30)
        lib.check(begun is not None, "a slew is under way after "
                  f"{begun or 0:.1f} s: {ppm():.0f} ppm")
        yield daemon, before


def engine_dies_in_a_slew(folder):
    with lib.clock() as keeper, slewing(folder, keeper) as (daemon, before):
        roles = daemon.roles()
        start = time.monotonic()
        os.kill(roles["tock-engine"], signal.SIGKILL)
        calm = lib.until(lambda: keepclock.adjtimex().tick == 10000 and
                         abs(ppm() - before) < NEAR, 1, 0.001)
        lib.check(calm is not None, f"tick is 10000 {calm or 1:.3f} s after")
        lib.check(abs(ppm() - before) < NEAR, "with the frequency of before: "
                  f"{before:.3f} ppm, {ppm():.3f} now")
        lib.check(daemon.wait(3) == 75,
                  f"exit 75 after {time.monotonic() - start:.3f} s: "
                  f"{daemon.process.returncode}")
        gone = lib.until(lambda: not any(map(lib.is_alive, roles.values())), 2)
        lib.check(gone is not None, "no role is left")
        lib.check(re.search("signal 9|without a word", daemon.text()),
                  "the log says how")


def clock_dies(folder):
    with lib.clock() as keeper, lib.tockd(
            folder, ["server 127.0.0.1 port 9"], keeper=keeper) as daemon:
        roles = daemon.roles()
        os.kill(roles["tock-clock"], signal.SIGKILL)
        gone = lib.until(lambda: not any(map(lib.is_alive, roles.values())), 2)
        lib.check(gone is not None, f"all are gone after {gone or 2:.3f} s")


def resolver_dies(folder):
    """The engine goes on with what it knows, and ends at the next need of a
    name, or after a minute."""
    with lib.clock() as keeper, lib.tockd(
            folder, ["server 127.0.0.1 port 9"], keeper=keeper) as daemon:
        roles = daemon.roles()
        start = time.monotonic()
        os.kill(roles["tock-resolver"], signal.SIGKILL)
        time.sleep(2)
        lib.check(lib.is_alive(roles["tock-engine"]), "the engine goes on")
        lib.check("resolver" in daemon.text(), "the log says so")
        if os.environ.get("TOCK_LONG"):
            lib.check(daemon.wait(75) == 75, "exit 75 after "
                      f"{time.monotonic() - start:.0f} s")


def an_engine_dies_before_its_first_word(folder):
    """Where nobody but the launcher waits for it."""
    daemon = lib.Tockd(folder, ["server 127.0.0.1 port 9"], "-x")
    lib.until(lambda: "tock-engine" in daemon.roles(), interval=0)
    engine = daemon.roles()["tock-engine"]
    os.kill(engine, signal.SIGKILL)
    lib.check(daemon.wait(5) == 75, "exit 75 after the death of an engine "
              f"that has just begun: {daemon.process.returncode}")
    lib.check(f"process {engine} has ended: signal 9" in daemon.text(),
              "the log says how")
    daemon.stop()


def sigterm_ends_in_order(folder):
    drift = pathlib.Path("/var/lib/tock/drift")
    kept = pathlib.Path("/var/lib/tock/clock/drift")
    with lib.clock() as keeper, \
            reference.serving(lib.BUILD, folder / "anchor", 0.002,
                              keeper=keeper) as ref, \
            lib.tockd(folder, [f"server 127.0.0.1 port {ref.port} {POLL}",
                               f"driftfile {drift}"],
                      keeper=keeper) as daemon:
        lib.check(daemon.says("following", 20), "it synchronises")
        time.sleep(5)
        roles = daemon.roles()
        start = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        lib.check(daemon.wait(6) == 0, "SIGTERM: status 0 after "
                  f"{time.monotonic() - start:.3f} s")
        lib.check(keepclock.adjtimex().tick == 10000, "no slew is left")
        gone = lib.until(lambda: not any(map(lib.is_alive, roles.values())), 1)
        lib.check(gone is not None, "no role is left")
        written = [p for p in (drift, kept) if p.exists()]
        if lib.check(len(written) == 1, f"the drift was written: {written}"):
            words = written[0].read_text().split()
            lib.check(len(words) == 2 and abs(float(words[0])) < 500,
                      f"two numbers: {words}")


def every_ending_signal_is_orderly(folder):
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        with lib.clock() as keeper, lib.tockd(
                folder, ["server 127.0.0.1 port 9"], keeper=keeper) as daemon:
            daemon.process.send_signal(sig)
            lib.check(daemon.wait(6) == 0, f"{sig.name}: status "
                      f"{daemon.process.returncode}")


def the_others_ignore_signals(folder):
    """Who ends all processes of a machine, or of a terminal, lets us end in
    order."""
    with lib.tockd(folder, ["allow", "serverworkers 1"], "-x") as daemon:
        roles = daemon.roles()
        engine = roles["tock-engine"]
        others = [engine, roles["tock-resolver"], *lib.children(engine)]
        for sig in "HUP INT QUIT TERM USR1 USR2".split():
            for pid in others:
                os.kill(pid, signal.Signals[f"SIG{sig}"])
        time.sleep(0.5)
        lib.check(len(others) == 3 and all(map(lib.is_alive, others)) and
                  lib.is_alive(daemon.pid), "signals do nothing to the others")
        lib.check(daemon.stop() == 0, "status 0")


def an_assertion_is_an_abort(folder):
    """Under the filter too: SIGABRT, not SIGSYS."""
    with lib.clock() as keeper, lib.tockd(
            folder, ["server 127.0.0.1 port 9"], keeper=keeper) as daemon:
        os.kill(daemon.roles()["tock-engine"], signal.SIGABRT)
        lib.check(daemon.wait(3) == 75, "exit 75 after an abort: "
                  f"{daemon.process.returncode}")


def time_seen():
    """The clock's own note of a time that has been, s since 1970."""
    return int.from_bytes(pathlib.Path(
        "/var/lib/tock/clock/time").read_bytes(), sys.byteorder) / 1e9


def the_floor_of_the_time_is_of_the_end(folder):
    """Without a drift file, with which it would be written, too."""
    with lib.clock() as keeper, \
            reference.serving(lib.BUILD, folder / "anchor", 0.002,
                              keeper=keeper) as ref, \
            lib.tockd(folder, [f"server 127.0.0.1 port {ref.port} {POLL}"],
                      keeper=keeper) as daemon:
        lib.check(daemon.says("following", 20), "it synchronises")
        time.sleep(3)
        end = time.time()
        lib.check(daemon.stop() == 0 and abs(time_seen() - end) < 1,
                  f"what it noted is {end - time_seen():.3f} s before its end")


def a_denied_run_leaves_no_trace(folder):
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    record = pathlib.Path(f"/run/tock/clock/guard1-{boot}")
    seen = pathlib.Path("/var/lib/tock/clock/time")
    for text in None, b"not to be touched":
        for path in record, seen:
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_bytes(text)
        with lib.tockd(folder, ["server 127.0.0.1 port 9"], "-x") as daemon:
            time.sleep(1)
            lib.check(daemon.stop() == 0, "-x: status 0")
        now = [path.read_bytes() if path.exists() else None
               for path in (record, seen)]
        lib.check(now == [text, text], f"record and time are as before: {now}")
    for path in record, seen:
        path.unlink(missing_ok=True)


lib.alone()
lib.main(engine_dies_in_a_slew, an_engine_dies_before_its_first_word,
         clock_dies, resolver_dies, sigterm_ends_in_order,
         every_ending_signal_is_orderly, the_others_ignore_signals,
         an_assertion_is_an_abort, the_floor_of_the_time_is_of_the_end,
         a_denied_run_leaves_no_trace)
