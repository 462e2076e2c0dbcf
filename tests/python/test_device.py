"""What forward hands to the library for a GPU: addresses and streams. The
library is the real one, told to say that the CPU is a GPU; its memory is then
host memory."""
import gnnac
import numpy as np
from gnnac import _library
from support import Case, features, make
from test_inputs import FakeGpuArray


class SaysGpu:
    """The library; notes what forward gets, and runs it."""

    def __init__(self, library):
        self.real, self.calls = library, []

    def __getattr__(self, name):
        return getattr(self.real, name)

    def gnnac_context_is_cuda(self, _):
        return 1

    def gnnac_context_device(self, _):
        return b"cuda:1 (a CPU)"

    def gnnac_model_forward(self, *arguments):
        self.calls.append(arguments[1:6])
        return self.real.gnnac_model_forward(*arguments)


class Stream:
    """Has its address as PyTorch, CuPy or the protocol name it."""

    def __init__(self, **named):
        self.__dict__.update(named)


class DLPackGpuArray(FakeGpuArray):
    """Tells its device through DLPack as well."""

    def __init__(self, array, ordinal):
        super().__init__(array)
        self.ordinal = ordinal

    def __dlpack_device__(self):
        return 2, self.ordinal


class OnlyDLPack:
    """A tensor of GPU 1 that speaks DLPack alone; notes what it is asked."""

    def __init__(self, array):
        self.array, self.streams = array, []

    def __dlpack__(self, *, stream=None):
        self.streams.append(stream)
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return 2, 1


class Device(Case):
    def setUp(self):
        library = _library.loaded()
        self.seen = _library._library = SaysGpu(library)
        self.addCleanup(setattr, _library, "_library", library)
        self.bundle, self.model = make("sage")
        self.x = features(self.bundle)
        self.want = self.model.run(self.x)
        self.out = np.zeros((50, 3), np.float32)
        self.scratch = np.zeros(self.model.workspace_size, np.uint8)

    def forward(self, x, **named):
        return self.model.forward(
            x, **{"out": FakeGpuArray(self.out),
                  "workspace": FakeGpuArray(self.scratch), **named})

    def test_addresses(self):
        """addresses and sizes go to the library as they are"""
        self.forward(FakeGpuArray(self.x))
        self.assertEqual(self.seen.calls, [
            (self.x.ctypes.data, self.out.ctypes.data,
             self.scratch.ctypes.data, self.model.workspace_size, None)])
        np.testing.assert_array_equal(self.out, self.want)

    def test_streams(self):
        """a stream is a number or an object of a known library"""
        for stream in (4096, Stream(cuda_stream=4096), Stream(ptr=4096),
                       Stream(__cuda_stream__=lambda: (0, 4096))):
            self.forward(FakeGpuArray(self.x), stream=stream)
            self.assertEqual(self.seen.calls.pop()[4], 4096)
        for stream in (0, 1, Stream(ptr=0)):  # all mean the default stream
            self.forward(FakeGpuArray(self.x, stream=4096), stream=stream)
            self.assertIsNone(self.seen.calls.pop()[4])
        for stream in (-1, True, "s", object(), Stream(ptr="s")):
            self.refuses(gnnac.UsageError, "expected a CUDA stream",
                         self.forward, FakeGpuArray(self.x), stream=stream)
        self.assertEqual(self.seen.calls, [])

    def test_stream_of_x(self):
        """without a stream that of x is taken"""
        for told, want in ((4096, 4096), (1, None), (None, None), (2, 2)):
            self.forward(FakeGpuArray(self.x, stream=told))
            self.assertEqual(self.seen.calls.pop()[4], want)

    def test_dlpack_streams(self):
        """DLPack producers are told the stream that reads their memory"""
        for stream, told in ((None, 1), (0, 1), (4096, 4096)):
            x, out = OnlyDLPack(self.x), OnlyDLPack(self.out)
            self.out[:] = 0
            self.forward(x, out=out, stream=stream)
            self.assertEqual((x.streams, out.streams), ([told], [told]))
            np.testing.assert_array_equal(self.out, self.want)

    def test_devices(self):
        """another GPU's memory is refused, and so is the host's"""
        self.forward(DLPackGpuArray(self.x, 1))
        self.refuses(gnnac.UsageError, "x is in cuda:0: expected cuda:1",
                     self.forward, DLPackGpuArray(self.x, 0))
        self.refuses(gnnac.UsageError, "x is in host memory: expected cuda:1",
                     self.forward, self.x)
        for name in ("out", "workspace"):
            self.refuses(gnnac.UsageError, f"{name} is in host memory",
                         self.forward, FakeGpuArray(self.x),
                         **{name: self.out})
        self.assertEqual(len(self.seen.calls), 1)

    def test_matrices(self):
        """device arrays are checked like the host's"""
        wide = np.zeros((50, 14), np.float32)
        for part, bad in (
                ("x is float64", FakeGpuArray(self.x.astype("f8"))),
                ("x is >f4", FakeGpuArray(self.x.astype(">f4"))),
                ("x has shape", FakeGpuArray(wide)),
                ("x is not contiguous",
                 FakeGpuArray(wide[:, :7], strides=(56, 4)))):
            self.refuses(gnnac.UsageError, part, self.forward, bad)
        self.forward(FakeGpuArray(self.x, strides=(28, 4)))
        locked = FakeGpuArray(self.out, data=(self.out.ctypes.data, True))
        self.refuses(gnnac.UsageError, "out is read-only", self.forward,
                     FakeGpuArray(self.x), out=locked)

    def test_nothing_is_made(self):
        """out and workspace of unknown libraries must be given"""
        x = FakeGpuArray(self.x)
        self.refuses(gnnac.UsageError, "out is missing", self.model.forward, x)
        self.refuses(gnnac.UsageError, "workspace is missing",
                     self.model.forward, x, FakeGpuArray(self.out))

    def test_host(self):
        """run takes host arrays, whatever the device"""
        np.testing.assert_array_equal(self.model.run(self.x), self.want)
        self.refuses(gnnac.UsageError, "x is in a GPU: expected host memory",
                     self.model.run, FakeGpuArray(self.x))
