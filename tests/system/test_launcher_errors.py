#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What tockd says when it cannot start: why, and what to do; status 1."""
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess

import lib

SERVER = "server 127.0.0.1 port 9"


def run(*argv, program=None, timeout=15, **options):
    """(status, what it wrote on stderr) of a tockd that should end soon."""
    done = subprocess.run([program or lib.BUILD / "tockd", *map(str, argv)],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=timeout, **options)
    return done.returncode, done.stderr


def fails(pattern, status_and_text, what):
    status, text = status_and_text
    lib.check(status == 1 and re.search(pattern, text) is not None,
              f"{what}: status {status}, {text.strip()[-200:]!r}")


def bad_options(folder):
    fails("option -Z: there is no such option", run("-Z"), "unknown option")
    fails("option -L: bad value \"9\"", run("-L", "9"), "bad value")
    fails("not built yet", run("-m"), "option that is not built")


def too_few_files(folder):
    def limit(soft, hard):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for n in 4, 8, 12, 16, 63:
        fails(f"only {n} files may be open, and tockd needs 64: ulimit -n",
              run("--devel", "-x", "-d", SERVER, preexec_fn=limit(n, n)),
              f"{n} files")
    with lib.tockd(folder, [SERVER], "-x", prefix=[
            "prlimit", "--nofile=12:64"]) as daemon:
        lib.check(set(daemon.roles()) == set(lib.ROLES),
                  "64 are enough, however few are meant to be")


def help_and_version(folder):
    for options in ("-h", "--help", "-v", "--version"):
        done = subprocess.run([lib.BUILD / "tockd", options],
                              capture_output=True, text=True)
        wanted = "usage: tockd" if "h" in options else r"tockd \d+\.\d+"
        lib.check(done.returncode == 0 and re.match(wanted, done.stdout),
                  f"tockd {options} prints to stdout, status 0")


def a_second_tockd_says_who_is_first(folder):
    with lib.tockd(folder, [SERVER], "-x") as first:
        fails(rf"another tockd is running: process {first.pid} ",
              run("--devel", "-x", "-d", SERVER), "a second tockd")
        lib.check(first.process.poll() is None, "the first goes on")
    status, text = run("--devel", "-x", "-d", "-t", "1", SERVER)
    lib.check("another tockd" not in text,
              "a pid file without a lock is stale")


def a_user_is_missing(folder):
    """In a copy of /etc/passwd, for us alone."""
    passwd = folder / "passwd"
    lines = pathlib.Path("/etc/passwd").read_text().splitlines(True)
    for user in ("_tock", "_tockclock", "_tockdns"):
        passwd.write_text("".join(line for line in lines
                                  if not line.startswith(user + ":")))
        lib.mount(passwd, "/etc/passwd", None, lib.MS_BIND)
        try:
            fails(f"user {user} does not exist: systemd-sysusers .*sysusers",
                  run("--devel", "-x", "-d", SERVER), f"no user {user}")
        finally:
            lib.call(lib.libc.umount2(b"/etc/passwd", 2), "umount")
    fails("user root is root", run("--devel", "-x", "-d", "-u", "root", SERVER),
          "root as the engine's user")


def directories_of_strangers(folder):
    """Each is said with the command that mends it, and left as it is."""
    for path, mode, uid in (("/run/tock", 0o777, 0), ("/run/tock", 0o755, 1),
                            ("/run/tock/clock", 0o700, 0),
                            ("/var/lib/tock/clock", 0o755, 1),
                            ("/run/chrony", 0o777, 0)):
        lib.subtree_gone("/run/tock", "/run/chrony", "/var/lib/tock")
        os.makedirs(path)
        os.chmod(path, mode)
        os.chown(path, uid, uid)
        fails(rf"directory {path} .*: install -d .* {path}",
              run("--devel", "-x", "-d", SERVER), f"{path} {mode:o} of {uid}")
        now = os.stat(path)
        lib.check((now.st_mode & 0o7777, now.st_uid) == (mode, uid),
                  f"{path} was left alone")
    lib.subtree_gone("/run/tock", "/run/chrony", "/var/lib/tock")
    os.symlink(folder, "/run/tock")
    fails("directory /run/tock: ", run("--devel", "-x", "-d", SERVER),
          "a link for /run/tock")
    os.unlink("/run/tock")


def programs_that_others_may_write(folder):
    place = folder / "bin"
    place.mkdir()
    for name in ("tockd", *lib.ROLES):
        (place / name).write_bytes((lib.BUILD / name).read_bytes())
        (place / name).chmod(0o755)
    tockd = place / "tockd"
    (place / "tock-engine").chmod(0o775)
    fails("tock-engine is not root's alone",
          run("-x", "-d", SERVER, program=tockd), "a writable program")
    (place / "tock-engine").unlink()
    fails("program tock-engine is neither in .* nor in",
          run("-x", "-d", SERVER, program=tockd), "a missing program")


def the_callers_signals_do_not_matter(folder):
    deaf = ("env", "--ignore-signal=CHLD", "--ignore-signal=ALRM",
            "--block-signal=ALRM")
    done = subprocess.run([*deaf, lib.BUILD / "tockd", "--devel", "-x", "-d",
                           "serever 192.0.2.1"], capture_output=True, text=True)
    fails("1:1: ", (done.returncode, done.stderr), "SIGCHLD ignored")
    with lib.tockd(folder, [SERVER], "-x", prefix=deaf) as daemon:
        state = lib.status(daemon.roles()["tock-resolver"])
        alarm = 1 << signal.SIGALRM - 1
        lib.check(not any(int(state[name][0], 16) & alarm
                          for name in ("SigBlk", "SigIgn")),
                  "the resolver can be woken by its alarm")


def the_one_who_starts_it_hears_why(folder):
    """Without -n or -d the process that was started waits for READY=1."""
    conf = folder / "tock.conf"
    conf.write_text("serever 192.0.2.1\n")
    log = folder / "own.log"
    status, text = run("--devel", "-x", "-l", log, "-f", conf)
    fails(r"tock.conf:1:1: ", (status, text), "a misspelt directive")
    conf.write_text(SERVER + "\n")
    status, text = run("--devel", "-x", "-l", log, "-f", conf)
    lib.check(status == 0, f"a good one detaches, status {status} {text!r}")
    pid = int(pathlib.Path("/run/tock/tockd.pid").read_text())
    lib.check(lib.is_alive(pid) and lib.name_of(pid) == "tock-clock",
              "the pid file names the main process")
    lib.check(os.getsid(pid) == pid, "it leads a session of its own")
    os.kill(pid, 15)
    lib.check(lib.until(lambda: not lib.is_alive(pid), 8) is not None,
              "SIGTERM ends it")


def in_the_background_it_logs_to_dev_log(folder):
    """A /dev of our own; once it works, nothing is left of the terminal."""
    lib.mount("test", "/dev", "tmpfs", 0, "mode=0755")
    for name, minor in (("null", 3), ("urandom", 9)):
        os.mknod(f"/dev/{name}", 0o20666, os.makedev(1, minor))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind("/dev/log")
        syslog.settimeout(5)
        status, text = run("--devel", "-x", SERVER)
        lib.check((status, text) == (0, ""), f"silent, status {status} {text}")
        first = syslog.recv(2048).decode()
        lib.check(re.match(r"<30>tockd\[\d+\]: engine: tockd .* ready", first),
                  f"the log has {first!r}")
        pid = int(pathlib.Path("/run/tock/tockd.pid").read_text())
        held = {os.readlink(f"/proc/{p}/fd/{fd}") for fd in (0, 1)
                for p in (pid, *lib.children(pid))}
        lib.check(held == {"/dev/null"}, f"0 and 1 lead to {held}")
        os.kill(pid, 15)
        lib.check(lib.until(lambda: not lib.is_alive(pid), 8) is not None,
                  "SIGTERM ends it")
    lib.call(lib.libc.umount2(b"/dev", 2), "umount")


def an_ordinary_user_cannot(folder):
    def nobody():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    fails("not root: tockd must be started as root",
          run("--devel", "-d", SERVER, preexec_fn=nobody), "as nobody")
    done = subprocess.run([lib.BUILD / "tockd", "-p", SERVER],
                          preexec_fn=nobody, capture_output=True, text=True)
    lib.check(done.returncode == 0 and SERVER in done.stdout,
              f"tockd -p needs no root: {done.stderr.strip()!r}")


lib.alone()
lib.main(bad_options, too_few_files, help_and_version,
         a_second_tockd_says_who_is_first, a_user_is_missing,
         directories_of_strangers, programs_that_others_may_write,
         the_callers_signals_do_not_matter, the_one_who_starts_it_hears_why,
         in_the_background_it_logs_to_dev_log, an_ordinary_user_cannot)
