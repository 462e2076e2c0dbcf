#!/usr/bin/env python3
"""A tuning is killed again and again, itself or one of its workers, and resumed;
TAP.

After each kill the databases are whole, and a tuning that was resumed to its end
has chosen what an undisturbed one does. The latter is asked of a software device
alone, whose times repeat.

Tuners that hang do not keep the one that started them from ending.

usage: run_tune_kills.py GNNAC     12 kills; with GNNAC_TEST_SLOW 200, and tuners
                                   that hang
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "cli"))
import machine  # pylint: disable=wrong-import-position

GNNAC = os.path.abspath(sys.argv[1])
SLOW = bool(os.environ.get("GNNAC_TEST_SLOW"))
KILLS = 200 if SLOW else 12
PATIENCE_S = 240  # more than any tuning takes on a busy machine
OPTIONS = ["--model", "gcn", "--layers", "2", "--dim", "8", "--hidden", "12",
           "--classes", "4", "--json", "-q"]
HAS_GPU = os.path.exists("/dev/nvidia0") or os.path.exists("/dev/dxg")


class Bench:
    """A folder with a graph, and the tunings that ran in it."""

    def __init__(self, folder):
        self.folder, self.n_folders = folder, 0
        self.env = dict(machine.environment(GNNAC), GNNAC_HOME=folder)
        self.graph = os.path.join(folder, "g.npz")
        self.run("generate", "ring", "--nodes", "40", "-q", "-o",
                 self.graph)

    def run(self, *words):
        return subprocess.run([GNNAC, *words], cwd=self.folder, env=self.env,
                              text=True, capture_output=True,
                              timeout=PATIENCE_S, check=False)

    def start(self, db, out, *more):
        """A tuning that goes on with what `db` holds."""
        return subprocess.Popen(
            [GNNAC, "tune", self.graph, *OPTIONS, "--resume", "--db", db,
             *more],
            cwd=self.folder, env=self.env, stdout=out, stderr=subprocess.PIPE,
            start_new_session=True)

    def new_db(self):
        self.n_folders += 1
        return os.path.join(self.folder, f"db{self.n_folders}")


def winners(text):
    return [(s["step"], s["template"], s["knobs"])
            for s in json.loads(text)["steps"]]


def workers_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def strike(tuning, after, rng):
    """Waits, kills the tuning or one of its workers. What was hit, or None where
    the tuning was over before."""
    try:
        tuning.wait(after)
        return None
    except subprocess.TimeoutExpired:
        pass
    workers = workers_of(tuning.pid)
    if workers and rng.random() < 0.5:
        return "worker" if kill(rng.choice(workers)) else None
    return "tuner" if kill(tuning.pid) else None


def is_whole(bench, db, faults):
    found = bench.run("db", "verify", "--db", db)
    if found.returncode:
        faults.append(f"after a kill, db verify: {found.stdout}{found.stderr}")


def end_of(tuning, out, hit, faults):
    """What the tuning printed, if it was left alone or lost a worker only."""
    _, errors = tuning.communicate(timeout=PATIENCE_S)
    if hit == "tuner":
        return None
    if tuning.returncode:
        faults.append(f"exit {tuning.returncode}: {errors.decode()[-300:]}")
        return None
    out.seek(0)
    return out.read()


def measure(bench):
    """An undisturbed tuning: its winners, and how long it took."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        faults = []
        text = end_of(bench.start(bench.new_db(), out), out, None, faults)
    if faults:
        sys.exit(f"run_tune_kills.py: {faults[0]}")
    return winners(text), time.monotonic() - begun


def kill_again_and_again(bench, expected, seconds, rng):
    faults, hits, n_ends = [], {"tuner": 0, "worker": 0}, 0
    db = bench.new_db()
    while (sum(hits.values()) < KILLS or n_ends == 0) and not faults:
        with tempfile.TemporaryFile("w+") as out:
            tuning = bench.start(db, out)
            left = sum(hits.values()) < KILLS
            hit = strike(tuning, rng.uniform(0, seconds), rng) if left else None
            text = end_of(tuning, out, hit, faults)
        if hit:
            hits[hit] += 1
            is_whole(bench, db, faults)
        if text is None:
            continue
        n_ends += 1
        if winners(text) != expected and not HAS_GPU:
            faults.append(f"resumed: {winners(text)}, else: {expected}")
        db = bench.new_db()
    return faults, hits, n_ends


def hang_and_stop(bench):
    """Two tuners, stopped where they stand as if a driver held them; then their
    owner is asked to end."""
    db, faults = bench.new_db(), []
    with tempfile.TemporaryFile("w+") as out:
        tuning = bench.start(db, out, "--device", "cuda:0,cuda:0")
        until = time.monotonic() + PATIENCE_S
        while len(tuners := workers_of(tuning.pid)) < 2 and \
                time.monotonic() < until and tuning.poll() is None:
            time.sleep(0.01)
        for pid in tuners:
            os.kill(pid, signal.SIGSTOP)
        tuning.send_signal(signal.SIGINT)
        try:
            _, errors = tuning.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            tuning.kill()
            return ["it did not end"]
    told = errors.decode()
    if len(tuners) != 2 or told.count("did not come to its end") != 2:
        faults.append(f"{len(tuners)} tuners, exit {tuning.returncode}: {told}")
    faults += [f"tuner {pid} lives" for pid in tuners
               if os.path.exists(f"/proc/{pid}")]
    is_whole(bench, db, faults)
    return faults


def main():
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        expected, seconds = measure(bench)
        faults, hits, n_ends = kill_again_and_again(bench, expected, seconds,
                                                    rng)
        hung = hang_and_stop(bench) if SLOW else None
    print(f"# {hits['tuner']} tuners and {hits['worker']} workers killed, "
          f"{n_ends} tunings ended, one takes {seconds:.1f} s")
    tap = machine.Tap()
    tap.result("a tuning that is killed at random and resumed keeps its "
               "databases whole and its choice", faults)
    if hung is not None:
        tap.result("tuners that hang are killed when told to end", hung)
    tap.done()


if __name__ == "__main__":
    main()
