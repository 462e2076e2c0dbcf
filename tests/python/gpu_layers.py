"""gnnac.torch on a GPU, beside itself on the CPU. Run through
tests/gpu/run.sh; skipped where PyTorch has no GPU."""
import gnnac
from support import Case
from test_compile import random_edges

try:
    import torch
    from gnnac import torch as gt
    HAS_TORCH = torch.cuda.is_available()
except ImportError:
    HAS_TORCH = False

NODES, DIM = 40, 12
HEADS, CHANNELS = 3, 4
OPERATORS = [f"{name}:{DIM}" for name in ("sum", "mean", "gcn", "max", "min",
                                          "wsum", "wmean", "sddmm")]
OPERATORS += [f"{name}:{HEADS}x{CHANNELS}" for name in ("sddmm", "attention")]
OPERATORS += [f"wsum:{CHANNELS}"]  # GATv2's, of each head


class Layers(Case):
    @classmethod
    def setUpClass(cls):
        if HAS_TORCH:
            cls.kernels = gnnac.compile_operators(
                random_edges(), OPERATORS, options={"tune": "off"})
            gt.use_kernels(cls.kernels)

    def setUp(self):
        if not HAS_TORCH:
            self.skipTest("no PyTorch with a GPU")
        self.edges = torch.from_numpy(random_edges())
        torch.manual_seed(1)
        self.x = torch.randn(NODES, DIM)

    def forward_and_grad(self, work, device):
        x = self.x.to(device, copy=True).requires_grad_()
        y = work(x, self.edges.to(device))
        self.assertEqual(y.device.type, device)
        (y * torch.linspace(-1, 1, y.numel(), device=device).view_as(y)) \
            .sum().backward()
        return y.detach().cpu(), x.grad.cpu()

    def same(self, work):
        for on_cpu, on_gpu in zip(self.forward_and_grad(work, "cpu"),
                                  self.forward_and_grad(work, "cuda")):
            torch.testing.assert_close(on_gpu, on_cpu, rtol=1e-4, atol=1e-5)

    def test_operators(self):
        """sums, means and gcn give what the CPU gives, backward too"""
        for reduce in ("sum", "mean", "gcn"):
            self.same(lambda x, e: gt.aggregate(x, e, None, reduce, True))

    def test_extremes(self):
        """the largest and smallest of neighbours, backward too"""
        self.x = self.x.round()
        for reduce in ("max", "min"):
            self.same(lambda x, e: gt.aggregate(x, e, None, reduce))

    def test_weights(self):
        """weighted sums; the weights depend on x, so both gradients count"""
        for reduce in ("sum", "mean"):
            self.same(lambda x, e: gt.aggregate(
                x, e, x[e[0], 0] * x[e[1], 1], reduce))

    def test_products(self):
        """products of rows for every edge, with one head and with several"""
        for heads in (1, HEADS):
            self.same(lambda x, e: gt.sddmm(x, x.flip(1), e, heads))

    def test_attention(self):
        """attention, whose scores depend on x"""
        self.same(lambda x, e: gt.attention(x, x[:, :2 * HEADS] * 2, e))

    def test_layers(self):
        """layers give what they give on the CPU, and so do their gradients"""
        for layer in (gt.GCNConv(DIM, DIM), gt.SAGEConv(DIM, DIM),
                      gt.GINConv(torch.nn.Linear(DIM, DIM)),
                      gt.GATConv(DIM, CHANNELS, heads=HEADS),
                      gt.GATv2Conv(DIM, CHANNELS, heads=HEADS)):
            self.same(lambda x, e: layer.to(x.device)(x, e))

    def test_unaligned(self):
        """a tensor that is not aligned to 16 bytes is copied"""
        flat = torch.zeros(NODES * DIM + 1, device="cuda")
        x = flat[1:].view(NODES, DIM).copy_(self.x)
        y = gt.aggregate(x, self.edges.cuda())
        torch.testing.assert_close(y.cpu(), gt.aggregate(self.x, self.edges),
                                   rtol=1e-4, atol=1e-5)

    def test_current_stream(self):
        """the work is queued on PyTorch's current stream, not awaited"""
        edges, x = self.edges.cuda(), self.x.cuda()
        gt.aggregate(x, edges)  # makes graph and plan
        torch.cuda.synchronize()
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            torch.cuda._sleep(200_000_000)
            y = gt.aggregate(x * 1, edges)
            self.assertFalse(side.query())
        side.synchronize()
        torch.testing.assert_close(y.cpu(), gt.aggregate(self.x, self.edges),
                                   rtol=1e-4, atol=1e-5)

    def test_capture(self):
        """an operator is captured into a CUDA graph and replayed"""
        edges, x = self.edges.cuda(), torch.zeros(NODES, DIM, device="cuda")
        gt.aggregate(x, edges)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            y = gt.aggregate(x, edges)
        x.copy_(self.x)
        graph.replay()
        torch.testing.assert_close(y.cpu(), gt.aggregate(self.x, self.edges),
                                   rtol=1e-4, atol=1e-5)

    def test_compiled(self):
        """torch.compile takes the operators"""
        edges = self.edges.cuda()
        work = torch.compile(lambda x: gt.aggregate(x, edges) + 1,
                             backend="aot_eager", fullgraph=True)
        torch.testing.assert_close(
            work(self.x.cuda()).cpu(),
            gt.aggregate(self.x, self.edges) + 1, rtol=1e-4, atol=1e-5)

    def test_refused(self):
        """what there are no kernels for is refused and says what is missing"""
        x, edges = self.x.cuda(), self.edges.cuda()
        self.refuses(gnnac.NotFoundError, "compile it with --ops sum:5",
                     gt.aggregate, x[:, :5], edges)
        self.refuses(gnnac.NotFoundError, "compile it with --ops sddmm:2x6",
                     gt.sddmm, x, x, edges, 2)
        gt.use_kernels(None)
        self.addCleanup(gt.use_kernels, self.kernels)
        self.refuses(gnnac.UsageError, "from a bundle", gt.aggregate, x, edges)
