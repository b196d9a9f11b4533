# SPDX-License-Identifier: ISC
"""Counts the steps of CLOCK_REALTIME, told by the kernel itself.

A timer on that clock that is set with TFD_TIMER_CANCEL_ON_SET is cancelled
whenever the clock jumps, however little, and never by a slew.
"""
import ctypes
import errno
import os
import select
import threading
import time

TFD_CLOEXEC, TFD_NONBLOCK = 0o2000000, 0o4000
TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET = 1, 2
FAR = 10**6             # s ahead: it never fires

libc = ctypes.CDLL(None, use_errno=True)


class Itimerspec(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in
                ("interval_s", "interval_ns", "value_s", "value_ns")]


class Steps:
    """`count` grows while the block runs."""

    def __enter__(self):
        self.count = 0
        self.fd = libc.timerfd_create(time.CLOCK_REALTIME,
                                      TFD_CLOEXEC | TFD_NONBLOCK)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self.arm()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        os.close(self.fd)

    def arm(self):
        at = Itimerspec(0, 0, int(time.time()) + FAR, 0)
        libc.timerfd_settime(self.fd,
                             TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
                             ctypes.byref(at), None)

    def watch(self):
        while not self.stop.is_set():
            if not select.select([self.fd], [], [], 0.2)[0]:
                continue
            try:
                os.read(self.fd, 8)
            except OSError as error:
                if error.errno == errno.ECANCELED:
                    self.count += 1
                    self.arm()
