"""A device."""

from __future__ import annotations

import ctypes
import re

from ._abi import ContextOptions
from ._library import Handle, Owner, loaded, text_of
from .errors import usage


def plain_text(value: str | bytes, name: str) -> bytes:
    """A text for C; UsageError where it holds a NUL, which C would cut at."""
    raw = value.encode() if isinstance(value, str) else value
    if not isinstance(raw, bytes):
        raise usage(f"{name} is a {type(value).__name__}: expected a text")
    if b"\0" in raw:
        raise usage(f"{name} holds a NUL")
    return raw


def whole(value: int, name: str, low: int, high: int) -> int:
    """A whole number in a range; ctypes would wrap it around instead."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise usage(f"{name} is a {type(value).__name__}: expected an int")
    number = value.__index__()
    if not low <= number <= high:
        raise usage(f"{name} must be from {low} to {high}")
    return number


class Context(Owner):
    """A device and what is shared by everything on it.

    `device`: "auto" (a GPU if there is one, else the CPU), "cpu" or "cuda:N".
    `threads`: of the CPU backend; 0: as many as OpenMP gives.
    On a GPU it uses the device's primary context, as PyTorch and CuPy do.
    May be shared by threads.
    """

    def __init__(self, device: str = "auto", threads: int = 0) -> None:
        options = ContextOptions(
            struct_size=ctypes.sizeof(ContextOptions),
            device=plain_text(device, "device"),
            n_threads=whole(threads, "threads", 0, 2**31 - 1))
        self._handle = Handle("gnnac_context_create", "gnnac_context_destroy",
                              ctypes.byref(options))
        with self._use() as address:
            self._device = text_of(loaded().gnnac_context_device(address))
            is_cuda = bool(loaded().gnnac_context_is_cuda(address))
        match = re.match(r"cuda:(\d+)", self._device)
        self._gpu = int(match[1]) if is_cuda and match else None

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def device(self) -> str:
        """ "cpu" or "cuda:0 (NVIDIA H200)"."""
        return self._device

    @property
    def gpu(self) -> int | None:
        """The ordinal of the GPU; None on the CPU."""
        return self._gpu

    def __repr__(self) -> str:
        return f"<gnnac.Context {self._device}>"
