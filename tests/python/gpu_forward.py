"""The package on a GPU, or on a software device: where arrays lie, streams,
capture. Run through tests/gpu/run.sh."""
import ctypes

import gnnac
import numpy as np
from support import Case, features, sparse_of
from test_compile import random_edges

try:
    import torch
    HAS_TORCH = torch.cuda.is_available()
except ImportError:
    HAS_TORCH = False
try:
    import cupy
    HAS_CUPY = cupy.cuda.runtime.getDeviceCount() > 0
except Exception:  # without a driver CuPy raises errors of its own
    HAS_CUPY = False


class Driver:
    """CUDA memory and streams, in the device's primary context."""

    def __init__(self):
        self.cuda = ctypes.CDLL("libcuda.so.1")
        self.call("cuInit", 0)
        context = ctypes.c_void_p()
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0)
        self.call("cuCtxSetCurrent", context)

    def call(self, name, *arguments):
        status = getattr(self.cuda, name)(*arguments)
        if status:
            raise RuntimeError(f"{name}: {status}")

    def stream(self):
        out = ctypes.c_void_p()
        self.call("cuStreamCreate", ctypes.byref(out), 1)  # non-blocking
        return out.value


class DeviceArray:
    """A copy of a NumPy array on the device, with
    __cuda_array_interface__."""

    def __init__(self, driver, array, stream=None):
        self.driver, self.shape, self.dtype = driver, array.shape, array.dtype
        self.n_bytes = max(array.nbytes, 1)
        out = ctypes.c_uint64()
        driver.call("cuMemAlloc_v2", ctypes.byref(out),
                    ctypes.c_size_t(self.n_bytes))
        self.address = out.value
        driver.call("cuMemcpyHtoD_v2", ctypes.c_uint64(self.address),
                    ctypes.c_void_p(array.ctypes.data),
                    ctypes.c_size_t(array.nbytes))
        driver.call("cuCtxSynchronize")
        self.__cuda_array_interface__ = {
            "shape": self.shape, "typestr": self.dtype.str, "version": 3,
            "data": (self.address, False), "stream": stream}

    def numpy(self):
        self.driver.call("cuCtxSynchronize")
        out = np.empty(self.shape, self.dtype)
        self.driver.call("cuMemcpyDtoH_v2", ctypes.c_void_p(out.ctypes.data),
                         ctypes.c_uint64(self.address),
                         ctypes.c_size_t(out.nbytes))
        return out

    def __del__(self):
        self.driver.call("cuMemFree_v2", ctypes.c_uint64(self.address))


class Gpu(Case):
    @classmethod
    def setUpClass(cls):
        cls.context = gnnac.Context("cuda:0")
        cls.bundle = gnnac.compile(random_edges(), "gcn", dim=16, classes=8,
                                   options={"tune": "off"})
        cls.model = gnnac.Model(cls.context, cls.bundle)
        cls.model.init_weights()
        cls.x = features(cls.bundle)
        cls.reference, cls.bound = cls.model.reference(cls.x)

    def right(self, y):
        self.in_bound(y, self.reference, self.bound)


class Memory(Gpu):
    def setUp(self):
        self.driver = Driver()
        self.out = self.put(np.zeros(self.reference.shape, np.float32))
        self.workspace = self.put(
            np.zeros(self.model.workspace_size, np.uint8))

    def put(self, array, **named):
        return DeviceArray(self.driver, array, **named)

    def forward(self, x, **named):
        return self.model.forward(
            x, **{"out": self.out, "workspace": self.workspace, **named})

    def test_context(self):
        """the device and the kernels are a GPU's"""
        self.assertEqual(self.context.gpu, 0)
        self.assertTrue(self.context.device.startswith("cuda:0 ("))
        self.assertIn(self.model.load_level, ("cubin", "ptx"))

    def test_run(self):
        """host arrays run on the GPU within the bounds of the reference"""
        self.right(self.model.run(self.x))

    def test_forward(self):
        """device arrays are read and written in place, on any stream"""
        own = self.driver.stream()
        for named in ({}, {"stream": 0}, {"stream": own}, {"stream": 1}):
            self.out = self.put(np.zeros(self.reference.shape, np.float32))
            self.assertIs(self.forward(self.put(self.x), **named), self.out)
            self.right(self.out.numpy())

    def test_input(self):
        """features are made once, by sparse rows, for any stream"""
        bundle = gnnac.compile(random_edges(), "gcn", dim=16, classes=8,
                               sparse=True, options={"tune": "off"})
        model = gnnac.Model(self.context, bundle)
        model.init_weights()
        x = np.where(self.x > 1, self.x, 0)
        want, bound = model.reference(x)
        given = gnnac.Input(model, sparse_of(x), "sparse")
        self.assertTrue(given.sparse)
        self.in_bound(given.run(), want, bound)
        scratch = self.put(np.zeros(given.workspace_size, np.uint8))
        for stream in (None, self.driver.stream()):
            self.assertIs(given.forward(self.out, stream, scratch), self.out)
            self.in_bound(self.out.numpy(), want, bound)
        self.refuses(gnnac.UsageError, "out and workspace", given.forward)

    def test_stream_of_the_array(self):
        """the stream that an array names is used"""
        own = self.driver.stream()
        self.forward(self.put(self.x, stream=own))
        self.right(self.out.numpy())

    def test_refused(self):
        """host arrays and wrong device arrays are refused"""
        self.refuses(gnnac.UsageError, "x is in host memory: expected cuda:0",
                     self.forward, self.x)
        self.refuses(gnnac.UsageError, "out is in host memory", self.forward,
                     self.put(self.x), out=np.zeros((40, 8), "f4"))
        self.refuses(gnnac.UsageError, "workspace is in host memory",
                     self.forward, self.put(self.x),
                     workspace=np.zeros(self.model.workspace_size, np.uint8))
        self.refuses(gnnac.UsageError, "x is float64", self.forward,
                     self.put(self.x.astype("f8")))
        self.refuses(gnnac.UsageError, "x is in a GPU", self.model.run,
                     self.put(self.x))
        self.refuses(gnnac.UsageError, "out is missing", self.model.forward,
                     self.put(self.x))
        self.refuses(gnnac.UsageError, "workspace is missing",
                     self.model.forward, self.put(self.x), out=self.out)
        self.refuses(gnnac.UsageError, "expected a CUDA stream", self.forward,
                     self.put(self.x), stream="s")


class Training(Case):
    def learns_alike(self, bundle, labels, **options):
        x, losses, outputs = features(bundle), [], []
        nodes = np.arange(0, len(x), 2, dtype=np.int32)
        for device in ("cuda:0", "cpu"):
            model = gnnac.Model(gnnac.Context(device), bundle)
            model.init_weights(seed=3)
            with gnnac.Trainer(model, x, optimizer="sgd", lr=0.1, dropout=0.5,
                               seed=4, **options) as trainer:
                losses.append([trainer.step(labels, nodes) for _ in range(3)])
                outputs.append(trainer.predict())
        np.testing.assert_allclose(*losses, rtol=1e-4)
        np.testing.assert_allclose(*outputs, rtol=1e-3, atol=1e-4)

    def test_steps(self):
        """a trainer on the GPU learns what one on the CPU learns"""
        bundle = gnnac.compile(random_edges(), "sage", dim=16, classes=8,
                               train=True, options={"tune": "off"})
        labels = np.arange(bundle.nodes, dtype=np.int32) % 8
        self.learns_alike(bundle, labels)

    def test_many_classes(self):
        """and so it does by binary cross-entropy"""
        bundle = gnnac.compile(random_edges(), "gcn", dim=16, classes=35,
                               train=True, logits=True,
                               options={"tune": "off"})
        labels = np.random.default_rng(3).integers(
            0, 2, (bundle.nodes, 35), dtype=np.int32)
        self.learns_alike(bundle, labels, loss="bce")


class Operators(Case):
    def test_sums(self):
        """operators run where their matrices lie, forward and backward"""
        driver, edges = Driver(), random_edges()
        bundle = gnnac.compile_operators(edges, ["mean:12", "gcn:12"],
                                         options={"tune": "off"})
        x = np.random.default_rng(2).normal(size=(40, 12)).astype("f4")
        at, out = DeviceArray(driver, x), DeviceArray(driver, 0 * x)
        scratch = DeviceArray(driver, np.zeros(1 << 20, np.uint8))
        context = gnnac.Context("cuda:0")
        for reduce in ("mean", "gcn"):
            on_cpu = gnnac.Graph(edges, 40, drop_self_loops=True)
            graph = gnnac.Graph(edges, 40, drop_self_loops=True,
                                context=context, kernels=bundle)
            self.assertEqual(graph.gpu, 0)
            self.assertIs(gnnac.aggregate(graph, at, reduce, None, out,
                                          scratch), out)
            np.testing.assert_allclose(
                out.numpy(), gnnac.aggregate(on_cpu, x, reduce), rtol=1e-4,
                atol=1e-5)
            gnnac.aggregate_backward(graph, at, reduce=reduce, x_grad=out,
                                     workspace=scratch)
            np.testing.assert_allclose(
                out.numpy(),
                gnnac.aggregate_backward(on_cpu, x, reduce=reduce)[0],
                rtol=1e-4, atol=1e-5)

    def near(self, got, want):
        np.testing.assert_allclose(got.numpy(), want, rtol=1e-4, atol=1e-5)

    def both(self, names, drop=False):
        """The driver, a bundle's graph on the GPU, the same on the CPU, and
        scratch memory."""
        driver, edges = Driver(), random_edges()
        bundle = gnnac.compile_operators(edges, names, options={"tune": "off"})
        context = gnnac.Context("cuda:0")
        return (driver, gnnac.Graph(edges, 40, drop_self_loops=drop,
                                    context=context, kernels=bundle),
                gnnac.Graph(edges, 40, drop_self_loops=drop),
                DeviceArray(driver, np.zeros(1 << 20, np.uint8)))

    def test_weights(self):
        """weights of edges and their gradients are in the caller's order"""
        driver, graph, on_cpu, scratch = self.both(["wsum:12", "wmean:12"])
        rng = np.random.default_rng(3)
        x = rng.normal(size=(40, 12)).astype("f4")
        w = rng.normal(size=graph.edges).astype("f4")
        at, by_edge = DeviceArray(driver, x), DeviceArray(driver, w)
        out, to_w = DeviceArray(driver, 0 * x), DeviceArray(driver, 0 * w)
        for reduce in ("sum", "mean"):
            gnnac.aggregate(graph, at, reduce, by_edge, out, scratch)
            self.near(out, gnnac.aggregate(on_cpu, x, reduce, w))
            gnnac.aggregate_backward(graph, at, at, reduce, by_edge,
                                     x_grad=out, weight_grad=to_w,
                                     workspace=scratch)
            want = gnnac.aggregate_backward(on_cpu, x, x, reduce, w,
                                            weight_grad=True)
            self.near(out, want[0])
            self.near(to_w, want[1])

    def test_extremes(self):
        """the largest and smallest of neighbours, and who takes the gradient"""
        driver, graph, on_cpu, scratch = self.both(["max:12", "min:12"])
        x = np.random.default_rng(4).normal(size=(40, 12)).round() \
            .astype("f4")
        at, out = DeviceArray(driver, x), DeviceArray(driver, 0 * x)
        to = DeviceArray(driver, 0 * x)
        for reduce in ("max", "min"):
            gnnac.aggregate(graph, at, reduce, None, out, scratch)
            y = gnnac.aggregate(on_cpu, x, reduce)
            np.testing.assert_array_equal(out.numpy(), y)
            gnnac.aggregate_backward(graph, at, at, reduce, None, out,
                                     x_grad=to, workspace=scratch)
            self.near(to, gnnac.aggregate_backward(on_cpu, x, x, reduce, None,
                                                   y)[0])

    def test_products(self):
        """products of rows for every edge and head, and their gradients"""
        driver, graph, on_cpu, scratch = self.both(["sddmm:3x4"])
        rng = np.random.default_rng(5)
        x, y = rng.normal(size=(2, 40, 12)).astype("f4")
        g = rng.normal(size=(graph.edges, 3)).astype("f4")
        at, source = DeviceArray(driver, x), DeviceArray(driver, y)
        out, to = DeviceArray(driver, 0 * g), DeviceArray(driver, 0 * x)
        gnnac.sddmm(graph, at, source, 3, out, scratch)
        self.near(out, gnnac.sddmm(on_cpu, x, y, 3))
        given = DeviceArray(driver, g)
        want = gnnac.sddmm_backward(on_cpu, g, x, y, 3)
        got = gnnac.sddmm_backward(graph, given, at, source, 3, x_grad=to,
                                   y_grad=False, workspace=scratch)
        self.assertEqual(got, (to, None))
        self.near(to, want[0])
        gnnac.sddmm_backward(graph, given, at, source, 3, x_grad=False,
                             y_grad=to, workspace=scratch)
        self.near(to, want[1])

    def test_attention(self):
        """attention, and the gradients of rows and scores"""
        driver, graph, on_cpu, scratch = self.both(["attention:3x4"], True)
        rng = np.random.default_rng(6)
        x, g = rng.normal(size=(2, 40, 12)).astype("f4")
        s = rng.normal(size=(40, 6)).astype("f4")
        at, scores = DeviceArray(driver, x), DeviceArray(driver, s)
        out, to_s = DeviceArray(driver, 0 * x), DeviceArray(driver, 0 * s)
        gnnac.attention(graph, at, scores, out, scratch)
        self.near(out, gnnac.attention(on_cpu, x, s))
        gnnac.attention_backward(graph, DeviceArray(driver, g), at, scores,
                                 x_grad=out, scores_grad=to_s,
                                 workspace=scratch)
        want = gnnac.attention_backward(on_cpu, g, x, s)
        self.near(out, want[0])
        self.near(to_s, want[1])
        kept = DeviceArray(driver, 0 * s)
        gnnac.attention(graph, at, scores, out, scratch, kept)
        self.near(out, gnnac.attention(on_cpu, x, s))
        scratch = DeviceArray(driver, np.full(1 << 20, 255, np.uint8))
        gnnac.attention_backward(graph, DeviceArray(driver, g), at, scores,
                                 x_grad=out, scores_grad=to_s,
                                 workspace=scratch, kept=kept)
        self.near(out, want[0])
        self.near(to_s, want[1])

    def test_no_workspace(self):
        """an operator that needs no workspace takes none, edges or not"""
        driver, edges = Driver(), random_edges()
        bundle = gnnac.compile_operators(edges, ["sum:12"],
                                         options={"tune": "off"})
        x = np.random.default_rng(7).normal(size=(40, 12)).astype("f4")
        at, out = DeviceArray(driver, x), DeviceArray(driver, x + 1)
        for given in (edges, edges[:, :0]):
            graph = gnnac.Graph(given, 40, context=gnnac.Context("cuda:0"),
                                kernels=bundle)
            gnnac.aggregate(graph, at, out=out)
            self.near(out, gnnac.aggregate(gnnac.Graph(given, 40), x))

    def test_refused(self):
        """kernels that are missing, and matrices that lie elsewhere"""
        driver, edges = Driver(), random_edges()
        bundle = gnnac.compile_operators(edges, ["sum:12"],
                                         options={"tune": "off"})
        graph = gnnac.Graph(edges, 40, context=gnnac.Context("cuda:0"),
                            kernels=bundle)
        x = np.zeros((40, 12), "f4")
        at, out = DeviceArray(driver, x), DeviceArray(driver, x)
        self.refuses(gnnac.NotFoundError, "compile it with --ops mean:12",
                     gnnac.aggregate, graph, at, "mean", None, out)
        self.refuses(gnnac.NotFoundError, "--ops attention:3x4",
                     gnnac.attention,
                     gnnac.Graph(edges, 40, drop_self_loops=True,
                                 context=gnnac.Context("cuda:0"),
                                 kernels=bundle),
                     at, DeviceArray(driver, x[:, :6].copy()), out)
        self.refuses(gnnac.UsageError, "expected cuda:0", gnnac.aggregate,
                     graph, x)
        self.refuses(gnnac.UsageError, "out is missing", gnnac.aggregate,
                     graph, at)


class OnlyDLPack:
    """A tensor that speaks DLPack and nothing else; notes the stream."""

    def __init__(self, tensor):
        self.tensor, self.streams = tensor, []

    def __dlpack__(self, *, stream=None):
        self.streams.append(stream)
        return self.tensor.__dlpack__(stream=stream)

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()


class Torch(Gpu):
    def setUp(self):
        if not HAS_TORCH:
            self.skipTest("no PyTorch with a GPU")
        self.on_gpu = torch.from_numpy(self.x).cuda()

    def test_forward(self):
        """PyTorch's tensors go in and come out, nothing else needed"""
        y = self.model.forward(self.on_gpu)
        self.assertTrue(y.is_cuda)
        self.right(y.cpu().numpy())

    def test_current_stream(self):
        """the work is queued on PyTorch's current stream, not awaited"""
        side, y = torch.cuda.Stream(), []
        # The first use of a kernel loads it, which may wait for the device.
        self.model.forward(self.on_gpu * 1)
        torch.cuda.synchronize()
        with torch.cuda.stream(side):
            torch.cuda._sleep(200_000_000)
            x = self.on_gpu * 1
            y.append(self.model.forward(x))
            self.assertFalse(side.query())
        side.synchronize()
        self.right(y[0].cpu().numpy())

    def test_named_stream(self):
        """a stream may be named"""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        y = self.model.forward(self.on_gpu, stream=side)
        side.synchronize()
        self.right(y.cpu().numpy())

    def test_capture(self):
        """forward is captured into a CUDA graph and replayed"""
        x = torch.zeros_like(self.on_gpu)
        self.model.forward(x)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            y = self.model.forward(x)
        x.copy_(self.on_gpu)
        graph.replay()
        self.right(y.cpu().numpy())

    def test_no_copy(self):
        """forward allocates the output and the workspace, no more"""
        self.model.forward(self.on_gpu)
        out = torch.empty(40, 8, device="cuda")
        scratch = torch.empty(self.model.workspace_size, dtype=torch.uint8,
                              device="cuda")
        before = torch.cuda.memory_stats()["allocation.all.allocated"]
        self.model.forward(self.on_gpu, out, workspace=scratch)
        after = torch.cuda.memory_stats()["allocation.all.allocated"]
        self.assertEqual(after, before)
        self.right(out.cpu().numpy())

    def test_dlpack(self):
        """DLPack tensors of a GPU are told the stream they are used on"""
        x, out = OnlyDLPack(self.on_gpu), torch.empty(40, 8, device="cuda")
        scratch = torch.empty(self.model.workspace_size, dtype=torch.uint8,
                              device="cuda")
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        self.model.forward(x, OnlyDLPack(out), side, OnlyDLPack(scratch))
        side.synchronize()
        self.assertEqual(x.streams, [side.cuda_stream])
        self.right(out.cpu().numpy())

    def test_refused(self):
        """tensors of the CPU and of other types are refused"""
        self.refuses(gnnac.UsageError, "x is in host memory: expected cuda:0",
                     self.model.forward, torch.from_numpy(self.x))
        self.refuses(gnnac.UsageError, "float16", self.model.forward,
                     self.on_gpu.half())
        self.refuses(gnnac.UsageError, "x is in cuda:0: expected host memory",
                     self.model.run, self.on_gpu)


class CuPy(Gpu):
    def test_forward(self):
        """CuPy's arrays go in and out on CuPy's stream"""
        if not HAS_CUPY:
            self.skipTest("no CuPy with a GPU")
        with cupy.cuda.Stream(non_blocking=True) as stream:
            x = cupy.asarray(self.x)
            out = cupy.empty((40, 8), "f4")
            scratch = cupy.empty(self.model.workspace_size, "u1")
            self.model.forward(x, out, workspace=scratch)
            stream.synchronize()
        self.right(out.get())
