"""A loaded bundle file."""

from __future__ import annotations

import ctypes
import json
import os
from functools import cached_property
from typing import Any

from ._abi import BundleInfo
from ._context import plain_text
from ._library import Handle, Owner, loaded, text_of
from .errors import usage

Bytes = bytes | bytearray | memoryview


def _open_memory(data: Bytes) -> Handle:
    whole = data if isinstance(data, bytes) else bytes(data)
    return Handle("gnnac_bundle_open_memory", "gnnac_bundle_close",
                  ctypes.cast(ctypes.c_char_p(whole), ctypes.c_void_p),
                  len(whole))


class Bundle(Owner):
    """A bundle file, or its bytes, wholly validated. May be shared by threads.

    It holds native GPU code: open only bundles that you trust.
    """

    def __init__(self, source: str | os.PathLike[str] | Bytes) -> None:
        if isinstance(source, (bytes, bytearray, memoryview)):
            self._handle = _open_memory(source)
        elif isinstance(source, (str, os.PathLike)):
            self._handle = Handle(
                "gnnac_bundle_open", "gnnac_bundle_close",
                plain_text(os.fsencode(source), "the path"))
        else:
            raise usage(f"a bundle is a path or bytes, not a "
                        f"{type(source).__name__}")
        info = BundleInfo()
        with self._use() as address:
            loaded().gnnac_bundle_get_info(address, ctypes.byref(info))
            self._model = text_of(info.model)
            self._fingerprint = text_of(info.fingerprint)
            self._manifest = text_of(info.manifest)
        self._info = info

    def __enter__(self) -> Bundle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def nodes(self) -> int:
        """Nodes of the graph: rows of the features and of the output."""
        return int(self._info.n_nodes)

    @property
    def edges(self) -> int:
        """Edges of the graph."""
        return int(self._info.n_edges)

    @property
    def in_dim(self) -> int:
        """Columns of the features."""
        return int(self._info.in_dim)

    @property
    def out_dim(self) -> int:
        """Columns of the output."""
        return int(self._info.out_dim)

    @property
    def layers(self) -> int:
        """Layers of the network."""
        return int(self._info.n_layers)

    @property
    def model(self) -> str:
        """The network's name: "gcn", "gin", "sage", "gat", "gatv2"."""
        return self._model

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits of the canonical graph."""
        return self._fingerprint

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest; runtime/README.md has its members."""
        parsed: dict[str, Any] = json.loads(self._manifest)
        return parsed

    def __repr__(self) -> str:
        return (f"<gnnac.Bundle {self.model}, {self.nodes} nodes, "
                f"{self.edges} edges, {self.in_dim} -> {self.out_dim}>")
