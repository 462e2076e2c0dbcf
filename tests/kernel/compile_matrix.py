#!/usr/bin/env python3
"""Compiles the corner points of every family with NVRTC, as TAP.

usage: compile_matrix.py EMIT_KERNELS SOURCE_ROOT

Every case is compiled for sm_90; for the other architectures that this NVRTC
knows those of each family that need most there, and a sixteenth of all (in the
suite `slow` all). Nothing may spill on sm_80 and sm_90, no
kernel may need more registers than its block leaves it, and nobody may warn.
Skipped where there is no NVRTC.

ceilings.txt has, for one release of NVRTC, the most registers, spilled bytes and
shared memory of each family's cases on each architecture. That release may not
exceed them; what moved is printed, with any release. UPDATE_CEILINGS=1 in the
environment rewrites the file.
"""
import concurrent.futures
import ctypes
import os
import re
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nvrtc  # noqa: E402

# What no case of cases.txt runs, since it computes nothing of a network, or all
# of one.
YARDSTICKS = ["gather_roof dim=1", "gather_roof dim=16", "gather_roof dim=22 x=22",
              "gather_roof dim=1433 x=1433 rowsPerTeam=32 unroll=16",
              "whole_model model=gcn in=128 hidden=16 classes=7",
              "whole_model model=gcn in=1433 hidden=64 classes=20 layers=3",
              "whole_model model=gcn in=3 hidden=3 classes=1 layers=5 warpPerBlock=32 coarsen=1",
              "whole_model model=sage in=33 hidden=33 classes=7 warpPerBlock=8",
              "whole_model model=gcn in=128 hidden=16 classes=7 coarsen=1 edgeWorker=2",
              "whole_model model=gcn in=128 hidden=16 classes=7 cluster=16 coarsen=1 edgeWorker=2 rowsPerLane=4 depthWorker=8 depthUnroll=1",
              "whole_model model=gcn in=128 hidden=16 classes=7 cluster=8 warpPerBlock=32 coarsen=1 edgeWorker=2 unroll=2 colsPerLane=4 depthWorker=8 depthUnroll=1"]

OTHERS = ["sm_75", "sm_80", "sm_86", "sm_89", "sm_100", "sm_120", "compute_75",
          "compute_90"]


SLOW = "GNNAC_TEST_SLOW" in os.environ


def known_archs(lib):
    n = ctypes.c_int()
    nvrtc.check(lib.nvrtcGetNumSupportedArchs(ctypes.byref(n)))
    archs = (ctypes.c_int * n.value)()
    nvrtc.check(lib.nvrtcGetSupportedArchs(archs))
    return set(archs)


def release(lib):
    major, minor = ctypes.c_int(), ctypes.c_int()
    nvrtc.check(lib.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)))
    return "%d.%d" % (major.value, minor.value)


def compile_case(lib, source, arch):
    """(what is wrong with this text on this architecture, or "",
    its most [registers, spilled bytes, shared bytes])."""
    ok, log = nvrtc.compile_text(lib, source, arch)
    if not ok or "warning" in log:
        return log[:2000], []
    threads = int(re.search(rb"__launch_bounds__\((\d+)", source).group(1))
    entries = nvrtc.statistics(log)
    most = [max(e[i] for e in entries) for i in (1, 2, 3)] if entries else []
    for entry, registers, spilled, shared in entries:
        if registers > min(255, 65536 // threads):
            return "%s: %d registers" % (entry, registers), most
        if shared > 48 * 1024:
            return "%s: %d bytes of shared memory" % (entry, shared), most
        if spilled and arch in ("sm_80", "sm_90"):
            return "%s: spills %d bytes" % (entry, spilled), most
    return "", most


def emit_all(emit, root, cases):
    with tempfile.TemporaryDirectory(prefix="gnnac-matrix-") as folder:
        subprocess.run([emit, os.path.join(root, "templates"), "--files",
                        folder], input="\n".join(cases) + "\n", text=True,
                       check=True)
        sources = []
        for i in range(len(cases)):
            with open(os.path.join(folder, "%d.cu" % i), "rb") as f:
                sources.append(f.read())
    return dict(zip(cases, sources))


def family_of(case):
    """Its template; that of 16-bit storage stands for itself, and so do that of
    sums with weights, those of shared ids and of ids ahead and those that join rows
    themselves, so that they hide nothing of what is plain."""
    half = re.search(r"\b(?:\w+_)?type=(?:f16|bf16)\b", case)
    name = case.split()[0]
    weights = " edges=" in case and \
        name not in ("sddmm", "sparse_linear", "sparse_weight_grad")
    knobs = {" ids=1": "/i", " ids=2": "/a", " combine=3": "/m"}
    return name + ("/16" if half else "") + ("/w" if weights else "") + \
        "".join(tag for knob, tag in knobs.items() if knob in case)


def heaviest(results):
    """The cases of each family that need the most registers, and the most shared
    memory."""
    best = {}
    for case, (_, figures) in results.items():
        for i in (0, 2) if figures else ():
            rank = figures[i], zlib.crc32(case.encode())
            key = family_of(case), i
            best[key] = max(best.get(key, (rank, case)), (rank, case))
    return {case for _, case in best.values()}


def picked(cases, heavy):
    """Whose figures have ceilings on other architectures than sm_90."""
    return [c for c in cases
            if c in heavy or zlib.crc32(c.encode()) % 16 == 0]


def most_of_families(results):
    """{family: [registers, spilled, shared]} of {case: (problem, most)}."""
    most = {}
    for case, (_, figures) in results.items():
        if figures:
            family = family_of(case)
            old = most.get(family, figures)
            most[family] = [max(p) for p in zip(old, figures)]
    return most


class Ceilings:
    def __init__(self, path, version):
        self.path, self.version = path, version
        self.of, self.release = {}, ""
        with open(path) as f:
            for line in f:
                words = line.split()
                if words[:1] == ["nvrtc"]:
                    self.release = words[1]
                elif words and words[0] != "#":
                    self.of[words[0], words[1]] = [int(w) for w in words[2:]]
        self.found = {}

    def over(self, key, new):
        """Whether `new` exceeds the ceilings; False where they do not hold."""
        old = self.of.get(key)
        return self.release == self.version and (
            not old or any(n > o for n, o in zip(new, old)))

    def compare(self, arch, most):
        """Prints what moved; the faults."""
        faults = []
        for family, new in most.items():
            key = arch, family
            self.found[key] = new
            old = self.of.get(key)
            if new != old:
                print("# %s %s moved: %s -> %s" % (*key, old, new))
            if self.over(key, new):
                faults.append((family, "%s, its ceiling is %s (registers, "
                               "spilled, shared)" % (new, old)))
        return faults

    def planted_faults(self):
        """What of the file could get worse unseen, by one register or byte."""
        return [(key[1], "%s + 1 passes for %s" % (old, key[0]))
                for key, old in self.of.items() for i in range(3)
                if not self.over(key, [*old[:i], old[i] + 1, *old[i + 1:]])]

    def write(self):
        with open(self.path) as f:
            head = [line for line in f if line.startswith("#")]
        with open(self.path, "w") as f:
            f.writelines(head)
            f.write("nvrtc %s\n" % self.version)
            for (arch, family), figures in sorted(self.found.items()):
                f.write("%-8s %-16s %4d %6d %6d\n" % (arch, family, *figures))


def report(number, name, faults):
    print("%sok %d - %s" % ("not " if faults else "", number, name))
    for case, problem in faults[:5]:
        print("# " + case)
        print("#   " + problem.replace("\n", "\n#   "))
    sys.stdout.flush()
    return bool(faults)


def main():
    emit, root = sys.argv[1:3]
    lib = nvrtc.find()
    if not lib:
        print("1..0 # SKIP there is no NVRTC")
        return 0
    update = os.environ.get("UPDATE_CEILINGS") == "1"
    with open(os.path.join(root, "tests/kernel/cases.txt")) as f:
        cases = [s.strip() for s in f if s.strip() and s[0] != "#"]
    cases += YARDSTICKS
    sources = emit_all(emit, root, cases)
    ceilings = Ceilings(os.path.join(root, "tests/kernel/ceilings.txt"),
                        release(lib))
    known = known_archs(lib)
    archs = ["sm_90"] + [a for a in OTHERS if int(a.split("_")[1]) in known]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        measured = cases
        for number, arch in enumerate(archs, 1):
            some = cases if SLOW else measured
            results = dict(zip(some, pool.map(
                lambda c: compile_case(lib, sources[c], arch), some)))
            over = ceilings.compare(arch, most_of_families(
                {c: results[c] for c in measured}))
            if arch == "sm_90":
                measured = picked(cases, heaviest(results))
            faults = [(c, p) for c, (p, _) in results.items() if p]
            failed += report(number, "%d kernels compile for %s" %
                             (len(some), arch),
                             faults + ([] if update else over))
    if update:
        ceilings.write()
    name = "a register more is found out"
    if ceilings.release != ceilings.version:
        name += " # SKIP ceilings are of NVRTC %s" % ceilings.release
    failed += report(len(archs) + 1, name, [] if "SKIP" in name
                     else ceilings.planted_faults())
    print("1..%d" % (len(archs) + 1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
