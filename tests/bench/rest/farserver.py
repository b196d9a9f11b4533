#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A time server that takes 2 ms for its answer, as if it were far away: who
asks it has to sleep until then.

    farserver.py ADDRESS...

Its time runs on CLOCK_MONOTONIC_RAW, so steering the clock does not move it.
"""
import select
import socket
import struct
import sys
import time

PATIENCE = 0.002        # s
NTP_UNIX = 2208988800
START = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)


def now():
    """On the NTP scale, 32.32."""
    ns = START + time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
    return (ns // 10**9 + NTP_UNIX) << 32 | (ns % 10**9 << 32) // 10**9


def main():
    sockets = []
    for address in sys.argv[1:]:
        sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sockets[-1].bind((address, 123))
    while True:
        for sock in select.select(sockets, [], [])[0]:
            request, peer = sock.recvfrom(512)
            received = now()
            time.sleep(PATIENCE)
            # Version 4, server, stratum 1, precision 1 us.
            sock.sendto(struct.pack("!BBbbII4sQ8sQQ", 0x24, 1, request[2], -20,
                                    0, 0, b"TEST", now(), request[40:48],
                                    received, now()), peer)


if __name__ == "__main__":
    main()
