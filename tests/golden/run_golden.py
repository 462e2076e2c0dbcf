#!/usr/bin/env python3
"""Compares emitted kernels byte for byte with tests/golden/*.cu, as TAP.

usage: run_golden.py EMIT_KERNELS SOURCE_ROOT

points.txt lists "FILE: case". With UPDATE_GOLDEN=1 in the environment the files
are rewritten instead: read the diff before you commit it.
"""
import difflib
import os
import subprocess
import sys


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return b""


def points(folder):
    with open(os.path.join(folder, "points.txt")) as f:
        for line in f:
            if line.strip() and line[0] != "#":
                name, case = line.split(":", 1)
                yield os.path.join(folder, name + ".cu"), case.strip()


def emit(program, root, case):
    return subprocess.run([program, os.path.join(root, "templates"),
                           "--source"], input=case.encode() + b"\n",
                          check=True, stdout=subprocess.PIPE).stdout


def difference(want, got):
    lines = difflib.unified_diff(
        want.decode().split("\n"), got.decode().split("\n"), "golden",
        "emitted", lineterm="", n=1)
    return list(lines)[:40]


def main():
    program, root = sys.argv[1:3]
    update = os.environ.get("UPDATE_GOLDEN") == "1"
    failed = number = 0
    for path, case in points(os.path.join(root, "tests/golden")):
        number += 1
        got, want = emit(program, root, case), read(path)
        if update and got != want:
            with open(path, "wb") as f:
                f.write(got)
            want = got
        failed += got != want
        print("%sok %d - %s" % ("not " if got != want else "", number,
                                os.path.basename(path)))
        if got != want:
            print("\n".join("# " + s for s in difference(want, got)))
    print("1..%d" % number)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
