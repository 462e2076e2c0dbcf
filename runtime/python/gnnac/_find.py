"""Where the shared library and the `gnnac` program are looked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .errors import LibraryError, Status

SONAME = "libgnnac.so.1"
_PACKAGE = Path(__file__).resolve().parent


def _build_folder() -> Path | None:
    """`build` of the source tree that the package lies in, if it does."""
    root = _PACKAGE.parents[2]
    is_ours = (root / "runtime" / "include" / "gnnac" / "gnnac.h").is_file()
    return root / "build" if is_ours else None


def _pkg_config_folder() -> Path | None:
    try:
        done = subprocess.run(
            ["pkg-config", "--variable=libdir", "gnnac"],
            capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    folder = done.stdout.strip()
    return Path(folder) if done.returncode == 0 and folder else None


def library_candidates() -> Iterator[str]:
    """Names for dlopen, best first. $GNNAC_LIBRARY allows no other."""
    asked = os.environ.get("GNNAC_LIBRARY")
    if asked:
        yield asked
        return
    bundled = _PACKAGE / SONAME
    if bundled.is_file():
        yield str(bundled)
    yield SONAME
    for folder in (_pkg_config_folder(), _build_folder()):
        for path in (folder / SONAME, folder / "runtime" / SONAME) \
                if folder else ():
            if path.is_file():
                yield str(path)


def find_program() -> str:
    """The `gnnac` program: $GNNAC_PROGRAM, else the path, else the source
    tree's build folder."""
    asked = os.environ.get("GNNAC_PROGRAM")
    if asked:
        return asked
    found = shutil.which("gnnac")
    build = _build_folder()
    if not found and build:
        found = shutil.which(str(build / "compiler" / "gnnac"))
    if not found:
        raise LibraryError(
            Status.ENOENT,
            "the gnnac program is not found: install it, or set GNNAC_PROGRAM")
    return found
