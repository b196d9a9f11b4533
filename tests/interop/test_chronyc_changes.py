#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Debian's chronyc, unmodified, and tockctl change the sources of a live tockd
and look at each; only root may change something.  The servers are a chronyd at
three addresses.  The clock is left alone (-x)."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/reference")]
import debian                                           # noqa: E402
import lib                                              # noqa: E402

NOBODY = 65534
PORT = 12301
KEY = "30 AES128 HEX:000102030405060708090A0B0C0D0E0F\n"
COPY = pathlib.Path("/run/chronyc")     # /run is the test's own
SERVER = pathlib.Path("/run/chronyd")


def run(*argv, user=None):
    ids = {"user": user, "group": user, "extra_groups": []} if user else {}
    return subprocess.run(argv, text=True, capture_output=True, timeout=20,
                          stdin=subprocess.DEVNULL, **ids)


def chronyc(*words, user=None):
    return run(COPY, *words, user=user)


def rows(*words):
    done = chronyc("-c", *words)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        return []
    return [line.split(",") for line in done.stdout.splitlines()]


def says(wanted, *words, code=0):
    done = chronyc(*words)
    lib.check((done.returncode, done.stdout.strip()) == (code, wanted),
              f"chronyc {' '.join(words)}: {done.stdout.strip()!r}")


def ok(*words):
    says("200 OK", *words)


def activity(*counts):
    """Waits for it: bursts end by themselves."""
    wanted = [[str(n) for n in counts]]
    if not lib.check(lib.until(lambda: rows("activity") == wanted, 15)
                     is not None, f"activity is {','.join(wanted[0])}"):
        print(rows("activity"))


@contextlib.contextmanager
def chronyd(folder):
    conf = folder / "chronyd.conf"
    keys = folder / "chronyd.keys"
    keys.write_text(KEY)
    conf.write_text(f"local stratum 8\nport {PORT}\ncmdport 0\nallow\n"
                    f"bindcmdaddress /\nkeyfile {keys}\n"
                    f"pidfile {folder}/chronyd.pid\n")
    with open(folder / "chronyd.log", "w") as log:
        process = subprocess.Popen(
            [SERVER, "-x", "-U", "-u", "root", "-d", "-f", conf],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def world(folder, *lines):
    """A tockd that has measured three sources; the first has a key."""
    keys = folder / "keys"
    keys.write_text(KEY)
    os.chown(keys, 0, lib.gid_of("tock"))
    keys.chmod(0o640)
    more = "minpoll 0 maxpoll 2 iburst"
    lines = [f"keyfile {keys}",
             f"server 127.0.0.1 port {PORT} key 30 xleave {more}",
             f"server 127.0.0.2 port {PORT} {more}",
             f"server 127.0.0.3 port {PORT} noselect {more}",
             "server nosuch.invalid", *lines]
    with chronyd(folder), lib.tockd(folder, lines, "-x") as daemon:
        activity(3, 0, 0, 0, 1)
        yield daemon


def looks(folder):
    with world(folder):
        data = {row[0]: row for row in rows("ntpdata")}
        lib.check(set(data) == {"127.0.0.1", "127.0.0.2", "127.0.0.3"} and
                  all(len(row) == 34 for row in data.values()),
                  f"ntpdata has 34 columns of three sources: {set(data)}")
        first, second = data["127.0.0.1"], data["127.0.0.2"]
        lib.check(first[1:10] == ["7F000001", str(PORT), "127.0.0.1",
                                  "7F000001", "Normal", "4", "Server", "8",
                                  first[9]], f"ntpdata: {first[:10]}")
        lib.check(first[15] == "7F7F0101" and abs(float(first[18])) < 0.01 and
                  0 <= float(first[19]) < 0.01, "refid, offset and delay")
        lib.check(first[23:26] == ["111", "111", "1111"] and
                  first[27] == "Yes" and second[27] == "No",
                  f"tests and authentication: {first[23:28]} {second[27]}")
        lib.check(lib.until(lambda: rows("ntpdata", "127.0.0.1")[0][26] ==
                            "Yes", 10) is not None, "interleaved")
        lib.check(all(word in ("Kernel", "Daemon") for word in first[28:30]),
                  f"time stamps: {first[28:30]}")
        lib.check(int(first[30]) >= int(first[31]) >= int(first[32]) >=
                  int(first[33]) >= 3, f"counts: {first[30:]}")
        says("503 No such source", "ntpdata", "127.0.0.9", code=1)

        select = rows("selectdata", "-a")
        print(select)
        lib.check([row[1] for row in select] ==
                  ["127.0.0.1", "127.0.0.2", "127.0.0.3", "ID#0000000004"] and
                  all(len(row) == 18 for row in select), "selectdata -a")
        lib.check([row[2] for row in select] == ["Y", "N", "N", "N"],
                  "selectdata: the first is authenticated")
        lib.check(select[0][0] == "*" and select[2][0] == "N" and
                  select[3][0] == "M", "selectdata: states")
        lib.check(select[2][3:8] == ["N", "-", "-", "-", "-"],
                  "selectdata: noselect")
        lib.check(float(select[0][15]) < float(select[0][16]),
                  "selectdata: interval")
        auth = rows("authdata", "-a")
        lib.check(auth == [
            ["127.0.0.1", "SK", "30", "13", "128", "4294967295", "0", "0", "0",
             "0"],
            *[[name, "-", "0", "0", "0", "4294967295", "0", "0", "0", "0"]
              for name in ("127.0.0.2", "127.0.0.3", "ID#0000000004")]],
            f"authdata: {auth}")
        says("127.0.0.2", "sourcename", "127.0.0.2")
        says("nosuch.invalid", "sourcename", "ID#4")
        for command in "ntpdata", "selectdata", "authdata":
            done = chronyc(command)
            lib.check(done.returncode == 0 and len(done.stdout) > 200,
                      f"{command}, for people")
            done = chronyc(command, user=NOBODY)
            lib.check(done.returncode == 1 and "501 Not authorised" in
                      done.stdout, f"{command}: not by UDP")


def changes(folder):
    with world(folder) as daemon:
        ok("offline", "127.0.0.2")
        activity(2, 1, 0, 0, 1)
        says("503 No such source", "offline", "127.0.0.9", code=1)
        ok("burst", "2/4", "127.0.0.2")
        activity(2, 1, 0, 0, 1)
        ok("offline", "255.0.0.0/127.0.0.0")
        activity(0, 3, 0, 0, 1)
        ok("online")
        activity(3, 0, 0, 0, 1)
        ok("offline")
        ok("onoffline")
        activity(3, 0, 0, 0, 1)
        ok("minpoll", "127.0.0.2", "5")
        ok("maxpoll", "127.0.0.2", "6")
        lib.check(lib.until(lambda: rows("sources")[1][4] == "5", 10)
                  is not None, "sources shows the new interval")
        for words in [("maxdelay", "0.5"), ("maxdelayratio", "3"),
                      ("maxdelaydevratio", "20"), ("minstratum", "2"),
                      ("polltarget", "12")]:
            ok(words[0], "127.0.0.2", words[1])
            says("503 No such source", words[0], "127.0.0.9", words[1], code=1)
        says("502 Invalid command", "minpoll", "127.0.0.2", "99", code=1)
        ok("delete", "127.0.0.2")
        says("503 No such source", "delete", "127.0.0.2", code=1)
        activity(2, 0, 0, 0, 1)
        server = ("server", "127.0.0.2", "port", str(PORT), "iburst",
                  "minpoll", "1", "prefer")
        ok("add", *server)
        says("511 Source already present", "add", *server, code=1)
        activity(3, 0, 0, 0, 1)
        lib.check(rows("selectdata")[2][3:8] == ["-", "P", "-", "-", "-"],
                  "the added source is preferred")
        lib.check(lib.until(lambda: rows("ntpdata", "127.0.0.2")[0][7] ==
                            "Server", 10) is not None, "and answers")
        ok("delete", "ID#4")
        activity(3, 0, 0, 0, 0)
        for command in ("refresh", "rekey", "reselect", "reload sources",
                        "reset sources", "cyclelogs"):
            ok(*command.split())
        ok("reselectdist", "0.001")
        ok("maxupdateskew", "50")
        ok("local", "stratum", "12", "distance", "0", "orphan")
        ok("local", "stratum", "12", "distance", "0")
        lib.check(rows("tracking")[0][0] == "7F7F0101" and
                  rows("tracking")[0][2] == "12", "local is in force")
        ok("local", "off")
        lib.check(rows("tracking")[0][2] == "9", "and ends")
        done = chronyc("local", "stratum", "12", user=NOBODY)
        lib.check("501 Not authorised" in done.stdout, "local: not by UDP")
        says("505 Facility not enabled in daemon", "dump", code=1)
        (folder / "keys").unlink()
        says("500 Failure", "rekey", code=1)
        says("500 Failure", "add", "peer", "127.0.0.5", code=1)
        done = chronyc("offline", user=NOBODY)
        lib.check(done.returncode == 1 and "501" in done.stdout,
                  "a user may change nothing")
        for text in (r"control: offline 127\.0\.0\.2 by "
                     "uid 0", "control: minpoll 127.0.0.2 5 by uid 0",
                     "control: add server 127.0.0.2 by uid 0",
                     "control: rekey by uid 0 failed"):
            lib.check(daemon.says(text), f"the log says: {text}")
        ok("shutdown")
        lib.check(daemon.wait() == 0, "shutdown: ended with 0")


def tockctl(*words, user=None):
    return run(lib.BUILD / "tockctl", *words, user=user)


def done(wanted, *words):
    result = tockctl(*words)
    lib.check((result.returncode, result.stdout.strip()) == (0, wanted),
              f"tockctl {' '.join(words)}: "
              f"{(result.stdout + result.stderr).strip()!r}")


def of_json(command):
    return json.loads(tockctl("--json", *command.split()).stdout)


def files_that_others_write(folder):
    """dump, and what NetworkManager's hook for DHCP does."""
    dump, files = folder / "dump", folder / "sources"
    for directory in dump, files:
        directory.mkdir()
    os.chown(dump, lib.uid_of("_tock"), 0)
    with world(folder, f"dumpdir {dump}", f"sourcedir {files}"):
        ok("dump")
        names = sorted(path.name for path in dump.iterdir())
        lib.check(names == [f"127.0.0.{i}.dat" for i in (1, 2, 3)],
                  f"dump wrote {names}")
        ok("reload", "sources")
        activity(3, 0, 0, 0, 1)
        (files / "eth0.sources").write_text(
            f"server 127.0.0.6 port {PORT} iburst\n")
        ok("reload", "sources")
        ok("reload", "sources")
        activity(4, 0, 0, 0, 1)
        (files / "eth0.sources").unlink()
        done("the files of sources were read", "reload", "sources")
        activity(3, 0, 0, 0, 1)


def by_tockctl(folder):
    with world(folder):
        rows_ = of_json("ntpdata")["ntpdata"]
        lib.check([row["address"] for row in rows_] ==
                  ["127.0.0.1", "127.0.0.2", "127.0.0.3"] and
                  all(row["last"]["stratum"] == 8 for row in rows_),
                  "ntpdata --json")
        rows_ = of_json("selectdata -a")["selectdata"]
        lib.check([row["verdict"] for row in rows_][2:] ==
                  ["noselect", "no samples"] and
                  rows_[2]["options"] == ["noselect"], "selectdata --json")
        rows_ = of_json("authdata")["authdata"]
        lib.check([(row["mode"], row["type"]) for row in rows_] ==
                  [("key", "aes128"), ("none", None), ("none", None)],
                  "authdata --json")
        for command in "ntpdata", "selectdata", "authdata":
            for options in [], ["-c"]:
                for user in None, NOBODY:
                    result = tockctl(command, *options, user=user)
                    lib.check(result.returncode == 0 and
                              "127.0.0.3" in result.stdout,
                              f"tockctl {command} {options}, uid {user}")
                    if user is None and not options:
                        print(result.stdout)
        done("127.0.0.2: off line", "offline", "127.0.0.2")
        done("127.0.0.2: asked in a burst", "burst", "1/2", "127.0.0.2")
        done("127.0.0.0/8: on line", "online", "127.0.0.0/8")
        done("127.0.0.2: minpoll is now -1", "minpoll", "127.0.0.2", "-1")
        done("127.0.0.2: +prefer -noselect", "selectopts", "127.0.0.2",
             "+prefer", "-noselect")
        lib.check(of_json("selectdata")["selectdata"][1]["options"] ==
                  ["prefer"], "selectopts is seen")
        done("127.0.0.2: offset is now -0.25", "offset", "127.0.0.2", "-0.25")
        done("nosuch.invalid: deleted", "delete", "nosuch.invalid")
        done("127.0.0.4: added", "add", "server", "127.0.0.4", "port",
             str(PORT), "iburst")
        activity(4, 0, 0, 0, 0)
        done("the key file was read", "rekey")
        result = tockctl("offline", user=NOBODY)
        lib.check(result.returncode == 1 and "sudo" in result.stderr,
                  f"a user may not: {result.stderr.strip()}")


if __name__ == "__main__":
    if os.geteuid() == 0:       # while the network is still there
        debian.program(lib.BUILD, "chrony", "usr/bin/chronyc")
        debian.program(lib.BUILD, "chrony", "usr/sbin/chronyd")
    lib.alone()
    for copy, path in (COPY, "usr/bin/chronyc"), (SERVER, "usr/sbin/chronyd"):
        shutil.copy(debian.unpacked(lib.BUILD, "chrony") / path, copy)
    lib.main(looks, changes, files_that_others_write, by_tockctl)
