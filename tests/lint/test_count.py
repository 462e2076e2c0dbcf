#!/usr/bin/env python3
"""Does tests/count.py count what happened? Prints TAP."""
import contextlib
import io
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import count  # noqa: E402


def log(stdout, result="OK", stderr=""):
    return {"name": "t", "stdout": stdout, "stderr": stderr, "result": result}


# (title, a line of the log, passed, failed, skipped)
CASES = [
    ("every subtest counts", log("ok 1 - a\nok 2 - b\n1..2\n"), 2, 0, 0),
    ("a failed subtest counts as failed",
     log("ok 1\nnot ok 2 - b\n1..2\n", "FAIL"), 1, 1, 0),
    ("a skipped subtest is not passed",
     log("ok 1 - a # SKIP no GPU\nok 2\n1..2\n"), 1, 0, 1),
    ("a skipped program counts once", log("1..0 # SKIP no GPU\n", "SKIP"),
     0, 0, 1),
    ("a crash behind good subtests is a failure",
     log("ok 1\nok 2\n", "ERROR", "Segmentation fault"), 2, 1, 0),
    ("a time-out is a failure", log("ok 1\n", "TIMEOUT"), 1, 1, 0),
    ("a program without TAP counts once", log("hello\n"), 1, 0, 0),
    ("a failed program without TAP counts once", log("hello\n", "FAIL"),
     0, 1, 0),
    ("words that begin like a result are none",
     log("okay then\nok 1 - a\n"), 1, 0, 0),
]


def main():
    failed = 0
    for number, (title, test, *wanted) in enumerate(CASES, 1):
        with contextlib.redirect_stderr(io.StringIO()):
            got = list(count.count_test(test))
        if got != wanted:
            failed = 1
            print(f"# counted {got}, expected {wanted}")
        print(f"{'' if got == wanted else 'not '}ok {number} - {title}")
    print(f"1..{len(CASES)}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
