#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A crowd of forged addresses costs tockd no memory and its clients nothing.

From a host come requests of 200 000 addresses (--long: a million), each as
soon as another is answered; the bench's load generator judges every answer.
Meanwhile a few clients ask steadily, which have to be served and to stay in
the log, and a few ask too often, which have to stay limited; afterwards five
hundred new ones come.  chronyc, Debian's and ours, and tockctl list the clients
all the time.
"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import hosts                                            # noqa: E402
import lib                                              # noqa: E402
from test_server import tockd                           # noqa: E402

CROWD = 1000000 if os.environ.get("TOCK_LONG") else 200000
OUTSTANDING = 64        # requests of them on their way
PREFIX = "10.64.0.0/10" # where all clients are
OFTEN, OFTEN_RATE = 20, 1000    # clients that ask steadily; together
ABUSERS, ABUSE_RATE = 5, 2500
FOREVER = 600           # s; until they are stopped
NEW = 500               # clients that come afterwards
LOG = 524288            # bytes, the default of clientloglimit
PLACES = LOG // 32
SLACK = 256 << 10       # bytes of memory that are not the log
INTERVAL, BURST, LEAK = -6, 16, 4       # 64 answers/s for each address
LOST = 0.01             # share that our own kernel may lose on a busy machine
KEPT = 0.5              # share of the counts that chance may not take away


class Load:
    """The generator on a host; what it tells, at the end."""

    def __init__(self, host, first, *options):
        self.process = subprocess.Popen(
            host.inside(lib.BUILD / "tests/bench/server/load", "--patience", 2,
                        *options, host.server, 123, first),
            stdout=subprocess.PIPE, text=True)

    def stop(self):
        self.process.terminate()

    def told(self):
        return json.loads(self.process.communicate()[0])


def memory(daemon):
    """Proportional set size of all processes, bytes."""
    return sum(int(line.split()[1]) << 10
               for pid in daemon.roles().values()
               for line in pathlib.Path(f"/proc/{pid}/smaps_rollup")
               .read_text().splitlines() if line.startswith("Pss:"))


def chronyc(*words, program=None):
    """Ours, unless another program is given."""
    done = subprocess.run(["chronyc", "-n", *words], text=True,
                          capture_output=True,
                          executable=program or lib.BUILD / "tockctl")
    return done.stdout.splitlines() if done.returncode == 0 else []


class Lister(threading.Thread):
    """Lists the clients again and again; how many rows there were, by who
    listed them."""

    def __init__(self, theirs):
        super().__init__()
        self.theirs, self.rows = theirs, {}
        self.ended = threading.Event()
        self.start()

    def look(self):
        ours = subprocess.run([lib.BUILD / "tockctl", "-c", "clients"],
                              text=True, capture_output=True)
        for name, lines in (
                ("tockctl", ours.stdout.splitlines()[1:]),
                ("our chronyc", chronyc("-c", "clients")),
                ("Debian's chronyc", chronyc("-c", "clients",
                                             program=self.theirs))):
            self.rows.setdefault(name, []).append(
                len({line.split(",")[0] for line in lines}))

    def run(self):
        while not self.ended.wait(0.2):
            self.look()

    def stop(self):
        self.ended.set()
        self.join()
        self.look()


def served(told, what, least=1.0):
    lib.check(told["wrong"] + told["stray"] == 0 and
              told["answered"] >= least * told["sent"] > 0,
              f"{what}: {told['answered']} of {told['sent']} requests are "
              f"answered, {told['wrong'] + told['stray']} wrongly")


def hits_of(addresses):
    """What the log says of the addresses: NTP requests."""
    rows = [line.split(",") for line in chronyc("-c", "clients")]
    return {row[0]: int(row[1]) for row in rows if row[0] in addresses}


def judge_abuse(told):
    """A burst and a rate for each, and one in 2^LEAK of what is above."""
    due = ABUSERS * (BURST + told["seconds"] * 2 ** -INTERVAL)
    most = 1.2 * (due + (told["sent"] - due) / 2 ** LEAK)
    lib.check(KEPT * due < told["answered"] < most < told["sent"] / 2,
              f"who asks too often: {told['answered']} of {told['sent']} "
              f"answered, {most:.0f} at most")


def crowd(folder):
    theirs = debian.unpacked(lib.BUILD, "chrony") / "usr/bin/chronyc"
    host = hosts.Host(1, crowd=PREFIX)
    with tockd(folder, "allow 10.0.0.0/8", f"ratelimit interval {INTERVAL} "
               f"burst {BURST} leak {LEAK}") as daemon:
        served(Load(host, "10.127.0.1", "--clients", 100, "--requests",
                    100).told(), "before")
        before = memory(daemon)
        often = Load(host, "10.126.0.1", "--clients", OFTEN, "--rate",
                     OFTEN_RATE, "--seconds", FOREVER)
        abuse = Load(host, "10.125.0.1", "--clients", ABUSERS, "--rate",
                     ABUSE_RATE, "--seconds", FOREVER)
        forged = Load(host, "10.64.0.1", "--clients", CROWD, "--requests",
                      CROWD, "--outstanding", OUTSTANDING)
        lister = Lister(theirs)
        served(forged.told(), "the crowd", 1 - LOST)
        grown = memory(daemon) - before
        abuse.stop()
        often.stop()
        lister.stop()
        told = often.told()
        served(told, "who asks steadily meanwhile", 1 - LOST)
        judge_abuse(abuse.told())
        hits = hits_of([f"10.126.0.{i + 1}" for i in range(OFTEN)])
        lib.check(len(hits) == OFTEN and
                  sum(hits.values()) > KEPT * told["sent"],
                  f"clients: {len(hits)} of these {OFTEN} are listed, with "
                  f"{sum(hits.values())} requests")
        for name, rows in lister.rows.items():
            lib.check(rows[-1] > 0.95 * PLACES and max(rows) <= PLACES,
                      f"{name}: {len(rows)} lists, {rows[-1]} clients in the "
                      "last")
        served(Load(host, "10.124.0.1", "--clients", NEW, "--requests",
                    NEW).told(), "new clients afterwards")
        hits = hits_of([f"10.124.{(i + 1) >> 8}.{(i + 1) & 255}"
                        for i in range(NEW)])
        lib.check(len(hits) == NEW, f"{len(hits)} of them are listed")
        lib.check(grown <= LOG + SLACK,
                  f"memory: {grown >> 10} kB more, the log has {LOG >> 10}")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/bin/chronyc")
    lib.alone()
    lib.main(crowd)
