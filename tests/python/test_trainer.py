"""Training from Python, on the CPU backend."""
import os
import subprocess
import sys

import gnnac
import numpy as np
from support import (PACKAGE, ROOT, Case, Csr, bundle_bytes, features, make,
                     oracle, random_weights, read_tensors, sparse_of,
                     write_tensors)

TRAINED = ("gcn", "gin", "sage", "gat", "gatv2")


def problem(name="gcn", **options):
    """(model, trainer, labels, nodes) of a small task."""
    bundle, model = make(name)
    x = features(bundle)
    labels = (x[:, :bundle.out_dim].argmax(1)).astype(np.int32)
    nodes = np.arange(0, bundle.nodes, 2, dtype=np.int32)
    return model, gnnac.Trainer(model, x, **options), labels, nodes


def slopes(loss, weights, name, step=1e-5):
    """d loss / d weights[name] by central differences in float64."""
    weights = {k: w.astype("f8") for k, w in weights.items()}
    w = weights[name].reshape(-1)
    out = np.empty_like(w)
    for i in range(len(w)):
        before = w[i]
        w[i] = before + step
        above = loss(weights)
        w[i] = before - step
        out[i] = (above - loss(weights)) / (2 * step)
        w[i] = before
    return out.reshape(weights[name].shape)


def binary_loss(y, labels):
    """The mean of -log of each label's probability, in float64."""
    return (np.logaddexp(0, y) - y * labels).mean()


class SparseFeatures(Case):
    def losses(self, x, form="auto"):
        _, model = make("gcn")
        nodes = np.arange(0, len(self.x), 2, dtype=np.int32)
        labels = np.zeros(len(self.x), np.int32)
        with gnnac.Trainer(model, x, "sgd", lr=0.1, dropout=0.5, seed=3,
                           form=form) as trainer:
            return [trainer.step(labels, nodes) for _ in range(4)]

    def setUp(self):
        super().setUp()
        bundle, _ = make("gcn")
        self.x = features(bundle)
        self.x[self.x < 0.5] = 0

    def test_learn_the_same(self):
        """rows as SciPy's or as a tuple learn what the dense matrix does"""
        wanted = self.losses(self.x, "dense")
        for x in (self.x, Csr(self.x), sparse_of(self.x)):
            for form in ("auto", "dense", "sparse"):
                np.testing.assert_allclose(self.losses(x, form), wanted,
                                           rtol=1e-5)

    def test_are_checked(self):
        """what does not fit is refused, and named"""
        indptr, indices, data = sparse_of(self.x)
        csc = Csr(self.x)
        csc.format = "csc"
        wide = Csr(self.x)
        wide.shape = (wide.shape[0], wide.shape[1] + 1)
        for x, what in ((csc, "csc"), (wide, "shape"),
                        ((indptr[:-1], indices, data), "indptr"),
                        ((indptr, indices[:-1], data), "indices"),
                        ((indptr, indices, data.astype("f8")), "float64"),
                        ((indptr, indices[:-1], data[:-1]), "ends at"),
                        ((indptr, indices + 1000, data), "column")):
            with self.assertRaisesRegex(gnnac.UsageError, what):
                self.losses(x)
        with self.assertRaisesRegex(gnnac.UsageError, "form is 'thin'"):
            self.losses(self.x, "thin")


class Training(Case):
    def test_binary_cross_entropy(self):
        """loss="bce": value and slopes of the mean over nodes and classes"""
        for name in TRAINED:
            with self.subTest(name):
                bundle, model = make(name, "logits")
                x, data = features(bundle), bundle_bytes(name, "logits")
                before, folder = random_weights(bundle), self.folder()
                write_tensors(folder / "w", before)
                model.load_weights(folder / "w")
                labels = (x[:, :bundle.out_dim] > 0).astype(np.int32)
                nodes = np.arange(0, bundle.nodes, 2, dtype=np.int32)

                def loss(w):
                    return binary_loss(oracle(data, bundle, w, x)[nodes],
                                       labels[nodes])

                got = gnnac.Trainer(model, x, "sgd", learn_eps=True, lr=1,
                                    loss="bce").step(labels, nodes)
                model.save_weights(folder / "w")
                after = read_tensors((folder / "w").read_bytes())
                self.assertAlmostEqual(got, loss(before), 4)
                for k in before:
                    want = slopes(loss, before, k)
                    np.testing.assert_allclose(
                        before[k] - after[k], want, rtol=2e-3,
                        atol=2e-4 * max(1, abs(want).max()))

    def test_binary_refusals(self):
        """loss="bce" wants logits, and labels of all classes"""
        bundle, model = make("gcn")
        x = features(bundle)
        with self.assertRaisesRegex(gnnac.UnsupportedError, "--logits"):
            gnnac.Trainer(model, x, loss="bce")
        with self.assertRaisesRegex(gnnac.UsageError, "expected one of"):
            gnnac.Trainer(model, x, loss="hinge")
        model = make("gcn", "logits")[1]
        labels = np.zeros(bundle.nodes, np.int32)
        with self.assertRaisesRegex(gnnac.UsageError, "labels has shape"):
            gnnac.Trainer(model, x, loss="bce").step(labels, labels[:2])
        many = np.full((bundle.nodes, bundle.out_dim), 2, np.int32)
        self.refuses(gnnac.UsageError, "node 3 has label 2: expected 0 or 1",
                     gnnac.Trainer(model, x, loss="bce").step, many,
                     labels[:1] + 3)

    def test_gradients(self):
        """a step of sgd goes down the slope of the networks in NumPy"""
        for name in TRAINED:
            with self.subTest(name):
                bundle, model = make(name)
                x, data = features(bundle), bundle_bytes(name)
                before, folder = random_weights(bundle), self.folder()
                write_tensors(folder / "w", before)
                model.load_weights(folder / "w")
                labels = x[:, :bundle.out_dim].argmax(1).astype(np.int32)
                nodes = np.arange(0, bundle.nodes, 2, dtype=np.int32)
                gnnac.Trainer(model, x, "sgd", learn_eps=True, lr=1) \
                    .step(labels, nodes)
                model.save_weights(folder / "w")
                after = read_tensors((folder / "w").read_bytes())

                def loss(w):
                    y = oracle(data, bundle, w, x)
                    return -y[nodes, labels[nodes]].mean()

                for k in before:
                    want = slopes(loss, before, k)
                    np.testing.assert_allclose(
                        before[k] - after[k], want, rtol=0,
                        atol=2e-5 * max(1, np.abs(want).max()), err_msg=k)

    def test_learns(self):
        """the loss falls, every model and optimizer"""
        for name in TRAINED:
            for optimizer in ("adam", "adamw", "sgd"):
                with self.subTest(f"{name} {optimizer}"):
                    _, t, labels, nodes = problem(name, optimizer=optimizer)
                    loss = [t.step(labels, nodes) for _ in range(60)]
                    self.assertLess(loss[-1], loss[0])
                    self.assertEqual(t.steps, 60)

    def test_same_targets(self):
        """a step without targets takes those of the step before"""
        _, t, labels, nodes = problem()
        _, again, *_ = problem()
        self.refuses(gnnac.UsageError, "no step before", again.step)
        self.refuses(gnnac.UsageError, "nodes is a NoneType", again.step,
                     labels)
        want = [t.step(labels, nodes) for _ in range(3)]
        got = [again.step(labels.copy(), nodes.copy())]  # kept alive
        self.assertEqual([*got, again.step(), again.step()], want)

    def test_loss(self):
        """the loss is the mean negative log-likelihood of the prediction"""
        _, t, labels, nodes = problem()
        y = t.predict().astype("f8")
        self.assertAlmostEqual(t.step(labels, nodes),
                               -y[nodes, labels[nodes]].mean(), places=5)

    def test_model(self):
        """the model runs with what was learnt, and saves it"""
        model, t, labels, nodes = problem()
        t.step(labels, nodes)
        path = self.folder() / "w.safetensors"
        model.save_weights(path)
        _, other = make("gcn", seed=9)
        other.load_weights(path)
        x = t._x[0].owner
        np.testing.assert_array_equal(other.run(x), t.predict())
        np.testing.assert_array_equal(model.run(x), t.predict())

    def test_resume(self):
        """steps after a load have the bits of steps without"""
        path = self.folder() / "s.safetensors"
        _, t, labels, nodes = problem(dropout=0.5, seed=3)
        for _ in range(3):
            t.step(labels, nodes)
        t.save(path)
        self.assertIn("convs.0.lin.weight", read_tensors(path.read_bytes()))
        _, again, _, _ = problem(dropout=0.5, seed=3)
        again.load(path)
        self.assertEqual(again.steps, 3)
        self.assertEqual([t.step(labels, nodes) for _ in range(3)],
                         [again.step(labels, nodes) for _ in range(3)])
        np.testing.assert_array_equal(t.predict(), again.predict())

    def test_keep(self):
        """recall brings back the weights that were kept"""
        _, t, labels, nodes = problem()
        self.assertEqual(t.kept_step, -1)
        self.refuses(gnnac.UsageError, "", t.recall)
        t.step(labels, nodes)
        t.keep()
        y = t.predict()
        t.step(labels, nodes)
        self.assertFalse(np.array_equal(t.predict(), y))
        t.recall()
        self.assertEqual(t.kept_step, 1)
        np.testing.assert_array_equal(t.predict(), y)

    def test_numbers(self):
        """rates may be NumPy's numbers"""
        for lr in (np.float32(0.5), np.float64(0.5), np.int32(1), 1):
            _, given, labels, nodes = problem(lr=lr)
            _, plain, *_ = problem(lr=float(lr))
            given.step(labels, nodes)
            plain.step(labels, nodes)
            np.testing.assert_array_equal(given.predict(), plain.predict())

    def test_refusals(self):
        """wrong options, types and nodes are refused and change nothing"""
        model, t, labels, nodes = problem()
        y, usage = t.predict(), gnnac.UsageError
        x = t._x[0].owner
        self.refuses(usage, "optimizer", gnnac.Trainer, model, x, "lbfgs")
        self.refuses(usage, "'rate'", gnnac.Trainer, model, x, rate=1)
        for lr in ("1", True, None, 10**400):
            self.refuses(usage, "lr is", gnnac.Trainer, model, x, lr=lr)
        self.refuses(usage, "loss is", gnnac.Trainer, model, x, loss=["bce"])
        self.refuses(usage, "float64", gnnac.Trainer, model, x.astype("f8"))
        self.refuses(usage, "Model", gnnac.Trainer, None, x)
        self.refuses(usage, "int64", t.step, labels.astype("i8"), nodes)
        self.refuses(usage, "nodes", t.step, labels, nodes[None])
        self.refuses(usage, "", t.step, labels, nodes + 50)
        self.refuses(usage, "", t.step, labels + 99, nodes)
        self.assertEqual(t.steps, 0)
        np.testing.assert_array_equal(t.predict(), y)
        t.close()
        self.refuses(usage, "closed", t.step, labels, nodes)

    def test_one_at_a_time(self):
        """a second trainer is refused until the first is closed or let go"""
        model, t, labels, nodes = problem()
        x = t._x[0].owner
        self.refuses(gnnac.UsageError, "has a trainer already", gnnac.Trainer,
                     model, x)
        self.assertGreater(t.step(labels, nodes), 0)
        t.close()
        t = gnnac.Trainer(model, x)
        del t
        self.assertEqual(gnnac.Trainer(model, x).steps, 0)

    def test_life(self):
        """the model may be closed before its trainer"""
        model, t, labels, nodes = problem()
        model.close()
        del model
        self.assertGreater(t.step(labels, nodes), 0)

    def test_example(self):
        """the example learns to tell its two rings apart"""
        done = subprocess.run(
            [sys.executable, ROOT / "examples" / "train.py"], text=True,
            capture_output=True, timeout=120,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(float(done.stdout.split()[-1]), 0.9)
