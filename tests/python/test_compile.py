"""gnnac.compile: the program, called from Python."""
import json
import os
import subprocess
import warnings

import gnnac
import numpy as np
from support import Case, features, read_tensors

PLAIN = {"options": {"tune": "off", "device": "cpu"}}


def has_compiler():
    done = subprocess.run([os.environ["GNNAC_PROGRAM"], "doctor", "--json"],
                          capture_output=True, text=True)
    try:
        return json.loads(done.stdout)["nvrtc"]["found"]
    except (ValueError, KeyError):
        return False


HAS_COMPILER = has_compiler()


def random_edges(n=40, e=300, seed=1):
    return np.random.default_rng(seed).integers(0, n, (2, e))


class Compile(Case):
    def setUp(self):
        self.home = self.folder()
        before = os.environ.get("GNNAC_HOME")
        os.environ["GNNAC_HOME"] = str(self.home)
        self.addCleanup(os.environ.pop, "GNNAC_HOME")
        if before is not None:
            self.addCleanup(os.environ.__setitem__, "GNNAC_HOME", before)

    def need_compiler(self):
        if not HAS_COMPILER:
            self.skipTest("no NVRTC")

    def test_array(self):
        """an edge_index becomes a bundle that is right, every model"""
        self.need_compiler()
        edges = random_edges()
        for name in ("gcn", "gin", "sage"):
            bundle = gnnac.compile(edges, name, dim=9, classes=4, hidden=8,
                                   layers=3, num_nodes=45, **PLAIN)
            self.assertEqual((bundle.model, bundle.nodes, bundle.edges),
                             (name, 45, 300))
            self.assertEqual((bundle.in_dim, bundle.out_dim, bundle.layers),
                             (9, 4, 3))
            model = gnnac.Model(gnnac.Context("cpu"), bundle)
            model.init_weights()
            x = features(bundle)
            self.in_bound(model.run(x), *model.reference(x))

    def test_operators(self):
        """operators become a bundle that is no model"""
        self.need_compiler()
        bundle = gnnac.compile_operators(random_edges(), ["sum:4", "gcn:3"],
                                         num_nodes=45, **PLAIN)
        self.assertEqual((bundle.model, bundle.nodes, bundle.layers),
                         ("operators", 45, 0))
        self.refuses(gnnac.UsageError, "operators, not a model", gnnac.Model,
                     gnnac.Context("cpu"), bundle)
        self.refuses(gnnac.UsageError, "is a list", gnnac.compile_operators,
                     random_edges(), "sum:4")
        self.refuses(gnnac.UsageError, "operator 'sum:0'",
                     gnnac.compile_operators, random_edges(), ["sum:0"])

    def test_bad_operators(self):
        """what is no operator is named"""
        for one in (None, 3, "sum:4\0", "sum:4\n", ["sum:4"]):
            self.refuses(gnnac.UsageError, f"operator {one!r}: expected",
                         gnnac.compile_operators, random_edges(), [one])

    def test_edges_are_kept(self):
        """messages flow from row 0 to row 1; duplicates count"""
        self.need_compiler()
        edges = np.array([[0, 0, 1, 3], [2, 2, 0, 3]])
        out = self.folder() / "b.gnnb"
        for dtype in (np.int64, np.int32, np.uint32, np.uint64, np.int8):
            gnnac.compile(edges.astype(dtype), "sage", dim=4, classes=2,
                          output=out, **PLAIN)
            tensors = read_tensors(out.read_bytes())
            self.assertEqual(tensors["graph/rowptr"].tolist(), [0, 1, 1, 3, 4])
            self.assertEqual(tensors["graph/colidx"].tolist(), [1, 0, 0, 3])

    def test_output(self):
        """a bundle stays where output says, else nowhere"""
        self.need_compiler()
        folder = self.folder()
        before = os.environ.get("TMPDIR")
        self.addCleanup(os.environ.pop, "TMPDIR")
        if before is not None:
            self.addCleanup(os.environ.__setitem__, "TMPDIR", before)
        import tempfile
        self.addCleanup(setattr, tempfile, "tempdir", tempfile.tempdir)
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        bundle = gnnac.compile(random_edges(), dim=4, classes=2, **PLAIN)
        self.assertEqual(os.listdir(folder), [])
        kept = gnnac.compile(random_edges(), dim=4, classes=2,
                             output=folder / "k.gnnb", **PLAIN)
        self.assertEqual(os.listdir(folder), ["k.gnnb"])
        self.assertEqual(kept.fingerprint, bundle.fingerprint)

    def test_file(self):
        """a graph file goes in by its path"""
        self.need_compiler()
        path = self.folder() / "-g.npz"
        np.savez(path, edge_index=random_edges())
        bundle = gnnac.compile(path, "gcn", dim=4, classes=2, **PLAIN)
        self.assertEqual(bundle.edges, 300)

    def test_rules_and_knobs(self):
        """rules and knobs reach the program"""
        self.need_compiler()
        bundle = gnnac.compile(
            random_edges(), dim=4, classes=2, rules="gnnadvisor",
            knobs={"template": "neighbor_group", "partSize": 16}, **PLAIN)
        self.assertIn("--set", {c["rule"]
                                for c in bundle.manifest["choices"]})
        self.assertIn("_p16_", " ".join(
            k["name"] for k in bundle.manifest["kernels"]))

    def test_program_says_no(self):
        """the program's refusal is an error of its kind, in its line"""
        edges = random_edges()
        for named in ({"model": "gnc"}, {"dim": 0}, {"rules": ["no#"]},
                      {"options": {"no-such": 1}},
                      {"knobs": {"partSiz": 3}}):
            error = self.refuses(gnnac.Error, "", gnnac.compile, edges,
                                 **{**PLAIN, **named})
            self.assertFalse(error.message.startswith("gnnac:"))
        self.refuses(gnnac.UsageError, "gnc", gnnac.compile, edges, "gnc")
        self.refuses(gnnac.FileError, "none.npz", gnnac.compile,
                     self.folder() / "none.npz")
        error = self.refuses(gnnac.FileError, "edge_index", gnnac.compile,
                             edges, num_nodes=3)
        self.assertTrue(error.message.startswith("edge_index:"))
        error = self.refuses(gnnac.FileError, "", gnnac.compile, [[0], [-1]])
        self.assertEqual(error.message, "edge_index: node id -1 is negative")
        self.refuses(gnnac.UsageError, "NUL", gnnac.compile, edges,
                     options={"arch": "sm_90\0"})

    def test_flags(self):
        """an option that takes no value is one of True"""
        self.need_compiler()
        edges, fused = np.array([[0, 1], [1, 2]]), []
        for flags in ({}, {"no-fuse": True, "self-loops": True},
                      {"no-fuse": False, "self-loops": None}):
            bundle = gnnac.compile(edges, dim=4, classes=2, options={
                **PLAIN["options"], **flags})
            fused.append(("fused" in bundle.manifest["requires"],
                          bundle.edges))
        self.assertEqual(fused, [(True, 2), (False, 5), (True, 2)])

    def test_reorder(self):
        """an order is chosen and unseen: outputs are in the input's order"""
        self.need_compiler()
        edges, outputs = random_edges(), []
        for order in ("none", "rabbit"):
            bundle = gnnac.compile(edges, "sage", dim=5, classes=3,
                                   reorder=order, **PLAIN)
            model = gnnac.Model(gnnac.Context("cpu"), bundle)
            model.init_weights()
            x = features(bundle)
            outputs.append(model.run(x))
            self.in_bound(outputs[-1], *model.reference(x))
        np.testing.assert_allclose(*outputs, atol=1e-5)

    def test_unknown_order(self):
        """an order that does not exist is refused"""
        self.refuses(gnnac.Error, "nonsense", gnnac.compile, random_edges(),
                     reorder="nonsense")

    def test_edge_index(self):
        """what is no edge_index is refused before the program starts"""
        for part, bad in (("expected [2, edges]", np.zeros((3, 4), int)),
                          ("expected [2, edges]", np.zeros(4, int)),
                          ("float64: expected integers", np.zeros((2, 3))),
                          ("bool: expected integers", np.zeros((2, 3), bool)),
                          ("expected integers", [[None], [None]])):
            self.refuses(gnnac.UsageError, part, gnnac.compile, bad)
        self.refuses(gnnac.UsageError, "num_nodes", gnnac.compile,
                     random_edges(), num_nodes=0)
        self.refuses(gnnac.UsageError, "num_nodes is for arrays",
                     gnnac.compile, "g.npz", num_nodes=4)

    def program(self, text):
        path = self.folder() / "gnnac"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        before = os.environ["GNNAC_PROGRAM"]
        os.environ["GNNAC_PROGRAM"] = str(path)
        self.addCleanup(os.environ.__setitem__, "GNNAC_PROGRAM", before)

    def test_exits(self):
        """exit statuses are errors of their families"""
        for status, kind in ((1, gnnac.UsageError), (2, gnnac.FileError),
                             (3, gnnac.CompileError), (4, gnnac.ResultError),
                             (5, gnnac.ResultError), (6, gnnac.DatabaseError),
                             (7, gnnac.DeviceError), (8, gnnac.InternalError),
                             (77, gnnac.InternalError)):
            self.program(f"echo warning: w >&2; echo gnnac: no >&2\n"
                         f"exit {status}")
            error = self.refuses(kind, "no", gnnac.compile, random_edges())
            self.assertNotIn("warning", error.message)
        self.program("echo 'gnnac: out of memory' >&2; exit 8")
        self.refuses(gnnac.OutOfMemoryError, "out of memory", gnnac.compile,
                     random_edges())
        self.program("kill -9 $$")
        self.refuses(gnnac.InternalError, "status -9", gnnac.compile,
                     random_edges())

    def test_no_program(self):
        """a program that is not there is said"""
        self.program("")
        os.environ["GNNAC_PROGRAM"] = "/none/gnnac"
        self.refuses(gnnac.LibraryError, "/none/gnnac", gnnac.compile,
                     random_edges())

    def test_warnings(self):
        """warnings of the program are warnings here, at the caller's line"""
        self.need_compiler()
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            gnnac.compile(random_edges(), dim=4, classes=2, options={
                **PLAIN["options"], "db": "/proc/nodir"})
        self.assertIn("not all of this is remembered", str(seen[0].message))
        self.assertEqual(seen[0].filename, __file__)
