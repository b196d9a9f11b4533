# SPDX-License-Identifier: ISC
"""What the system tests share: a world of their own, and a live tockd in it.

A test is a program.  It calls alone() first, which moves it into mount and
network namespaces where /run and /var/lib are empty, so that nothing on the
host is touched but the clock; the clock is touched only inside clock(), which
takes the lock that all such tests share and puts the clock back.

Facts are told with check(); main() turns them into the exit status.
"""
import contextlib
import ctypes
import fcntl
import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOCK_BUILD", ROOT / "build")).resolve()
sys.path[:0] = [str(ROOT / "tests/reference")]
import keepclock                                        # noqa: E402

SKIP = 77
CLOCK_LOCK = "/run/lock/tock-clock.lock"
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC, MS_PRIVATE, MS_BIND = 0x4000, 1 << 18, 0x1000
MS_NOSUID, MS_NODEV = 2, 4
CAP_SYS_TIME = 25
ROLES = ("tock-clock", "tock-engine", "tock-resolver")

libc = ctypes.CDLL(None, use_errno=True)
state = {"failed": 0}
clock_lock = None


def check(is_true, fact):
    """Prints the fact, and remembers when it is none."""
    print(("ok      " if is_true else "FAILED  ") + fact, flush=True)
    if not is_true:
        state["failed"] += 1
    return bool(is_true)


def skip(why):
    print(why)
    sys.exit(SKIP)


def main(*tests):
    """Runs the functions, each in a folder of its own, and exits."""
    for test in tests:
        print(test.__name__.replace("_", " "), flush=True)
        with tempfile.TemporaryDirectory(dir="/run") as name:
            folder = pathlib.Path(name)
            folder.chmod(0o755)
            failed = state["failed"]
            try:
                test(folder)
            except Exception as error:      # also tells what is in the logs
                check(False, f"{type(error).__name__}: {error}")
            if state["failed"] > failed:
                for log in sorted(folder.glob("*.log")):
                    print(f"{log.name}:\n{log.read_text()[-3000:]}")
    sys.exit(1 if state["failed"] else 0)


def call(result, what):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def mount(source, target, kind, flags, data=None):
    call(libc.mount(str(source).encode(), str(target).encode(),
                    kind and kind.encode(), ctypes.c_ulong(flags),
                    data and data.encode()), f"mount {target}")


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS


def own_root():
    """Nothing that is mounted from here on is seen outside.  Inside a chroot
    "/" is no mount point; it becomes one by way of a private place."""
    if libc.mount(b"", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE),
                  None) == 0:
        return
    stage = "/proc"
    mount("", stage, None, MS_PRIVATE)
    mount("test", stage, "tmpfs", 0)
    os.mkdir(f"{stage}/root")
    mount("/", f"{stage}/root", None, MS_BIND | MS_REC)
    os.chroot(f"{stage}/root")
    os.chdir("/")
    mount("", "/", None, MS_REC | MS_PRIVATE)
    call(libc.umount2(stage.encode(), 0), f"unmount {stage}")


def alone(network=True):
    """Into namespaces of our own; skips the test without root.  An empty /run
    keeps the host's /run/systemd, for names, and the lock of the clock.  The
    programs are also found in /run, where an ordinary user may run them."""
    global clock_lock, BUILD
    if os.geteuid() != 0:
        skip("needs root")
    os.makedirs(os.path.dirname(CLOCK_LOCK), exist_ok=True)
    clock_lock = open(CLOCK_LOCK, "w")
    if libc.unshare(CLONE_NEWNS | (CLONE_NEWNET if network else 0)) < 0:
        skip("needs the right to make namespaces")
    own_root()
    kept = os.open("/run/systemd", os.O_PATH) \
        if os.path.isdir("/run/systemd") else None
    for place in ("/run", "/var/lib"):
        mount("test", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    if kept is not None:
        os.mkdir("/run/systemd")
        mount(f"/proc/self/fd/{kept}", "/run/systemd", None, MS_BIND | MS_REC)
        os.close(kept)
    own_hosts()
    os.mkdir("/run/build")
    mount(BUILD, "/run/build", None, MS_BIND)
    BUILD = pathlib.Path("/run/build")
    if network:
        loopback_up()


def own_hosts():
    """A freshly bootstrapped Debian has no /etc/hosts, which is where names
    begin: then /etc becomes a copy that has one."""
    if os.path.exists("/etc/hosts"):
        return
    shutil.copytree("/etc", "/run/etc-copy", symlinks=True)
    pathlib.Path("/run/etc-copy/hosts").write_text("127.0.0.1 localhost\n")
    mount("/run/etc-copy", "/etc", None, MS_BIND)


@contextlib.contextmanager
def clock():
    """The real clock, for one test at a time; yields keepclock's keeper."""
    if not keepclock.can_set():
        skip("needs the right to set the clock")
    fcntl.flock(clock_lock, fcntl.LOCK_EX)
    try:
        with keepclock.kept() as keeper:
            yield keeper
    finally:
        fcntl.flock(clock_lock, fcntl.LOCK_UN)


def subtree_gone(*paths):
    """rm -rf, in the namespace's own /run and /var/lib."""
    for path in paths:
        assert path.startswith(("/run/", "/var/lib/"))
        if os.path.islink(path):
            os.unlink(path)
        shutil.rmtree(path, ignore_errors=True)


def status(pid):
    """/proc/PID/status as a dictionary of words."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {line.split(":")[0]: line.split(":")[1].split()
            for line in text.splitlines() if ":" in line}


def capabilities(pid, which="CapPrm"):
    return int(status(pid)[which][0], 16)


def uid_of(user):
    return pwd.getpwnam(user).pw_uid


def gid_of(group):
    return grp.getgrnam(group).gr_gid


def is_alive(pid):
    """False for a zombie too."""
    try:
        return status(pid)["State"][0] != "Z"
    except (OSError, IndexError):
        return False


def until(condition, patience=5.0, interval=0.01):
    """Waits for it; the seconds that took, or None when it never came."""
    start = time.monotonic()
    while time.monotonic() < start + patience:
        if condition():
            return time.monotonic() - start
        time.sleep(interval)
    return None


def name_of(pid):
    try:
        argv = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return os.path.basename(argv[0].decode())
    except OSError:
        return ""


def children(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


class Tockd:
    """A tockd in the foreground, as a service manager would start it.  Without
    lines it finds its configuration itself."""

    def __init__(self, folder, lines, *options, env=None, prefix=()):
        self.log = folder / "tockd.log"
        self.conf = folder / "tock.conf"
        conf = [] if lines is None else ["-f", self.conf]
        self.conf.write_text("".join(line + "\n" for line in lines or []))
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        where = folder / "notify"
        where.unlink(missing_ok=True)
        self.notify.bind(str(where))
        where.chmod(0o666)
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [*prefix, BUILD / "tockd", "--devel", "-d", *conf,
                 *map(str, options)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(env or {}),
                     "NOTIFY_SOCKET": str(where)})
        self.pid = self.process.pid

    def wait_ready(self, patience=10):
        """True once READY=1 came."""
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            self.notify.settimeout(min(left, 0.1))
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in self.notify.recv(4096):
                    return True
            if self.process.poll() is not None:
                return False
        return False

    def roles(self):
        """{"tock-clock": pid, ...} of those that live."""
        pids = [self.pid, *children(self.pid)]
        return {name_of(pid): pid for pid in pids if is_alive(pid)}

    def settle(self):
        """Waits until every role is its own program, with its filter on; the
        others may still be at it when READY=1 comes."""
        until(lambda: set(self.roles()) == set(ROLES) and all(
            status(pid)["Seccomp"] == ["2"] for pid in self.roles().values()),
            2)

    def wait(self, patience=10):
        """The exit status, or None if it does not end."""
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return None

    def text(self):
        return self.log.read_text()

    def says(self, pattern, patience=5):
        """Waits for a line of the log."""
        return until(lambda: re.search(pattern, self.text()),
                     patience) is not None

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        result = self.wait()
        if result is None:
            self.process.kill()
            self.process.wait()
        self.notify.close()
        return result


@contextlib.contextmanager
def tockd(folder, lines, *options, keeper=None, **more):
    """A live tockd, confined and ready, ended with the block."""
    daemon = Tockd(folder, lines, *options, **more)
    if keeper:
        keeper.watch(daemon.pid)
    try:
        if not daemon.wait_ready():
            raise RuntimeError("tockd did not become ready")
        daemon.settle()
        yield daemon
    finally:
        daemon.stop()
