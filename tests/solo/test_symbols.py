#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What tockd-solo asks the C library for: nothing that goes past a simulator of
clock and network, and of what such simulators stand in for only these calls."""
import subprocess

from lib import PROGRAM, expect, finish

# Another process, another way to wait, other descriptors to wait for, the
# kernel without the C library.
NEVER = {
    "fork", "vfork", "_Fork", "clone", "posix_spawn", "posix_spawnp", "system",
    "popen", "execl", "execle", "execlp", "execv", "execve", "execvp",
    "execvpe", "fexecve", "daemon", "pthread_create", "syscall",
    "ppoll", "select", "pselect", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "signalfd", "eventfd",
    "timerfd_create", "timerfd_settime", "timerfd_gettime", "timer_create",
    "setitimer", "inotify_init", "inotify_init1",
    "pipe", "pipe2", "socketpair", "dup", "dup2", "dup3", "accept4", "accept",
    "sendmmsg", "sleep", "usleep", "nanosleep", "clock_nanosleep",
    "sigtimedwait", "prctl", "seccomp_init", "unshare", "setuid", "setgid", "chroot", "ptrace",
}
# All calls about sockets, waiting and clocks that may be there.
ALLOWED = {
    "socket", "bind", "connect", "listen", "setsockopt", "getsockopt",
    "getsockname", "recvmsg", "recvmmsg", "sendmsg", "send", "poll",
    "__poll_chk", "close", "fcntl", "fcntl64",
    "clock_gettime", "time", "adjtimex", "clock_adjtime",
    "getaddrinfo", "freeaddrinfo", "gai_strerror", "getrandom",
    "alarm", "sigaction", "signal",
}
ABOUT = ("socket", "bind", "connect", "listen", "accept", "sockopt", "sockname",
         "peername", "recv", "send", "poll", "select", "fcntl", "clock", "time",
         "itimer", "addrinfo", "nameinfo", "hostby", "random", "sig", "alarm",
         "sleep", "rand", "shutdown", "fd")
# Names that hold one of these words by chance, and pure functions.
OTHERS = {"difftime", "strftime", "strptime", "timegm", "mktime", "gmtime",
          "gmtime_r", "localtime", "localtime_r", "tzset",
          "fdopen", "opendir", "fdopendir", "ctime_r", "__longjmp_chk"}

out = subprocess.run(["nm", "-D", "--undefined-only", PROGRAM], check=True,
                     text=True, stdout=subprocess.PIPE).stdout
names = {line.split()[-1].split("@")[0] for line in out.splitlines()}
expect("it is linked dynamically", {"poll", "clock_gettime"} & names)
found = sorted(names & NEVER)
expect("nothing goes past a simulator", not found, found)
extra = sorted(name for name in names - ALLOWED - OTHERS
               if any(word in name for word in ABOUT))
expect("sockets and clocks are used in known ways only", not extra, extra)

libraries = subprocess.run(["readelf", "-d", PROGRAM], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
bad = [word for word in ("seccomp", "cap-ng", "systemd") if word in libraries]
expect("no library of the confinement is linked", not bad, bad)
finish()
