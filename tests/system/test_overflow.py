#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Requests that come while the engine does not run: the queue takes thousands
of them, which are answered afterwards; the others are counted, and told."""
import json
import os
import signal
import socket
import subprocess

import lib

PORT = 11123
SO_RCVBUFFORCE = 33      # Linux, which the module does not name
FLOOD = 20000
REQUEST = b"\x23" + bytes(47)


def stats():
    done = subprocess.run([lib.BUILD / "tockctl", "--json", "serverstats"],
                          capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def answers(client):
    n = 0
    try:
        while client.recv(100):
            n += 1
    except TimeoutError:
        pass
    return n


def what_is_lost_is_counted(folder):
    with lib.tockd(folder, [f"port {PORT}", "allow", "local"],
                   "-x") as daemon, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        client.connect(("127.0.0.1", PORT))
        client.send(REQUEST)
        lib.check(answers(client) == 1, "a request is answered")
        lib.check(stats().get("queue_dropped") == 0, "none is lost")

        engine = daemon.roles()["tock-engine"]
        os.kill(engine, signal.SIGSTOP)
        for _ in range(FLOOD):
            client.send(REQUEST)
        os.kill(engine, signal.SIGCONT)
        answered = answers(client)
        client.send(REQUEST)
        answered += answers(client)
        lost = stats()["queue_dropped"]
        lib.check(answered > 1000,
                  f"{answered} that came while it stood still are answered")
        lib.check(lost > 0 and answered + lost == FLOOD + 1,
                  f"the other {lost} are counted")
        lib.check(stats()["ntp"] == answered + 1, "nothing else is")


lib.alone()
lib.main(what_is_lost_is_counted)
