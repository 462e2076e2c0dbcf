#!/usr/bin/env python3
"""The Python package's tests, as TAP: every test_*.py beside this file, or
those named. A title is the first line of a test's docstring.

usage: run_tests.py SOURCE_ROOT BUILD_ROOT [MODULE...]

Where this Python lacks NumPy, that of .venv is asked (tests/setup.sh puts it
there). Tests of PyTorch run in $GNNAC_TORCH_PYTHON where that is set.
"""
import glob
import os
import sys
import unittest

sys.dont_write_bytecode = True
TORCH = {"test_layers", "test_torch"}
HERE = os.path.dirname(os.path.abspath(__file__))


def need_numpy(root):
    try:
        import numpy  # noqa: F401
    except ImportError as why:
        python = os.path.join(root, ".venv", "bin", "python")
        if sys.executable != python and os.access(python, os.X_OK):
            os.execv(python, [python, *sys.argv])
        print("1..0 # SKIP no NumPy:", why)
        sys.exit(0)


def use_torch_python(names):
    python = os.environ.get("GNNAC_TORCH_PYTHON")
    if python and os.path.abspath(python) != sys.executable and \
            names and set(names) <= TORCH:
        os.execv(python, [python, *sys.argv])


def title(test):
    return (test.shortDescription() or test.id()).rstrip(".")


class Tap(unittest.TestResult):
    """Prints a line a test as it ends."""

    def __init__(self):
        super().__init__()
        self.number = 0

    def line(self, good, text, directive=""):
        self.number += 1
        print("ok" if good else "not ok", self.number, "-", text + directive,
              flush=True)

    def bad(self, test, err):
        for line in self._exc_info_to_string(err, test).splitlines():
            print("#", line)
        self.line(False, title(test))

    def addSuccess(self, test):
        super().addSuccess(test)
        self.line(True, title(test))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.bad(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self.bad(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.bad(subtest, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(True, title(test), f" # SKIP {reason}")


def main():
    root, build = map(os.path.abspath, sys.argv[1:3])
    use_torch_python(sys.argv[3:])
    need_numpy(root)
    os.environ["GNNAC_LIBRARY"] = os.path.join(build, "runtime",
                                               "libgnnac.so.1")
    os.environ["GNNAC_PROGRAM"] = os.path.join(build, "compiler", "gnnac")
    os.environ["GNNAC_TEST_ROOT"] = root
    os.environ["GNNAC_TEST_BUILD"] = build
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.path[:0] = [os.path.join(root, "runtime", "python"), HERE]
    names = sys.argv[3:] or [
        os.path.basename(n)[:-3]
        for n in sorted(glob.glob(os.path.join(HERE, "test_*.py")))]
    result = Tap()
    unittest.defaultTestLoader.loadTestsFromNames(names).run(result)
    print(f"1..{result.number}")
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
