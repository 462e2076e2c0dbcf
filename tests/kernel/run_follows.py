#!/usr/bin/env python3
"""Checks, as TAP, that kernels which may be started early wait before all else.

usage: run_follows.py SOURCE_ROOT

Every kernel of tests/golden/*.cu, compiled to PTX for compute_90, has to let the
next one start and to come to `griddepcontrol.wait` on every way through it, before
it leaves and before it touches global memory, but for loads from what no kernel
writes (GRAPH); whose kernel then has no load from anything else that takes it for
constant, which could be moved there. Those that do not follow others (NEVER) have
to lack it.
"""
import glob
import os
import re
import sys

import nvrtc
import ptx_paths

NEVER = ("gather_roof", "whole_model")
# Parameters that hold what the graph is: the host has brought it, and waited,
# before it starts a kernel that is given it.
GRAPH = ("rowptr", "colidx", "dinv")


def parameters(source, entry):
    """The names of a kernel's parameters, from its CUDA text."""
    found = re.search(r"\b%s\(([^)]*)\)\s*{" % entry, source)
    return [re.search(r"\w+$", p.strip()).group()
            for p in found.group(1).split(",")] if found else []


def fault_of(name, body, names):
    waits = "griddepcontrol.wait" in body
    if any("gnnac_" + family in name for family in NEVER):
        return name + " waits, and follows nothing" if waits else ""
    if not waits:
        return name + " does not wait"
    start = body.find("griddepcontrol.launch_dependents")
    if not 0 <= start < body.find("griddepcontrol.wait"):
        return name + " does not let the next one start before it waits"
    return order_fault(name, ptx_paths.Kernel(body), names)


def order_fault(name, kernel, names):
    ahead = [line for line in kernel.before("griddepcontrol.wait")
             if not line.is_harmless()]
    movable = [line for line in kernel.lines if ahead and ".nc" in line.name]
    for line, why in [(line, "before it waits") for line in ahead] + \
            [(line, "may be moved before its wait") for line in movable]:
        read = [names[i] for i in kernel.read_by(line)]
        if not read or not set(read) <= set(GRAPH):
            return "%s: '%s' of %s %s" % (name, line.text,
                                          ", ".join(read) or "no parameter", why)
    return ""


def faults_of(lib, path):
    with open(path, "rb") as f:
        source = f.read()
    ok, log, ptx = nvrtc.compile_all(lib, source, "compute_90")
    if not ok:
        return [log[:500]]
    found = ptx_paths.entries(ptx)
    if not found:
        return ["there is no kernel in it"]
    text = source.decode()
    faults = [fault_of(name, body, parameters(text, name))
              for name, body in found.items()]
    return [s for s in faults if s]


OPEN = "ld.param.u64 %rd1, [k_param_0];\nld.param.u64 %rd2, [k_param_1];\n" \
       "cvta.to.global.u64 %rd3, %rd1;\ncvta.to.global.u64 %rd4, %rd2;\n" \
       "griddepcontrol.launch_dependents;\n"
WAIT = "griddepcontrol.wait;\n"
END = "st.global.f32 [%rd4], %f1;\nret;\n"
LOAD_IDS = "add.s64 %rd5, %rd3, 4;\nld.global.nc.u32 %r1, [%rd5];\n"
LOAD_X = "mul.wide.s32 %rd6, %r1, 4;\nadd.s64 %rd7, %rd4, %rd6;\n" \
         "ld.global.f32 %f1, [%rd7];\n"
# What is said, and whether a kernel of (colidx, x) with that body is at fault.
KNOWN = (
    ("a load of ids may go ahead of the wait", False,
     OPEN + LOAD_IDS + WAIT + LOAD_X + END),
    ("also where not all threads have some", False,
     OPEN + "@%p1 bra $L1;\n" + LOAD_IDS + "$L1:\n" + WAIT + LOAD_X + END),
    ("a load of rows ahead of the wait is found out", True,
     OPEN + LOAD_IDS + LOAD_X + WAIT + END),
    ("also by an address that comes about later in a loop", True,
     OPEN + "mov.u64 %rd5, %rd3;\n$L1:\nld.global.nc.u32 %r1, [%rd5];\n"
     "mov.u64 %rd5, %rd4;\n@%p1 bra $L1;\n" + WAIT + END),
    ("also on the way that some threads take", True,
     OPEN + "@%p1 bra $L1;\nbra $L2;\n$L1:\n" + LOAD_X + "$L2:\n" + WAIT + END),
    ("a load of rows behind it that may be moved there is found out", True,
     OPEN + LOAD_IDS + WAIT + LOAD_X.replace("global", "global.nc") + END),
    ("which may be where nothing is read ahead", False,
     OPEN + WAIT + LOAD_X.replace("global", "global.nc") + END),
    ("a store ahead of the wait is found out", True,
     OPEN + "st.global.u32 [%rd3], %r1;\n" + WAIT + END),
    ("an address that is not a parameter's is found out", True,
     OPEN + "ld.global.nc.u32 %r1, [%rd9];\n" + WAIT + END),
    ("a way round the wait is found out", True,
     OPEN + "@%p1 bra $L1;\n" + WAIT + "$L1:\n" + END),
    ("a thread that leaves ahead of the wait is found out", True,
     OPEN + "@%p1 ret;\n" + WAIT + END),
    ("a kernel that lets no other start is found out", True,
     OPEN.replace("griddepcontrol.launch_dependents;\n", "") + WAIT + END),
)


def main():
    lib = nvrtc.find()
    if not lib:
        print("1..0 # SKIP there is no NVRTC")
        return 0
    golden = os.path.join(sys.argv[1], "tests/golden/*.cu")
    results = [(os.path.basename(path), faults_of(lib, path))
               for path in sorted(glob.glob(golden))]
    for title, is_fault, body in KNOWN:
        fault = fault_of("k", body, ["colidx", "x"])
        results.append((title, [] if bool(fault) == is_fault else
                        [fault or "no fault"]))
    for number, (title, faults) in enumerate(results, 1):
        print("%sok %d - %s" % ("not " if faults else "", number, title))
        for fault in faults:
            print("# " + fault)
    print("1..%d" % len(results))
    return 1 if any(faults for _, faults in results) else 0


if __name__ == "__main__":
    sys.exit(main())
