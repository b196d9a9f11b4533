#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Hours of a simulated clock and network in seconds, judged by the clock's true
error, which only the simulator knows."""
import os
import struct
import tempfile
import time

from lib import NOBODY, Virtual, expect, finish

HOUR = 3600
LIMIT_NS = 20000


def source(n, rest="iburst maxpoll 6"):
    return f"server 192.168.123.{n} {rest}"


def after(run, seconds):
    return max(ns for s, ns in run.worst.items() if s > seconds)


begin = time.monotonic()
slewed = Virtual([source(1), source(2), source(3)], 12 * HOUR)
took = time.monotonic() - begin
expect("50 ms and 20 ppm are slewed away", slewed.status == 0 and
       "stepped" not in slewed.log and after(slewed, HOUR) < LIMIT_NS,
       f"{after(slewed, HOUR)} ns at worst after an hour")
expect("12 hours take seconds", took < 10 and slewed.seconds == 12 * HOUR,
       f"{took:.2f} s, {slewed.waits} waits")
expect("the same world gives the same run",
       Virtual([source(1), source(2), source(3)], 12 * HOUR).worst ==
       slewed.worst)

stepped = Virtual([source(1), "makestep 0.01 3"], 2 * HOUR)
expect("makestep steps once", stepped.log.count("clock: stepped") == 1 and
       after(stepped, HOUR) < LIMIT_NS, f"{after(stepped, HOUR)} ns")

far = Virtual([source(1), "makestep 1 3"], 2 * HOUR,
              offset_us=86400 * 365 * 10 * 1000000, ppb=-400000)
expect("ten years and -400 ppm, too", after(far, HOUR) < LIMIT_NS,
       f"{after(far, HOUR)} ns")

fast = Virtual([source(1)], 2 * HOUR, ppb=1000000)
expect("no guard: 1000 ppm are followed", after(fast, HOUR) < LIMIT_NS,
       f"{after(fast, HOUR)} ns")
held = Virtual([source(1), "guard window 900"], 2 * HOUR, ppb=1000000)
expect("a guard line: they are not", after(held, HOUR) > 1000000 and
       "limit is 500.000 ppm" in held.log)

many = Virtual([source(n) for n in range(1, 26)], 2 * HOUR)
expect("25 servers need no more than 20 sockets", many.status == 0 and
       many.sockets <= 20 and after(many, HOUR) < LIMIT_NS,
       f"{many.sockets} sockets")

named = Virtual(["server 7.shim iburst maxpoll 6", "server none.shim",
                 "pool all.shim iburst maxpoll 6"], 2 * HOUR)
expect("names and pools", "192.168.123.7" in named.log and
       "none.shim: no such name" in named.log and
       after(named, HOUR) < LIMIT_NS, f"{after(named, HOUR)} ns")
for port in (0, 11123):
    shared = Virtual([*(source(n) for n in range(1, 26)),
                      f"acquisitionport {port}"], 2 * HOUR)
    expect(f"25 servers and acquisitionport {port}: few sockets",
           shared.status == 0 and shared.sockets <= 4 and
           after(shared, HOUR) < LIMIT_NS, f"{shared.sockets} sockets, "
           f"{after(shared, HOUR)} ns")

calm = Virtual([source(1, "iburst")], 48 * HOUR)
expect("two days without waking up for nothing", calm.waits < 30000,
       f"{calm.waits} waits")

alone = Virtual(["-x", source(1)], HOUR)
expect("-x leaves the clock alone", 121e6 < alone.error < 123e6 and
       "following" in alone.log, f"{alone.error} ns at the end")
once = Virtual(["-q", source(1)], HOUR)
expect("-q sets it and ends", once.status == 0 and once.seconds < 60 and
       abs(once.error) < 1000000, f"{once.error} ns after {once.seconds} s")
shown = Virtual(["-Q", source(1)], HOUR)
expect("-Q shows it and ends", shown.status == 0 and
       "System clock wrong by -0.05" in shown.log and shown.error > 50000000)
timed = Virtual(["-t", "100", source(1)], HOUR)
expect("-t ends in time", timed.status == 0 and 100 <= timed.seconds <= 101)

# chrony's request for "tracking", version 6, padded to its reply's length.
request = struct.pack(">BBBBHHIII", 6, 1, 0, 0, 33, 0, 0x12345678, 0, 0)
path = "/shim/unix/1:1"
asked = Virtual([source(1), f"bindcmdaddress {path}"], HOUR, ask=request.ljust(
    104, b"\0"))
expect("a datagram socket whose path is a name alone answers (twice, as asked)",
       asked.status == 0 and len(asked.replies) == 10 and
       all(r[:2] == b"\6\2" and r[16:20] == request[8:12] and
           r[28:32] == bytes([192, 168, 123, 1]) for r in asked.replies),
       f"{[r.hex() for r in asked.replies[:1]]}\n{asked.log}")

with tempfile.TemporaryDirectory() as folder:
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    file = f"driftfile {folder}/drift"
    Virtual([source(1), file], 3 * HOUR)
    text = open(f"{folder}/drift").read()
    expect("the drift file is written in chrony's sign",
           abs(float(text.split()[0]) - 20) < 0.5, repr(text))
    os.mkdir(f"{folder}/sources.d")
    open(f"{folder}/sources.d/one.sources", "w").write(source(1) + "\n")
    found = Virtual([f"sourcedir {folder}/sources.d"], HOUR)
    expect("a directory of sources is read", found.worst and
           "following 192.168.123.1" in found.log, found.log)
    again = Virtual([source(1), file], 300)
    expect("and read", "from the drift file" in again.log)
finish()
