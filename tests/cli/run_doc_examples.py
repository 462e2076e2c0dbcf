#!/usr/bin/env python3
"""Run the examples of documents and compare what they show. Prints TAP.

usage: run_doc_examples.py GNNAC FILE.md...

An example is a line "$ gnnac ..." in a block fenced as ```console; the lines
below it are its output, where "..." stands for anything (see transcript.py).
Commands of one file share a folder. Other commands are not run.
"""
import os
import sys
import tempfile

import machine
import transcript

NEED_COMPILER = ("gnnac compile", "gnnac run", "gnnac inspect", "gnnac explain")


def console_blocks(text):
    """The text inside ```console fences, with continued lines joined."""
    inside, lines = False, []
    for line in text.replace("\\\n", " ").split("\n"):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside:
            lines.append(line)
    return "\n".join(lines)


def examples(path):
    with open(path) as f:
        cases = transcript.parse("## all\n" + console_blocks(f.read()))
    return [s for s in cases[0].steps if s.command.startswith("gnnac")]


def check_file(path, gnnac, env, tap):
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "here")
        os.mkdir(folder)
        env = dict(env, HOME=scratch, GNNAC_HOME=scratch)
        for step in examples(path):
            title = f"{os.path.basename(path)}: {step.command}"
            if step.command.startswith(NEED_COMPILER) and \
                    not machine.has("nvrtc", gnnac):
                tap.result(title, [], "no nvrtc")
            else:
                tap.result(title, transcript.run_step(step, folder, env))


def main():
    gnnac, tap = sys.argv[1], machine.Tap()
    for path in sys.argv[2:]:
        check_file(path, gnnac, machine.environment(gnnac), tap)
    tap.done()


if __name__ == "__main__":
    main()
