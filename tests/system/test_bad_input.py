#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What tockd does with bad configurations: status 1, FILE:LINE:COLUMN of the
word, what is wrong and a hint, and nothing has changed.

The lines are generated from the parser's own table, which conf_table prints:
every directive and option with every kind of bad value.  All of them go through
`tockd -p`; a sample is a real start.
"""
import os
import pathlib
import re
import subprocess

import lib

GOOD = {"double": "1", "date": "2030-01-01", "path": "/a/b",
        "path-or-none": "/a/b", "directory": "/a", "user": "root",
        "name": "eth0", "addr": "192.0.2.1", "word": None}
NUMBERS = ["x", "1x", "0x10", "nan", "-inf", "1e999", "-", "#", "1,5"]
BAD = {
    "int": NUMBERS + ["1.5", "1e3", "99999999999999999999"],
    "double": NUMBERS + ["inf", "1e", "."],
    "date": ["x", "2030", "2030-02-30", "1999-12-31", "2200-01-02", "#"],
    "path": ["relative", "./x", "/directory/", "#", "/" + "x" * 1023],
    "path-or-none": ["relative", "/directory/", "#", "/" + "x" * 1023],
    "user": ["-x", "a/b", "a:b", "#", "x" * 64],
    "directory": ["relative", "./x", "#", "/" + "x" * 1023],
    "name": ["x" * 64],
    "addr": ["localhost", "1.2.3", "#"],
    "word": ["xyzzy", "#"],
    "other": [],
    "later": [],
    "flag": [],
}
BYTES = [b"\x01", b"\x1b[2J", b"\xff", b"\xc3", b"\xc2\xa0", b"\rx", b"\0"]


class Row:
    """A directive: its arguments and options as (name, kind, min, max)."""

    def __init__(self, state):
        self.state, self.values, self.options = state, [], []


WORDS = {"MODE": "ignore"}
TAKE_HOSTS = {"initstepslew", "allow", "deny", "cmdallow", "cmddeny"}
OTHER = {"NAME": "ntp.example", "ADDRESS": "127.0.0.1", "DIRECTORY": "/a"}


def read_table():
    text = subprocess.run([lib.BUILD / "tests/unit/conf_table"], check=True,
                          capture_output=True, text=True).stdout
    table = {}
    for line in text.splitlines():
        what, name, *rest = line.split("\t")
        if what == "directive":
            table[name] = Row(rest[0])
        else:
            value = (rest[0], rest[1], float(rest[2]), float(rest[3]))
            rows = table[name]
            (rows.values if what == "value" else rows.options).append(value)
    return table


def bad_words(kind, low, high):
    """Words that are no such value, the neighbours of the range among them."""
    words = list(BAD[kind])
    if kind == "int":
        words += [f"{low - 1:.0f}", f"{high + 1:.0f}"]
    if kind == "double":
        words += [f"{low - 1:.3f}", f"{high * 1.001:.6g}"]
    return words


def good_word(name, kind, low, high):
    if kind == "word":
        return WORDS[name]
    return OTHER.get(name, "x") if kind == "other" else GOOD.get(kind, f"{low:g}")


def good_words(kind, low, high):
    """The edges of the range."""
    if kind in ("int", "double"):
        return [f"{low:.10g}", f"{high:.10g}"]
    return [GOOD[kind]] if kind in ("date", "path", "user") else []


def begin(name, values):
    return " ".join([name] + [good_word(*value) for value in values])


def of_values(name, row):
    """(line, column of the bad word or None) for each argument."""
    for i, (_, kind, low, high) in enumerate(row.values):
        front = begin(name, row.values[:i])
        rest = "".join(" " + good_word(*value) for value in row.values[i + 1:])
        yield front, 1
        for word in bad_words(kind, low, high):
            yield f"{front} {word}{rest}", len(front) + 2
        for word in good_words(kind, low, high):
            yield f"{front} {word}{rest}", None


def of_options(name, row):
    front = begin(name, row.values)
    for option, kind, low, high in row.options:
        line = f"{front} {option}"
        if kind == "flag":
            yield line, None
            continue
        yield line, len(front) + 2          # its value is missing
        for word in bad_words(kind, low, high):
            yield f"{line} {word}", len(line) + 2
        for word in good_words(kind, low, high):
            yield f"{line} {word}", None


def of_all(table):
    for name, row in table.items():
        front = begin(name, row.values)
        for junk in BYTES:
            yield front.encode() + b" " + junk, len(front) + 2
        yield f"{name} {'x' * 2047}", 2048
        if row.state == "later":
            yield name, 1
            yield f"{name} 1 2 3", 1
        if row.state != "built":
            continue
        yield f"{front} # comment", len(front) + 2
        if name not in TAKE_HOSTS:          # any word may be one
            yield f"{front} surplus", len(front) + 2
        yield from of_values(name, row)
        yield from of_options(name, row)
    yield "serevr a.example", 1
    yield "server a.example ibrust", 18
    yield b"\xef\xbb\xbfport 1", 1


def tockd_p(path):
    done = subprocess.run([lib.BUILD / "tockd", "-p", "-f", str(path)],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=10)
    return (done.returncode, done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace"))


def complains(path, place):
    """Whether -p refuses the file there, with a hint; and what it did."""
    status, out, err = tockd_p(path)
    wanted = re.escape(f"{path}{place}: ") + r".+ \(.+\)$"
    is_right = status == 1 and out == "" and \
        re.search(wanted, err.strip()) is not None and err.count("\n") == 1
    return is_right, f"status {status}, {out!r}, {err!r}"


def every_bad_value_is_refused_at_its_word(folder):
    path = folder / "tock.conf"
    wrong, good, bad = [], 0, 0
    for line, column in of_all(read_table()):
        line = line if isinstance(line, bytes) else line.encode()
        path.write_bytes(b"# first\n\n" + line + b"\nport 123\n")
        if column is None:
            good += 1
            status, out, err = tockd_p(path)
            merged = line.decode() + "\nport 123\n"
            is_right, did = status == 0 and out == merged, f"{out!r} {err!r}"
        else:
            bad += 1
            is_right, did = complains(path, f":3:{column}")
        if not is_right:
            wrong.append(f"{line[:80]!r}, column {column}: {did}")
    for text in wrong[:20]:
        lib.check(False, text)
    lib.check(not wrong, f"{bad} bad lines are refused at their word with a "
              f"hint, {good} edges of ranges are taken; {len(wrong)} are not")
    lib.check(bad > 1000, "the table gave more than 1000 bad lines")


def files_that_are_none(folder):
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("fifo")
    (folder / "loop").write_text(f"port 1\ninclude {folder}/loop\n")
    (folder / "binary").write_bytes(pathlib.Path("/bin/true").read_bytes())
    with open(folder / "huge", "wb") as f:
        f.truncate(100 << 20)
    for name, place in ("fifo", ""), ("link", ""), ("missing", ""), \
            ("", ""), ("huge", ""), ("loop", ":2:9"), ("binary", ":1:8"):
        path = folder / name
        is_right, did = complains(path, place)
        lib.check(is_right, f"{name or 'a directory'}: {did[-160:]}")


def the_shipped_configuration_is_good(folder):
    status, out, err = tockd_p(lib.ROOT / "conf/dist/tock.conf")
    lib.check(status == 0 and err == "" and out.count("pool ") == 1,
              f"conf/dist/tock.conf: status {status}, {err!r}")


def the_manual_names_all_words(folder):
    manual = (lib.ROOT / "man/tock.conf.5").read_text()
    words = set(re.findall(r"[a-z_0-9]+", manual))
    table = read_table()
    names = set(table) | {option[0] for row in table.values()
                          for option in row.options}
    lib.check(names <= words, f"tock.conf(5) has all {len(names)} names"
              + "".join(f", but {name}" for name in sorted(names - words)))


SAMPLE = [("server 127.0.0.1 minpoll 99", 26), ("refclock a", 1), ("makestep 1", 1),
          ("driftfile drift", 11), ("guard window -1", 14),
          ("port 123 # x", 10), ("maxslewrate nan", 13),
          ("server 127.0.0.1 nts", 18)]


def sockets():
    """The names of the Unix sockets of this network namespace."""
    text = pathlib.Path("/proc/self/net/unix").read_text()
    return sorted(line.split()[7] for line in text.splitlines()[1:]
                  if len(line.split()) > 7)


def real_starts(folder, *options):
    path = folder / "tock.conf"
    before = sockets(), lib.children(os.getpid())
    for line, column in SAMPLE:
        path.write_text(f"rtcsync\n{line}\n")
        done = subprocess.run(
            [lib.BUILD / "tockd", "--devel", "-d", *options, "-f", path],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=20)
        place = re.escape(f"{path}:2:{column}: ") + r".+ \(.+\)"
        lib.check(done.returncode == 1 and re.search(place, done.stderr),
                  f"{line}: status {done.returncode}, "
                  f"{done.stderr.strip()[-200:]!r}")
    after = sockets(), lib.children(os.getpid())
    lib.check(after == before, "no socket and no process is left"
              + ("" if after == before else f": {before}, then {after}"))


def a_real_start_ends_and_changes_nothing(folder):
    """Without -p, and with the real clock at stake where there is one."""
    if not lib.keepclock.can_set():
        real_starts(folder, "-x")
        return
    with lib.clock():
        clock = lib.keepclock.Saved()
        real_starts(folder)
        now = lib.keepclock.adjtimex()
        same = all(getattr(now, name) == getattr(clock.timex, name)
                   for name in ("freq", "tick", "status", "tai"))
        lib.check(same, "frequency, tick, status and TAI are as they were")
        lib.check(abs(clock.displacement()) < 10**6,
                  f"the phase is as it was ({clock.displacement()} ns)")


lib.alone()
lib.main(every_bad_value_is_refused_at_its_word, files_that_are_none,
         the_shipped_configuration_is_good, the_manual_names_all_words,
         a_real_start_ends_and_changes_nothing)
