#!/usr/bin/env python3
"""Run transcripts (see transcript.py) and print TAP.

usage: run_transcripts.py GNNAC FILE...
"""
import sys

import machine
import transcript


def main():
    gnnac, files = sys.argv[1], sys.argv[2:]
    tap, env = machine.Tap(), machine.environment(gnnac)
    for path in files:
        with open(path) as f:
            cases = transcript.parse(f.read())
        for case in cases:
            lacks = [n for n in case.needs if not machine.has(n, gnnac)]
            faults = [] if lacks else transcript.run_case(case, env)
            tap.result(case.title, faults,
                       "no " + ", no ".join(lacks) if lacks else None)
    tap.done()


if __name__ == "__main__":
    main()
