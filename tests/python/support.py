"""What the tests share: bundles to run, safetensors files, and the networks
in NumPy, float64, from their definitions alone."""
import functools
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import gnnac
import numpy as np

ROOT = Path(os.environ["GNNAC_TEST_ROOT"])
BUILD = Path(os.environ["GNNAC_TEST_BUILD"])
PACKAGE = ROOT / "runtime" / "python"
HEADER = ROOT / "runtime" / "include" / "gnnac" / "gnnac.h"
MODELS = ("gcn", "gin", "sage", "gat", "gatv2")


@functools.lru_cache(None)
def bundle_bytes(model, *form):
    """A small bundle of 50 nodes, 7 columns in and 3 out, for the CPU."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "b.gnnb")
        subprocess.run([BUILD / "tests" / "make_bundle", model, path,
                        *form],
                       check=True)
        return Path(path).read_bytes()


def make(model, *form, threads=0, seed=1):
    """(bundle, model) on the CPU, with weights."""
    bundle = gnnac.Bundle(bundle_bytes(model, *form))
    network = gnnac.Model(gnnac.Context("cpu", threads), bundle)
    network.init_weights(seed)
    return bundle, network


def features(bundle, seed=0):
    shape = (bundle.nodes, bundle.in_dim)
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def sparse_of(x):
    """(indptr, indices, data), types as the library's."""
    rows, columns = x.nonzero()
    indptr = np.searchsorted(rows, np.arange(len(x) + 1)).astype(np.int64)
    return indptr, columns.astype(np.int32), x[rows, columns]


class Csr:
    """As SciPy's csr_matrix has it: indptr of 32 bits."""
    format = "csr"

    def __init__(self, x):
        self.shape = x.shape
        indptr, self.indices, self.data = sparse_of(x)
        self.indptr = indptr.astype(np.int32)


def run_python(code, **env):
    """A fresh interpreter that finds the package."""
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", code], text=True,
        capture_output=True, timeout=120,
        env={**os.environ, "PYTHONPATH": f"{PACKAGE}:{Path(__file__).parent}",
             **env})


class Case(unittest.TestCase):
    """Adds what many tests ask."""

    def folder(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        return Path(made.name)

    def refuses(self, kind, part, function, *args, **named):
        """It raises `kind`, in one line that holds `part`."""
        with self.assertRaises(kind) as caught:
            function(*args, **named)
        self.assertIn(part, caught.exception.message)
        self.assertNotIn("\n", caught.exception.message)
        self.assertEqual(str(caught.exception), caught.exception.message)
        return caught.exception

    def in_bound(self, y, reference, bound):
        self.assertTrue((np.abs(y - reference) <= bound).all())


# ---- safetensors ------------------------------------------------------------

_TYPES = {"F32": np.float32, "I64": np.int64, "I32": np.int32, "U8": np.uint8}


def read_tensors(data):
    n = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__", None)
    return {name: np.frombuffer(
                data[8 + n + t["data_offsets"][0]:
                     8 + n + t["data_offsets"][1]],
                _TYPES[t["dtype"]]).reshape(t["shape"])
            for name, t in header.items()}


def write_tensors(path, tensors):
    header, body = {}, b""
    for name, t in tensors.items():
        data = np.ascontiguousarray(t, np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape),
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    head = json.dumps(header).encode()
    Path(path).write_bytes(len(head).to_bytes(8, "little") + head + body)


# ---- the networks in NumPy --------------------------------------------------

def _shape_in_file(p):
    if p["init"] == "attention":
        return 1, p["rows"], p["cols"]
    is_row = p["name"].endswith((".bias", ".eps"))
    return (p["cols"],) if is_row else (p["rows"], p["cols"])


def random_weights(bundle, seed=5):
    """Random values for every parameter, by PyTorch Geometric's names."""
    rng = np.random.default_rng(seed)
    return {p["name"]: rng.standard_normal(_shape_in_file(p)).astype("f4") / 2
            for p in bundle.manifest["program"]["params"]}


def _adjacency(data):
    t = read_tensors(data)
    rowptr, colidx = t["graph/rowptr"], t["graph/colidx"]
    n = len(rowptr) - 1
    a = np.zeros((n, n))
    np.add.at(a, (np.repeat(np.arange(n), np.diff(rowptr)), colidx), 1)
    return a


def _gcn(a, x, w):
    a = a + np.eye(len(a))
    d = 1 / np.sqrt(a.sum(1))
    return d[:, None] * a * d @ x @ w("lin.weight").T + w("bias")


def _gin(a, x, w):
    h = (1 + w("eps")) * x + a @ x
    return h @ w("nn.lins.0.weight").T + w("nn.lins.0.bias")


def _sage(a, x, w):
    mean = a @ x / np.maximum(a.sum(1), 1)[:, None]
    return mean @ w("lin_l.weight").T + w("lin_l.bias") + \
        x @ w("lin_r.weight").T


def _gat(a, x, w):
    a = a * (1 - np.eye(len(a))) + np.eye(len(a))
    h = (x @ w("lin.weight").T).reshape(len(x), *w("att_src").shape[1:])
    src, dst = (h * w("att_src")).sum(2), (h * w("att_dst")).sum(2)
    e = dst[:, None, :] + src[None, :, :]
    e = np.where(e < 0, 0.2 * e, e)
    e = np.where(a[:, :, None] > 0, e, -np.inf)
    p = a[:, :, None] * np.exp(e - e.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return np.einsum("vuk,ukc->vkc", p, h).reshape(len(x), -1) + w("bias")


def _gatv2(a, x, w):
    a = a * (1 - np.eye(len(a))) + np.eye(len(a))
    shape = len(x), *w("att").shape[1:]
    source = (x @ w("lin_l.weight").T + w("lin_l.bias")).reshape(shape)
    row = (x @ w("lin_r.weight").T + w("lin_r.bias")).reshape(shape)
    z = row[:, None] + source[None]
    e = (np.where(z < 0, 0.2 * z, z) * w("att")).sum(3)
    e = np.where(a[:, :, None] > 0, e, -np.inf)
    p = a[:, :, None] * np.exp(e - e.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return np.einsum("vuk,ukc->vkc", p, source).reshape(len(x), -1) + w("bias")


_LAYERS = {"gcn": _gcn, "gin": _gin, "sage": _sage, "gat": _gat,
           "gatv2": _gatv2}


def oracle(data, bundle, weights, x):
    """The network's output in float64."""
    a, x = _adjacency(data), x.astype(np.float64)
    for i, layer in enumerate(bundle.manifest["model"]["layers"]):
        x = _LAYERS[layer["op"]](
            a, x, lambda name, i=i: weights[f"convs.{i}.{name}"].astype("f8"))
        if layer["act"] == "relu":
            x = np.maximum(x, 0)
        elif layer["act"] == "elu":
            x = np.where(x < 0, np.expm1(x), x)
    if not bundle.manifest["model"]["log_softmax"]:
        return x
    x = x - x.max(1, keepdims=True)
    return x - np.log(np.exp(x).sum(1, keepdims=True))
