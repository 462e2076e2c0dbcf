"""A PEP 517 and PEP 660 build backend for one pure-Python package.

It needs nothing but Python, so the package installs where no registry is in
reach. `pip install -C library=PATH/libgnnac.so.1` puts a copy of the shared
library into the package; the wheel is then one of this platform.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "gnnac"
SONAME = "libgnnac.so.1"
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every member: the same input, same bytes


def _project():
    with open(ROOT / "pyproject.toml", "rb") as f:
        return tomllib.load(f)["project"]


def _version():
    text = (ROOT / PACKAGE / "_version.py").read_text()
    return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)[1]


def _stem():
    return f"{PACKAGE}-{_version()}"


def _metadata():
    p = _project()
    head = [("Metadata-Version", "2.4"), ("Name", p["name"]),
            ("Version", _version()), ("Summary", p["description"]),
            ("License-Expression", p["license"]),
            ("Requires-Python", p["requires-python"])]
    head += [("Classifier", c) for c in p["classifiers"]]
    head += [("Requires-Dist", d) for d in p["dependencies"]]
    head += [("Description-Content-Type", "text/markdown")]
    lines = [f"{name}: {value}" for name, value in head]
    return "\n".join([*lines, "", (ROOT / p["readme"]).read_text()])


def _sources():
    """(name in the package, bytes) of every file of it."""
    for path in sorted((ROOT / PACKAGE).rglob("*")):
        if path.suffix == ".py" or path.name == "py.typed":
            yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def _tag(has_library):
    platform = re.sub(r"[-.]", "_", sysconfig.get_platform())
    return f"py3-none-{platform if has_library else 'any'}"


def _wheel_text(tag, pure):
    return (f"Wheel-Version: 1.0\nGenerator: gnnac\n"
            f"Root-Is-Purelib: {str(pure).lower()}\nTag: {tag}\n")


def _record(members, name):
    rows = []
    for path, data in members:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
        rows.append(f"{path},sha256={digest.decode().rstrip('=')},{len(data)}")
    return "\n".join([*rows, f"{name},,", ""]).encode()


def _write_wheel(folder, members, has_library):
    tag, info = _tag(has_library), f"{_stem()}.dist-info"
    members = [*members, (f"{info}/METADATA", _metadata().encode()),
               (f"{info}/WHEEL", _wheel_text(tag, not has_library).encode())]
    record = f"{info}/RECORD"
    members.append((record, _record(members, record)))
    name = f"{_stem()}-{tag}.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w",
                         zipfile.ZIP_DEFLATED) as z:
        for path, data in members:
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(entry, data)
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """PEP 517. The setting `library` names a libgnnac to take along."""
    members, library = list(_sources()), (config_settings or {}).get("library")
    if library:
        members.append((f"{PACKAGE}/{SONAME}", Path(library).read_bytes()))
    return _write_wheel(wheel_directory, members, bool(library))


def build_editable(wheel_directory, config_settings=None,
                   metadata_directory=None):
    """PEP 660: one line that leads to this folder."""
    members = [(f"{PACKAGE}.pth", f"{ROOT}\n".encode())]
    return _write_wheel(wheel_directory, members, False)


def build_sdist(sdist_directory, config_settings=None):
    """PEP 517."""
    members = [("PKG-INFO", _metadata().encode()), *_sources()]
    for name in ("pyproject.toml", "README.md", "backend/gnnac_build.py"):
        members.append((name, (ROOT / name).read_bytes()))
    name = f"{_stem()}.tar.gz"
    with tarfile.open(os.path.join(sdist_directory, name), "w:gz",
                      format=tarfile.PAX_FORMAT) as tar:
        for path, data in members:
            entry = tarfile.TarInfo(f"{_stem()}/{path}")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return name
