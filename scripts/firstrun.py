#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Builds tock and lets it synchronise this machine's clock, to see it at work.

    sudo ./quickstart [--steer] [--clean]

It uses public time servers if they answer, and otherwise a small one of its
own on this machine; then the clock is put back at the end.  Where another
program already keeps the time, or the clock may not be set, tock only measures.

    --steer   steer the clock although another program does so, too
    --clean   remove the users and directories that this made; nothing else
              outside build/ was touched but Debian packages
"""
import contextlib
import fcntl
import os
import pathlib
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from prepare import (BUILD, BUILD_PACKAGES, ROOT, accounts, build, is_root,
                     make_accounts, packages, remove_accounts)

sys.path.insert(0, str(ROOT / "tests/reference"))
import keepclock                                        # noqa: E402
import reference                                        # noqa: E402

POOL = [f"{n}.pool.ntp.org" for n in range(4)]
POOL_WAIT = 10          # s
SYNC_WAIT = 30          # s from the daemon's start, with the own reference
SYNC_WAIT_POOL = 60
BURST = 8               # s of the first requests: the frequency is known then
GOOD = 0.001            # s: nearer than this, steering is shown to work
OFFSET, PPM = 0.005, 5  # how wrong the own reference lets the clock be
DIRECTORIES = ["/run/tock", "/run/chrony", "/var/lib/tock"]
PID_FILE = "/run/tock/tockd.pid"
CLOCK_LOCK = "/run/lock/tock-clock.lock"
LOG = BUILD / "quickstart.log"
CONF = BUILD / "quickstart.conf"
# Processes that keep the time, as /proc/PID/comm cuts their names.
OTHERS = {"chronyd": "chrony", "ntpd": "ntpd", "systemd-timesyn":
          "systemd-timesyncd", "ntp-daemon": "ntpd-rs", "phc2sys": "phc2sys",
          "ptp4l": "ptp4l", "openntpd": "OpenNTPD", "ntpdate": "ntpdate"}
CAP_SYS_TIME = 1 << 25


def heading(text):
    print(f"\n== {text}", flush=True)


def processes():
    """Name and number of everything that runs."""
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            yield comm.read_text().strip(), int(comm.parent.name)


def unit_of(pid):
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().split():
            if line.endswith(".service"):
                return ", " + line.rsplit("/", 1)[-1]
    return ""


def may_set_clock(pid):
    """Whether that process could steer: has the capability and no -x."""
    with contextlib.suppress(OSError):
        place = pathlib.Path(f"/proc/{pid}")
        capabilities = re.search(r"CapEff:\s*(\w+)",
                                 (place / "status").read_text())[1]
        arguments = (place / "cmdline").read_bytes().split(b"\0")
        return int(capabilities, 16) & CAP_SYS_TIME and b"-x" not in arguments
    return False


def other_daemon():
    """The program that keeps the time already, in words; or None."""
    for name, pid in processes():
        if name in OTHERS and may_set_clock(pid):
            return f"{OTHERS[name]} (process {pid}{unit_of(pid)})"
    return None


def refuse_second_tock():
    with contextlib.suppress(FileNotFoundError), open(PID_FILE) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:     # a daemon that lives holds the lock
            sys.exit(f"tock runs already (process {file.read().strip()}); "
                     "stop it first.")


def clean():
    refuse_second_tock()
    if pathlib.Path("/usr/sbin/tockd").exists():
        sys.exit("tock is installed here; its users and directories stay.")
    for directory in DIRECTORIES:
        with contextlib.suppress(FileNotFoundError, KeyError):
            owner = pwd.getpwuid(os.stat(directory).st_uid).pw_name
            if directory != "/run/chrony" or owner == "_tock":
                shutil.rmtree(directory)
    remove_accounts()
    print("Removed tock's users and directories.")


def ask(name, answered):
    """One SNTP request; adds the name where the answer is one."""
    stamp = secrets.token_bytes(8)
    with contextlib.suppress(OSError):
        for family, kind, protocol, _, where in socket.getaddrinfo(
                name, 123, type=socket.SOCK_DGRAM):
            with socket.socket(family, kind, protocol) as s:
                s.settimeout(3)
                s.connect(where)
                s.send(b"\x23" + bytes(39) + stamp)
                reply = s.recv(512)
            if len(reply) >= 48 and reply[0] & 7 == 4 and \
                    1 <= reply[1] <= 15 and reply[24:32] == stamp:
                answered.append(name)
                return


def public_servers():
    print(f"Asking {POOL[0]} to {POOL[-1]}, for {POOL_WAIT} s at most ... ",
          end="", flush=True)
    answered = []
    askers = [threading.Thread(target=ask, args=(name, answered), daemon=True)
              for name in POOL]
    end = time.monotonic() + POOL_WAIT
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(max(0, end - time.monotonic()))
    print(f"{len(answered)} answered." if answered else "no answer.")
    return sorted(answered)


def human(ahead):
    """Seconds that the clock is ahead, in words."""
    size = abs(ahead)
    unit, scale = ("s", 1) if size >= 1 else ("ms", 1e3) if size >= 1e-3 \
        else ("us", 1e6)
    return f"{size * scale:.3g} {unit} {'behind' if ahead < 0 else 'ahead'}"


def tracking():
    """Source, and the correction that is still to come, s; None while the
    daemon is not synchronised or does not answer."""
    for row in reference.tockctl(BUILD, "tracking"):
        if row["leap"] != "Not synchronised":
            return row["name"], float(row["correction"])
    return None


def wait_synchronised(daemon, limit, measure_only, scale):
    """Shows progress once a second.  True once the clock is right and the
    first burst is over."""
    start = time.monotonic()
    while time.monotonic() < start + limit:
        time.sleep(1)
        if daemon.poll() is not None:
            print("tockd ended.")
            return False
        state = tracking()
        text = "waiting for answers"
        if state:
            text = f"synchronised to {state[0]}; the clock is " \
                   f"{human(-state[1])} by tock's estimate"
        if scale:
            text += f", {human(scale.clock_error())} in truth"
        print(f"{time.monotonic() - start:4.0f} s  {text}", flush=True)
        if time.monotonic() < start + BURST:
            continue
        if state and (measure_only or abs(state[1]) < GOOD and
                      (not scale or abs(scale.clock_error()) < GOOD)):
            return True
    return False


def family(pid):
    """A process and its descendants."""
    yield pid
    with contextlib.suppress(OSError):
        children = f"/proc/{pid}/task/{pid}/children"
        for child in pathlib.Path(children).read_text().split():
            yield from family(int(child))


def show_processes(pid):
    print("  process  user         program          capabilities    filter")
    for p in family(pid):
        with contextlib.suppress(OSError, KeyError):
            text = pathlib.Path(f"/proc/{p}/status").read_text()
            status = dict(line.split(":\t", 1) for line in text.splitlines()
                          if ":\t" in line)
            user = pwd.getpwuid(int(status["Uid"].split()[0])).pw_name
            caps = int(status["CapPrm"], 16)
            held = {0: "none", CAP_SYS_TIME: "CAP_SYS_TIME"}.get(
                caps, f"{caps:#x}")
            name = os.path.basename(os.readlink(f"/proc/{p}/exe"))
            seccomp = "seccomp" if status["Seccomp"] == "2" else "none"
            print(f"  {p:<8} {user:<12} {name:<16} {held:<15} "
                  f"{seccomp}")


def show(pid):
    heading("Its processes")
    show_processes(pid)
    for command in ("status", "sources", "tracking"):
        heading(f"tockctl {command}")
        subprocess.run([BUILD / "tockctl", command],
                       stdin=subprocess.DEVNULL)


def failed():
    heading(f"The end of {LOG}")
    print("\n".join(LOG.read_text(errors="replace").splitlines()[-25:]))
    sys.exit("Not synchronised.")


def run(servers, scale, measure_only, keeper):
    lines = [*servers, "makestep 1 3"]
    if not scale:
        lines.append("driftfile /var/lib/tock/clock/drift")
    if other_daemon():          # it may be chronyd: leave it its sockets
        lines += ["cmdport 0", "bindcmdaddress /"]
    CONF.write_text("".join(line + "\n" for line in lines))
    command = [BUILD / "tockd", "--devel", "-d", *["-x"] * measure_only,
               "-f", CONF]
    heading("Starting the daemon" + " (it only measures)" * measure_only)
    print(" ".join(map(str, command)))
    print(f"Its messages go to {LOG}.")
    with open(LOG, "w") as log, \
            reference.program(*command, keeper=keeper, stderr=log,
                              stdout=log) as daemon:
        limit = SYNC_WAIT if scale else SYNC_WAIT_POOL
        if not wait_synchronised(daemon, limit, measure_only, scale):
            failed()
        show(daemon.pid)
    if daemon.returncode != 0:
        print(f"tockd ended with status {daemon.returncode}.")
        failed()


def lock_clock():
    """One program at a time steers the clock for a test."""
    os.makedirs(os.path.dirname(CLOCK_LOCK), exist_ok=True)
    lock = open(CLOCK_LOCK, "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("A test steers the clock now; waiting for its end.", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def choose_mode(steer):
    """Whether tock may only measure; says why."""
    other = other_daemon()
    if not keepclock.can_set():
        print("This process may not set the clock: tock only measures.")
        return True
    if other and not steer:
        print(f"{other} keeps the time here: tock only measures. "
              "(--steer overrides.)")
        return True
    if other:
        print(f"{other} steers the clock as well: expect a fight.")
    return False


def give_build_back():
    """The build belongs to who called sudo, so that ./test can use it."""
    uid, gid = os.environ.get("SUDO_UID"), os.environ.get("SUDO_GID")
    if uid and gid:
        subprocess.run(["chown", "-R", f"{uid}:{gid}", BUILD])


def main():
    words = set(sys.argv[1:])
    if words - {"--steer", "--clean"}:
        sys.exit(__doc__.strip())
    if not is_root():
        sys.exit("Please run: sudo ./quickstart")
    if "--clean" in words:
        return clean()
    refuse_second_tock()
    heading("Building")
    if not packages(*BUILD_PACKAGES):
        sys.exit(1)
    make_accounts()
    if not build():
        sys.exit("The build failed.")
    users = [name for kind, name, *_ in accounts() if kind == "u"]
    print(f"Built in {BUILD.name}/; it runs as the users {', '.join(users)}.")
    try:
        heading("Choosing a time source")
        measure_only = choose_mode("--steer" in words)
        names = public_servers()
        if names:
            run([f"server {n} iburst" for n in names], None, measure_only, None)
            print("\nSynchronised. tockd was stopped; the clock stays right.")
            return
        print(f"Using a reference server on this machine, {OFFSET * 1e3:.0f} "
              f"ms and {PPM} ppm away from the clock.")
        with contextlib.ExitStack() as stack:
            keeper = None
            if not measure_only:
                stack.enter_context(lock_clock())
                keeper = stack.enter_context(keepclock.kept())
            server = stack.enter_context(reference.serving(
                BUILD, BUILD / "quickstart.anchor", OFFSET, PPM,
                keeper=keeper))
            run([f"server 127.0.0.1 port {server.port} iburst minpoll 2 "
                 "maxpoll 4"], server.scale, measure_only, keeper)
        print("\nSynchronised. tockd was stopped" +
              ("." if measure_only else " and the clock put back."))
    finally:
        give_build_back()


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
