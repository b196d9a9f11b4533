#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Holds the arrows between the folders: which may include which.

Every include of ours is spelt "layer/file.h" from the top of the tree; only
tests may name a neighbour in their own folder without its folder.  A
folder's files may include what begins with one of the words in its row (a
folder, one header, or the head of a name); a folder without a row belongs to
no layer, which is an error too.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

ENGINE = ["common/", "conf/", "privsep/wire_", "daemon/estimate/",
          "daemon/wire/", "daemon/os/os.h", "daemon/engine/"]
MAY_INCLUDE = {
    "common": ["common/"],
    "conf": ["common/", "conf/"],
    "privsep": ["common/", "privsep/"],
    "privsep/clock": ["common/", "privsep/"],
    "daemon/estimate": ["common/", "daemon/estimate/"],
    "daemon/wire": ["common/", "daemon/wire/"],
    "daemon/os": ["common/", "conf/", "privsep/", "daemon/os/"],
    "daemon/engine": ENGINE,
    "daemon/control": ENGINE + ["daemon/control/"],
    "daemon": ["common/", "conf/", "privsep/", "daemon/"],
    "ctl": ["common/", "conf/", "ctl/", "daemon/wire/refid.h"],
    "tests": [""],
}
ANYWHERE = {"build_config.h"}           # meson makes it

# Pure code and state machines act on the world through daemon/os/os.h alone.
PURE = {"daemon/estimate", "daemon/wire", "daemon/engine", "daemon/control"}
WORLD = {"poll.h", "sys/epoll.h", "sys/select.h", "sys/socket.h", "sys/time.h",
         "sys/timex.h", "sys/timerfd.h", "time.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def layer_of(file):
    folder = file.parent.as_posix()
    return "tests" if folder.startswith("tests") else folder


def complaints(file):
    layer = layer_of(file)
    if layer not in MAY_INCLUDE:
        yield f"{file}: its folder is no layer of tests/layers.py"
        return
    for kind, name in INCLUDE.findall((ROOT / file).read_text()):
        if kind == "<":
            if layer in PURE and name in WORLD:
                yield f"{file}: <{name}> goes past daemon/os/os.h"
        elif name not in ANYWHERE:
            if layer == "tests" and (ROOT / file.parent / name).exists():
                continue
            if not (ROOT / name).exists():
                yield f'{file}: "{name}" is not spelt "layer/file.h"'
            elif not name.startswith(tuple(MAY_INCLUDE[layer])):
                yield f'{file}: {layer} may not include "{name}"'


def main():
    files = [file.relative_to(ROOT) for top in ("common", "conf", "privsep",
             "daemon", "ctl", "tests") for file in (ROOT / top).rglob("*.[ch]")]
    found = [text for file in sorted(files) for text in complaints(file)]
    print("\n".join(found) or f"{len(files)} files keep to their layers")
    sys.exit(1 if found or not files else 0)


if __name__ == "__main__":
    main()
