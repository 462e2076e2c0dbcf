"""Contexts and bundles, and how long objects live."""
import gc
import json
import threading
import time

import gnnac
import numpy as np
from gnnac import _library
from support import (MODELS, Case, bundle_bytes, features, make, read_tensors,
                     run_python)


class Recorder:
    """The library; notes which objects end, in order."""

    def __init__(self, library):
        self.real, self.ended = library, []

    def __getattr__(self, name):
        function = getattr(self.real, name)
        if not name.endswith(("_destroy", "_close")):
            return function

        def end(address):
            self.ended.append(name.split("_")[1])
            function(address)
        return end


class SlowRun:
    """The library; its run takes a moment and tells how many are inside."""

    def __init__(self, library):
        self.real, self.inside, self.most, self.log = library, 0, 0, []

    def __getattr__(self, name):
        return getattr(self.real, name)

    def gnnac_model_run(self, *arguments):
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.01)
        self.inside -= 1
        self.log.append("run")
        return self.real.gnnac_model_run(*arguments)

    def gnnac_model_destroy(self, address):
        self.log.append("destroy")
        self.real.gnnac_model_destroy(address)


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * 4096


class LibraryCase(Case):
    def replace(self, kind):
        library = _library.loaded()
        _library._library = kind(library)
        self.addCleanup(setattr, _library, "_library", library)
        return _library._library


class Objects(LibraryCase):
    def test_bundle(self):
        """a bundle from a path, text or not, and from bytes is the same"""
        for name in MODELS:
            data = bundle_bytes(name)
            path = self.folder() / "b.gnnb"
            path.write_bytes(data)
            for source in (path, str(path), data, bytearray(data),
                           memoryview(data)):
                with gnnac.Bundle(source) as b:
                    self.assertEqual(
                        (b.model, b.nodes, b.in_dim, b.out_dim),
                        (name, 50, 7, 3))
                    self.assertEqual(b.layers, 5 if name == "gin" else 2)
                    self.assertEqual(
                        b.edges, len(read_tensors(data)["graph/colidx"]))
                    self.assertEqual(b.manifest["model"]["name"], name)
                    self.assertEqual(b.fingerprint,
                                     b.manifest["graph"]["fingerprint"])

    def test_manifest_outlives(self):
        """what a bundle told stays after close"""
        bundle = gnnac.Bundle(bundle_bytes("gcn"))
        bundle.close()
        gc.collect()
        self.assertEqual(bundle.nodes, 50)
        self.assertEqual(json.loads(json.dumps(bundle.manifest))["model"]
                         ["name"], "gcn")

    def test_context(self):
        """a context tells its device"""
        with gnnac.Context("cpu", threads=2) as context:
            self.assertEqual((context.device, context.gpu), ("cpu", None))
            self.assertFalse(context.closed)
        self.assertTrue(context.closed)

    def test_closed(self):
        """a closed object refuses, a second close does nothing"""
        bundle, model = make("gcn")
        context = gnnac.Context("cpu")
        for thing in (model, bundle, context):
            thing.close()
            thing.close()
        self.refuses(gnnac.UsageError, "the model is closed", model.run,
                     features(bundle))
        self.refuses(gnnac.UsageError, "the context is closed", gnnac.Model,
                     context, bundle)
        self.refuses(gnnac.UsageError, "the bundle is closed", gnnac.Model,
                     gnnac.Context("cpu"), bundle)

    def test_keeps_what_it_needs(self):
        """a model runs on when its bundle and its context are closed"""
        bundle = gnnac.Bundle(bundle_bytes("gcn"))
        with gnnac.Context("cpu") as context:
            model = gnnac.Model(context, bundle)
        bundle.close()
        gc.collect()
        model.init_weights()
        x = features(bundle)
        self.in_bound(model.run(x), *model.reference(x))

    def test_order(self):
        """objects end after those that need them, each once"""
        seen = self.replace(Recorder)
        bundle, model = make("gcn")
        bundle.close()
        gc.collect()
        self.assertEqual(seen.ended, [])
        model.close()
        self.assertEqual(seen.ended[0], "model")
        self.assertEqual(sorted(seen.ended), ["bundle", "context", "model"])
        model.close()
        self.assertEqual(len(seen.ended), 3)

    def test_cycles(self):
        """objects in a cycle of references end in order as well"""
        seen = self.replace(Recorder)
        _, model = make("gin")
        model.me = model
        del model, _
        gc.collect()
        self.assertEqual(seen.ended[0], "model")
        self.assertEqual(len(seen.ended), 3)

    def test_failed_create(self):
        """what fails to open leaves nothing to end"""
        seen = self.replace(Recorder)
        for source in (b"", b"no bundle", bundle_bytes("gcn")[:-1]):
            with self.assertRaises(gnnac.Error):
                gnnac.Bundle(source)
        gc.collect()
        self.assertEqual(seen.ended, [])

    def test_leaks(self):
        """two thousand models leave no memory behind"""
        def many(n):
            for _ in range(n):
                bundle, model = make("sage")
                model.run(features(bundle))
        many(300)
        before = resident_bytes()
        many(2000)
        # A model holds more than 4 KiB, a bundle more than 8.
        self.assertLess(resident_bytes() - before, 2000 * 2048)


class Threads(LibraryCase):
    def together(self, work, n=8):
        faults = []

        def guarded(i):
            try:
                work(i)
            except BaseException as why:  # noqa: B902 - reported below
                faults.append(repr(why))
        threads = [threading.Thread(target=guarded, args=(i,))
                   for i in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(faults, [])

    def test_models_side_by_side(self):
        """models of one bundle and context run side by side"""
        bundle = gnnac.Bundle(bundle_bytes("gin"))
        context = gnnac.Context("cpu", threads=1)
        x = [features(bundle, i) for i in range(8)]
        want = []
        for i in range(8):
            _, model = make("gin", seed=i)
            want.append(model.run(x[i]))

        def work(i):
            model = gnnac.Model(context, bundle)
            model.init_weights(i)
            for _ in range(50):
                np.testing.assert_array_equal(model.run(x[i]), want[i])
        self.together(work)

    def test_one_model(self):
        """threads that share a model take turns"""
        bundle, model = make("gcn", threads=1)
        x = [features(bundle, i) for i in range(8)]
        want = [model.run(v) for v in x]

        def work(i):
            for _ in range(50):
                np.testing.assert_array_equal(model.forward(x[i]), want[i])
        self.together(work)

    def test_turns(self):
        """no two calls are inside a model at a time"""
        seen = self.replace(SlowRun)
        bundle, model = make("gcn")
        x = features(bundle)
        self.together(lambda _: model.run(x), 4)
        self.assertEqual((seen.most, seen.log), (1, ["run"] * 4))

    def test_end_waits(self):
        """a model that must end waits for the call inside it"""
        seen = self.replace(SlowRun)
        bundle, model = make("gcn")
        x = features(bundle)
        thread = threading.Thread(target=model.run, args=(x,))
        thread.start()
        while not seen.inside:
            time.sleep(0.001)
        model._handle._end()  # as the interpreter does when it ends
        thread.join()
        self.assertEqual(seen.log, ["run", "destroy"])
        self.refuses(gnnac.UsageError, "interpreter is ending", model.run, x)

    def test_close_while_running(self):
        """closing a model that another thread runs is safe"""
        for _ in range(20):
            bundle, model = make("gcn", threads=1)
            x, started = features(bundle), threading.Event()

            def work(_, model=model, x=x, started=started):
                try:
                    while True:
                        model.run(x)
                        started.set()
                except gnnac.UsageError as why:
                    self.assertIn("closed", why.message)
            closer = threading.Thread(
                target=lambda m=model, s=started: s.wait() and m.close())
            closer.start()
            self.together(work, 2)
            closer.join()


EXITS = {
    "objects that live on": "kept = make('gcn')",
    "a cycle": "b, m = make('gin'); m.me = m; m.b = b; gnnac.kept = m",
    "objects in a module that is torn down": """
import builtins
builtins.kept = make('sage')""",
    "a daemon thread inside a call": """
import threading, time
b, m = make('gcn', threads=1)
def forever():
    while True:
        m.run(features(b))
threading.Thread(target=forever, daemon=True).start()
time.sleep(0.2)""",
    "a daemon thread that makes models": """
import threading, time
b, m = make('gcn', threads=1)
c = gnnac.Context('cpu', 1)
def forever():
    while True:
        gnnac.Model(c, b).init_weights(1)
threading.Thread(target=forever, daemon=True).start()
time.sleep(0.2)""",
}


class Exit(Case):
    def test_exit(self):
        """the interpreter ends cleanly, whatever lives then"""
        head = "import gnnac\nfrom support import make, features\n"
        for title, code in EXITS.items():
            with self.subTest(title):
                done = run_python(head + code)
                told = [line for line in done.stderr.splitlines()
                        if "the interpreter is ending" not in line]
                self.assertEqual(done.returncode, 0, done.stderr)
                if "daemon" not in title:
                    self.assertEqual(told, [])
