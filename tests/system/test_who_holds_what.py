#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What each process of a live tockd has: users, capabilities, filters, files.

Everything is read from /proc, from outside; nothing is asked of the daemon.
"""
import os
import pathlib
import re
import socket
import stat

import lib

# Directories of the host that each role may see, and whether it may write.
SEES = {
    "tock-clock": {"/run/tock/clock": "rw", "/var/lib/tock/clock": "rw"},
    "tock-resolver": {"/etc": "ro", "/usr": "ro", "/lib": "ro",
                      "/lib64": "ro", "/run/systemd/resolve": "ro"},
    "tock-engine": {"/run/chrony": None, "/run/tock": None,
                    "/var/lib/tock": None, "/var/lib/tock/clock": None},
}
USERS = {"tock-clock": "_tockclock", "tock-engine": "_tock",
         "tock-resolver": "_tockdns"}
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def fds(pid):
    """{number: what it leads to}"""
    base = pathlib.Path(f"/proc/{pid}/fd")
    return {int(fd.name): os.readlink(fd) for fd in base.iterdir()}


def inodes(pid, *tables):
    """Inodes of the sockets in these tables of the process's network."""
    found = set()
    for table in tables:
        path = pathlib.Path(f"/proc/{pid}/net/{table}")
        lines = path.read_text().splitlines()[1:] if path.exists() else []
        at = 6 if table == "unix" else 9
        found |= {line.split()[at] for line in lines}
    return found


def socket_inodes(pid):
    return {m[1] for target in fds(pid).values()
            if (m := re.match(r"socket:\[(\d+)\]", target))}


def has_ip_socket(pid):
    return bool(socket_inodes(pid) & inodes(
        pid, "udp", "udp6", "tcp", "tcp6", "raw", "raw6", "udplite"))


def mounts(pid):
    """{mount point: ("rw" or "ro", flags)}"""
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().split("\n"):
        words = line.split()
        if words:
            found[words[4]] = words[5].split(",")
    return found


def limit(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/limits").read_text().split("\n"):
        if line.startswith(name):
            return line[len(name):].split()[0]
    return None


def users_and_capabilities(roles):
    uids = {role: lib.status(pid)["Uid"] for role, pid in roles.items()}
    for role, pid in roles.items():
        st = lib.status(pid)
        uid = str(lib.uid_of(USERS[role]))
        lib.check(st["Uid"] == [uid] * 4, f"{role} is {USERS[role]} in all "
                  f"four uids: {st['Uid']}")
        lib.check(st["NoNewPrivs"] == ["1"], f"{role} has no_new_privs")
        lib.check(st["Seccomp"] == ["2"], f"{role} has a filter")
    lib.check(len({ids[0] for ids in uids.values()}) == len(roles),
              "no two roles share a uid")
    sets = {role: {name: lib.capabilities(pid, name) for name in SETS}
            for role, pid in roles.items()}
    time = 1 << lib.CAP_SYS_TIME
    lib.check(sets["tock-clock"] == {
        "CapInh": 0, "CapPrm": time, "CapEff": time, "CapBnd": 0,
        "CapAmb": 0}, f"the clock has CAP_SYS_TIME alone: "
        f"{ {k: hex(v) for k, v in sets['tock-clock'].items()} }")
    for role in ("tock-engine", "tock-resolver"):
        lib.check(not any(sets[role].values()),
                  f"{role} has no capability in any set")
    lib.check(sum(bool(s["CapPrm"] & time) for s in sets.values()) == 1,
              "exactly one process can set the clock")


def sockets(roles):
    for role, pid in roles.items():
        if has_ip_socket(pid):
            lib.check(not any(lib.capabilities(pid, name) for name in SETS),
                      f"{role} has an IP socket and no capability")
    lib.check(has_ip_socket(roles["tock-engine"]), "the engine has IP sockets")
    lib.check(not has_ip_socket(roles["tock-clock"]), "the clock has none")
    net = {role: os.readlink(f"/proc/{pid}/ns/net")
           for role, pid in roles.items()}
    lib.check(net["tock-clock"] not in (net["tock-engine"],
                                        os.readlink("/proc/self/ns/net")),
              "the clock has a network namespace of its own")
    devices = pathlib.Path(
        f"/proc/{roles['tock-clock']}/net/dev").read_text().splitlines()[2:]
    lib.check([d.split(":")[0].strip() for d in devices] in (["lo"], []),
              "with no interface but lo in it")


def descriptors(roles):
    allowed = {
        "tock-clock": {0, 1, 2, 3, 4, 5, 6, 7, 8},
        "tock-resolver": {0, 1, 2, 3, 7},
    }
    for role, numbers in allowed.items():
        held = fds(roles[role])
        # What a role opens itself is checked by kind: no foreign file.
        extra = {fd: to for fd, to in held.items() if fd not in numbers}
        odd = {fd: to for fd, to in extra.items()
               if not to.startswith(("anon_inode:", "/"))}
        files = {fd: to for fd, to in extra.items() if to.startswith("/")
                 and not to.endswith(tuple(SEES[role]))}
        lib.check(not odd and not files,
                  f"{role} holds its table of descriptors {odd or files or ''}")
    for fd, to in fds(roles["tock-engine"]).items():
        if fd > 2 and to.startswith("/") and fd != 7:
            mode = os.stat(f"/proc/{roles['tock-engine']}/fd/{fd}").st_mode
            lib.check(stat.S_ISDIR(mode), f"engine's {fd}: {to} is a directory")


def private_roots(roles, conf_dir):
    for role, pid in roles.items():
        lib.check(os.readlink(f"/proc/{pid}/ns/mnt") !=
                  os.readlink("/proc/self/ns/mnt"),
                  f"{role} has a mount namespace of its own")
        seen = mounts(pid)
        root = seen.pop("/", [])
        lib.check({"ro", "nosuid", "nodev", "noexec"} <= set(root),
                  f"{role}: / is read-only, nosuid, nodev, noexec")
        may = dict(SEES[role])
        if role == "tock-engine":
            may[str(conf_dir)] = "ro"
        strangers = [m for m in seen if not any(
            m == d or m.startswith(d + "/") for d in may)]
        lib.check(not strangers, f"{role} sees only {sorted(seen)} "
                  f"{strangers or ''}")
        for point, flags in seen.items():
            lib.check({"nosuid", "nodev"} <= set(flags),
                      f"{role}: {point} is nosuid, nodev")
            if may.get(point):
                lib.check(may[point] in flags, f"{role}: {point} is "
                          f"{may[point]}")
        plain = [str(p) for p in pathlib.Path(f"/proc/{pid}/root").iterdir()
                 if not p.is_dir() or p.is_symlink()]
        lib.check(not plain, f"{role}: no file of the host in its root")
        closed = [str(p) for p in pathlib.Path(f"/proc/{pid}/root").iterdir()
                  if p.stat().st_mode & 0o555 != 0o555]
        lib.check(not closed, f"{role} can walk its root {closed or ''}")
        lib.check(os.path.samefile(f"/proc/{pid}/cwd", f"/proc/{pid}/root"),
                  f"{role} stands in /")


def limits(roles):
    for role, pid in roles.items():
        lib.check(limit(pid, "Max core file size") == "0",
                  f"{role} leaves no core")
        files = int(limit(pid, "Max open files"))
        lib.check(files <= 4096, f"{role} opens at most {files} files")
        processes = limit(pid, "Max processes")
        lib.check(processes == "0" or role == "tock-resolver",
                  f"{role} starts at most {processes} processes")
        # Not dumpable: its /proc entries are root's.
        lib.check(os.stat(f"/proc/{pid}/fd").st_uid == 0,
                  f"{role} is not dumpable")
        environ = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        lib.check(environ == b"", f"{role} has no environment")


def strangers_cannot(roles):
    """An ordinary user, and the role's own user, look at the sockets."""
    for path, mode in (("/run/tock/monitor.sock", 0o666),
                       ("/run/tock/control.sock", 0o660),
                       ("/run/chrony/chronyd.sock", 0o660)):
        if not lib.check(os.path.exists(path), f"{path} is there"):
            continue
        st = os.stat(path)
        lib.check(st.st_mode & 0o777 == mode, f"{path} has mode {mode:o}")
    lib.check(os.stat("/run/chrony").st_mode & 0o777 == 0o750,
              "/run/chrony has mode 750")
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        refused = 0
        for path in ("/run/tock/control.sock", "/run/chrony/chronyd.sock"):
            for kind in (socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_UNIX, kind) as s:
                    try:
                        s.connect(path)
                    except PermissionError:
                        refused += 1
                    except OSError:
                        pass
        os._exit(0 if refused == 4 else 1)
    lib.check(os.waitpid(pid, 0)[1] == 0,
              "an ordinary user reaches no control socket")


def a_live_daemon(folder):
    with lib.clock() as keeper, lib.tockd(
            folder, ["server 127.0.0.1 port 9",
                     "driftfile /var/lib/tock/drift"],
            keeper=keeper) as daemon:
        roles = daemon.roles()
        lib.check(set(roles) == set(lib.ROLES) and
                  roles["tock-clock"] == daemon.pid,
                  f"three processes, the clock is the main one: {roles}")
        users_and_capabilities(roles)
        sockets(roles)
        descriptors(roles)
        private_roots(roles, folder)
        limits(roles)
        strangers_cannot(roles)


lib.alone()
lib.main(a_live_daemon)
