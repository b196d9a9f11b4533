#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tock.conf(5) has every directive and option of the parser's table, and its
list of what is not built yet is that of the table."""
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("TOCK_BUILD", ROOT / "build"))


def table():
    """(name, is it built) of directives and of options."""
    done = subprocess.run([BUILD / "tests/unit/conf_table"], text=True,
                          capture_output=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return ({row[1]: row[2] != "later" for row in rows
             if row[0] == "directive"},
            {row[2]: row[3] != "later" for row in rows if row[0] == "option"})


def names(text, macro):
    """The words of the lines that begin with the macro."""
    lines = re.findall(rf"^\.{macro} (.*)", text, re.M)
    return {word for line in lines for word in re.split(r"[ ,.]+", line)}


def main():
    page = (ROOT / "man/tock.conf.5").read_text()
    text, unbuilt = page.split("Not built yet, hence errors", 1)
    options_text, directives_text = unbuilt.split("and the directives", 1)
    directives, options = table()
    wrong = []
    for name, built in directives.items():
        if built and not re.search(rf"Ic [^\n]*\b{name}\b", text):
            wrong.append(f"{name} is not in the manual")
        if built == (name in names(directives_text, "Ic")):
            wrong.append(f"{name}: see the list of what is not built")
    for name, built in options.items():
        if built and not re.search(rf"(Cm|Ic) [^\n]*\b{name}\b", text):
            wrong.append(f"the option {name} is not in the manual")
        if built == (name in names(options_text, "Cm")):
            wrong.append(f"{name}: see the list of what is not built")
    print("\n".join(wrong))
    print(f"{len(directives)} directives, {len(options)} options")
    return 1 if wrong or not directives else 0


sys.exit(main())
