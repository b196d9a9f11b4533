# SPDX-License-Identifier: ISC
"""A DNS server of the test's own, and an /etc that leads to it; both inside
lib.alone()."""
import pathlib
import socket
import struct
import threading

import lib

A, AAAA = 1, 28


def answer(query, records, truncated=False):
    """A DNS answer to the query with these (type, bytes) for its name."""
    at = query.index(b"\0", 12) + 5
    wanted = struct.unpack("!H", query[at - 4:at - 2])[0]
    found = [r for k, r in records if k == wanted] if records else []
    flags = 0x8180 | (0x0200 if truncated else 0) | (0 if records else 3)
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", wanted, 1, 60, len(r))
                    + r for r in found)
    return query[:2] + struct.pack("!HHHHH", flags, 1,
                                   0 if truncated else len(found), 0, 0) + \
        query[12:at] + (b"" if truncated else body)


def name_in(query):
    at, words = 12, []
    while query[at]:
        words.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(words)


class NameServer(threading.Thread):
    """127.0.0.1:53: zone maps names to records; "mute..." is never answered,
    "long..." only over TCP."""

    def __init__(self, zone):
        super().__init__(daemon=True)
        self.zone, self.over_tcp = zone, 0
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 53))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.bind(("127.0.0.1", 53))
        self.tcp.listen()
        threading.Thread(target=self.serve_tcp, daemon=True).start()
        self.start()

    def run(self):
        while True:
            query, peer = self.udp.recvfrom(2048)
            name = name_in(query)
            if not name.startswith("mute"):
                self.udp.sendto(answer(query, self.zone.get(name),
                                       name.startswith("long")), peer)

    def serve_tcp(self):
        while True:
            peer, _ = self.tcp.accept()
            with peer:
                while size := peer.recv(2):
                    query = peer.recv(struct.unpack("!H", size)[0])
                    self.over_tcp += 1
                    reply = answer(query, self.zone.get(name_in(query)))
                    peer.sendall(struct.pack("!H", len(reply)) + reply)


def own_etc(folder):
    """/etc/hosts, resolv.conf and nsswitch.conf of our own, for this mount
    namespace; a directory, so that they are seen in the private root."""
    for name, text in (
            ("hosts", "127.0.0.1 localhost\n192.0.2.7 clock.test\n"),
            ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:2\n"),
            ("nsswitch.conf", "hosts: files dns\n")):
        (folder / name).write_text(text)
        path = pathlib.Path("/etc") / name
        target = path.resolve()
        if target.exists():
            lib.mount(folder / name, target, None, lib.MS_BIND)
