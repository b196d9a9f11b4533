#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tockd-solo without a simulator and without root: it ends when it is asked to,
and answers control programs over UDP and a datagram socket."""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

from lib import BUILD, NOBODY, PROGRAM, anybody, expect, finish

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / "interop")]
import debian                                           # noqa: E402

TOCKCTL = BUILD / "tockctl"
PATIENCE = 10           # s


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*argv):
    return subprocess.run(argv, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=30, **anybody())


class Solo:
    def __init__(self, *arguments):
        self.program = subprocess.Popen([PROGRAM, *arguments], text=True,
                                        stderr=subprocess.PIPE, **anybody())
        self.log = ""
        while "ready" not in self.log:
            line = self.program.stderr.readline()
            if not line:
                break
            self.log += line

    def end(self, number):
        """Its status and how long it took."""
        begin = time.monotonic()
        self.program.send_signal(number)
        try:
            self.log += self.program.communicate(timeout=PATIENCE)[1]
        except subprocess.TimeoutExpired:
            self.program.kill()
            self.program.communicate()
        return self.program.returncode, time.monotonic() - begin


def without_workers():
    solo = Solo("-d", "serverworkers 2", f"port {free_port()}", "allow",
                "cmdport 0")
    solo.end(signal.SIGTERM)
    expect("serverworkers has no effect, and that is said",
           "serverworkers: without effect here" in solo.log, solo.log)


def ends(number, *arguments):
    solo = Solo("-d", *arguments, "cmdport 0")
    status, took = solo.end(number)
    expect(f"{number.name} ends it, {arguments}", status == 0 and took < 2,
           f"status {status} after {took:.2f} s")


def answers(name, *argv):
    done = run(*argv)
    expect(name, done.returncode == 0 and "127.0.0.2" in done.stdout,
           done.stdout if done.returncode else "")


ends(signal.SIGTERM, "server 127.0.0.2 port 9")
ends(signal.SIGINT, "-x", "server 127.0.0.2 port 9")
ends(signal.SIGTERM, "port 0")

with tempfile.TemporaryDirectory() as folder:
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    port, path = free_port(), f"{folder}/control:1"
    solo = Solo("-d", f"cmdport {port}", f"bindcmdaddress {path}",
                "server 127.0.0.2 port 9 iburst")
    expect("without permission it measures", "not permitted to steer" in
           solo.log, solo.log)
    answers("tockctl by UDP", TOCKCTL, "-h", "127.0.0.1", "-p", str(port),
            "sources")
    answers("tockctl by a path, as it is", TOCKCTL, "-h", path, "sources")
    chronyc = debian.program(BUILD, "chrony", "usr/bin/chronyc")
    answers("chronyc by UDP", chronyc, "-n", "-h", "127.0.0.1", "-p", str(port),
            "sources")
    answers("chronyc by the path", chronyc, "-n", "-h", path, "sources")
    for how, may in (("127.0.0.1", False), (path, True)):
        done = run(chronyc, "-h", how, "-p", str(port), "offline")
        expect(f"changes by {how}: {'' if may else 'not '}allowed",
               ("Not authorised" in done.stdout) != may, done.stdout)
    begin = time.monotonic()
    status, took = solo.end(signal.SIGTERM)
    expect("and it ends", status == 0 and took < 2, f"{took:.2f} s")

without_workers()
done = run(PROGRAM, "-p", "server 127.0.0.2 iburst", "driftfile /tmp/drift")
expect("-p prints the configuration", done.returncode == 0 and
       done.stdout == "server 127.0.0.2 iburst\ndriftfile /tmp/drift\n",
       done.stdout)
done = run(PROGRAM, "sever 127.0.0.2")
expect("a bad line ends it", done.returncode == 1 and
       "did you mean server" in done.stdout, done.stdout)
begin = time.monotonic()
done = run(PROGRAM, "-Q", "-t", "1", "server 127.0.0.2 port 9 iburst")
expect("-Q gives up in time", done.returncode == 1 and
       time.monotonic() - begin < 4, done.stdout)
done = run(PROGRAM, "-d", "-t", "1", "-x", "server name.invalid")
expect("a name that is none is tried again", done.returncode == 1 and
       "source name.invalid:" in done.stdout, done.stdout)
finish()
