#!/usr/bin/env python3
"""Times operators on their own beside what PyTorch is written with instead.

usage: op_peers.py LIBGNNAC BUNDLE...

The bundles are those of `gnnac compile GRAPH --ops ...`; every operator of a
bundle but GCN's sum (peers.py has that) is timed on the bundle's graph through
gnnac.torch, forward as a CUDA graph and as a call, then forward and backward as
calls: the median of 50 runs by CUDA events. The peer gathers rows by edge and
scatters what comes of them; of weighted sums there is also a cuSPARSE product,
forward. A side whose result or whose gradients are not those of the peer in
float64 is not timed; exit status 4 where it is gnnac's.
"""
import os
import sys

# Of the largest element: sums of some thousand terms in float32.
TOLERANCE = 1e-4


class Edges:
    """The bundle's graph, and the same without its self loops."""

    def __init__(self, path, manifest):
        self.nodes = manifest["graph"]["n_nodes"]
        self.all = peers.read_graph(path, manifest)["edges"]
        self.loopless = self.all[:, self.all[0] != self.all[1]].contiguous()


def scattered(values, dst, nodes, reduce):
    out = values.new_zeros(nodes, values.shape[1])
    index = dst[:, None].expand_as(values)
    return out.scatter_reduce(0, index, values, reduce, include_self=False)


def attended(x, scores, edges, nodes, heads):
    """As PyTorch Geometric's GATConv does it."""
    own = torch.arange(nodes, device=x.device)
    src, dst = torch.cat([edges, torch.stack([own, own])], 1)
    e = torch.nn.functional.leaky_relu(
        scores[src, :heads] + scores[dst, heads:], 0.2)
    top = scattered(e.detach(), dst, nodes, "amax")
    p = (e - top[dst]).exp()
    a = p / scattered(p, dst, nodes, "sum")[dst]
    rows = a[:, :, None] * x[src].view(len(src), heads, -1)
    return scattered(rows.flatten(1), dst, nodes, "sum")


class Case:
    """An operator by its key, with operands on the GPU."""

    def __init__(self, key, edges):
        self.name, width = key.split(":")
        heads, _, channels = width.rpartition("x")
        self.heads = int(heads or 1)
        dim = self.heads * int(channels)
        self.edges = edges.loopless if self.name == "attention" else edges.all
        self.nodes = edges.nodes
        self.reduce = self.name.removeprefix("w")
        torch.manual_seed(1)
        shapes = {"x": (self.nodes, dim)}
        if self.name == "sddmm":
            shapes["y"] = (self.nodes, dim)
        elif self.name == "attention":
            shapes["y"] = (self.nodes, 2 * self.heads)
        elif self.name.startswith("w"):
            shapes["weight"] = (self.edges.shape[1],)
        self.operands = [torch.randn(s, device="cuda") for s in shapes.values()]

    def gnnac(self, x, second=None):
        if self.name == "sddmm":
            return gt.sddmm(x, second, self.edges, self.heads)
        if self.name == "attention":
            return gt.attention(x, second, self.edges)
        return gt.aggregate(x, self.edges, second, self.reduce)

    def peer(self, x, second=None):
        src, dst = self.edges
        if self.name == "sddmm":
            return (x[dst] * second[src]).view(len(src), self.heads, -1).sum(2)
        if self.name == "attention":
            return attended(x, second, self.edges, self.nodes, self.heads)
        rows = x[src] if second is None else second[:, None] * x[src]
        by = {"max": "amax", "min": "amin"}.get(self.reduce, self.reduce)
        return scattered(rows, dst, self.nodes, by)

    def cusparse(self):
        """The weighted sum as a product; its matrix is made already."""
        rowptr = torch.zeros(self.nodes + 1, dtype=torch.int32, device="cuda")
        rowptr[1:] = torch.bincount(self.edges[1],
                                    minlength=self.nodes).cumsum(0)
        x, weight = self.operands
        adj = torch.sparse_csr_tensor(rowptr, self.edges[0].int(), weight,
                                      (self.nodes, self.nodes))
        return lambda: adj @ x


def both(work, operands):
    """The result, and what goes back to every operand."""
    given = [o.detach().requires_grad_() for o in operands]
    out = work(*given)
    return [out, *torch.autograd.grad(out, given, torch.ones_like(out))]


def is_right(work, operands, wanted):
    return all(float((a.double() - b).abs().max()) <=
               TOLERANCE * max(1, float(b.abs().max()))
               for a, b in zip(both(work, operands), wanted) if b.numel())


def times(name, work, operands, bases):
    """Prints them; `bases` are gnnac's, or None: they are these."""
    def forward():
        with torch.no_grad():
            return work(*operands)
    runs = {"forward, as a CUDA graph": lambda: peers.captured(forward),
            "forward": lambda: forward,
            "forward and backward": lambda: lambda: both(work, operands)}
    found = {}
    for what, make in runs.items():
        try:
            found[what] = peers.median_us(make())
            peers.row(f"{name}, {what}", found[what],
                      bases and bases.get(what))
        except RuntimeError as e:
            print(f"    {name}, {what}: {str(e).splitlines()[0][:60]}")
            torch.cuda.synchronize()
    return found


def compare(key, edges):
    """Whether gnnac's result is right."""
    case = Case(key, edges)
    print(f"  {key}", flush=True)
    wanted = both(case.peer, [o.double() for o in case.operands])
    right = is_right(case.gnnac, case.operands, wanted)
    if right:
        bases = times("gnnac", case.gnnac, case.operands, None)
    else:
        bases = None
        print("    gnnac: a different result: not timed")
    times("PyTorch, by edges", case.peer, case.operands, bases)
    if case.name == "wsum":
        peers.row("cuSPARSE, forward", peers.median_us(case.cusparse()),
                  bases and bases.get("forward"))
    return right


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}")
    right = True
    for path in sys.argv[2:]:
        bundle = gnnac.Bundle(path)
        gt.use_kernels(bundle)
        edges = Edges(path, bundle.manifest)
        print(f"{os.path.basename(path)}: {edges.nodes} nodes, "
              f"{edges.all.shape[1]} edges", flush=True)
        for one in bundle.manifest["operators"]["list"]:
            if not one["key"].startswith("gcn"):
                right &= compare(one["key"], edges)
        gt.forget_graphs()
    sys.exit(0 if right else 4)


if __name__ == "__main__":
    os.environ["GNNAC_LIBRARY"] = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))))
    sys.path[:0] = [os.path.join(root, "runtime", "python"),
                    os.path.join(root, "tests", "bench")]
    import torch
    import gnnac
    import peers
    from gnnac import torch as gt
    main()
