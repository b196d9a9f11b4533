#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tockd serves the programs that ask for the time once and print it.

Each runs on a host of its own and must find the clock that both share: an
offset near nothing, and the right stratum where it tells.
"""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import hosts                                            # noqa: E402
import lib                                              # noqa: E402
from test_server import KEYS, key_file, tockd           # noqa: E402

PACKAGES = ("ntpsec-ntpdig", "ntpsec-ntpdate", "python3-ntp", "rdate",
            "python3-ntplib", "monitoring-plugins-basic")
PLUGINS = "usr/lib/nagios/plugins"
NEAR = 0.005            # s; both ends read one clock, on a busy machine
TRIES = 3               # and such an answer may be late

# ntpdig signs with SHA256 in version 4, but leaves the digest 32 bytes long:
# that looks like an extension field, and a wrong one (RFC 7822 section 7.5).
# Neither chronyd nor ntpsec's ntpd answers it.
NTPDIG_KEYS = ("MD5", "SHA1", "AES128")

NTPLIB = """
import ntplib, sys
r = ntplib.NTPClient().request(sys.argv[1], version=int(sys.argv[2]))
print("offset", f"{r.offset:.9f}", "stratum", r.stratum, "leap", r.leap)
"""


def asked(host, what, pattern, *argv, **more):
    """One line: the program's offset is near, by its own words.  Group 1 of
    the pattern is the offset, 2 the stratum, if it tells that."""
    for _ in range(TRIES):
        said, status = host.run(*argv, **more)
        found = re.search(pattern, said)
        if found and abs(float(found[1])) < NEAR:
            break
    if not found:
        print(said)
        lib.check(False, f"{what}: status {status}, no time")
        return
    lib.check(status == 0 and abs(float(found[1])) < NEAR and
              found.groups()[1:] in ((), ("2",)),
              f"{what}: {float(found[1]) * 1e6:.1f} us off" +
              (f", stratum {found[2]}" if found.re.groups > 1 else ""))


def ntp_keys(folder, keys):
    """The same keys as ntpsec spells them."""
    path = folder / "ntp.keys"
    path.write_text(re.sub(r"AES(\d+)", r"AES-\1",
                           keys.read_text().replace("HEX:", "")))
    return path


def askers(folder):
    trees = {name: debian.unpacked(lib.BUILD, name) for name in PACKAGES}
    env = debian.environment(*trees.values())
    keys = key_file(folder / "keys")
    host = hosts.Host(1)
    to = host.server
    ntpdig = r"([+-]\d+\.\d+) \+/- .* s(\d+) no-leap"
    with tockd(folder, f"keyfile {keys}", "allow 10.9.0.0/16",
               "allow fd09::/16"):
        asked(host, "ntpdig", ntpdig, "ntpdig", to, env=env)
        asked(host, "ntpdig -6", ntpdig, "ntpdig", "-6", host.server6, env=env)
        for i, (name, _) in KEYS.items():
            if name in NTPDIG_KEYS:
                asked(host, f"ntpdig, key {name}", ntpdig, "ntpdig", "-k",
                      ntp_keys(folder, keys), "-a", i, to, env=env)
        asked(host, "ntpdate -q", ntpdig, "ntpdate", "-q", to, env=env)
        asked(host, "rdate -n", r"by ([+-]?\d+\.\d+) seconds", "rdate",
              "-npv", to, env=env)
        for version in 2, 3, 4:
            asked(host, f"ntplib, version {version}",
                  r"offset (\S+) stratum (\d+) leap 0", "/usr/bin/python3",
                  "-c", NTPLIB, to, version, env=env)
        asked(host, "check_ntp_time", r"NTP OK: Offset (\S+) secs",
              trees["monitoring-plugins-basic"] / PLUGINS / "check_ntp_time",
              "-H", to, "-w", 1, "-c", 2, env=env)


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        for package in PACKAGES:
            debian.unpacked(lib.BUILD, package)
    lib.alone()
    lib.main(askers)
