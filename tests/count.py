#!/usr/bin/env python3
"""Count TAP subtests in meson's testlog.json files.

usage: count.py LOG...   prints "PASSED FAILED SKIPPED" and, on stderr, each
failure with its diagnostics. A program that prints no TAP counts as one test;
a crash, a time-out or a broken plan counts as one failure more.
"""
import json
import re
import sys

SUBTEST = re.compile(r"^(not )?ok\b")
SKIP = re.compile(r"#\s*skip\b", re.IGNORECASE)
EMPTY_PLAN = re.compile(r"^1\.\.0\b")
BAD = ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS")


def is_skip(line):
    return SKIP.search(line) is not None


def report(name, lines):
    print(f"FAILED {name}", file=sys.stderr)
    for line in lines:
        print(f"    {line}", file=sys.stderr)


def count_test(test):
    """(passed, failed, skipped) of one test program."""
    name, result = test["name"], test["result"]
    passed = failed = skipped = 0
    notes = []
    for line in test.get("stdout", "").splitlines():
        match = SUBTEST.match(line)
        if not match:
            notes.append(line)
            if EMPTY_PLAN.match(line):
                skipped += 1
            continue
        if is_skip(line):
            skipped += 1
        elif match.group(1):
            failed += 1
            report(f"{name}: {line}", notes[-20:])
        else:
            passed += 1
        notes = []
    if result in BAD and not failed:
        failed += 1
        tail = test.get("stderr", "").splitlines()[-30:]
        report(f"{name}: {result}", notes[-20:] + tail)
    if not passed + failed + skipped:
        skipped += result == "SKIP"
        passed += result != "SKIP"
    return passed, failed, skipped


def main():
    total = [0, 0, 0]
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                counts = count_test(json.loads(line))
                total = [a + b for a, b in zip(total, counts)]
    print(*total)


if __name__ == "__main__":
    main()
