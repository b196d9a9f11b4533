# SPDX-License-Identifier: ISC
"""Other people's time programs, as Debian ships them.

They are unpacked below the build tree and never installed: the packages
conflict with each other and would start their daemons.
"""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

SKIP = 77


def skip(why):
    print(why)
    sys.exit(SKIP)


def unpacked(build, package):
    """The package's tree; the test is skipped where it cannot be had."""
    tree = pathlib.Path(build) / "debian" / package
    tree.parent.mkdir(parents=True, exist_ok=True)
    with open(tree.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.is_dir():
            fetch(tree, package)
    return tree


def fetch(tree, package):
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        skip(f"no apt-get here to fetch Debian's {package} with")
    folder = tree.parent / f"{package}.fetch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run = lambda *argv: subprocess.run(     # noqa: E731
        argv, cwd=folder, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    done = run("apt-get", "download", package)
    if done.returncode != 0 and os.geteuid() == 0:
        run("apt-get", "update")
        done = run("apt-get", "download", package)
    files = list(folder.glob("*.deb"))
    if not files:
        print(done.stdout)
        skip(f"Debian's {package} cannot be fetched")
    done = run("dpkg", "-x", files[0].name, "tree")
    if done.returncode != 0:
        print(done.stdout)
        sys.exit(1)
    (folder / "tree").rename(tree)


def program(build, package, path):
    """A program of the package that can run here."""
    file = unpacked(build, package) / path
    libraries = subprocess.run(["ldd", file], capture_output=True, text=True)
    missing = [line.split()[0] for line in libraries.stdout.splitlines()
               if "not found" in line]
    if missing:
        skip(f"{package} needs {', '.join(missing)}")
    return file
