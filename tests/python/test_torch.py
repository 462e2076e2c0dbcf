"""PyTorch's tensors, on the CPU."""
import gnnac
import numpy as np
from support import MODELS, Case, features, make

try:
    import torch
except ImportError:
    torch = None


class Torch(Case):
    def setUp(self):
        if torch is None:
            self.skipTest("no PyTorch")

    def test_forward(self):
        """tensors go in and come out, with the bits of NumPy's"""
        for name in MODELS:
            bundle, model = make(name)
            x = features(bundle)
            y = model.forward(torch.from_numpy(x))
            self.assertIsInstance(y, torch.Tensor)
            np.testing.assert_array_equal(y.numpy(), model.run(x))

    def test_run_into(self):
        """run reads and writes tensors in place"""
        bundle, model = make("gcn")
        x, out = features(bundle), torch.zeros(50, 3)
        self.assertIs(model.run(torch.from_numpy(x), out=out), out)
        np.testing.assert_array_equal(out.numpy(), model.run(x))

    def test_binary_cross_entropy(self):
        """loss="bce" is BCEWithLogitsLoss, of nodes named twice, too"""
        for name in MODELS:
            bundle, model = make(name, "logits")
            x = features(bundle)
            labels = (x[:, :bundle.out_dim] > 0).astype(np.int32)
            nodes = np.array([0, 7, 7, 31], np.int32)
            want = torch.nn.BCEWithLogitsLoss()(
                torch.from_numpy(model.run(x)[nodes]),
                torch.from_numpy(labels[nodes]).float())
            got = gnnac.Trainer(model, x, loss="bce").step(labels, nodes)
            self.assertAlmostEqual(got, float(want), 5)

    def test_refused(self):
        """what would need a copy or a backward is refused"""
        bundle, model = make("gcn")
        x = torch.from_numpy(features(bundle))
        for part, bad in (("float64", x.double()),
                          ("not contiguous", x.T.contiguous().T),
                          ("plain tensor", x.to_sparse()),
                          ("expected the CPU or a CUDA", x.to("meta")),
                          ("requires grad", x.clone().requires_grad_())):
            self.refuses(gnnac.UsageError, part, model.forward, bad)
        with torch.no_grad():
            model.forward(x.clone().requires_grad_())
