#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The sockets of requests in the real kernel, with the engine confined.

A small server on loopback notes where each request came from and how it was
marked.  Ports below 1024 are opened while the engine is still root; all else
works without a capability and inside its system call filter.
"""
import pwd
import socket
import struct
import subprocess
import threading
import time

import lib

DSCP = 46


class Server:
    """Answers with the time; `seen` has (address, port, TOS) of requests."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.port = self.socket.getsockname()[1]
        self.seen = []
        self.is_over = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_over:
            try:
                request, extra, _, peer = self.socket.recvmsg(512, 64)
            except TimeoutError:
                continue
            tos = extra[0][2][0] if extra else 0
            self.seen.append((*peer, tos))
            now = struct.pack(">Q", int((time.time() + 2208988800) * 2**32))
            self.socket.sendto(bytes([0x24, 1, 0, 0xec]) + bytes(8) + b"TEST"
                               + now + request[40:48] + now + now, peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()
        self.socket.close()


def requests(folder, *lines, wanted=4, patience=8):
    """(address, port, TOS) of the requests of a tockd with these lines."""
    with Server() as server:
        source = (f"server 127.0.0.1 port {server.port} iburst "
                  "minpoll -2 maxpoll -2")
        with lib.tockd(folder, [source, *lines], "-x") as daemon:
            lib.until(lambda: len(server.seen) >= wanted, patience, 0.1)
            engine = daemon.roles().get("tock-engine")
            lib.check(engine is not None and lib.uid_of("_tock")
                      == int(lib.status(engine)["Uid"][0]),
                      f"{', '.join(lines) or 'no line'}: the engine lives and "
                      "is no longer root")
        return list(server.seen)


def every_request_has_a_port_of_its_own(folder):
    seen = requests(folder)
    lib.check(len(seen) >= 4 and len({port for _, port, _ in seen}) >=
              len(seen) - 1, f"ports differ: {[p for _, p, _ in seen]}")
    lib.check({tos for _, _, tos in seen} == {0}, "no mark without dscp")


def acquisitionport_may_be_privileged(folder):
    seen = requests(folder, "acquisitionport 123")
    lib.check(len(seen) >= 4 and {port for _, port, _ in seen} == {123},
              f"{len(seen)} requests, all from port 123")


def acquisitionport_0_keeps_one_port(folder):
    seen = requests(folder, "acquisitionport 0")
    ports = {port for _, port, _ in seen}
    lib.check(len(seen) >= 4 and len(ports) == 1 and min(ports) >= 1024,
              f"{len(seen)} requests, from {ports}")


def dscp_marks_and_bindacqaddress_binds(folder):
    for more in (), ("acquisitionport 1123",):
        seen = requests(folder, f"dscp {DSCP}", "bindacqaddress 127.0.0.9",
                        *more)
        lib.check(len(seen) >= 4 and {(address, tos) for address, _, tos in
                                      seen} == {("127.0.0.9", DSCP << 2)},
                  f"{len(seen)} requests from 127.0.0.9 with DSCP {DSCP}")


def bindacqdevice_is_the_only_way(folder):
    subprocess.run(["ip", "link", "add", "other", "type", "veth",
                    "peer", "name", "another"], check=True)
    subprocess.run(["ip", "link", "set", "other", "up"], check=True)
    for more in (), ("acquisitionport 1123",):
        seen = requests(folder, "bindacqdevice lo", *more)
        lib.check(len(seen) >= 4, f"{len(seen)} requests over lo")
        seen = requests(folder, "bindacqdevice other", *more, wanted=1,
                        patience=2)
        lib.check(not seen, "none over another interface")


def a_device_that_is_missing_is_told(folder):
    with lib.tockd(folder, ["server 127.0.0.1", "bindacqdevice nonesuch"],
                   "-x") as daemon:
        lib.check(daemon.says("bindacqdevice nonesuch: No such device"),
                  "the log names the device")


def a_port_in_use_is_told(folder):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 1124))
        daemon = lib.Tockd(folder, ["server 127.0.0.1",
                                    "acquisitionport 1124"], "-x")
        status = daemon.wait()
        daemon.stop()
    lib.check(status == 1 and "acquisitionport 1124: Address already in use"
              in daemon.text(), f"status {status}, and the log says why")


if __name__ == "__main__":
    lib.alone()
    pwd.getpwnam("_tock")
    lib.main(every_request_has_a_port_of_its_own,
             acquisitionport_may_be_privileged,
             acquisitionport_0_keeps_one_port,
             dscp_marks_and_bindacqaddress_binds,
             bindacqdevice_is_the_only_way,
             a_device_that_is_missing_is_told, a_port_in_use_is_told)
