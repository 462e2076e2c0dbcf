"""The package as its users install it, and the example as they run it."""
import ast
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
from support import BUILD, PACKAGE, ROOT, Case, bundle_bytes

EXAMPLE = ROOT / "examples" / "run_bundle.py"
LIBRARY = os.environ["GNNAC_LIBRARY"]
TELL = ("import gnnac; print(gnnac.__file__, gnnac.Context('cpu').device, "
        "gnnac._library.loaded()._name)")


def clean_environment():
    """Nothing of ours within reach."""
    return {k: v for k, v in os.environ.items()
            if not k.startswith(("GNNAC_", "PYTHONPATH", "LD_LIBRARY"))}


def run(*command, **env):
    done = subprocess.run(list(map(str, command)), capture_output=True,
                          text=True, timeout=300,
                          env={**clean_environment(), **env})
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


class Install(Case):
    def environment(self):
        """A fresh virtual environment that sees NumPy: its python."""
        folder = self.folder()
        venv.create(folder, with_pip=False)
        site = next(folder.glob("lib/python3*/site-packages"))
        (site / "numpy.pth").write_text(
            str(Path(np.__file__).parents[1]) + "\n")
        return folder / "bin" / "python"

    def pip(self, python, *arguments):
        try:
            import pip  # noqa: F401
        except ImportError:
            self.skipTest("no pip")
        run(sys.executable, "-m", "pip", "--python", python, "install",
            "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
            "--disable-pip-version-check", *arguments)

    def sources(self):
        """A copy of the package's folder, outside the source tree."""
        folder = self.folder() / "python"
        shutil.copytree(PACKAGE, folder,
                        ignore=shutil.ignore_patterns("__pycache__"))
        return folder

    def test_pip(self):
        """pip installs the package with no index, leaving no trace behind"""
        python, sources = self.environment(), self.sources()
        before = sorted(sources.rglob("*"))
        self.pip(python, sources)
        self.assertEqual(sorted(sources.rglob("*")), before)
        told = run(python, "-c", TELL, GNNAC_LIBRARY=LIBRARY)
        self.assertIn(f"{python.parents[1]}/lib", told)
        self.assertIn(" cpu ", told)
        listed = run(python, "-c", "from importlib.metadata import *\n"
                     "print(version('gnnac'), requires('gnnac'))\n"
                     "print([str(f) for f in files('gnnac')])")
        self.assertIn("0.1.0 ['numpy", listed)
        self.assertIn("gnnac/py.typed", listed)

    def test_bundled(self):
        """a library that pip took along is the one used"""
        python = self.environment()
        self.pip(python, "-C", f"library={LIBRARY}", self.sources())
        told = run(python, "-c", TELL)
        self.assertIn("/site-packages/gnnac/libgnnac.so.1", told)

    def test_editable(self):
        """an editable install leads to the source tree and its build"""
        python = self.environment()
        self.pip(python, "--editable", PACKAGE)
        told = run(python, "-c", TELL, GNNAC_LIBRARY=LIBRARY)
        self.assertIn(str(PACKAGE / "gnnac" / "__init__.py"), told)

    def test_sdist(self):
        """a source archive builds the same wheel"""
        folder, sources = self.folder(), self.sources()
        code = ("import sys; sys.path[:0] = ['backend']; import gnnac_build "
                "as b; print(b.build_sdist(sys.argv[1]), "
                "b.build_wheel(sys.argv[1]))")
        archive, wheel = subprocess.run(
            [sys.executable, "-c", code, folder], cwd=sources, text=True,
            check=True, capture_output=True).stdout.split()
        first = (folder / wheel).read_bytes()
        shutil.unpack_archive(folder / archive, folder)
        subprocess.run([sys.executable, "-c", code, folder], check=True,
                       cwd=folder / archive.removesuffix(".tar.gz"),
                       capture_output=True)
        self.assertEqual((folder / wheel).read_bytes(), first)

    def test_meson(self):
        """meson install puts package and library in one place"""
        root = self.folder()
        try:
            run("meson", "install", "-C", BUILD, "--no-rebuild", "--tags",
                "python-runtime", "--destdir", root)
        except FileNotFoundError:
            self.skipTest("no meson")
        found = list(root.rglob("gnnac/__init__.py"))
        if not found:
            self.skipTest("built with -Dpython=disabled")
        told = run(self.environment(), "-c", TELL,
                   PYTHONPATH=found[0].parents[1])
        self.assertIn(f"{found[0]} cpu {found[0].parent}/libgnnac.so.1", told)
        self.assertTrue((found[0].parent / "py.typed").is_file())


class Example(Case):
    def test_example(self):
        """the example runs a bundle"""
        path = self.folder() / "b.gnnb"
        path.write_bytes(bundle_bytes("sage"))
        done = run(sys.executable, EXAMPLE, path, PYTHONPATH=PACKAGE,
                   GNNAC_LIBRARY=LIBRARY, CUDA_VISIBLE_DEVICES="")
        lines = done.splitlines()
        self.assertEqual(len(lines), 10)
        for v, line in enumerate(lines):
            self.assertRegex(line, rf"^node {v}: class [0-2], "
                             r"log-probability -?\d\.\d{4}$")

    def test_short(self):
        """the example has at most 15 lines of code"""
        body = ast.parse(EXAMPLE.read_text()).body[1:]
        self.assertLessEqual(body[-1].end_lineno - body[0].lineno + 1, 15)
