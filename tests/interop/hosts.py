# SPDX-License-Identifier: ISC
"""Hosts of their own for other people's programs: network namespaces, each
with one link to the test's.  What runs there may not set the clock.
"""
import contextlib
import subprocess

import reference


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


class Host:
    """10.9.I.2 and fd09:I::2, to which we are 10.9.I.1 and fd09:I::1, and
    10.9.I.K for each K of `more`.  crowd: a prefix of which it has all
    addresses."""

    def __init__(self, i, more=(), crowd=None):
        self.name, self.link = f"host{i}", f"to-host{i}"
        self.server, self.address = f"10.9.{i}.1", f"10.9.{i}.2"
        self.server6 = f"fd09:{i}::1"
        ip("netns", "add", self.name)
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0",
           "netns", self.name)
        for n in (1, *more):
            ip("address", "add", f"10.9.{i}.{n}/24", "dev", self.link)
        ip("address", "add", f"fd09:{i}::1/64", "dev", self.link, "nodad")
        ip("link", "set", "dev", self.link, "up")
        there = ("-n", self.name)
        ip(*there, "address", "add", f"{self.address}/24", "dev", "eth0")
        ip(*there, "address", "add", f"fd09:{i}::2/64", "dev", "eth0", "nodad")
        for device in "lo", "eth0":
            ip(*there, "link", "set", "dev", device, "up")
        if crowd:
            ip(*there, "route", "add", "local", crowd, "dev", "lo")
            ip("route", "add", crowd, "via", self.address)

    def inside(self, *argv):
        """The command line that runs argv there."""
        return ["ip", "netns", "exec", self.name, "setpriv", "--bounding-set",
                "-sys_time", *map(str, argv)]

    def run(self, *argv, patience=30, **more):
        """What it says, and its exit status."""
        try:
            done = subprocess.run(
                self.inside(*argv), stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=patience, **more)
        except subprocess.TimeoutExpired as error:
            return (error.stdout or b"").decode(), None
        return done.stdout, done.returncode

    @contextlib.contextmanager
    def daemon(self, log, *argv, **more):
        """A program that ends with the block; what it says is in log."""
        with open(log, "w") as out, reference.program(
                *self.inside(*argv), stdout=out, stderr=out,
                **more) as process:
            yield process
