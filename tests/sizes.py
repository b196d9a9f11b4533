#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How much there is to read.

sizes.py [TOCK_CLOCK.MAP]: the lines of every file (a .c above 600 or a .h above
160 fails; conf's tables are data), and the code that is linked into tock-clock,
the one program that may set the clock: 800 lines or more fail.  Every line
counts that is neither blank nor wholly a comment; what the headers of
privsep/clock add is printed beside it.  What is linked is read from the
linker's map, so nothing can creep in unseen.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT_CLOCK = 800
LIMITS = {".c": 600, ".h": 160}


def sources():
    names = []
    for folder, folders, files in os.walk(ROOT):
        if folder == ROOT:
            folders[:] = [f for f in folders if not f.startswith("build")]
        names += [os.path.relpath(os.path.join(folder, f), ROOT)
                  for f in files if f.endswith((".c", ".h"))]
    return sorted(n for n in names if os.path.exists(os.path.join(ROOT, n)))


def code_lines(name):
    text = open(os.path.join(ROOT, name), errors="replace").read()
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text,
                  flags=re.S)
    return sum(1 for line in text.split("\n") if line.strip())


def linked(path, names):
    """The files of ours behind the objects in a linker's map."""
    flat = {n.replace("/", "_"): n for n in names}
    found = set()
    for line in open(path, errors="replace"):
        m = re.match(r"LOAD (\S+)\.p/(\S+)\.o$", line.strip())
        if m and m.group(2) in flat:
            found.add(flat[m.group(2)])
        # "folder/libx.a.p/file.c.o", alone or as a member of an archive
        for folder, name in re.findall(r"([\w/]+)/lib\w+\.a[^\s]*?(\w+\.c)\.o",
                                       line):
            if folder + "/" + name in names:
                found.add(folder + "/" + name)
    return sorted(found)


def main():
    names = sources()
    bad = 0
    for name in names:
        n = sum(1 for _ in open(os.path.join(ROOT, name), errors="replace"))
        if n > LIMITS[name[-2:]]:
            print(f"{name}: {n} lines, more than {LIMITS[name[-2:]]}")
            bad += 1
    if len(sys.argv) > 1:
        files = linked(sys.argv[1], names)
        if "privsep/clock/guard.c" not in files:
            sys.exit(f"{sys.argv[1]}: not the map of tock-clock")
        headers = [n for n in names if n.startswith("privsep/clock/") and
                   n.endswith(".h")]
        for name in files + headers:
            print(f"{code_lines(name):5}  {name}")
        code = sum(map(code_lines, files))
        print(f"{code:5}  tock-clock: lines of code (less than {LIMIT_CLOCK}); "
              f"{code + sum(map(code_lines, headers))} with its headers")
        bad += code >= LIMIT_CLOCK
    print(f"{len(names)} files")
    return 1 if bad else 0


sys.exit(main())
