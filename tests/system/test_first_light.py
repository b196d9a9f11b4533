#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A real clock converges: real daemon, real processes, the kernel's clock.

The judge is the observer of tests/reference, which compares CLOCK_REALTIME
with the scale of the reference and knows nothing of the daemon; the kernel
itself tells of steps.  Whatever happens, the clock is put back afterwards.
"""
import contextlib
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference"),
                str(ROOT / "tests/interop")]
import debian                                           # noqa: E402
import keepclock                                        # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402
import steps                                            # noqa: E402

IS_LONG = bool(os.environ.get("TOCK_LONG"))
GOAL = 100e-6           # s
SETTLED = 10            # readings, one a second, that must be good
TIME_LIMIT = 60         # s from the daemon's start
LONG = 300              # s that it must stay good with --long
POLL = "iburst minpoll 2 maxpoll 4"


def converges(ref, counter, steps_wanted):
    """Watches until the clock is right and stays so.  The counter of steps was
    started before tockd, whose first act may be a step."""
    good, errors, settled_at = 0, [], None
    for n, now in enumerate(ref.observe(TIME_LIMIT + SETTLED)):
        errors.append(now["error"])
        good = good + 1 if abs(now["error"]) < GOAL else 0
        settled_at = n + 1 - good
        if good == SETTLED:
            break
    show = " ".join(f"{e * 1e6:.0f}" for e in errors)
    print(f"  error every second, us: {show}")
    if not lib.check(good == SETTLED, f"below {GOAL * 1e6:.0f} us within "
                     f"{TIME_LIMIT} s: from {settled_at} s on, kernel at "
                     f"{now['ppm']:+.3f} ppm"):
        return
    if IS_LONG:
        worst = max(abs(r["error"]) for r in ref.observe(LONG))
        lib.check(worst < GOAL, f"and in the next {LONG} s: worst "
                  f"{worst * 1e6:.1f} us")
    lib.check(counter.count == steps_wanted, f"{counter.count} steps, "
              f"{steps_wanted} wanted")


def own_reference(where, offset, ppm, steps_wanted, *lines):
    with lib.clock() as keeper, \
            reference.serving(lib.BUILD, where / "anchor", offset, ppm,
                              keeper=keeper) as ref, \
            steps.Steps() as counter, \
            lib.tockd(where, [f"server 127.0.0.1 port {ref.port} {POLL}",
                              *lines], keeper=keeper):
        converges(ref, counter, steps_wanted)


def slews_30_ms_and_20_ppm(where):
    own_reference(where, 0.030, 20, 0)


def steps_200_ms_once(where):
    own_reference(where, -0.200, 0, 1, "makestep 0.1 3")


def puts_back_a_step_by_somebody_else(where):
    """The polls are too far apart to notice it: 64 s."""
    with contextlib.ExitStack() as stack:
        keeper = stack.enter_context(lib.clock())
        ref = stack.enter_context(reference.serving(
            lib.BUILD, where / "anchor", 0.010, 10, keeper=keeper))
        stack.enter_context(lib.tockd(
            where, [f"server 127.0.0.1 port {ref.port} iburst minpoll 6"],
            keeper=keeper))
        for _ in ref.observe(12):
            pass
        for step in (0.100, -0.100):
            keepclock.step(round(step * 1e9))
            moved = ref.scale.clock_error()
            time.sleep(3)
            left = ref.scale.clock_error()
            lib.check(abs(moved) > 0.09, f"moved by {step} s: it is "
                      f"{moved:+.6f} s off")
            lib.check(abs(left) < 1e-3, f"3 s later {left * 1e6:+.0f} us")


def follows_debians_chronyd(where):
    """chronyd gets the reference's time by a SOCK reference clock and serves
    it.  It runs with -x and without CAP_SYS_TIME, so that the clock has one
    master; such a chronyd cannot step, so makestep would keep it from ever
    being right: it slews its own idea of the time, and fast."""
    chronyd = debian.unpacked(lib.BUILD, "chrony") / "usr/sbin/chronyd"
    port, sock, conf = 11230, where / "ref.sock", where / "chrony.conf"
    conf.write_text(
        f"refclock SOCK {sock} poll -4 filter 3 delay 1e-6 refid REF "
        "minsamples 3 maxsamples 6\n"
        "maxslewrate 100000\nallow 127.0.0.1\nbindaddress 127.0.0.1\n"
        f"port {port}\ncmdport 0\nbindcmdaddress /\npidfile {where}/pid\n")
    with contextlib.ExitStack() as stack:
        keeper = stack.enter_context(lib.clock())
        ref = stack.enter_context(reference.serving(
            lib.BUILD, where / "anchor", 0.030, 20, keeper=keeper))
        log = stack.enter_context(open(where / "chronyd.log", "w"))
        stack.enter_context(reference.program(
            "setpriv", "--bounding-set", "-sys_time", chronyd, "-x", "-d",
            "-U", "-u", "root", "-f", conf, keeper=keeper, stdout=log,
            stderr=log))
        stack.enter_context(reference.feeding(ref.scale, sock, 0.02))
        wait_for_right_server(ref, port)
        counter = stack.enter_context(steps.Steps())
        stack.enter_context(lib.tockd(
            where, [f"server 127.0.0.1 port {port} {POLL}"], keeper=keeper))
        converges(ref, counter, 0)


def wait_for_right_server(ref, port):
    error, good = None, 0
    for _ in range(60):
        error, _ = ref.scale.server_error("127.0.0.1", port)
        good = good + 1 if error is not None and abs(error) < GOAL / 2 else 0
        if good == 4:
            break
        time.sleep(0.25)
    lib.check(good == 4, f"chronyd's served time is {error} s off")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
    lib.alone()
    lib.main(slews_30_ms_and_20_ppm, steps_200_ms_once,
             puts_back_a_step_by_somebody_else,
             follows_debians_chronyd)
