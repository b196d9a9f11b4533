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


def unpacked(build, package, whole=False):
    """The package's tree; the test is skipped where it cannot be had.  whole:
    with all that it needs and this machine lacks; then run it in
    environment()."""
    name = f"{package}.whole" if whole else package
    tree = pathlib.Path(build) / "debian" / name
    tree.parent.mkdir(parents=True, exist_ok=True)
    with open(tree.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.is_dir():
            fetch(tree, package, whole)
    return tree


def run_in(folder, *argv):
    return subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def lacking(folder, package):
    """The package, and what would be installed along with it."""
    said = run_in(folder, "apt-get", "-s", "--no-install-recommends",
                  "install", package).stdout
    return {package, *(line.split()[1] for line in said.splitlines()
                       if line.startswith("Inst "))}


def download(folder, package, whole):
    """The packages' files, and what apt-get said last."""
    names = lacking(folder, package) if whole else {package}
    done = run_in(folder, "apt-get", "download", *names)
    files = sorted(folder.glob("*.deb"))
    return (files if len(files) == len(names) else []), done.stdout


def fetch(tree, package, whole):
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        skip(f"no apt-get here to fetch Debian's {package} with")
    folder = tree.parent / f"{tree.name}.fetch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files, said = download(folder, package, whole)
    if not files and os.geteuid() == 0:
        run_in(folder, "apt-get", "update")
        files, said = download(folder, package, whole)
    if not files:
        print(said)
        skip(f"Debian's {package} cannot be fetched")
    for file in files:
        done = run_in(folder, "dpkg", "-x", file.name, "tree")
        if done.returncode != 0:
            print(done.stdout)
            sys.exit(1)
    (folder / "tree").rename(tree)


def environment(*trees):
    """In which programs find what lies in the trees."""
    def paths(*names):
        found = [str(path) for tree in trees for name in names
                 for path in sorted(tree.glob(name)) if path.is_dir()]
        return ":".join(found)

    return {**os.environ,
            "PATH": paths("usr/bin", "usr/sbin", "bin", "sbin") + ":" +
            os.environ.get("PATH", ""),
            "LD_LIBRARY_PATH": paths("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*",
                                     "usr/lib/*-linux-gnu*/ntp"),
            "PYTHONPATH": paths("usr/lib/python3/dist-packages")}


def program(build, package, path, whole=False):
    """A program of the package that can run here."""
    tree = unpacked(build, package, whole)
    file = tree / path
    libraries = subprocess.run(["ldd", file], capture_output=True, text=True,
                               env=environment(tree) if whole else None)
    missing = [line.split()[0] for line in libraries.stdout.splitlines()
               if "not found" in line]
    if missing:
        skip(f"{package} needs {', '.join(missing)}")
    return file
