#!/usr/bin/env python3
"""Checks, as TAP, that kernels which may be started early wait before all else.

usage: run_follows.py SOURCE_ROOT

Every kernel of tests/golden/*.cu, compiled to PTX for compute_90, has to come to
`griddepcontrol.wait` before it touches global memory or leaves. Those that do not
follow others (NEVER) have to lack it.
"""
import glob
import os
import re
import sys

import nvrtc

NEVER = ("gather_roof", "whole_model")
TOUCHES = re.compile(r"^\s*(?:@!?%p\d+\s+)?(?:(?:ld|st|red|atom|cp\.async)\S*global"
                     r"|ret;|bra|cp\.async|exit)", re.M)
WAIT = re.compile(r"griddepcontrol\.wait")


def entries(ptx):
    """{name: body} of the kernels of a PTX text."""
    parts = re.split(r"\.entry (\w+)\(", ptx)
    return {name: body.split("\n}", 1)[0]
            for name, body in zip(parts[1::2], parts[2::2])}


def fault_of(name, body):
    wait, touch = WAIT.search(body), TOUCHES.search(body)
    if any("gnnac_" + family in name for family in NEVER):
        return name + " waits, and follows nothing" if wait else ""
    if not wait:
        return name + " does not wait"
    if touch and touch.start() < wait.start():
        return "%s: '%s' before it waits" % (name, touch.group().strip())
    return ""


def faults_of(lib, path):
    with open(path, "rb") as f:
        ok, log, ptx = nvrtc.compile_all(lib, f.read(), "compute_90")
    if not ok:
        return [log[:500]]
    found = entries(ptx)
    if not found:
        return ["there is no kernel in it"]
    return [s for s in (fault_of(*e) for e in found.items()) if s]


def main():
    lib = nvrtc.find()
    if not lib:
        print("1..0 # SKIP there is no NVRTC")
        return 0
    golden = os.path.join(sys.argv[1], "tests/golden/*.cu")
    number = failed = 0
    for number, path in enumerate(sorted(glob.glob(golden)), 1):
        faults = faults_of(lib, path)
        failed += bool(faults)
        print("%sok %d - %s" % ("not " if faults else "", number,
                                os.path.basename(path)))
        for fault in faults:
            print("# " + fault)
    early = ".entry k(\n{\nld.global.nc.f32 %f1, [%rd1];\ngriddepcontrol.wait;\n}"
    found_out = [bool(fault_of(*e)) for e in entries(early).items()]
    print("%sok %d - a load ahead of the wait is found out" %
          ("" if found_out == [True] else "not ", number + 1))
    print("1..%d" % (number + 1))
    return 1 if failed or found_out != [True] else 0


if __name__ == "__main__":
    sys.exit(main())
