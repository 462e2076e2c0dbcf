#!/usr/bin/env python3
"""Damage that only shows behind a good bundle: features and weights that do not
fit it, and the bundle itself with bytes cut off or changed. Prints TAP.

usage: run_bad_values.py GNNAC
"""
import os
import subprocess
import sys
import tempfile

import bytes_of as b
import machine
from run_bad_files import Fault, check

NODES, DIM, CLASSES = 12, 4, 3
CELLS = NODES * DIM

FEATURES = [
    ("features with too few rows", "x.npy",
     b.floats(NODES - 1, DIM, [1] * (CELLS - DIM))),
    ("features with too many columns", "x.npy",
     b.floats(NODES, DIM + 1, [1] * (CELLS + NODES))),
    ("features with a NaN", "x.npy",
     b.floats(NODES, DIM, [float("nan")] + [1] * (CELLS - 1))),
    ("features with an infinity", "x.npy",
     b.floats(NODES, DIM, [1] * (CELLS - 1) + [float("inf")])),
    ("features cut short", "x.npy",
     b.floats(NODES, DIM, [1] * CELLS)[:-2]),
    ("features of words", "x.npy",
     b.npy("<U4", "(%d, %d)" % (NODES, DIM), b"\0" * 16 * CELLS)),
]

WEIGHTS = [
    ("empty weights", "w.safetensors", b""),
    ("weights without a parameter", "w.safetensors", b.safetensors({})),
    ("weights of another shape", "w.safetensors",
     b.safetensors({"convs.0.lin.weight": {
         "dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"\0" * 4)),
]


def make_bundle(gnnac, env):
    """The bytes of a bundle for a ring."""
    with tempfile.TemporaryDirectory() as folder:
        for argv in (["generate", "ring", "--nodes", str(NODES), "-o", "g.npz"],
                     ["compile", "g.npz", "--model", "gcn", "--dim", str(DIM),
                      "--classes", str(CLASSES), "--no-db", "--tune", "off",
                      "-o", "good.gnnb"]):
            subprocess.run([gnnac] + argv, cwd=folder, env=env, check=True,
                           stdin=subprocess.DEVNULL, capture_output=True)
        with open(os.path.join(folder, "good.gnnb"), "rb") as f:
            return f.read()


def cut(good):
    for size in (4, 8, 100, len(good) // 2, len(good) - 1):
        yield f"a bundle cut after byte {size}", "b.gnnb", good[:size]
    yield "a bundle with a byte too many", "b.gnnb", good + b"\0"


def flipped(good):
    """One bit changed, at places spread over header and tensors."""
    for part in range(16):
        at = part * (len(good) - 1) // 15
        bad = bytearray(good)
        bad[at] ^= 0x10
        yield f"a bundle with bit 4 of byte {at} changed", "b.gnnb", bytes(bad)


def main():
    gnnac = os.path.abspath(sys.argv[1])
    tap, env = machine.Tap(), machine.environment(gnnac)
    if not machine.has("nvrtc", gnnac):
        print("1..0 # SKIP no nvrtc")
        return
    good = make_bundle(gnnac, env)
    limit_memory = b"__asan_init" not in open(gnnac, "rb").read()
    with tempfile.NamedTemporaryFile(suffix=".gnnb") as bundle:
        bundle.write(good)
        bundle.flush()
        run = [gnnac, "run", bundle.name, "--device", "cpu", "-o", "y.npy"]
        plans = [
            (FEATURES, lambda name: run + ["--features", name]),
            (WEIGHTS, lambda name: run + ["--weights", name]),
            (list(cut(good)) + list(flipped(good)),
             lambda name: [gnnac, "inspect", "--check", name])]
        for table, argv in plans:
            for title, name, data in table:
                try:
                    check(argv(name), name, data, env, limit_memory)
                    faults = []
                except Fault as fault:
                    faults = [str(fault)]
                tap.result(f"{title} is refused", faults)
    tap.done()


if __name__ == "__main__":
    main()
