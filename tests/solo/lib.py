# SPDX-License-Identifier: ISC
"""Runs tockd-solo, never as root: it must not touch the machine's clock."""
import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("TOCK_BUILD", "build")).resolve()
PROGRAM = BUILD / "tests/solo/tockd-solo"
SHIM = BUILD / "tests/solo/shim.so"
NOBODY = 65534


def anybody():
    """What subprocess needs to drop root."""
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


class Virtual:
    """A run in a world of SECONDS with a clock that is OFFSET_US ahead and
    PPB fast: its exit status, its log, the worst error (ns) of each ten
    minutes by their end in seconds, what it replied to ASK, which it is asked
    every ten minutes at a port (0: its Unix socket), and how it was at the
    end."""

    def __init__(self, arguments, seconds=3600, offset_us=50000, ppb=20000,
                 seed=1, ask_port=0, ask=None):
        assert SHIM.exists(), SHIM
        done = subprocess.run(
            [PROGRAM, *arguments], cwd="/", timeout=120, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **anybody(),
            env={"LD_PRELOAD": str(SHIM), "SHIM_SECONDS": str(seconds),
                 "SHIM_OFFSET_US": str(offset_us), "SHIM_PPB": str(ppb),
                 "SHIM_SEED": str(seed),
                 **({"SHIM_ASK": ask.hex(), "SHIM_ASK_PORT": str(ask_port)}
                    if ask else {})})
        self.status, self.log = done.returncode, done.stderr
        lines = [line.split() for line in done.stdout.splitlines()]
        self.worst = {int(a): int(b) for a, b in
                      (x for x in lines if len(x) == 2 and x[0].isdigit())}
        self.replies = [bytes.fromhex(x[1]) for x in lines
                        if x[:1] == ["reply"]]
        end = next((x for x in lines if x[:1] == ["end"]), None)
        assert end, f"status {self.status}: no end\n{self.log}{done.stdout}"
        self.seconds, self.error, self.waits, self.sockets = map(int, end[1::2])


failed = 0


def expect(fact, truth, shown=""):
    global failed
    failed += not truth
    print(f"{'ok' if truth else 'FAILED'}  {fact}  {shown}")


def finish():
    sys.exit(1 if failed else 0)
