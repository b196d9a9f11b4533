# SPDX-License-Identifier: ISC
"""The servers that are compared, and the two hosts that they run on.

The servers are on this namespace's side of a pair of virtual interfaces, the
load generator on the other, where a whole prefix of addresses is local.  All
servers live at the same time, each on its own port, on one processor; the
generator has another.
"""
import contextlib
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference"),
                str(ROOT / "tests/interop")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402
import reference                                        # noqa: E402

SERVER, GENERATOR = "10.0.0.1", "10.0.0.2"
PREFIX, FIRST = "10.64.0.0/10", "10.64.0.1"     # of the clients: four millions
SPACE = "generator"
CHRONYD = "usr/sbin/chronyd"
CPUS = sorted(os.sched_getaffinity(0))
KEY = "7 SHA1 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"

# A server of its own time, that answers everybody here, by both protocols.
# The rules are more than one, and the limit is there but never met.
SERVING = [
    "local stratum 5", "cmdport 0",
    "allow fd00::/8", "allow 10.0.0.0/8", "deny 10.250.0.0/16",
    "deny 172.16.0.0/12", "allow 172.16.9.0/24", "deny 192.168.0.0/16", "allow 192.168.7.0/24",
]
UNLIMITED = "ratelimit interval -19 burst 255 leak 2"
LIMITED = "ratelimit interval 3 burst 8 leak 2"
SOURCES = 4             # of the daemons at rest


def ip(*words, space=None):
    inside = ["ip", "netns", "exec", space] if space else []
    subprocess.run([*inside, "ip", *words], check=True)


def make_hosts():
    """After lib.alone()."""
    ip("netns", "add", SPACE)
    ip("link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns",
       SPACE)
    for name, address, space in (("v0", SERVER, None),
                                 ("v1", GENERATOR, SPACE)):
        ip("address", "add", f"{address}/24", "dev", name, space=space)
        ip("link", "set", name, "up", space=space)
    ip("link", "set", "lo", "up", space=SPACE)
    ip("route", "add", "local", PREFIX, "dev", "lo", space=SPACE)
    ip("route", "add", PREFIX, "via", GENERATOR)


def pinned(*cpus):
    return ["taskset", "-c", ",".join(map(str, cpus))]


class Server:
    """A daemon that serves on a port, with all its processes."""

    def __init__(self, name, port, pid):
        self.name, self.port, self.pid = name, port, pid

    def pids(self):
        """The first one's, and those of all below it."""
        found = [self.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                found += lib.children(pid)
        return [pid for pid in found if lib.is_alive(pid)]

    def tasks(self, file):
        """What /proc has in that file for every thread."""
        for pid in self.pids():
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                yield (task / file).read_text()

    def cpu(self):
        """s of processor time so far."""
        return sum(int(text.split()[0])
                   for text in self.tasks("schedstat")) * 1e-9

    def memory(self):
        """Proportional set size of all processes, kB."""
        return sum(int(line.split()[1]) for pid in self.pids()
                   for line in pathlib.Path(f"/proc/{pid}/smaps_rollup")
                   .read_text().splitlines() if line.startswith("Pss:"))


def key_file(folder):
    key, kind, secret = KEY.split()
    file = folder / "keys"
    file.write_text(f"{key} {kind} HEX:{secret}\n")
    file.chmod(0o640)
    return f"keyfile {file}"


def folder_of(name, port):
    folder = pathlib.Path(f"/run/{name.replace(' ', '-')}-{port}")
    folder.mkdir()
    folder.chmod(0o755)
    return folder


@contextlib.contextmanager
def tockd(name, port, lines, cpus=CPUS[:1]):
    """With a /run/tock of its own, so that there may be several."""
    folder = folder_of(name, port)
    os.makedirs("/run/tock", exist_ok=True)
    mount = "mount -t tmpfs -o mode=755 none /run/tock && exec \"$@\""
    with lib.tockd(folder, [f"port {port}", key_file(folder), *lines], "-x",
                   prefix=[*pinned(*cpus), "unshare", "--mount", "sh", "-c",
                           mount, "sh"]) as daemon:
        yield Server(name, port, daemon.pid)


@contextlib.contextmanager
def chronyd(name, port, lines):
    """As Debian starts it, with its filter; it may not set the clock."""
    folder = folder_of(name, port)
    conf = folder / "chrony.conf"
    conf.write_text("\n".join([
        f"port {port}", key_file(folder), *lines,
        f"bindcmdaddress {folder}/command/chronyd.sock",
        f"pidfile {folder}/chronyd.pid", ""]))
    with open(folder / "chronyd.log", "w") as log, reference.program(
            *pinned(CPUS[0]), "setpriv", "--bounding-set", "-sys_time",
            debian.unpacked(lib.BUILD, "chrony") / CHRONYD, "-x", "-d", "-F",
            "1", "-U", "-u", "root", "-f", conf,
            stdout=log, stderr=log) as process:
        yield Server(name, port, process.pid)


@contextlib.contextmanager
def minimal(name, port, lines=()):
    with reference.program(*pinned(CPUS[0]),
                           lib.BUILD / "tests/bench/server/minimal", SERVER,
                           port) as process:
        yield Server(name, port, process.pid)


@contextlib.contextmanager
def at_rest():
    """Both daemons with the same sources, and nobody who asks them."""
    with contextlib.ExitStack() as stack:
        lines = ["cmdport 0"]
        for i in range(1, SOURCES + 1):
            upstream = stack.enter_context(reference.serving(
                lib.BUILD, f"/run/anchor{i}", address=f"127.0.1.{i}"))
            lines.append(f"server 127.0.1.{i} port {upstream.port} iburst")
        yield [stack.enter_context(start(start.__name__, port, lines))
               for start, port in ((tockd, 1001), (chronyd, 1002))]


def load(server, *options, cpus=CPUS[-1:]):
    """Runs the generator; returns what it tells, and the s of processor time
    that the server took meanwhile."""
    before = server.cpu()
    done = subprocess.run(
        ["ip", "netns", "exec", SPACE, *pinned(*cpus),
         lib.BUILD / "tests/bench/server/load", "--spin", *map(str, options),
         SERVER, str(server.port), FIRST], text=True, stdout=subprocess.PIPE)
    if done.returncode not in (0, 2):
        raise RuntimeError(f"load: exit {done.returncode}")
    told = json.loads(done.stdout)
    told["cpu"] = server.cpu() - before
    return told
