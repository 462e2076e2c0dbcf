#!/usr/bin/env python3
"""Times a bundle's inference side by side with its peers on the same GPU.

usage: peers.py LIBGNNAC BUNDLE...

The peers are PyTorch Geometric on an edge list (gather and scatter), PyTorch
Geometric on a sparse CSR matrix (cuSPARSE), both in float32 with TF32 off, and
bare cuSPARSE for single aggregations. All run the weights of one PyTorch model
on the same features; a peer or a bundle whose output is not that of the model in
float64 is not timed.
Times are medians over runs of CUDA events; the first rows of each bundle are
whole forward passes, the others one sum over the in-neighbours.
"""
import copy
import ctypes
import json
import os
import statistics
import struct
import sys
import tempfile
import warnings

import torch
import torch_geometric
import torch_geometric.nn as pyg
from safetensors.torch import load_file, save_file

N_WARM_UP, N_RUNS, N_IN_A_ROW = 10, 50, 20

# Of what a sum would be if nothing in it cancelled. Atomics add a hub's 10^5
# edges one after another, so the peers need this much.
TOLERANCE = 1e-4


def read_manifest(path):
    with open(path, "rb") as f:
        n = struct.unpack("<Q", f.read(8))[0]
        return json.loads(json.loads(f.read(n))["__metadata__"]["gnnac"])


class Gnnac:
    """A bundle behind the C interface of libgnnac."""

    def __init__(self, lib, path):
        self.lib, self.error = lib, ctypes.create_string_buffer(1024)
        self.context, self.bundle, self.model = (ctypes.c_void_p()
                                                 for _ in range(3))
        lib.gnnac_model_workspace_size.restype = ctypes.c_size_t
        lib.gnnac_model_workspace_size.argtypes = [ctypes.c_void_p]
        self.call("context_create", None, ctypes.byref(self.context))
        self.call("bundle_open", path.encode(), ctypes.byref(self.bundle))
        self.call("model_create", self.context, self.bundle,
                  ctypes.byref(self.model))
        size = lib.gnnac_model_workspace_size(self.model)
        self.workspace = torch.empty(max(size, 16), dtype=torch.uint8,
                                     device="cuda")

    def call(self, name, *arguments):
        if getattr(self.lib, "gnnac_" + name)(*arguments, self.error):
            raise RuntimeError(self.error.value.decode())

    def load(self, state):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights.safetensors")
            save_file(state, path)
            self.call("model_load_weights", self.model, path.encode())

    def forward(self, x, y):
        stream = torch.cuda.current_stream().cuda_stream
        self.call("model_forward", self.model, ctypes.c_void_p(x.data_ptr()),
                  ctypes.c_void_p(y.data_ptr()),
                  ctypes.c_void_p(self.workspace.data_ptr()),
                  ctypes.c_size_t(self.workspace.numel()),
                  ctypes.c_void_p(stream))
        return y


def conv(layer):
    sizes = layer["in_dim"], layer["out_dim"]
    if layer["op"] == "gcn":
        return pyg.GCNConv(*sizes, cached=True)
    if layer["op"] == "sage":
        return pyg.SAGEConv(*sizes)
    hidden = [sizes[1]] * max(layer["mlp"], 1)
    return pyg.GINConv(pyg.MLP([sizes[0]] + hidden, norm=None),
                       train_eps=True)


class PyG(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.layers = model["layers"]
        self.log_softmax = model["log_softmax"]
        self.convs = torch.nn.ModuleList(map(conv, self.layers))

    def forward(self, x, edges):
        for layer, c in zip(self.layers, self.convs):
            x = c(x, edges)
            if layer["act"] == "relu":
                x = x.relu()
        return x.log_softmax(-1) if self.log_softmax else x


def reset_caches(model):
    for c in model.convs:
        if isinstance(c, pyg.GCNConv):
            c._cached_edge_index = c._cached_adj_t = None


class Wanted:
    """The output in float64, and how far from it float32 may be: the output
    that absolute weights and features give bounds the terms of every sum."""

    def __init__(self, model, x, edges):
        model = copy.deepcopy(model).double()
        reset_caches(model)
        with torch.no_grad():
            self.y = model(x.double(), edges)
            for p in model.parameters():
                p.abs_()
            model.log_softmax = False
            bound = model(x.double().abs(), edges)
        self.bound = bound.amax(1, True) if len(bound) else bound

    def worst(self, y):
        """1: the edge of what is accepted."""
        error = (y - self.y).abs() / (TOLERANCE * self.bound + 1e-30)
        return error.max().item() if error.numel() else 0.0

    def is_met_by(self, y):
        return self.worst(y) <= 1


def median_us(run):
    for _ in range(N_WARM_UP):
        run()
    times = []
    for _ in range(N_RUNS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in "12")
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1e3)
    return statistics.median(times)


def captured(run):
    """`run` as one CUDA graph."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        run()
    return graph.replay


def row(name, us, base=None):
    ratio = f"{us / base:8.2f}x" if base else " " * 9
    print(f"    {name:34}{us:12.2f} us{ratio}")


def try_peer(name, run, wanted, base):
    """Time `run` if it gives what is wanted; errors are said, not hidden."""
    try:
        with torch.no_grad():
            if not wanted.is_met_by(run()):
                print(f"    {name:34} a different result: not timed")
                return
            row(name, median_us(run), base)
            row(name + ", as a CUDA graph", median_us(captured(run)), base)
    except Exception as e:
        print(f"    {name:34} {str(e).splitlines()[0][:70]}")
        torch.cuda.synchronize()


def compare_models(lib, path, manifest, graph):
    """Whole forward passes."""
    mine, model = Gnnac(lib, path), PyG(manifest["model"]).cuda().eval()
    mine.load({k: v.detach().cpu().contiguous()
               for k, v in model.state_dict().items()})
    layers = manifest["model"]["layers"]
    n = manifest["graph"]["n_nodes"]
    x = torch.randn(n, layers[0]["in_dim"], device="cuda")
    y = torch.full((n, layers[-1]["out_dim"]), float("nan"), device="cuda")
    wanted = Wanted(model, x, graph["edges"])
    mine.forward(x, y)
    torch.cuda.synchronize()
    if not wanted.is_met_by(y):
        print(f"    gnnac is wrong, {wanted.worst(y):.3g} times what is "
              "accepted: not timed")
        return False
    base = median_us(lambda: mine.forward(x, y))
    row("gnnac", base)
    base = median_us(captured(lambda: mine.forward(x, y)))
    row("gnnac, as a CUDA graph (the base)", base)
    try_peer("PyG, edge list", lambda: model(x, graph["edges"]), wanted, base)
    reset_caches(model)
    try_peer("PyG, CSR (cuSPARSE)", lambda: model(x, graph["adj"]), wanted, base)
    return True


def cusparse_us(adj, dim):
    """One sum over the in-neighbours, many in a row."""
    x = torch.randn(adj.shape[0], dim, device="cuda")
    return median_us(captured(
        lambda: [adj @ x for _ in range(N_IN_A_ROW)])) / N_IN_A_ROW


def compare_aggregations(manifest, graph):
    """The tuner's time of each kernel against cuSPARSE at that width: both
    without launch gaps, many in a row."""
    buffers = manifest["program"]["buffers"]
    seen = set()
    for c in manifest["choices"]:
        step = manifest["program"]["steps"][c["step"]]
        if step["kind"] != "aggregate" or c["median_ns"] is None:
            continue
        dim = buffers[step["out"]]["dim"]
        if (dim, step["kernel"]) in seen:
            continue
        seen.add((dim, step["kernel"]))
        row(f"aggregation, {dim} columns", c["median_ns"] / 1e3)
        row("  cuSPARSE, the bare sum", cusparse_us(graph["adj"], dim),
            c["median_ns"] / 1e3)


def read_graph(path, manifest):
    """Edges as in the bundle; GCN's lack self loops, which PyG adds."""
    tensors = load_file(path, device="cuda")
    rowptr = tensors["graph/rowptr"].long()
    col = tensors["graph/colidx"]
    n = manifest["graph"]["n_nodes"]
    dst = torch.repeat_interleave(torch.arange(n, device="cuda"),
                                  rowptr.diff())
    adj = torch.sparse_csr_tensor(rowptr.int(), col,
                                  torch.ones(len(col), device="cuda"),
                                  (n, n))
    return {"edges": torch.stack([col.long(), dst]), "adj": adj}


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    warnings.filterwarnings("ignore", message="Sparse")
    lib = ctypes.CDLL(os.path.abspath(sys.argv[1]))
    print(f"PyTorch {torch.__version__}, "
          f"PyTorch Geometric {torch_geometric.__version__}")
    right = True
    for path in sys.argv[2:]:
        manifest = read_manifest(path)
        g = manifest["graph"]
        print(f"{os.path.basename(path)}: {g['n_nodes']} nodes, "
              f"{g['n_stored_edges']} edges, "
              f"{torch.cuda.get_device_name()}", flush=True)
        graph = read_graph(path, manifest)
        right &= compare_models(lib, path, manifest, graph)
        compare_aggregations(manifest, graph)
        sys.stdout.flush()
    sys.exit(0 if right else 4)


if __name__ == "__main__":
    main()
