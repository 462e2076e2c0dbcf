#!/usr/bin/env python3
"""The public safetensors package reads our bundles and agrees on what is
damaged, as TAP. Where this Python lacks the package, that of .venv is asked
(tests/setup.sh puts it there). usage: stock_reader.py MAKE_BUNDLE"""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

try:
    import numpy as np
    from safetensors import SafetensorError, safe_open
except ImportError as why:
    python = os.path.join(ROOT, ".venv", "bin", "python")
    if sys.executable != python and os.access(python, os.X_OK):
        os.execv(python, [python] + sys.argv)
    print("1..0 # SKIP Python cannot read safetensors files:", why)
    sys.exit(0)

number = failed = 0


def check(title, good, why=""):
    global number, failed
    number += 1
    failed += not good
    if not good:
        print("#", why)
    print("ok" if good else "not ok", number, "-", title)


def opens(path, data):
    with open(path, "wb") as f:
        f.write(data)
    try:
        with safe_open(path, framework="numpy") as f:
            list(f.keys())
        return True
    except SafetensorError:
        return False


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "b.gnnb")
    subprocess.run([sys.argv[1], "gcn", path], check=True)
    with safe_open(path, framework="numpy") as f:
        names, meta = list(f.keys()), f.metadata()
        manifest = json.loads(meta["gnnac"])
        tensors = {n: f.get_tensor(n) for n in names}
    rowptr, colidx = tensors["graph/rowptr"], tensors["graph/colidx"]
    graph = manifest["graph"]
    check("the graph is there in its types",
          rowptr.dtype == np.int64 and colidx.dtype == np.int32 and
          len(rowptr) == graph["n_nodes"] + 1 and
          rowptr[-1] == len(colidx) == graph["n_stored_edges"])
    listed = {n for n in names if not n.startswith("pad/")}
    check("the manifest lists every tensor", listed == set(manifest["tensors"]),
          listed ^ set(manifest["tensors"]))
    check("types and shapes are as the manifest says",
          all(list(tensors[n].shape) == manifest["tensors"][n]["shape"]
              for n in listed))
    check("padding is zero",
          all(not t.any() for n, t in tensors.items() if n not in listed))
    check("kernels keep their source as text",
          all(b"__global__" in tensors[f"kernel/{k['name']}/source"].tobytes()
              for k in manifest["kernels"]))
    whole = open(path, "rb").read()
    cut = [n for n in range(0, len(whole), 97) if opens(path, whole[:n])]
    check("no part of the file opens", not cut, cut)
    check("bytes behind the last tensor are refused",
          not opens(path, whole + b"\0"))
print(f"1..{number}")
sys.exit(failed > 0)
