#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Interleaved mode with Debian's chronyd as the server.

Its own count of interleaved answers tells whether we asked rightly; that we
believe them is seen in our samples.  ntpsec knows no such mode and is followed
all the same; so is chronyd without the option, in basic mode.
"""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402
from test_follow import follow, server                  # noqa: E402

INTERLEAVED = 8     # column of `chronyc -c serverstats`
SAMPLES = 8
AHEAD = 3          # samples with presend, each of which takes some seconds
NEAR = 200e-6       # s; both ends read one clock


def interleaved(chronyc, sock):
    """How many answers chronyd has sent in interleaved mode."""
    done = subprocess.run([chronyc, "-h", sock, "-c", "serverstats"],
                          capture_output=True, text=True)
    return int(done.stdout.split(",")[INTERLEAVED])


def measure(folder, *options, wanted=SAMPLES):
    """Samples that a source gave, and the offset of the newest."""
    def rows():
        found = reference.tockctl(lib.BUILD, "sourcestats")
        return found[0] if found and int(found[0]["samples"]) >= wanted else None

    line = "server 127.0.0.1 minpoll -1 maxpoll -1 " + " ".join(options)
    with lib.tockd(folder, [line], "-x"):
        lib.until(rows, 30, 0.2)
        row = rows() or {"samples": "0", "offset": "1"}
        return int(row["samples"]), abs(float(row["offset"]))


def chronyd_of_debian(folder):
    tree = debian.unpacked(lib.BUILD, "chrony")
    (folder / "cmd").mkdir(0o770)
    sock = folder / "cmd/chronyd.sock"
    conf = folder / "chrony.conf"
    conf.write_text("local stratum 5\nallow\ncmdport 0\n"
                    f"bindcmdaddress {sock}\npidfile {folder}/chronyd.pid\n")
    with server(folder, tree / "usr/sbin/chronyd", "-x", "-d", "-U", "-u",
                "root", "-f", conf):
        lib.until(sock.exists, 5)
        chronyc = tree / "usr/bin/chronyc"
        samples, offset = measure(folder)
        lib.check(samples >= SAMPLES and interleaved(chronyc, sock) == 0,
                  "without xleave no answer is interleaved")
        for wanted, *more in ((SAMPLES,), (AHEAD, "presend", "-1"),
                              (SAMPLES, "filter", "2")):
            before = interleaved(chronyc, sock)
            samples, offset = measure(folder, "xleave", *more, wanted=wanted)
            sent = interleaved(chronyc, sock) - before
            # the first sample is a basic one
            least = 2 * wanted if "presend" in more else wanted - 1
            lib.check(sent >= least, f"xleave {' '.join(more)}: {sent} "
                      "interleaved answers")
            lib.check(samples >= wanted and offset < NEAR,
                      f"{samples} samples, the clocks differ by "
                      f"{offset * 1e6:.1f} us")


def ntpd_of_ntpsec(folder):
    ntpd = debian.unpacked(lib.BUILD, "ntpsec") / "usr/sbin/ntpd"
    conf = folder / "ntp.conf"
    conf.write_text("restrict default\ntos orphan 5 orphanwait 1\n")
    with server(folder, ntpd, "-n", "-c", conf):
        follow(folder, "127.0.0.1", "xleave")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
        debian.program(lib.BUILD, "ntpsec", "usr/sbin/ntpd")
    lib.alone()
    lib.main(chronyd_of_debian, ntpd_of_ntpsec)
