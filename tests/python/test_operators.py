"""Operators against NumPy, and what they refuse."""
import gc
import threading

import gnnac
import numpy as np
from support import Case

EDGES = np.array([[0, 1, 1, 3, 2, 2, 0, 4], [1, 0, 2, 1, 1, 1, 0, 4]])
NODES = 6  # the last is isolated; a duplicate, two self loops


def normal(*shape, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape).astype(np.float32)


def matrix(edges=EDGES, weight=None):
    """The adjacency matrix, destinations by sources."""
    a = np.zeros((NODES, NODES))
    np.add.at(a, (edges[1], edges[0]), 1 if weight is None else weight)
    return a


def gcn(edges):
    a = matrix(edges[:, edges[0] != edges[1]])
    d = (a.sum(1) + 1) ** -0.5
    return d[:, None] * (a + np.eye(NODES)) * d


class Operators(Case):
    def setUp(self):
        self.graph = gnnac.Graph(EDGES, NODES)
        self.loopless = gnnac.Graph(EDGES, NODES, drop_self_loops=True)

    def close(self, got, want):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)

    def test_sum(self):
        """sums, means and gcn are products with a matrix, and so backward"""
        x, a, w = normal(NODES, 33), matrix(), normal(8, seed=2)
        by_degree = np.maximum(a.sum(1, keepdims=True), 1)
        for reduce, weight, m in (("sum", None, a), ("mean", None, a / by_degree),
                                  ("sum", w, matrix(weight=w)),
                                  ("mean", w, matrix(weight=w) / by_degree)):
            self.close(gnnac.aggregate(self.graph, x, reduce, weight), m @ x)
            grad, none = gnnac.aggregate_backward(
                self.graph, x, reduce=reduce, weight=weight)
            self.close(grad, m.T @ x)
            self.assertIsNone(none)
        self.close(gnnac.aggregate(self.loopless, x, "gcn"), gcn(EDGES) @ x)
        grad, _ = gnnac.aggregate_backward(self.loopless, x, reduce="gcn")
        self.close(grad, gcn(EDGES).T @ x)

    def test_gradient_into(self):
        """a gradient goes into an array that is given"""
        g, into = normal(NODES, 5), np.zeros((NODES, 5), np.float32)
        to, _ = gnnac.aggregate_backward(self.graph, g, x_grad=into)
        self.assertIs(to, into)
        self.close(into, matrix().T @ g)
        self.refuses(gnnac.UsageError, "x_grad shares memory",
                     gnnac.aggregate_backward, self.graph, g, x_grad=g)

    def test_weights(self):
        """the gradient of an edge's weight is a dot product of its nodes"""
        x, g = normal(NODES, 5), normal(NODES, 5, seed=3)
        none, grad = gnnac.aggregate_backward(
            self.graph, g, x, weight=normal(8), x_grad=False, weight_grad=True)
        self.assertIsNone(none)
        self.close(grad, (x[EDGES[0]] * g[EDGES[1]]).sum(1))
        dropped = EDGES[0] == EDGES[1]
        _, grad = gnnac.aggregate_backward(
            self.loopless, g, x, weight=normal(8), weight_grad=True)
        self.assertTrue((grad[dropped] == 0).all())

    def test_max(self):
        """the largest neighbours, and gradients that ties share"""
        x = np.array([[1, 5], [5, 0], [5, 2], [3, 2], [9, 9], [0, 0]], "f4")
        y = gnnac.aggregate(self.graph, x, "max")
        want = np.zeros_like(x)
        for v in range(NODES):
            if (EDGES[1] == v).any():
                want[v] = x[EDGES[0][EDGES[1] == v]].max(0)
        self.assertTrue((y == want).all())
        g = normal(NODES, 2, seed=4)
        grad, _ = gnnac.aggregate_backward(self.graph, g, x, "max", out=y)
        want = np.zeros_like(x)
        for v in range(NODES):
            u = EDGES[0][EDGES[1] == v]
            best = x[u] == y[v]
            np.add.at(want, u, best * g[v] / np.maximum(best.sum(0), 1))
        self.close(grad, want)

    def test_sddmm(self):
        """dot products by edge and head"""
        x, y = normal(NODES, 6), normal(NODES, 6, seed=2)
        got = gnnac.sddmm(self.graph, x, y, heads=2)
        product = (x[EDGES[1]] * y[EDGES[0]]).reshape(8, 2, 3)
        self.close(got, product.sum(2))
        g = normal(8, 2, seed=3)
        spread = np.repeat(g, 3, axis=1)
        want_x, want_y = np.zeros((NODES, 6)), np.zeros((NODES, 6))
        np.add.at(want_x, EDGES[1], spread * y[EDGES[0]])
        np.add.at(want_y, EDGES[0], spread * x[EDGES[1]])
        for got, want in zip(gnnac.sddmm_backward(self.graph, g, x, y, 2),
                             (want_x, want_y)):
            self.close(got, want)

    def test_attention(self):
        """the softmax over neighbours and oneself"""
        x, s = normal(NODES, 4), normal(NODES, 4, seed=2)
        kept = EDGES[:, EDGES[0] != EDGES[1]]
        all_edges = np.hstack([kept, np.tile(np.arange(NODES), (2, 1))])
        want = np.zeros((NODES, 2, 2))
        for v in range(NODES):
            u = all_edges[0][all_edges[1] == v]
            e = s[u, :2] + s[v, 2:]
            a = np.exp(np.where(e < 0, 0.2 * e, e))
            want[v] = ((a / a.sum(0))[:, :, None] *
                       x[u].reshape(-1, 2, 2)).sum(0)
        self.close(gnnac.attention(self.loopless, x, s),
                   want.reshape(NODES, 4))

    def test_kept(self):
        """what attention's forward keeps spares backward to find it anew"""
        x, s = normal(NODES, 4), normal(NODES, 4, seed=2)
        g, kept = normal(NODES, 4, seed=3), np.full((NODES, 4), np.nan, "f4")
        y = gnnac.attention(self.loopless, x, s, kept=kept)
        self.assertTrue((y == gnnac.attention(self.loopless, x, s)).all())
        want = gnnac.attention_backward(self.loopless, g, x, s)
        for a, b in zip(gnnac.attention_backward(self.loopless, g, x, s,
                                                 kept=kept), want):
            self.assertTrue((a == b).all())
        kept[:] = np.nan  # it is read
        grad, _ = gnnac.attention_backward(self.loopless, g, x, s, kept=kept)
        self.assertTrue(np.isnan(grad).all())
        for wrong in (kept[:, :2].copy(), kept.astype("f8"), s):
            with self.assertRaises(gnnac.UsageError):
                gnnac.attention(self.loopless, x, s, kept=wrong)

    def test_forms(self):
        """rows and lists are the same graph; nothing is copied out"""
        order = np.argsort(EDGES[1], kind="stable")
        rowptr = np.searchsorted(EDGES[1][order], np.arange(NODES + 1))
        rows = gnnac.Graph.from_csr(rowptr, EDGES[0][order])
        x, out = normal(NODES, 3), np.empty((NODES, 3), np.float32)
        got = gnnac.aggregate(rows, x, out=out)
        self.assertIs(got, out)
        self.assertTrue((got == gnnac.aggregate(self.graph, x)).all())
        self.assertEqual((rows.nodes, rows.edges), (NODES, 8))
        self.assertEqual(gnnac.Graph(EDGES).nodes, 5)
        self.assertEqual(gnnac.Graph(np.zeros((2, 0), int)).nodes, 0)

    def test_refused(self):
        """what is not right is refused in a line"""
        x = normal(NODES, 4)
        for why, wrong in (
                ("expected \\[2, edges\\]", lambda: gnnac.Graph(EDGES[0])),
                ("expected integers", lambda: gnnac.Graph(EDGES * 1.0)),
                ("not one of 3 nodes", lambda: gnnac.Graph(EDGES, 3)),
                ("does not fit", lambda: gnnac.Graph(
                    np.full((2, 1), 2**63, np.uint64))),
                ("rowptr falls", lambda: gnnac.Graph.from_csr(
                    [0, 2, 1], [0])),
                ("expected one of sum", lambda: gnnac.aggregate(
                    self.graph, x, "median")),
                ("drop them", lambda: gnnac.aggregate(self.graph, x, "gcn")),
                ("float64", lambda: gnnac.aggregate(
                    self.graph, x.astype(float))),
                ("shape \\[3\\]: expected \\[8\\]", lambda: gnnac.aggregate(
                    self.graph, x, weight=normal(3))),
                ("shares memory", lambda: gnnac.aggregate(
                    self.graph, x, out=x)),
                ("2 for each head", lambda: gnnac.attention(
                    self.loopless, x, normal(NODES, 3))),
                ("2 for each head", lambda: gnnac.attention(
                    self.loopless, x, normal(NODES, 0))),
                ("2 for each head", lambda: gnnac.attention_backward(
                    self.loopless, x, x, normal(NODES, 0))),
                ("do not divide", lambda: gnnac.sddmm(
                    self.graph, x, x, heads=3)),
                ("heads must be from 1", lambda: gnnac.sddmm(
                    self.graph, x, x, heads=0)),
                ("heads must be from 1", lambda: gnnac.sddmm(
                    self.graph, x, x, heads=2**32 + 1)),
                ("heads is a float", lambda: gnnac.sddmm(
                    self.graph, x, x, heads=2.0)),
                ("heads must be from 1", lambda: gnnac.sddmm_backward(
                    self.graph, normal(8, 2), x, x, heads=-2)),
                ("takes a Graph", lambda: gnnac.aggregate(EDGES, x)),
                ("out is NULL", lambda: gnnac.aggregate_backward(
                    self.graph, x, x, "max"))):
            with self.subTest(why), self.assertRaisesRegex(
                    gnnac.UsageError, why):
                wrong()
        self.graph.close()
        with self.assertRaisesRegex(gnnac.UsageError, "closed"):
            gnnac.aggregate(self.graph, x)

    def test_threads(self):
        """threads may share a graph"""
        x, results = normal(NODES, 8), [None] * 8

        def work(i):
            results[i] = gnnac.aggregate_backward(self.graph, x)[0]
        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertTrue(all((r == results[0]).all() for r in results))
        del self.graph
        gc.collect()
