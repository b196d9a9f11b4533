# SPDX-License-Identifier: ISC
"""System calls that a role may not make, as tests/system/inject.c takes them.

The tables are written by hand from what each role is for, never generated from
a filter.
"""
import subprocess

import lib

INJECT = lib.BUILD / "tests/system/inject"
SIGSYS = 31
AT_FDCWD = -100 & 0xffffffffffffffff
WRONLY_CREAT = 0o101
WX, ANON = 3 | 4, 0x22
PATH = "@/run/tock/x"

# What no role may do.
NOBODY = [
    "settimeofday 0 0", "execve @/bin/true 0 0",
    f"execveat {AT_FDCWD} @/bin/true 0 0 0", "ptrace 16 1 0 0", "kill 1 15",
    "process_vm_readv 1 0 0 0 0 0", "process_vm_writev 1 0 0 0 0 0",
    "pidfd_open 1 0", "pidfd_send_signal 3 9 0 0", "pidfd_getfd 3 0 0",
    "setuid 0", "setgid 0", "setresuid 0 0 0", "setgroups 0 0", "capset 0 0",
    "unshare 0x10000000", "setns 3 0", "mount 0 0 0 0 0", "umount2 @/ 0",
    "pivot_root @/ @/", "chroot @/", "open_tree -100 @/ 0",
    "socket 2 3 1", "socket 17 3 0", "socket 2 3 255", "socket 38 5 0",
    f"openat {AT_FDCWD} {PATH} {WRONLY_CREAT} 384",
    f"open {PATH} {WRONLY_CREAT} 384", "creat @/run/x 384",
    f"rename {PATH} {PATH}", f"link {PATH} {PATH}", f"symlink @a {PATH}",
    f"mkdir {PATH} 448", f"mknod {PATH} 4480 0", f"chmod {PATH} 511",
    f"chown {PATH} 0 0",
    "mprotect 4096 4096 7", "mprotect 4096 4096 5", "memfd_create @x 0",
    "ioctl 0 0x5412 @x", "personality 0x0400000", "io_uring_setup 1 0",
    "bpf 0 0 0", "perf_event_open 0 0 0 0 0", "userfaultfd 0",
    "keyctl 0 0 0 0 0", "init_module 0 0 0", "reboot 0 0 0 0",
    "prctl 38 1 0 0 0", "seccomp 0 0 0", "setrlimit 7 0",
    "clone 0x10000000 0 0 0 0", "vfork", "fcntl 3 8 1", "fcntl 3 10 10",
]
# What only the clock may do, and what only the resolver.
CLOCK = ["adjtimex 0", "clock_adjtime 0 0", "clock_settime 0 0"]
FORK = ["fork", "clone 17 0 0 0 0", "clone3 0 0"]
NET = ["socket 2 1 0", "socket 10 1 6", "socket 16 3 0", "socket 1 1 0",
       "socket 2 2 1", "listen 3 1"]
UDP = ["socket 2 2 0", "connect 3 0 0", "bind 3 0 0"]

MAP_WX = f"mmap 0 4096 {WX} {ANON} -1 0"


def inject(pid, call):
    """What inject says; it is tried again where the role was not waiting."""
    for _ in range(5):
        done = subprocess.run([INJECT, str(pid), *call.split()],
                              capture_output=True, text=True)
        if done.returncode == lib.SKIP:
            lib.skip(done.stdout.strip())
        if done.returncode == 0:
            return done.stdout.strip()
    return done.stderr.strip()
