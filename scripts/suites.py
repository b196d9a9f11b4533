#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Builds tock and runs its tests.

    ./test [SUITE...] [--long] [--svg DIR]
    ./test SUITE TEST [--long] [--svg DIR]
    ./test bench NAME [ARGUMENT...]

A test is a program: exit 0 is a pass, 77 a skip whose last line says why,
anything else a failure, and then the end of its output is shown.  The last
line of all is "N passed, N failed, N skipped".  Programs find the build in
TOCK_BUILD; --long sets TOCK_LONG=1 for them.

    layers    who may include what, how long files are, what manuals must have
    unit      one program per module        fuzz      short runs, fixed seed
    sim       the engine in virtual worlds; --svg DIR draws what its clocks did
    man       the manual pages              system    live daemons, as root
    interop   other people's programs, as root
    solo      the daemon as one process, under a simulated clock and network
    sanitize  unit and fuzz with ASan and UBSan
    static    gcc -fanalyzer, clang-tidy, cppcheck

A bench measures and, where it does not say otherwise, judges nothing:
tests/bench/NAME/bench.py, which says what it takes.
"""
import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from prepare import (BUILD, BUILD_PACKAGES, ROOT, build, is_root,
                     make_accounts, packages)

SKIP = 77
TAIL = 40               # lines of a failed test's output that are shown
TIMEOUT = 300           # s
TIMEOUT_LONG = 1200
CPUS = os.cpu_count() or 1

# What a suite needs besides the build, as Debian calls it.
SUITE_PACKAGES = {
    "man": ["mandoc"],
    "system": ["iproute2", "strace", "gdb"],
    "interop": ["iproute2", "libgnutls30", "libcap2", "libssl3"],
    "sanitize": [],
    "static": ["clang-tidy", "cppcheck"],
}

SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:abort_on_error=1",
    "UBSAN_OPTIONS": "halt_on_error=1:abort_on_error=1:print_stacktrace=1",
}


class Test:
    """One program; `result` is None until it has run."""

    def __init__(self, suite, name, argv, env=None, parallel=True):
        self.suite, self.name, self.argv = suite, name, argv
        self.env, self.parallel = env or {}, parallel
        self.result = self.output = None
        self.seconds = 0

    def run(self, timeout, env):
        start = time.monotonic()
        with tempfile.TemporaryFile() as out:
            program = subprocess.Popen(
                self.argv, cwd=ROOT, env={**os.environ, **env, **self.env},
                stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True)
            try:
                self.result = program.wait(timeout)
            except subprocess.TimeoutExpired:
                end_group(program)
                self.result = f"no end within {timeout} s"
            except BaseException:       # an interrupted test cleans up, too
                end_group(program)
                raise
            out.seek(0)
            self.output = out.read().decode(errors="replace").splitlines()
        self.seconds = time.monotonic() - start
        return self

    def verdict(self):
        return {0: "ok", SKIP: "skip"}.get(self.result, "FAIL")


def end_group(program):
    """Ends a test and what it started; first in a way that lets it put things
    back."""
    for sig, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        try:
            os.killpg(program.pid, sig)
            program.wait(patience)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            pass


def say(test):
    last = next((s for s in reversed(test.output) if s.strip()), "")
    why = f"  ({last.strip()})" if test.verdict() == "skip" else ""
    print(f"{test.verdict():4}  {test.suite}/{test.name}"
          f"  {test.seconds:.1f} s{why}", flush=True)
    if test.verdict() == "FAIL":
        facts = [s for s in test.output[:-TAIL] if s.startswith("FAILED")]
        for line in facts + test.output[-TAIL:]:
            print("      | " + line)
        print(f"      | exit: {test.result}", flush=True)


def ended(suite, name, result, *output):
    """A test that is over before it ran."""
    test = Test(suite, name, [])
    test.result, test.output = result, list(output)
    return [test]


def meson_tests(suite, directory, wanted, env=None):
    """The tests that meson.build declares in the suites `wanted`."""
    listed = subprocess.run(["meson", "introspect", "--tests", directory],
                            check=True, capture_output=True, text=True).stdout
    return [Test(suite, test["name"], test["cmd"],
                 {**test["env"], **(env or {})})
            for test in json.loads(listed)
            if any(s.split(":")[-1] in wanted for s in test["suite"])]


def scripts(suite):
    """tests/SUITE/test_*.py.  Those that steer the clock run one at a time,
    and alone; the others have a network and files of their own."""
    return [Test(suite, file.stem[5:], [sys.executable, str(file)],
                 parallel="lib.clock()" not in file.read_text())
            for file in sorted((ROOT / "tests" / suite).glob("test_*.py"))]


def sources(*folders):
    return [str(file.relative_to(ROOT)) for folder in folders
            for file in sorted((ROOT / folder).rglob("*.c"))]


def layers_suite():
    return [Test("layers", "layers", [sys.executable, "tests/layers.py"]),
            Test("layers", "messages", [sys.executable, "tests/messages.py"]),
            Test("layers", "manual", [sys.executable, "tests/manual.py"]),
            Test("layers", "sizes", [sys.executable, "tests/sizes.py",
                                     str(BUILD / "tock-clock.map")])]


def sim_suite():
    program = str(BUILD / "tests" / "sim" / "sim")
    pictures = os.environ.get("TOCK_SVG")
    extra = ["-v"] + (["--svg", pictures] if pictures else [])
    accuracy = str(BUILD / "tests" / "bench" / "accuracy" / "accuracy")
    return [Test("sim", "accuracy", [accuracy, "-l", "-s", "2"])] + [
        Test("sim", file.stem, [program, *extra, str(file)])
        for file in sorted((ROOT / "tests/sim/scenarios").glob("*.scn"))] + [
        # Here much depends on who speaks first, and on the first samples.
        Test("sim", f"{name}-{seed}", [
            program, "--seed", str(seed),
            str(ROOT / f"tests/sim/scenarios/{name}.scn")])
        for name in ("orphans", "orphans-cold", "disagreement-early",
                     "peers-own-servers")
        for seed in range(2, 9)]


def man_suite():
    return [Test("man", page.name, ["mandoc", "-T", "lint", "-W", "warning",
                                    str(page)])
            for page in sorted((ROOT / "man").glob("*.[1-8]"))]


def sanitize_suite():
    directory = BUILD / "sanitize"
    if not build(directory, "-Db_sanitize=address,undefined",
                 "-Dseccomp=off", "-Dbuildtype=debug", "-Doptimization=1"):
        return ended("sanitize", "build", 1)
    return meson_tests("sanitize", directory, ("unit", "fuzz"), SANITIZER_ENV)


def static_suite():
    """Each tool is one test; any finding is a failure."""
    jobs = str(CPUS)
    directory = BUILD / "analyze"
    flags = "-fanalyzer -fdiagnostics-path-format=none"
    analyze = (f"[ -f {directory}/build.ninja ] || meson setup {directory} "
               f"{ROOT} '-Dc_args={flags}' -Dwerror=true -Dtests=disabled "
               f">/dev/null && ninja -k 0 -C {directory} | grep -A6 error: "
               f"; ninja -C {directory} >/dev/null")
    folders = [f for f in ("common", "conf", "privsep", "daemon", "ctl",
                           "tests/reference") if (ROOT / f).is_dir()]
    listed = {os.path.realpath(BUILD / unit["directory"] / unit["file"])
              for unit in json.loads(
                  (BUILD / "compile_commands.json").read_text())}
    ours = [f for f in sources(*folders) if str(ROOT / f) in listed]
    # One file at a time: clang-tidy 14 finds wrong things in the second.
    tidy = (f"printf '%s\\n' {' '.join(ours)} | xargs -P {jobs} -n 1 "
            f"clang-tidy -p {BUILD} --quiet 2>/dev/null")
    check = ["cppcheck", f"--project={BUILD}/compile_commands.json",
             "--enable=warning,portability,performance", "--inline-suppr",
             "--error-exitcode=1", "--quiet", "-j", jobs,
             "--suppress=missingIncludeSystem",
             "--include=/usr/include/bsd/sys/queue.h",
             # It errs about arrays that a loop fills; the others look, too.
             "--suppress=uninitvar", f"-i{ROOT}/tests"]
    return [Test("static", "gcc", ["sh", "-c", analyze], parallel=False),
            Test("static", "clang-tidy", ["sh", "-c", tidy], parallel=False),
            Test("static", "cppcheck", check, parallel=False)]


SUITES = {
    "layers": layers_suite,
    "unit": lambda: meson_tests("unit", BUILD, ("unit",)),
    "fuzz": lambda: meson_tests("fuzz", BUILD, ("fuzz",)),
    "sim": sim_suite,
    "man": man_suite,
    "system": lambda: (meson_tests("system", BUILD, ("system",)) +
                       scripts("system")),
    "interop": lambda: scripts("interop"),
    "solo": lambda: scripts("solo"),
    "sanitize": sanitize_suite,
    "static": static_suite,
}


def collect(suite, only):
    if not packages(*SUITE_PACKAGES.get(suite, [])):
        return ended(suite, "packages", SKIP, "a package is missing")
    tests = SUITES[suite]()
    names = (only, f"test_{only}", f"fuzz_{only}")
    return [t for t in tests if only is None or t.name in names]


def run_suite(tests, timeout, env):
    """Yields the tests as they end."""
    yield from (t for t in tests if t.result is not None)
    waiting = [t for t in tests if t.result is None]
    # Live daemons mostly wait.
    each = 2 if waiting and waiting[0].suite in ("system", "interop") else 1
    with concurrent.futures.ThreadPoolExecutor(each * CPUS) as pool:
        yield from pool.map(lambda t: t.run(timeout, env),
                            [t for t in waiting if t.parallel])
    for test in waiting:
        if not test.parallel:
            yield test.run(timeout, env)


def arguments(argv):
    """Suites to run, the one test that is wanted or None, and --long."""
    words = [w for w in argv if w != "--long"]
    if "--svg" in words[:-1]:
        i = words.index("--svg")
        os.makedirs(words[i + 1], exist_ok=True)
        os.environ["TOCK_SVG"] = os.path.abspath(words[i + 1])
        del words[i:i + 2]
    is_long = "--long" in argv
    if all(w in SUITES for w in words):
        return words or list(SUITES), None, is_long
    if len(words) != 2 or words[0] not in SUITES or words[1].startswith("-"):
        sys.exit(__doc__.strip())
    return words[:1], words[1], is_long


def run_bench(argv):
    """Becomes the bench."""
    program = ROOT / "tests" / "bench" / (argv or ["?"])[0] / "bench.py"
    if not program.exists():
        sys.exit(__doc__.strip())
    if not packages(*BUILD_PACKAGES) or not build():
        sys.exit("The build failed.")
    os.environ["TOCK_BUILD"] = str(BUILD)
    os.execv(sys.executable, [sys.executable, str(program), *argv[1:]])


def main():
    if sys.argv[1:2] == ["bench"]:
        run_bench(sys.argv[2:])
    suites, only, is_long = arguments(sys.argv[1:])
    only = pathlib.Path(only).stem if only else None
    env = {"TOCK_BUILD": str(BUILD), "TOCK_LONG": "1" if is_long else ""}
    count = {"ok": 0, "FAIL": 0, "skip": 0}

    if not packages(*BUILD_PACKAGES):
        sys.exit(1)
    if is_root():
        make_accounts()
    print("Building", flush=True)
    if not build():
        sys.exit("The build failed.")
    for suite in suites:
        for test in run_suite(collect(suite, only),
                              TIMEOUT_LONG if is_long else TIMEOUT, env):
            say(test)
            count[test.verdict()] += 1
    if sum(count.values()) == 0:
        sys.exit(f"There is no such test: {' '.join(suites)} {only or ''}")
    print(f"{count['ok']} passed, {count['FAIL']} failed, "
          f"{count['skip']} skipped")
    sys.exit(1 if count["FAIL"] else 0)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
