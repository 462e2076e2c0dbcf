#!/usr/bin/env python3
"""Databases under many processes, kills, full disks and read-only homes; TAP.

usage: run_database_faults.py GNNAC
"""
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

import machine

GNNAC = sys.argv[1]
PROCESSES = 16
KILLS, AT_ONCE = (300, 16) if "GNNAC_TEST_SLOW" in os.environ else (24, 6)


class Place:
    """A folder with a home for the databases and one graph of each size."""

    def __init__(self, folder):
        self.folder = folder
        self.env = dict(machine.environment(GNNAC),
                        GNNAC_HOME=os.path.join(folder, "home"))

    def start(self, *args, **more):
        return subprocess.Popen(["gnnac", *args], cwd=self.folder,
                                env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, **more)

    def run(self, *args, **more):
        p = self.start(*args, **more)
        out, err = p.communicate(timeout=240)
        return p.returncode, out, err

    def graph(self, nodes):
        name = f"ring{nodes}.npz"
        self.run("generate", "ring", "--nodes", str(nodes), "-q", "-o", name)
        return name

    def compile(self, graph, **more):
        return self.start("compile", graph, "--model", "gcn", "--dim", "8",
                          "--classes", "4", "--json", "-q", "-o",
                          graph + ".gnnb", **more)

    def damage(self):
        status, out, err = self.run("db", "verify")
        return [] if status == 0 else (out + err).splitlines()


def finish(p, faults, what):
    out, err = p.communicate(timeout=240)
    if p.returncode != 0:
        faults.append(f"{what}: exit {p.returncode}: {err}")
        return {}
    return json.loads(out)


def warnings(text):
    return [line for line in text.splitlines() if line.startswith("warning:")]


def many_processes(place):
    faults = []
    graphs = [place.graph(64 + i) for i in range(PROCESSES)]
    running = [place.compile(g) for g in graphs]
    decided = sum(len(finish(p, faults, g).get("choices", []))
                  for p, g in zip(running, graphs))
    info = json.loads(place.run("db", "info", "--json")[1])["tune.db"]
    if info["graphs"] != PROCESSES or info["decisions"] != decided:
        faults.append(f"{decided} decisions were made, there are {info}")
    for g in graphs:
        again = finish(place.compile(g), faults, g)
        if again and (again["emitted"] or again["compiled"]):
            faults.append(f"{g}: decided anew")
    return faults + place.damage()


def kills(place):
    """One of many is killed, again and again; those that end by themselves
    must have done what they said. Fresh graphs, whose kernels are known, so
    that there is little but to write; then prunings, which rewrite much."""
    faults, rng, running, ended = [], random.Random(1), [], []
    done, killed, i = [], 0, 0
    finish(place.compile(place.graph(99)), faults, "the first")
    while killed < KILLS and not faults:
        while len(running) < AT_ONCE:
            graph = place.graph(100 + i)
            running.append((place.compile(graph), graph))
            i += 1
        time.sleep(rng.random() * 0.06)
        alive = [r for r in running if r[0].poll() is None]
        ended += [r for r in running if r not in alive]
        running = alive
        if alive:
            p, _ = running.pop(rng.randrange(len(running)))
            p.kill()
            p.communicate()
            killed += p.returncode == -9
    for p, graph in ended + running:
        out, err = p.communicate(timeout=240)
        if p.returncode != 0 or warnings(err):
            faults.append(f"{graph}: exit {p.returncode}: {err}")
        else:
            done.append(graph)
    for graph in done:
        if finish(place.compile(graph), faults, graph).get("emitted") != 0:
            faults.append(f"{graph}: decided anew")
    for _ in range(KILLS // 6):
        p = place.start("db", "prune", "--max-bytes",
                        str(rng.randrange(500000)))
        time.sleep(rng.random() * 0.02)
        p.kill()
        p.communicate()
    faults += place.damage()
    left = [n for n in os.listdir(place.env["GNNAC_HOME"])
            if not n.startswith(("tune.db", "kcache.db"))]
    return faults + [f"{n} was left behind" for n in left]


def import_killed(place):
    """What a killed import leaves is all of it or nothing."""
    faults, rng = [], random.Random(2)
    finish(place.compile(place.graph(64)), faults, "compile")
    place.run("db", "export", "-o", "one.jsonl")
    for i in range(12):
        home = f"into{i}"
        p = place.start("db", "import", "one.jsonl", "--db", home)
        time.sleep(rng.random() * 0.03)
        p.kill()
        p.communicate()
        place.run("db", "export", "--db", home, "-o", "got.jsonl")
        with open(os.path.join(place.folder, "got.jsonl")) as got, \
                open(os.path.join(place.folder, "one.jsonl")) as want:
            got, want = got.readlines(), want.readlines()
        if got != want and len(got) != 2:
            faults.append(f"{len(got)} of {len(want)} lines")
    return faults


def mounted(place, options, then, faults):
    """Compile with the home on a file system of its own. (stdout, stderr)"""
    home = place.env["GNNAC_HOME"]
    os.makedirs(home, exist_ok=True)
    script = (f"mount -t tmpfs -o {options} none {home} && {then} "
              f"gnnac compile ring64.npz --model gcn --dim 8 --classes 4 "
              f"--json -q -o {place.folder}/out.gnnb && "
              f"gnnac inspect {place.folder}/out.gnnb --check >&2 && "
              f"(mount -o remount,size=9m {home} && "
              f"gnnac db verify >&2 || exit 66)")
    p = subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=place.folder,
                       env=place.env, capture_output=True, text=True)
    if p.returncode != 0:
        faults.append(f"exit {p.returncode}: {p.stderr}")
    return p.stdout, p.stderr


def one_warning(err):
    n = len(warnings(err))
    return [] if n == 1 else [f"{n} warnings: {err}"]


def full_disk(place):
    faults = []
    place.graph(64)
    for kib in (4, 60, 120, 160, 240):
        faults += one_warning(mounted(place, f"size={kib}k", "", faults)[1])
    return faults


def read_only_home(place):
    faults = []
    place.graph(64)
    home = place.env["GNNAC_HOME"]
    _, err = mounted(place, "size=9m", f"mount -o remount,ro {home} &&",
                     faults)
    return faults + one_warning(err)


def read_only_home_with_decisions(place):
    """What is there is used, without a word; what is new costs one warning."""
    faults = []
    g, new = place.graph(64), place.graph(65)
    finish(place.compile(g), faults, g)
    home = place.env["GNNAC_HOME"]
    script = (f"mount --bind {home} {home} && mount -o remount,ro,bind {home} "
              f"&& gnnac compile $0 --model gcn --dim 8 --classes 4 --json -q "
              f"-o out.gnnb")
    for name, n_warnings, emits in ((g, 0, False), (new, 1, True)):
        p = subprocess.run(["unshare", "-m", "sh", "-c", script, name],
                           cwd=place.folder, env=place.env,
                           capture_output=True, text=True)
        if p.returncode != 0 or len(warnings(p.stderr)) != n_warnings or \
                bool(json.loads(p.stdout or "{}").get("emitted")) != emits:
            faults.append(f"{name}: exit {p.returncode}, {p.stdout} "
                          f"{p.stderr}")
    return faults


def file_size_limit(place):
    """A bundle that does not fit is an error, and nothing is left of it."""
    g = place.graph(64)
    limit = 48 * 1024
    p = place.compile(g, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, (limit, limit)))
    _, err = p.communicate(timeout=240)
    left = [n for n in os.listdir(place.folder) if "gnnb" in n]
    errors = [e for e in err.splitlines() if not e.startswith("warning:")]
    faults = [] if p.returncode == 2 and len(errors) == 1 else \
        [f"exit {p.returncode}: {err}"]
    return faults + [f"{n} is left" for n in left] + one_warning(err) + \
        place.damage()


def can_mount():
    return subprocess.run(["unshare", "-m", "sh", "-c",
                           "mount -t tmpfs none /mnt"],
                          capture_output=True).returncode == 0


CASES = [
    ("16 processes compile with one database and lose nothing",
     many_processes, False),
    ("compiles and prunings killed at any moment damage nothing", kills,
     False),
    ("an import that is killed took all or nothing", import_killed, False),
    ("a file that may not grow is one error and leaves no part of it",
     file_size_limit, False),
    ("a full disk costs one warning, not the result", full_disk, True),
    ("a home that cannot be written costs one warning, not the result",
     read_only_home, True),
    ("decisions in a home that cannot be written are used",
     read_only_home_with_decisions, True),
]


def main():
    tap = machine.Tap()
    nvrtc, mounts = machine.has("nvrtc", GNNAC), can_mount()
    for title, case, needs_mount in CASES:
        skip = "no nvrtc" if not nvrtc else \
            "not allowed to mount" if needs_mount and not mounts else None
        with tempfile.TemporaryDirectory() as folder:
            tap.result(title, [] if skip else case(Place(folder)), skip)
    tap.done()


main()
