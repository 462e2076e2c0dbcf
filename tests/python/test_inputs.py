"""What is not right is refused, in one line, with nothing copied."""
import os
import pickle

import gnnac
import numpy as np
from support import (Case, bundle_bytes, features, make, random_weights,
                     run_python, write_tensors)


class FakeGpuArray:
    """Says that host memory is a GPU's."""

    def __init__(self, array, **more):
        self.array = array
        self.__cuda_array_interface__ = {
            "shape": array.shape, "typestr": array.dtype.str, "version": 3,
            "data": (array.ctypes.data, False), **more}


class Matrices(Case):
    def setUp(self):
        self.bundle, self.model = make("gcn")
        self.x = features(self.bundle)

    def bad_x(self, part, x):
        for call in (self.model.run, self.model.forward,
                     self.model.reference):
            self.refuses(gnnac.UsageError, part, call, x)

    def bad_out(self, part, out):
        for call in (self.model.run, self.model.forward):
            self.refuses(gnnac.UsageError, part, call, self.x, out=out)

    def test_dtype(self):
        """other types are refused, not converted"""
        for dtype in (np.float64, np.float16, np.int32, ">f4"):
            self.bad_x("x is ", self.x.astype(dtype))
        self.bad_out("out is float64", np.empty((50, 3)))

    def test_shape(self):
        """other shapes are refused"""
        for shape in ((50, 6), (49, 7), (7, 50), (350,), (1, 50, 7), ()):
            self.bad_x(f"x has shape {list(shape)}: expected [50, 7]",
                       np.zeros(shape, np.float32))
        self.bad_out("out has shape [50, 4]", np.zeros((50, 4), np.float32))

    def test_strides(self):
        """gaps, other orders and odd addresses are refused, not copied"""
        wide = np.zeros((50, 14), np.float32)
        odd = np.zeros(50 * 28 + 1, np.uint8)[1:].view(np.float32)
        for x in (wide[:, :7], wide[:, ::2], np.asfortranarray(self.x),
                  self.x[::-1], odd.reshape(50, 7)):
            self.bad_x("x is not contiguous", x)
        self.bad_out("out is not contiguous", np.zeros((50, 6), "f4")[:, :3])

    def test_no_array(self):
        """what is no array is refused"""
        for x in (None, 1, "x", self.x.tolist(), object()):
            self.bad_x("expected an array", x)

    def test_out(self):
        """out must be writable and apart from x"""
        locked = np.zeros((50, 3), np.float32)
        locked.flags.writeable = False
        self.bad_out("out is read-only", locked)
        self.bad_out("out shares memory",
                     self.x.reshape(-1)[:150].reshape(50, 3))

    def test_gpu_memory(self):
        """a GPU's memory is refused by a model on the CPU"""
        self.bad_x("x is in a GPU: expected host memory", FakeGpuArray(self.x))
        self.bad_x("x has a mask", FakeGpuArray(self.x, mask=self.x))
        self.bad_out("out is in a GPU", FakeGpuArray(np.zeros((50, 3), "f4")))

    def test_stream(self):
        """a model on the CPU takes no stream"""
        self.refuses(gnnac.UsageError, "a stream belongs to a GPU",
                     self.model.forward, self.x, stream=0)

    def test_workspace(self):
        """a workspace must be large enough"""
        small = np.empty(self.model.workspace_size - 1, np.uint8)
        self.refuses(gnnac.UsageError, "the workspace has", self.model.forward,
                     self.x, workspace=small)
        self.refuses(gnnac.UsageError, "workspace is not contiguous",
                     self.model.forward, self.x,
                     workspace=np.empty((8, 10**4), np.uint8)[:, :9000])

    def test_failed_calls_write_nothing(self):
        """a refused call leaves out as it was"""
        out = np.full((50, 3), 7, np.float32)
        model = gnnac.Model(gnnac.Context("cpu"), self.bundle)
        self.refuses(gnnac.UsageError, "has no weights", model.run, self.x,
                     out)
        self.assertTrue((out == 7).all())


class Arguments(Case):
    def test_context(self):
        """devices and numbers of threads that make no sense are refused"""
        for device in ("gpu", "", "cuda:x", "cuda:-1", "c" * 10**5):
            self.refuses(gnnac.UsageError, "expected auto, cpu or cuda:N",
                         gnnac.Context, device)
        self.refuses(gnnac.UsageError, "holds a NUL", gnnac.Context, "cpu\0x")
        self.refuses(gnnac.UsageError, "expected a text", gnnac.Context, None)
        for threads in (-1, 2**31, 2**32, 5000):
            self.refuses(gnnac.UsageError, "threads must be from 0",
                         gnnac.Context, "cpu", threads)
        self.refuses(gnnac.UsageError, "expected an int", gnnac.Context,
                     "cpu", 1.5)
        self.refuses(gnnac.DeviceError, "", gnnac.Context, "cuda:999")

    def test_seed(self):
        """a seed that does not fit is refused, not wrapped around"""
        _, model = make("gcn")
        for seed in (-1, 2**64):
            self.refuses(gnnac.UsageError, "seed must be from 0",
                         model.init_weights, seed)

    def test_bundle(self):
        """damaged, missing and senseless bundles have their own errors"""
        data = bytearray(bundle_bytes("gcn"))
        data[-1] ^= 1
        self.refuses(gnnac.FileError, "", gnnac.Bundle, bytes(data))
        folder = self.folder()
        (folder / "b.gnnb").write_bytes(data)
        error = self.refuses(gnnac.FileError, "b.gnnb", gnnac.Bundle,
                             folder / "b.gnnb")
        self.assertEqual(error.status, gnnac.Status.EFORMAT)
        error = self.refuses(gnnac.FileError, "none.gnnb", gnnac.Bundle,
                             folder / "none.gnnb")
        self.assertEqual(error.status, gnnac.Status.EIO)
        self.refuses(gnnac.UsageError, "a path or bytes", gnnac.Bundle, 3)
        self.refuses(gnnac.UsageError, "holds a NUL", gnnac.Bundle, "a\0b")
        self.refuses(gnnac.UsageError, "a Context and a Bundle", gnnac.Model,
                     "cpu", gnnac.Bundle(bundle_bytes("gcn")))

    def test_weights(self):
        """weights of another model are refused, the old ones stay"""
        bundle, model = make("gcn")
        x, folder = features(bundle), self.folder()
        before, weights = model.run(x), random_weights(bundle)
        path = folder / "w.safetensors"
        write_tensors(path, {k: v for k, v in weights.items()
                             if k != "convs.1.bias"})
        self.refuses(gnnac.NotFoundError, "convs.1.bias", model.load_weights,
                     path)
        write_tensors(path, {**weights, "convs.1.bias": np.zeros((4,))})
        self.refuses(gnnac.FileError, "convs.1.bias", model.load_weights, path)
        path.write_bytes(b"no weights")
        self.refuses(gnnac.FileError, "w.safetensors", model.load_weights,
                     path)
        np.testing.assert_array_equal(model.run(x), before)

    def test_errors(self):
        """errors are what they say, also for code that does not know us"""
        error = gnnac.UsageError(gnnac.Status.EUSAGE, "no")
        self.assertIsInstance(error, ValueError)
        again = pickle.loads(pickle.dumps(error))
        self.assertEqual((again.status, again.message), (1, "no"))
        self.assertTrue(issubclass(gnnac.OutOfMemoryError, MemoryError))
        for name in gnnac.__all__:
            if name.endswith("Error"):
                self.assertTrue(issubclass(getattr(gnnac, name), gnnac.Error))


class Finding(Case):
    CODE = ("import gnnac\ntry: gnnac.Context('cpu')\n"
            "except gnnac.LibraryError as e: print(e.message)\n")

    def test_named_library(self):
        """GNNAC_LIBRARY allows no other: what is wrong with it is said"""
        told = run_python(self.CODE, GNNAC_LIBRARY="/none/libgnnac.so").stdout
        self.assertIn("libgnnac is not found", told)
        self.assertIn("/none/libgnnac.so", told)

    def test_other_library(self):
        """a library that is not ours is named"""
        told = run_python(self.CODE, GNNAC_LIBRARY="libc.so.6").stdout
        self.assertIn("libc.so.6: another version of libgnnac", told)

    def test_loader(self):
        """the loader's path is searched"""
        folder = os.path.dirname(os.environ["GNNAC_LIBRARY"])
        done = run_python(
            "import gnnac; print(gnnac.Context('cpu').device)\n"
            "print(gnnac._library.loaded()._name)",
            GNNAC_LIBRARY="", LD_LIBRARY_PATH=folder)
        self.assertEqual(done.stdout, "cpu\nlibgnnac.so.1\n")

    def test_torch_is_not_imported(self):
        """nothing but NumPy is imported"""
        done = run_python(
            "import sys, numpy\nbefore = set(sys.modules)\n"
            "import gnnac\nfrom support import *\nb, m = make('gcn')\n"
            "m.forward(features(b))\n"
            "print([n for n in ('torch', 'cupy', 'jax') if n in sys.modules])")
        self.assertEqual(done.stdout, "[]\n")
