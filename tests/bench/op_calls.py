#!/usr/bin/env python3
"""Times what calling an operator costs, whatever its graph: microseconds a call.

usage: op_calls.py BUILD [cuda]

The graph is tiny, so a call's time is that of Python, of the library and, with
`cuda`, of queueing kernels. Columns, each the least mean of 40 rounds of
calls in a row: with NumPy's arrays, the result new and given (`out`,
`workspace`); where PyTorch is, gnnac.torch without gradients, forward with
them, and forward and backward. With `cuda` the operators run the kernels of a
bundle that is compiled first; an awaited round is divided by its calls.
"""
import os
import sys
import time

ROUNDS, CALLS = 40, 100
NODES, HEADS, DIM = 8, 2, 8
OPERATORS = ("sum", "mean", "gcn", "max", "wsum", "sddmm", "attention")


def ring():
    node = np.arange(NODES)
    return np.stack([node, (node + 1) % NODES])


def random(*shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def operands_of(name):
    """NumPy arrays, and the shape of the result."""
    x = random(NODES, DIM)
    second = {"wsum": random(NODES), "sddmm": random(NODES, DIM),
              "attention": random(NODES, 2 * HEADS)}.get(name)
    shape = (NODES, HEADS) if name == "sddmm" else x.shape
    return ([x] if second is None else [x, second]), shape


def on_numpy(name, graph):
    """The operator's function of its operands and more."""
    def work(x, second=None, **more):
        if name == "sddmm":
            return gnnac.sddmm(graph, x, second, HEADS, **more)
        if name == "attention":
            return gnnac.attention(graph, x, second, **more)
        return gnnac.aggregate(graph, x, name.removeprefix("w"), second, **more)
    return work


def on_torch(name, edges):
    def work(x, second=None):
        if name == "sddmm":
            return gt.sddmm(x, second, edges, HEADS, True)
        if name == "attention":
            return gt.attention(x, second, edges)
        return gt.aggregate(x, edges, second, name.removeprefix("w"), True)
    return work


def mean_us(work, wait):
    least = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(CALLS):
            work()
        wait()
        least = min(least, time.perf_counter() - start)
    return f"{1e6 * least / CALLS:.1f}"


def numpy_columns(name):
    graph = gnnac.Graph(ring(), NODES, drop_self_loops=True,
                        context=gnnac.Context("cpu", 1))
    operands, shape = operands_of(name)
    work = on_numpy(name, graph)
    given = {"out": np.empty(shape, np.float32),
             "workspace": np.empty(1 << 10, "V16")}
    return [mean_us(lambda: work(*operands), lambda: None),
            mean_us(lambda: work(*operands, **given), lambda: None)]


def torch_columns(name, device):
    edges = torch.from_numpy(ring()).to(device)
    operands = [torch.from_numpy(o).to(device) for o in operands_of(name)[0]]
    leaves = [o.clone().requires_grad_() for o in operands]
    work = on_torch(name, edges)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    ones = torch.ones_like(work(*operands))
    plain = mean_us(lambda: work(*operands), wait)
    forward = mean_us(lambda: work(*leaves), wait)
    both = mean_us(lambda: torch.autograd.grad(work(*leaves), leaves, ones),
                   wait)
    return [plain, forward, both]


def use_gpu():
    heads = f"{HEADS}x{DIM // HEADS}"
    keys = [f"{name}:{heads if name in ('sddmm', 'attention') else DIM}"
            for name in OPERATORS]
    gt.use_kernels(gnnac.compile_operators(ring(), keys, num_nodes=NODES,
                                           options={"tune": "off"}))
    print(torch.cuda.get_device_name())


def main(device):
    heads = ["operator", "NumPy", "into out"] if device == "cpu" else \
        ["operator"]
    heads += ["gnnac.torch", "with grad", "and back"] if torch else []
    print("  ".join(f"{h:>11}" for h in heads), "  us a call")
    for name in OPERATORS:
        found = numpy_columns(name) if device == "cpu" else []
        found += torch_columns(name, device) if torch else []
        print("  ".join(f"{c:>11}" for c in [name, *found]), flush=True)


if __name__ == "__main__":
    build = os.path.abspath(sys.argv[1])
    os.environ.setdefault("GNNAC_LIBRARY", f"{build}/runtime/libgnnac.so")
    os.environ.setdefault("GNNAC_PROGRAM", f"{build}/compiler/gnnac")
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(
        __file__)), "..", "..", "runtime", "python"))
    import numpy as np
    import gnnac
    try:
        import torch
        from gnnac import torch as gt
    except ImportError:
        torch = None
    wanted = sys.argv[2] if len(sys.argv) > 2 else "cpu"
    if wanted == "cuda":
        use_gpu()
    main(wanted)
