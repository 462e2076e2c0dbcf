#!/usr/bin/env python3
"""gnnac rules watch: saved files, faulty ones, signals; TAP.

usage: run_rules_watch.py GNNAC
"""
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading

import machine

GNNAC = sys.argv[1]
SECONDS = 60  # more than any step takes on a busy machine

RULE = """rule "mine" {
  when = function(graph, layer) return layer.agg_dim %s end,
  choose = { template = "row_split", dimWorker = %d },
  why = "a test",
  priority = 200,
}
"""


class Watch:
    """A running watch; its lines come through a queue."""
    running = []

    def __init__(self, folder, *options, path=""):
        self.folder = folder
        env = dict(machine.environment(GNNAC), GNNAC_HOME=folder, HOME=folder,
                   GNNAC_PATH=path)
        subprocess.run(["gnnac", "generate", "ring", "--nodes", "64", "-q",
                        "-o", "g.npz"], cwd=folder, env=env, check=True)
        self.process = subprocess.Popen(
            ["gnnac", "rules", "watch", "mine.lua", "--", "g.npz", "--model",
             "gcn", "--dim", "32", "--classes", "4", "--device", "cpu",
             *options], cwd=folder, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        Watch.running.append(self.process)
        self.lines, self.warnings = queue.Queue(), queue.Queue()
        for stream, lines in ((self.process.stdout, self.lines),
                              (self.process.stderr, self.warnings)):
            threading.Thread(target=self.collect, args=(stream, lines),
                             daemon=True).start()

    @staticmethod
    def collect(stream, lines):
        for line in stream:
            lines.put(line.rstrip("\n"))

    def until(self, part, lines=None):
        """The lines up to one that has the part."""
        seen = []
        while not seen or part not in seen[-1]:
            try:
                seen.append((lines or self.lines).get(timeout=SECONDS))
            except queue.Empty:
                raise AssertionError(f"no '{part}' in {seen}") from None
        return seen

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


def write(folder, text):
    """As an editor saves: a new file in place of the old one."""
    with open(os.path.join(folder, "new"), "w") as f:
        f.write(text)
    os.replace(os.path.join(folder, "new"), os.path.join(folder, "mine.lua"))


def write_in_place(folder, text):
    with open(os.path.join(folder, "mine.lua"), "w") as f:
        f.write(text)


def a_save_is_planned_and_told(folder):
    write(folder, RULE % ("== 16", 4))
    w = Watch(folder)
    first = w.until("steps planned")
    assert any("by mine" in line for line in first), first
    for save in (write, write_in_place):
        save(folder, RULE % ("== 16", 16))
        change = w.until("steps change")
        assert any(line.startswith("  - step 1") and "dimWorker=4 " in line
                   for line in change), change
        assert any(line.startswith("  + step 1") and "dimWorker=16 " in line
                   for line in change), change
        save(folder, RULE % ("== 16", 4))
        w.until("steps change")
    write(folder, RULE % ("== 16", 4) + "-- a comment\n")
    assert w.until("steps change") == ["mine.lua: 0 of 3 steps change"]
    assert w.end(signal.SIGINT) == 0


# A template that cannot do the step behind the sums, and its rule.
PLAIN = """//% family { op = "aggregate", doc = "sums" }

//% local parameters = launch { entry = kernel, block = 32,
//%   grid = { "n_rows", per = 32 }, args = { "out", "x", "n_rows" } }
extern "C" __global__ void ${kernel}(${parameters}) {}
"""
APART = """rule "mine" {
  when = function(graph, layer) return layer.agg_dim == 4 end,
  choose = { template = "plain" }, why = "a test", priority = 200,
}
"""


def a_step_of_its_own_comes_and_goes(folder):
    """log_softmax is done with the sums, unless their template cannot."""
    os.makedirs(os.path.join(folder, "templates"))
    with open(os.path.join(folder, "templates", "plain.cu.lua"), "w") as f:
        f.write(PLAIN)
    together = RULE % ("== 16", 4)
    write(folder, together)
    w = Watch(folder, path=folder)
    assert w.until("steps planned")[-1] == "mine.lua: 3 of 3 steps planned"
    for faulty in ("", APART + "rule 'x' {"):
        write(folder, APART)
        apart = w.until("steps change")
        assert "  + step 3: plain " in "".join(apart), apart
        assert [line[:24] for line in apart[-2:]] == [
            "  + step 4: log_softmax ", "mine.lua: 3 of 4 steps c"], apart
        if faulty:
            write(folder, faulty)
            w.until("stay", w.warnings)
        write(folder, together)
        again = w.until("steps change")
        assert "  + step 3: row_split " in "".join(again), again
        assert [line[:24] for line in again[-2:]] == [
            "  - step 4: log_softmax ", "mine.lua: 3 of 4 steps c"], again
    assert w.end(signal.SIGINT) == 0


def a_faulty_file_keeps_the_old_rules(folder):
    write(folder, RULE % ("== 16", 4))
    w = Watch(folder, "--json")
    assert json.loads(w.until("}")[-1])["changed"] == 3
    for faulty, what in (
            ("rule 'x' {", "mine.lua:1"),
            (RULE % ("== 16", 99), "outside"),
            (RULE % (".x", 4), "attempt to index a number"),
            ("while true do end", "ran"),
            (RULE % ("== 16", 4) + "test 'no' { graph = { nodes = 5 }, expect = "
             "{ rule = 'mine', dimWorker = 8 } }", "test 'no'")):
        write(folder, faulty)
        told = json.loads(w.until("}")[-1])
        assert what in told["error"], (what, told)
        assert "the rules before stay" in w.until("stay", w.warnings)[-1]
    # Only what differs from the plan that held all the time is a change.
    write(folder, RULE % ("== 16", 4))
    assert json.loads(w.until("}")[-1])["changed"] == 0
    os.remove(os.path.join(folder, "mine.lua"))
    write(folder, RULE % ("== 16", 8))
    changed = json.loads(w.until("}")[-1])
    assert [c["step"] for c in changed["choices"]] == [1], changed
    assert w.end(signal.SIGTERM) == 0


def what_cannot_be_watched_is_said_at_once(folder):
    w = Watch(folder)
    assert w.process.wait(SECONDS) == 2
    assert w.warnings.get(timeout=SECONDS).startswith("mine.lua: ")
    write(folder, "rule 'x' {")
    w = Watch(folder)
    assert w.process.wait(SECONDS) == 2
    write(folder, RULE % ("== 16", 4))
    w = Watch(folder, "--modle", "gcn")
    assert w.process.wait(SECONDS) == 1
    assert "did you mean '--model'" in w.warnings.get(timeout=SECONDS)


def main():
    tap = machine.Tap()
    for case in (a_save_is_planned_and_told,
                 a_step_of_its_own_comes_and_goes, a_faulty_file_keeps_the_old_rules,
                 what_cannot_be_watched_is_said_at_once):
        with tempfile.TemporaryDirectory() as folder:
            faults = []
            try:
                case(folder)
            except AssertionError as e:
                faults = [str(e) or "an assertion failed"]
            for process in Watch.running:  # none, unless the case failed
                process.kill()
                process.wait()
            tap.result(case.__name__.replace("_", " "), faults)
    tap.done()


if __name__ == "__main__":
    main()
