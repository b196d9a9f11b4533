#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every message that the daemon logs stands in tockd(8).

Of each format string a piece without a conversion must be found in the manual;
debugging messages, and those that only hand on another text, are left out.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ("daemon", "privsep", "conf", "common")
CALL = re.compile(r'\blog_(?:info|warn|error|fatal)\(\s*'
                  r'((?:(?:"(?:[^"\\]|\\.)*"|[A-Z_]+|PRI\w+)\s*)+)')
MACRO = re.compile(r'^#define (\w+) ("[^"]*")', re.M)
LEAST = 5   # letters: less says nothing


def formats():
    for folder in FOLDERS:
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(names):
                if not name.endswith(".c"):
                    continue
                text = open(os.path.join(where, name)).read()
                macros = dict(MACRO.findall(text))
                for call in CALL.findall(text):
                    for macro, value in macros.items():
                        call = re.sub(rf"\b{macro}\b", value, call)
                    yield name, "".join(re.findall(r'"((?:[^"\\]|\\.)*)"',
                                                   call)).replace("\\", "")


def pieces(text):
    return re.split(r"%[-+0-9.#lhzj]*[a-zA-Z]?", text)


def main():
    manual = open(os.path.join(ROOT, "man/tockd.8")).read()
    manual = re.sub(r"\s+", " ", manual.replace("\\-", "-"))
    missing = count = 0
    for name, text in formats():
        said = [p.strip(" :,();\\\"") for p in pieces(text)]
        said = [p for p in said if len(p) >= LEAST]
        if not said:
            continue
        count += 1
        if not any(p in manual for p in said):
            print(f"{name}: not in tockd(8): {text}")
            missing += 1
    print(f"{count} messages, {missing} not in the manual")
    return 1 if missing or not count else 0


sys.exit(main())
