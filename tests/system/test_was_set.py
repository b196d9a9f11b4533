#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Somebody else steps the clock: the servers are asked at once, not at the next
poll, and it is set back."""
import re
import sys
import time

import lib

sys.path[:0] = [str(lib.ROOT / "tests/reference")]
import reference                                        # noqa: E402

POLL = "iburst minpoll 6 maxpoll 6"     # the next one would be a minute away
STEP = 0.05             # s
NEAR = 2e-3             # s


def what_was_set_is_set_back_long_before_the_next_poll(folder):
    with lib.clock() as keeper, \
            reference.serving(lib.BUILD, folder / "anchor", 0.005,
                              keeper=keeper) as ref, \
            lib.tockd(folder, [f"server 127.0.0.1 port {ref.port} {POLL}"],
                      "-d", keeper=keeper) as daemon:
        burst = lib.until(lambda: len(re.findall("127.0.0.1: offset",
                                                 daemon.text())) >= 4, 20)
        lib.check(burst is not None, "the first burst is over")
        settled = lib.until(lambda: abs(ref.scale.clock_error()) < NEAR, 40)
        lib.check(settled is not None, "the clock is right")
        time.sleep(2)
        now = time.clock_gettime_ns(time.CLOCK_REALTIME)
        time.clock_settime_ns(time.CLOCK_REALTIME, now + round(STEP * 1e9))
        lib.check(ref.scale.clock_error() > STEP / 2, "and now it is not")
        back = lib.until(lambda: abs(ref.scale.clock_error()) < NEAR, 10)
        lib.check(back is not None, f"it is right again after {back} s")
        lib.check("not by us" in daemon.text(), "the log says what happened")


lib.alone()
lib.main(what_was_set_is_set_back_long_before_the_next_poll)
