#!/usr/bin/env python3
"""Compiles the corner points of every family with NVRTC, as TAP.

usage: compile_matrix.py EMIT_KERNELS SOURCE_ROOT

Every case is compiled for sm_90, every fourth also for sm_80, and some, not the
same ones, for each other architecture that this NVRTC knows: every 16th, in the
suite `slow` every fourth. Nothing may spill on sm_80 and sm_90, no
kernel may need more registers than its block leaves it, and nobody may warn.
Skipped where there is no NVRTC.
"""
import concurrent.futures
import ctypes
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nvrtc  # noqa: E402

# What no case of cases.txt runs, since it computes nothing of a network.
YARDSTICKS = ["gather_roof dim=1", "gather_roof dim=16", "gather_roof dim=22 x=22",
              "gather_roof dim=1433 x=1433 rowsPerTeam=32 unroll=16"]

OTHERS = ["sm_80", "sm_75", "sm_86", "sm_89", "sm_100", "sm_120", "compute_75",
          "compute_90"]
OTHERS_STEP = 4 if "GNNAC_TEST_SLOW" in os.environ else 16


def known_archs(lib):
    n = ctypes.c_int()
    nvrtc.check(lib.nvrtcGetNumSupportedArchs(ctypes.byref(n)))
    archs = (ctypes.c_int * n.value)()
    nvrtc.check(lib.nvrtcGetSupportedArchs(archs))
    return set(archs)


def problem_of(lib, source, arch):
    """What is wrong with this text on this architecture, or ""."""
    ok, log = nvrtc.compile_text(lib, source, arch)
    if not ok or "warning" in log:
        return log[:2000]
    threads = int(re.search(rb"__launch_bounds__\((\d+)", source).group(1))
    for entry, registers, spilled, shared in nvrtc.statistics(log):
        if registers > min(255, 65536 // threads):
            return "%s: %d registers" % (entry, registers)
        if shared > 48 * 1024:
            return "%s: %d bytes of shared memory" % (entry, shared)
        if spilled and arch in ("sm_80", "sm_90"):
            return "%s: spills %d bytes" % (entry, spilled)
    return ""


def main():
    emit, root = sys.argv[1:3]
    lib = nvrtc.find()
    if not lib:
        print("1..0 # SKIP there is no NVRTC")
        return 0
    with open(os.path.join(root, "tests/kernel/cases.txt")) as f:
        cases = [s.strip() for s in f if s.strip() and s[0] != "#"]
    cases += YARDSTICKS
    known = known_archs(lib)
    with tempfile.TemporaryDirectory(prefix="gnnac-matrix-") as folder:
        subprocess.run([emit, os.path.join(root, "templates"), "--files",
                        folder], input="\n".join(cases) + "\n", text=True,
                       check=True)
        sources = []
        for i in range(len(cases)):
            with open(os.path.join(folder, "%d.cu" % i), "rb") as f:
                sources.append(f.read())
    archs = ["sm_90"] + [a for a in OTHERS if int(a.split("_")[1]) in known]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, arch in enumerate(archs, 1):
            step = {"sm_90": 1, "sm_80": 4}.get(arch, OTHERS_STEP)
            picked = range(number % step, len(cases), step)
            found = list(pool.map(
                lambda i: problem_of(lib, sources[i], arch), picked))
            bad = [(cases[i], p) for i, p in zip(picked, found) if p]
            failed += bool(bad)
            print("%sok %d - %d kernels compile for %s" %
                  ("not " if bad else "", number, len(found), arch))
            for case, problem in bad[:5]:
                print("# " + case)
                print("#   " + problem.replace("\n", "\n#   "))
            sys.stdout.flush()
    print("1..%d" % len(archs))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
