"""Every call of a model, against the float64 reference."""
import gnnac
import numpy as np
from gnnac import _library
from support import (MODELS, Case, Csr, bundle_bytes, features, make, oracle,
                     random_weights, sparse_of, write_tensors)


class HostDLPack:
    """An array that speaks DLPack and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, *, stream=None):
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


class Inference(Case):
    def test_run(self):
        """run is within the bounds of the reference, every model"""
        for name in MODELS:
            with self.subTest(name):
                bundle, model = make(name)
                x = features(bundle)
                y = model.run(x)
                self.assertEqual((y.dtype, y.shape), (np.float32, (50, 3)))
                self.in_bound(y, *model.reference(x))

    def test_oracle(self):
        """weights go in by PyTorch Geometric's names: NumPy gets the same"""
        for name in MODELS:
            with self.subTest(name):
                bundle, model = make(name)
                weights, x = random_weights(bundle), features(bundle)
                path = self.folder() / "w.safetensors"
                write_tensors(path, weights)
                model.load_weights(path)
                want = oracle(bundle_bytes(name), bundle, weights, x)
                y, bound = model.reference(x)
                np.testing.assert_allclose(y, want, rtol=1e-12, atol=1e-12)
                self.in_bound(model.run(x), want, bound)

    def test_safetensors(self):
        """weights written by the safetensors package are read"""
        try:
            from safetensors.numpy import save_file
        except ImportError as why:
            self.skipTest(str(why))
        bundle, model = make("sage")
        weights, folder = random_weights(bundle), self.folder()
        save_file(weights, str(folder / "a.safetensors"))
        write_tensors(folder / "b.safetensors", weights)
        x, y = features(bundle), []
        for name in "ab":
            model.load_weights(folder / f"{name}.safetensors")
            y.append(model.run(x))
        np.testing.assert_array_equal(*y)

    def test_seed(self):
        """a seed gives the same weights again, another one others"""
        bundle, model = make("gcn", seed=3)
        x = features(bundle)
        first = model.run(x)
        model.init_weights(4)
        self.assertFalse(np.array_equal(model.run(x), first))
        model.init_weights(seed=3)
        np.testing.assert_array_equal(model.run(x), first)
        model.init_weights(2**64 - 1)

    def test_forward(self):
        """forward gives the bits of run, with and without a workspace"""
        for name in MODELS:
            bundle, model = make(name)
            x = features(bundle)
            y = model.run(x)
            np.testing.assert_array_equal(model.forward(x), y)
            out = np.empty_like(y)
            scratch = np.empty(model.workspace_size + 64, np.uint8)
            scratch = scratch[-scratch.ctypes.data % 64:]
            given = model.forward(x, out, workspace=scratch)
            self.assertIs(given, out)
            np.testing.assert_array_equal(out, y)

    def test_out(self):
        """results are written where out lies, also inside a larger array"""
        bundle, model = make("gin")
        x = features(bundle)
        want, stack = model.run(x), np.zeros((3, 50, 3), np.float32)
        self.assertIs(model.run(x, out=stack[1]).base, stack)
        np.testing.assert_array_equal(stack[1], want)
        self.assertFalse(stack[0].any() or stack[2].any())

    def test_input_is_read_in_place(self):
        """input is used where it lies, read-only as well"""
        bundle, model = make("gcn")
        x = features(bundle)
        want = model.run(x)
        x.flags.writeable = False
        np.testing.assert_array_equal(model.run(x), want)
        memory = np.zeros((2, *x.shape), np.float32)
        memory[1] = x
        np.testing.assert_array_equal(model.run(memory[1]), want)

    def test_dlpack(self):
        """arrays that speak DLPack alone go in and out"""
        bundle, model = make("sage")
        x = features(bundle)
        want, out = model.run(x), np.zeros((50, 3), np.float32)
        model.run(HostDLPack(x), out=HostDLPack(out))
        np.testing.assert_array_equal(out, want)
        np.testing.assert_array_equal(model.reference(HostDLPack(x))[0],
                                      model.reference(x)[0])
        self.refuses(gnnac.UsageError, "x has shape [50, 6]", model.run,
                     HostDLPack(x[:, :6]))
        self.refuses(gnnac.UsageError, "not contiguous", model.run,
                     HostDLPack(np.asfortranarray(x)))
        self.refuses(gnnac.UsageError, "float64", model.run,
                     HostDLPack(x.astype(np.float64)))

    def test_math(self):
        """math is one of four words, and nothing to the CPU"""
        bundle, model = make("gcn")
        x = features(bundle)
        rounding = gnnac.Model(gnnac.Context("cpu"), bundle, math="tf32")
        rounding.init_weights()
        np.testing.assert_array_equal(rounding.run(x), model.run(x))
        self.refuses(gnnac.UsageError, "math is 'f64': expected one of f32",
                     gnnac.Model, gnnac.Context("cpu"), bundle, "f64")

    def test_facts(self):
        """a model tells its workspace and where its kernels came from"""
        _, model = make("gcn")
        self.assertGreater(model.workspace_size, 0)
        self.assertEqual(model.load_level, "cpu")
        self.assertIn("[50, 7] -> [50, 3] on the CPU", repr(model))

    def test_threads_of_the_backend(self):
        """one thread and four give the same bits"""
        results = []
        for threads in (1, 4):
            bundle, model = make("gcn", threads=threads)
            results.append(model.run(features(bundle)))
        np.testing.assert_array_equal(*results)


class Inputs(Case):
    """Features that are made once."""

    def setUp(self):
        super().setUp()
        self.bundle, self.model = make("gcn")
        self.x = features(self.bundle)
        self.x[self.x < 0.5] = 0

    def test_forms(self):
        """dense and by sparse rows the result is within the bounds"""
        want, bound = self.model.reference(self.x)
        for x in (self.x, Csr(self.x), sparse_of(self.x)):
            for form in ("auto", "dense", "sparse"):
                with gnnac.Input(self.model, x, form) as given:
                    self.assertEqual(given.sparse and form == "dense", False)
                    self.assertTrue(given.sparse or form != "sparse")
                    self.in_bound(given.run(), want, bound)
                    np.testing.assert_array_equal(given.forward(),
                                                  given.run())

    def test_of_a_model(self):
        """run and reference take sparse rows as they take a matrix"""
        want, bound = self.model.reference(self.x)
        out = np.empty((50, 3), np.float32)
        self.assertIs(self.model.run(Csr(self.x), out), out)
        self.in_bound(out, want, bound)
        for got, wanted in zip(self.model.reference(sparse_of(self.x)),
                               (want, bound)):
            np.testing.assert_array_equal(got, wanted)

    def test_memory(self):
        """a workspace of the input's size is enough, a smaller one is not"""
        given = gnnac.Input(self.model, Csr(self.x), "sparse")
        self.assertGreater(given.workspace_size, self.model.workspace_size)
        out = np.empty((50, 3), np.float32)
        scratch = np.empty(given.workspace_size + 64, np.uint8)
        scratch = scratch[-scratch.ctypes.data % 64:]
        self.assertIs(given.forward(out, workspace=scratch), out)
        np.testing.assert_array_equal(out, given.run())
        self.refuses(gnnac.UsageError, "workspace has", given.forward, out,
                     workspace=scratch[:given.workspace_size - 16])
        self.refuses(gnnac.UsageError, "a stream belongs to a GPU",
                     given.forward, out, stream=1)
        self.assertIn("sparse", repr(given))

    def test_apart(self):
        """neither output nor workspace may be the features' memory"""
        for x in (self.x, Csr(self.x)):
            given = gnnac.Input(self.model, x)
            read = x if x is self.x else x.data
            scratch = read.view(np.uint8).reshape(-1)
            self.refuses(gnnac.UsageError, "workspace shares memory with x",
                         given.forward, workspace=scratch)
            if read is x:
                out = x.reshape(-1)[:150].reshape(50, 3)
                self.refuses(gnnac.UsageError, "out shares memory with x",
                             given.run, out)

    def test_end(self):
        """an input that is given up ends when nobody runs its model"""
        library, ended = _library.loaded(), []
        destroy = library.gnnac_input_destroy
        library.gnnac_input_destroy = \
            lambda address: (ended.append(address), destroy(address))
        try:
            given = gnnac.Input(self.model, self.x)
            other = gnnac.Input(self.model, self.x)
        finally:
            library.gnnac_input_destroy = destroy
        with self.model._use():
            given.close()
            self.assertEqual(ended, [])
        self.assertEqual(len(ended), 1)
        self.model.close()  # the other alone needs it now
        other.run()
        del other
        self.assertEqual(len(ended), 2)

    def test_no_entries(self):
        """a matrix of zeros alone is sparse, too"""
        zeros = np.zeros_like(self.x)
        want, bound = self.model.reference(zeros)
        self.in_bound(self.model.run(sparse_of(zeros)), want, bound)

    def test_life(self):
        """an input keeps its model, a closed one is refused"""
        given = gnnac.Input(self.model, self.x)
        want = self.model.run(self.x)
        self.model.close()
        np.testing.assert_array_equal(given.forward(), want)
        given.close()
        self.refuses(gnnac.UsageError, "closed", given.run)
        self.refuses(gnnac.UsageError, "Input takes a Model", gnnac.Input,
                     self.bundle, self.x)
