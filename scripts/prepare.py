# SPDX-License-Identifier: ISC
"""What ./test and ./quickstart share: packages, users and the build."""
import grp
import os
import pathlib
import pwd
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("TOCK_BUILD", ROOT / "build"))
SYSUSERS = ROOT / "conf/dist/sysusers.conf"

BUILD_PACKAGES = ["gcc", "libc6-dev", "meson", "ninja-build", "pkg-config",
                  "libseccomp-dev", "libcap-ng-dev", "libbsd-dev",
                  "nettle-dev", "libedit-dev", "libjansson-dev", "check"]


def is_root():
    return os.geteuid() == 0


def packages(*names):
    """Whether these Debian packages are there now; says what is missing."""
    return subprocess.run([ROOT / "scripts/packages.sh", *names],
                          stdin=subprocess.DEVNULL).returncode == 0


def build(directory=BUILD, *options):
    """Configures and builds; True, or False with the compiler's words."""
    commands = [["meson", "setup", directory, ROOT, *options],
                ["ninja", "-C", directory]]
    if (directory / "build.ninja").exists():
        commands.pop(0)
    for command in commands:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            print("\n".join(done.stdout.splitlines()[-60:]))
            return False
    return True


def accounts():
    """The lines of sysusers.conf as lists of words."""
    lines = SYSUSERS.read_text().splitlines()
    return [line.split() for line in lines
            if line.strip() and not line.startswith("#")]


def missing_accounts():
    users = {user.pw_name for user in pwd.getpwall()}
    groups = {group.gr_name for group in grp.getgrall()}
    return [name for kind, name, *_ in accounts()
            if kind == "u" and name not in users
            or kind == "g" and name not in groups]


def make_accounts():
    """The daemon's users and groups, as a package would make them."""
    if not missing_accounts():
        return
    if shutil.which("systemd-sysusers"):
        subprocess.run(["systemd-sysusers", SYSUSERS], check=True)
        return
    for kind, name, *rest in accounts():
        if kind == "g":
            subprocess.run(["groupadd", "-r", "-f", name], check=True)
        elif kind == "u" and name in missing_accounts():
            subprocess.run(["useradd", "-r", "-U", "-M", "-d", "/",
                            "-s", "/usr/sbin/nologin", name], check=True)
        elif kind == "m":
            subprocess.run(["usermod", "-a", "-G", rest[0], name], check=True)


def remove_accounts():
    absent = missing_accounts()
    for kind, name, *_ in accounts():
        if kind in "ug" and name not in absent:
            subprocess.run(["userdel" if kind == "u" else "groupdel", name],
                           stderr=subprocess.DEVNULL)
