#!/usr/bin/env python3
"""Times the CPU backend side by side with its peers, in one process.

usage: cpu_peers.py [--threads N] CPU_SPEED GRAPH.npz...

CPU_SPEED is cpu_speed.so of the build. The peers of an aggregation are sparse
CSR products with all-one values: SciPy's, PyTorch's, MKL's (mkl_sparse_s_mm
after mkl_sparse_optimize); those of a linear layer are dense products of NumPy
and PyTorch. What is not installed is left out. Nobody is timed whose output is
not that of float64.

Times are medians of interleaved turns, in microseconds; `ratio` is gnnac's time
over that of the best peer: below 1, gnnac is faster. `gcn` is gnnac's whole
layer step (norms, self loop, bias, ReLU), for which no peer has a single call.
"""
import argparse
import ctypes
import importlib
import os
import statistics
import sys
import time

WIDTHS = 16, 32, 64, 128
SHAPES = ((2708, 1433, 16), (2708, 1433, 64), (34493, 64, 64),
          (19717, 500, 16), (13752, 767, 64), (34493, 128, 7))
TURNS, TURN_SECONDS, MOST_RUNS = 5, 0.05, 100
TOLERANCE = 1e-5  # of the sum of the terms' absolute values


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("cpu_speed")
    parser.add_argument("graphs", nargs="*")
    return parser.parse_args()


ARGS = parse()
for variable in "OMP", "MKL", "OPENBLAS":  # before the libraries load
    os.environ[variable + "_NUM_THREADS"] = str(ARGS.threads)
# One library's idle threads must not take the next one's cores.
os.environ["MKL_THREADING_LAYER"] = "GNU"

np = importlib.import_module("numpy")


def optional(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


scipy_sparse, torch = optional("scipy.sparse"), optional("torch")


def address(array):
    return array.ctypes.data_as(ctypes.c_void_p)


class Mkl:
    """SpMM of a float32 CSR matrix by MKL's inspector-executor interface."""

    class Descr(ctypes.Structure):
        _fields_ = [(n, ctypes.c_int) for n in ("type", "mode", "diag")]

    GENERAL, ROW_MAJOR, NO_TRANSPOSE = 20, 101, 10

    def __init__(self, lib, graph, dim):
        self.lib, self.graph, self.dim = lib, graph, dim
        self.rowptr = graph.rowptr.astype(np.int32)
        self.handle = ctypes.c_void_p()
        self.descr = self.Descr(self.GENERAL, 0, 0)
        n = graph.n
        self.check(lib.mkl_sparse_s_create_csr(
            ctypes.byref(self.handle), 0, n, n, address(self.rowptr),
            address(self.rowptr[1:]), address(graph.colidx),
            address(graph.ones)))
        self.check(lib.mkl_sparse_set_mm_hint(
            self.handle, self.NO_TRANSPOSE, self.descr, self.ROW_MAJOR, dim,
            1000))
        self.check(lib.mkl_sparse_optimize(self.handle))

    @staticmethod
    def check(status):
        if status:
            raise RuntimeError(f"MKL says {status}")

    def __call__(self, x, y):
        self.check(self.lib.mkl_sparse_s_mm(
            self.NO_TRANSPOSE, ctypes.c_float(1), self.handle, self.descr,
            self.ROW_MAJOR, address(x), self.dim, self.dim, ctypes.c_float(0),
            address(y), self.dim))
        return y

    def __del__(self):
        self.lib.mkl_sparse_destroy(self.handle)


def load_mkl():
    for folder in sys.prefix + "/lib/", "":
        for name in "libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so":
            try:
                return ctypes.CDLL(folder + name)
            except OSError:
                pass
    return None


class Graph:
    """The rows of a graph file, each with its columns in ascending order."""

    def __init__(self, path):
        data = np.load(path)
        rows, cols = (data[k].astype(np.int64) for k in ("src_li", "dst_li"))
        self.n = int(data["num_nodes"])
        order = np.lexsort((cols, rows))
        degrees = np.bincount(rows, minlength=self.n)
        self.rowptr = np.concatenate(([0], np.cumsum(degrees)))
        self.colidx = cols[order].astype(np.int32)
        self.ones = np.ones(len(cols), np.float32)
        self.dinv = (1 / np.sqrt(degrees + 1.0)).astype(np.float32)

    def sums(self, x):
        """By float64 alone: no peer's code."""
        total = np.zeros(x.shape)
        full = np.flatnonzero(np.diff(self.rowptr))
        if len(full):
            for j in range(x.shape[1]):
                total[full, j] = np.add.reduceat(
                    x[self.colidx, j].astype(float), self.rowptr[full])
        return total


def median_us(runs):
    """Medians of callables that take turns: {name: microseconds}."""
    times = {name: [] for name in runs}
    for _ in range(TURNS):
        for name, run in runs.items():
            # Idle threads of the one before fall asleep: OpenBLAS's after
            # 2^26 cycles.
            time.sleep(0.04)
            run()
            end = time.perf_counter() + TURN_SECONDS
            while time.perf_counter() < end and len(times[name]) < MOST_RUNS:
                begin = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(t) * 1e6 for name, t in times.items()}


def right_ones(runs, wanted, bound):
    """The runs whose output is right; the others are named."""
    kept = {}
    for name, run in runs.items():
        worst = np.max(np.abs(np.asarray(run()) - wanted) /
                       (TOLERANCE * bound + 1e-30), initial=0)
        if worst <= 1:
            kept[name] = run
        else:
            print(f"    {name}: {worst:.3g} times what is accepted: not timed")
    return kept


def report(title, runs, wanted, bound):
    runs = right_ones(runs, wanted, bound)
    if "gnnac" not in runs:
        return False
    us = median_us(runs)
    peers = {k: v for k, v in us.items() if k not in ("gnnac", "gcn")}
    ratio = f"{us['gnnac'] / min(peers.values()):6.2f}" if peers else ""
    print(f"  {title:22}" +
          "".join(f" {k} {v:9.1f}" for k, v in us.items()) +
          f"   ratio {ratio}", flush=True)
    return True


def compare_sums(lib, mkl, graph, dim, rng):
    x = rng.standard_normal((graph.n, dim), np.float32)
    y = np.full_like(x, np.nan)
    head = (ctypes.c_int64(graph.n), address(graph.rowptr),
            address(graph.colidx))
    tail = address(x), address(y), dim, ARGS.threads

    def mine():
        lib.cpu_speed_sum(*head, *tail)
        return y

    runs = {"gnnac": mine}
    if scipy_sparse:
        a = scipy_sparse.csr_matrix(
            (graph.ones, graph.colidx, graph.rowptr.astype(np.int32)),
            (graph.n, graph.n))
        runs["scipy"] = lambda: a @ x
    if torch:
        t = torch.sparse_csr_tensor(
            torch.from_numpy(graph.rowptr), torch.from_numpy(
                graph.colidx.astype(np.int64)),
            torch.from_numpy(graph.ones), (graph.n, graph.n))
        tx = torch.from_numpy(x)
        runs["torch"] = lambda: t @ tx
    if mkl:
        product, z = Mkl(mkl, graph, dim), np.empty_like(x)
        runs["mkl"] = lambda: product(x, z)
    return report(f"sum, {dim} columns", runs, graph.sums(x),
                  graph.sums(np.abs(x)))


def compare_gcn(lib, graph, dim, rng):
    x, bias = (rng.standard_normal(s, np.float32)
               for s in ((graph.n, dim), dim))
    y = np.full_like(x, np.nan)

    def mine():
        lib.cpu_speed_gcn(ctypes.c_int64(graph.n), address(graph.rowptr),
                          address(graph.colidx), address(graph.dinv),
                          address(bias), address(x), address(y), dim,
                          ARGS.threads)
        return y

    d = graph.dinv.astype(float)[:, None]
    terms = [d * graph.sums(f(d * x)) + f(d * d * x) + f(bias.astype(float))
             for f in (np.asarray, np.abs)]
    return report(f"gcn step, {dim} columns", {"gnnac": mine},
                  np.maximum(terms[0], 0), terms[1])


def compare_linear(lib, shape, rng):
    n, k, m = shape
    x, w = (rng.standard_normal(s, np.float32) for s in ((n, k), (m, k)))
    y = np.full((n, m), np.nan, np.float32)

    def mine():
        lib.cpu_speed_linear(ctypes.c_int64(n), address(x), address(w),
                             address(y), k, m, ARGS.threads)
        return y

    runs = {"gnnac": mine, "numpy": lambda: x @ w.T}
    if torch:
        tx, tw = torch.from_numpy(x), torch.from_numpy(w)
        runs["torch"] = lambda: torch.nn.functional.linear(tx, tw)
    wanted = x.astype(float) @ w.T.astype(float)
    return report(f"linear {n} x {k} x {m}", runs, wanted,
                  np.abs(x).astype(float) @ np.abs(w.T).astype(float))


def main():
    lib, mkl = ctypes.CDLL(os.path.abspath(ARGS.cpu_speed)), load_mkl()
    rng = np.random.default_rng(1)
    if torch:
        torch.set_num_threads(ARGS.threads)
    versions = [f"{m.__name__} {m.__version__}" for m in (np, torch) if m]
    print(f"{ARGS.threads} threads, {', '.join(versions)}"
          f"{', MKL' if mkl else ''}; microseconds")
    right = all([compare_linear(lib, s, rng) for s in SHAPES])
    for path in ARGS.graphs:
        graph = Graph(path)
        print(f"{os.path.basename(path)}: {graph.n} rows, "
              f"{len(graph.colidx)} edges")
        for dim in WIDTHS:
            right &= compare_sums(lib, mkl, graph, dim, rng)
        right &= compare_gcn(lib, graph, WIDTHS[0], rng)
    sys.exit(0 if right else 4)


if __name__ == "__main__":
    main()
