"""gnnac.torch: operators that PyTorch may trace, and layers like PyG's."""
import importlib.util
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import gnnac
import numpy as np
from support import PACKAGE, ROOT, Case

warnings.simplefilter("ignore")
try:
    import torch
    from gnnac import torch as gt
    from torch import library as torch_library
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx
except ImportError as why:
    torch, LACK = None, f"no PyTorch: {why}"
try:
    import torch_geometric.nn as pyg
except ImportError as why:
    pyg = None
    NO_PYG = f"no PyTorch Geometric: {why}"

NODES = 9
# Directed, a duplicate, self loops, an isolated last node.
EDGES = [[0, 1, 1, 3, 2, 2, 0, 4, 5, 7, 6, 4, 3],
         [1, 0, 2, 1, 1, 1, 0, 4, 4, 5, 7, 6, 0]]


def edges():
    return torch.tensor(EDGES)


def normal(*shape, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator)


def layers():
    """(ours, PyG's, has edge weights) with the same arguments."""
    def mlp():
        return torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.ReLU(),
                                   torch.nn.Linear(7, 3))
    made = []
    for name, weighted, arguments in (
            ("GCNConv", False, {}), ("GCNConv", True, {}),
            ("GCNConv", True, {"improved": True}),
            ("GCNConv", False, {"improved": True, "bias": False}),
            ("GCNConv", False, {"normalize": False}),
            ("GCNConv", True, {"normalize": False}),
            ("GCNConv", True, {"add_self_loops": False}),
            ("GCNConv", False, {"add_self_loops": False, "cached": True}),
            ("SAGEConv", False, {}), ("SAGEConv", False, {"aggr": "max"}),
            ("SAGEConv", False, {"aggr": "add", "normalize": True}),
            ("SAGEConv", False, {"aggr": "min", "root_weight": False}),
            ("SAGEConv", False, {"project": True, "bias": False}),
            ("GATConv", False, {}), ("GATConv", False, {"heads": 4}),
            ("GATConv", False, {"heads": 2, "concat": False,
                                "residual": True}),
            ("GATv2Conv", False, {}), ("GATv2Conv", False, {"heads": 4}),
            ("GATv2Conv", False, {"heads": 2, "share_weights": True,
                                  "bias": False}),
            ("GATv2Conv", False, {"heads": 2, "add_self_loops": False,
                                  "negative_slope": 0.1}),
            ("GATv2Conv", False, {"heads": 2, "concat": False,
                                  "residual": True})):
        for out in (3, 8):
            made.append((name, weighted, [getattr(m, name)(5, out, **arguments)
                                          for m in (gt, pyg)]))
    for arguments in ({}, {"eps": 0.5}, {"eps": 0.25, "train_eps": True}):
        made.append(("GINConv", False, [m.GINConv(mlp(), **arguments)
                                        for m in (gt, pyg)]))
    return made


def gradients(layer, weighted, seed):
    """Output, and the gradients of x, weights and parameters."""
    x = normal(NODES, 5).requires_grad_()
    given = [torch.rand(len(EDGES[0]),
                        generator=torch.Generator().manual_seed(3))
             .add(0.5).requires_grad_()] if weighted else []
    y = layer(x, edges(), *given)
    leaves = [x, *given, *layer.parameters()]
    grads = torch.autograd.grad((y * normal(*y.shape, seed=seed)).sum(),
                                leaves)
    return [y.detach(), *grads]


class Torch(Case):
    def setUp(self):
        if torch is None:
            self.skipTest(LACK)

    def close(self, got, want, note):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=2e-5,
                                   atol=2e-5, err_msg=note)


class Operators(Torch):
    def test_checked(self):
        """operators keep PyTorch's rules for schemas, fakes and autograd"""
        x, w = normal(NODES, 3), torch.rand(13)
        for reduce in ("sum", "mean", "max", "min"):
            for weight in (None, w) if reduce in ("sum", "mean") else (None,):
                given = [t if t is None else t.clone().requires_grad_()
                         for t in (x, weight)]
                torch_library.opcheck(
                    torch.ops.gnnac.aggregate.default,
                    (given[0], edges(), given[1], reduce, False))
        torch_library.opcheck(
            torch.ops.gnnac.aggregate.default,
            (x.clone().requires_grad_(), edges(), None, "gcn", True))
        torch_library.opcheck(
            torch.ops.gnnac.sddmm.default,
            (normal(NODES, 4).requires_grad_(),
             normal(NODES, 4, seed=2).requires_grad_(), edges(), 2, False))
        for keep in (False, True):
            torch_library.opcheck(
                torch.ops.gnnac.attention.default,
                (normal(NODES, 4).requires_grad_(),
                 normal(NODES, 4, seed=2).requires_grad_(), edges(), keep))

    def test_products(self):
        """gradients of products by edge are those of the plain expression"""
        x, y = (normal(NODES, 6, seed=s).requires_grad_() for s in (1, 2))
        source, target = edges()
        want = (x[target] * y[source]).view(-1, 3, 2).sum(-1)
        got = gt.sddmm(x, y, edges(), heads=3)
        self.close(got.detach(), want.detach(), "out")
        g = normal(13, 3, seed=3)
        for a, b in zip(torch.autograd.grad((got * g).sum(), [x, y]),
                        torch.autograd.grad((want * g).sum(), [x, y])):
            self.close(a, b, "grad")

    def test_remembered(self):
        """a graph is made once, and anew when its tensor has changed"""
        gt.forget_graphs()
        x, e = normal(NODES, 2), edges()
        before = gt.aggregate(x, e)
        gt.aggregate(x, e)
        self.assertEqual(len(gt._graphs._graphs), 1)
        e[0, 0] = 8
        after = gt.aggregate(x, e)
        self.assertEqual(len(gt._graphs._graphs), 2)
        self.close(after - before, torch.zeros(NODES, 2).index_add(
            0, torch.tensor([1]), (x[8] - x[0])[None]), "changed")
        with torch.inference_mode():
            self.close(gt.aggregate(x, e.clone()), after, "inference")
        for i in range(100):
            gt.aggregate(x, e.clone())
        self.assertLessEqual(len(gt._graphs._graphs), gt._graphs.MOST)

    def test_watched(self):
        """who traces or transforms a call sees an operator"""
        x, e = normal(NODES, 4), edges()
        calls = {"aggregate": lambda x: gt.aggregate(x, e, None, "mean"),
                 "sddmm": lambda x: gt.sddmm(x, x, e, 2),
                 "attention": lambda x: gt.attention(x, x, e)}
        for name, call in calls.items():
            with self.subTest(name):
                traced = make_fx(call)(x)
                self.assertIn(f"gnnac.{name}", traced.code)
                self.close(traced(x), call(x), "traced")
                by_jit = torch.jit.trace(call, (x,))
                self.close(by_jit(x + 1), call(x + 1), "by torch.jit")
                with FakeTensorMode(allow_non_fake_inputs=True) as mode:
                    self.assertEqual(call(mode.from_tensor(x)).shape,
                                     call(x).shape)

    def test_shapes_alone(self):
        """torch.fx records an operator, tensors without memory have shapes"""
        for call in (lambda x, e: gt.aggregate(x, e),
                     lambda x, e: gt.sddmm(x, x, e),
                     lambda x, e: gt.attention(x, x, e)):
            graph = torch.fx.symbolic_trace(call).graph
            self.assertIn("gnnac", str([n.target for n in graph.nodes]))
            real = call(normal(NODES, 4), edges())
            meta = call(normal(NODES, 4).to("meta"), edges().to("meta"))
            self.assertEqual(meta.shape, real.shape)

    def test_two_ways(self):
        """the custom operators give the bits and gradients of plain calls"""
        e, g = edges(), normal(NODES, 4, seed=5)
        for name, way, given in (
                ("aggregate", lambda x, w: gt.aggregate(x, e, w),
                 [normal(NODES, 4), torch.rand(13)]),
                ("attention", lambda x, y: gt.attention(x, y, e),
                 [normal(NODES, 4), normal(NODES, 4, seed=2)])):
            custom = torch.compile(way, backend="eager", fullgraph=True)
            found = []
            for call in (way, custom):
                leaves = [t.clone().requires_grad_() for t in given]
                y = call(*leaves)
                found.append([y.detach(), *torch.autograd.grad(y, leaves, g)])
            for a, b in zip(*found):
                self.assertTrue(torch.equal(a, b), name)

    def test_gradients_of_gradients(self):
        """a second derivative is refused, as there is none"""
        x = normal(NODES, 4).requires_grad_()
        y = gt.attention(x, x, edges())
        grad, = torch.autograd.grad(y.sum(), x, create_graph=True)
        with self.assertRaisesRegex(RuntimeError, "no autograd formula"):
            grad.sum().backward()

    def test_tensors(self):
        """tensors that are not packed are taken, wrong ones refused"""
        x = normal(4, NODES)
        self.close(gt.aggregate(x.t(), edges()),
                   gt.aggregate(x.t().contiguous(), edges()), "transposed")
        self.refuses(gnnac.UsageError, "float64", gt.aggregate,
                     x.t().double(), edges())
        self.refuses(gnnac.UsageError, "not one of 4 nodes", gt.aggregate, x,
                     edges())
        self.refuses(gnnac.UsageError, "expected [2, edges]", gt.aggregate,
                     x.t(), edges()[0])

    def test_compile(self):
        """gnnac.compile takes a tensor of edges"""
        bundle = gnnac.compile(edges(), "gcn", dim=4, classes=2,
                               num_nodes=NODES)
        self.assertEqual((bundle.nodes, bundle.edges), (NODES, 13))


class Layers(Torch):
    def setUp(self):
        super().setUp()
        if pyg is None:
            self.skipTest(NO_PYG)

    def test_states(self):
        """state_dicts load both ways, and representations are alike"""
        for _, _, (ours, theirs) in layers():
            with self.subTest(ours):
                theirs.load_state_dict(ours.state_dict())
                ours.load_state_dict(theirs.state_dict())
                self.assertEqual(str(ours).split("(")[0],
                                 str(theirs).split("(")[0])

    def test_parity(self):
        """outputs and gradients are PyG's"""
        for _, weighted, (ours, theirs) in layers():
            ours.load_state_dict(theirs.state_dict())
            got = gradients(ours, weighted, 2)
            want = gradients(theirs, weighted, 2)
            self.assertEqual(len(got), len(want))
            for a, b in zip(got, want):
                self.close(a, b, f"{theirs} weighted: {weighted}")

    def test_traced(self):
        """layers run under torch.compile in one graph, gradients included"""
        for _, weighted, (ours, _) in layers():
            for backend in ("eager", "aot_eager"):
                torch.compiler.reset()
                fast = torch.compile(ours, backend=backend, fullgraph=True)
                for a, b in zip(gradients(fast, weighted, 2),
                                gradients(ours, weighted, 2)):
                    self.close(a, b, f"{ours} {backend}")

    def test_large_scores(self):
        """GATv2's softmax overflows for no scores"""
        for add in (True, False):
            ours, theirs = (m.GATv2Conv(5, 3, add_self_loops=add)
                            for m in (gt, pyg))
            ours.load_state_dict(theirs.state_dict())
            x = 1e4 * normal(NODES, 5)
            got, want = ours(x, edges()).detach(), theirs(x, edges()).detach()
            self.assertTrue(got.isfinite().all())
            self.close(got / 1e4, want / 1e4, f"self loops: {add}")

    def test_refused(self):
        """arguments that change results and are not supported are refused"""
        for layer, arguments in (("GATConv", {"dropout": 0.5}),
                                 ("GATConv", {"edge_dim": 3}),
                                 ("GATConv", {"negative_slope": 0.1}),
                                 ("GATv2Conv", {"dropout": 0.5}),
                                 ("GATv2Conv", {"edge_dim": 3}),
                                 ("SAGEConv", {"aggr": "lstm"}),
                                 ("GCNConv", {"flow": "target_to_source"})):
            self.refuses(gnnac.UnsupportedError, next(iter(arguments)),
                         lambda: getattr(gt, layer)(4, 4, **arguments))
        self.refuses(gnnac.UnsupportedError, "in_channels",
                     lambda: gt.GCNConv(-1, 4))


GRAPHS = Path(os.environ.get("GNNAC_TEST_GRAPHS",
                             ROOT.parent / "shared" / "graphs"))


class Example(Torch):
    def setUp(self):
        super().setUp()
        if pyg is None:
            self.skipTest(NO_PYG)
        if importlib.util.find_spec("safetensors") is None:
            self.skipTest("no safetensors")

    def run_example(self, *files):
        done = subprocess.run(
            [sys.executable, "-W", "ignore",
             ROOT / "examples" / "pyg_to_gnnac.py", *files],
            capture_output=True, text=True, timeout=300,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)})
        self.assertEqual(done.returncode, 0, done.stderr)
        difference, same = re.search(
            r"difference (\S+), same class for (\S+)%", done.stdout).groups()
        self.assertLess(float(difference), 1e-4)
        self.assertGreater(float(same), 99.9)

    def test_made_up(self):
        """the example carries a trained model over"""
        self.run_example()

    def test_cora(self):
        """the example carries a model trained on Cora over"""
        files = [GRAPHS / "cora.npz", GRAPHS / "cora.feat.npz"]
        if not all(f.is_file() for f in files):
            self.skipTest(f"no {files[0]}")
        self.run_example(*files)
