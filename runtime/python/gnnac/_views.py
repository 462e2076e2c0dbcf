"""Where a caller's array lies, whatever library made it: NumPy, PyTorch, or
anything that speaks __cuda_array_interface__ or DLPack. Nothing is copied, and
no library is imported: an object of PyTorch has imported it already.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from . import _dlpack
from .errors import usage

LEGACY_STREAM = 1  # CUDA's name for the default stream, where 0 is ambiguous
SOME_GPU = -1  # the producer does not say which


@dataclass(frozen=True)
class View:
    """The memory of an array. `owner` keeps it alive."""

    address: int
    shape: tuple[int, ...]
    dtype: str
    item_bytes: int
    packed: bool  # row-major, no gaps
    writable: bool
    gpu: int | None  # ordinal; None: host memory
    stream: int  # on which its producer works; 0: the default one
    owner: Any

    @property
    def n_bytes(self) -> int:
        """Size of the memory, if packed."""
        return math.prod(self.shape) * self.item_bytes

    @property
    def place(self) -> str:
        """The device, in words."""
        if self.gpu is None:
            return "host memory"
        return "a GPU" if self.gpu == SOME_GPU else f"cuda:{self.gpu}"


def _is_packed(shape: tuple[int, ...], strides: tuple[int, ...] | None,
               step: int) -> bool:
    if strides is None or 0 in shape:
        return True
    for n, stride in zip(reversed(shape), reversed(strides)):
        if n != 1 and stride != step:
            return False
        step *= n
    return True


def _of_numpy(x: np.ndarray[Any, Any]) -> View:
    return View(x.ctypes.data, x.shape, str(x.dtype), x.itemsize,
                x.flags.c_contiguous, x.flags.writeable, None, 0, x)


def torch_of(x: Any) -> ModuleType | None:
    """PyTorch, if `x` is a tensor of it."""
    torch = sys.modules.get("torch")
    tensor = getattr(torch, "Tensor", None)
    return torch if tensor is not None and isinstance(x, tensor) else None


def _of_torch(torch: Any, x: Any, name: str) -> View:
    if x.layout != torch.strided or x.is_neg():
        raise usage(f"{name} is not a plain tensor: sparse, or negated lazily")
    if x.requires_grad and torch.is_grad_enabled():
        raise usage(f"{name} requires grad, and gnnac has no backward here: "
                    "call under torch.no_grad()")
    if x.device.type not in ("cpu", "cuda"):
        raise usage(f"{name} is on {x.device}: expected the CPU or a CUDA GPU")
    on_gpu = x.device.type == "cuda"
    stream = torch.cuda.current_stream(x.device).cuda_stream if on_gpu else 0
    return View(x.data_ptr(), tuple(x.shape), str(x.dtype).split(".")[-1],
                x.element_size(), x.is_contiguous(), True,
                x.device.index if on_gpu else None, stream, x)


def _of_cuda_interface(x: Any, name: str) -> View:
    told = x.__cuda_array_interface__
    if told.get("mask") is not None:
        raise usage(f"{name} has a mask")
    dtype, shape = np.dtype(told["typestr"]), tuple(told["shape"])
    address, read_only = told["data"]
    device = getattr(x, "__dlpack_device__", None)
    stream = told.get("stream") or 0
    return View(address or 0, shape, str(dtype), dtype.itemsize,
                _is_packed(shape, told.get("strides"), dtype.itemsize),
                not read_only, device()[1] if device else SOME_GPU,
                0 if stream == LEGACY_STREAM else stream, x)


def _of_dlpack(x: Any, name: str, stream: int) -> View:
    kind, ordinal = x.__dlpack_device__()
    on_gpu = kind in (_dlpack.CUDA, _dlpack.CUDA_MANAGED)
    if not on_gpu and kind not in (_dlpack.CPU, _dlpack.CUDA_HOST):
        raise usage(f"{name} is on a device of DLPack type {kind}: expected "
                    "the CPU or a CUDA GPU")
    try:
        # The producer orders its own work before this stream.
        capsule = x.__dlpack__(stream=stream or LEGACY_STREAM) if on_gpu \
            else x.__dlpack__()
        t = _dlpack.read(capsule)
    except (BufferError, ValueError) as why:
        raise usage(f"{name} cannot be read through DLPack: {why}") from why
    return View(t.address, t.shape, t.dtype, t.item_bytes,
                _is_packed(t.shape, t.strides, 1), True,
                ordinal if on_gpu else None, stream, capsule)


def view_of(x: Any, name: str, stream: int = 0) -> View:
    """The memory of `x`; UsageError (with `name`) if it is no array. `stream`
    is told to producers that ask where the memory will be used."""
    if isinstance(x, np.ndarray):
        return _of_numpy(x)
    torch = torch_of(x)
    if torch is not None:
        return _of_torch(torch, x, name)
    if hasattr(x, "__cuda_array_interface__"):
        return _of_cuda_interface(x, name)
    if hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__"):
        return _of_dlpack(x, name, stream)
    raise usage(f"{name} is a {type(x).__name__}: expected an array")


def check_matrix(view: View, name: str, shape: tuple[int, ...],
                 gpu: int | None, dtype: str = "float32") -> None:
    """UsageError unless `view` is such a matrix on the host (`gpu` None) or on
    that GPU, packed and aligned to its numbers."""
    if view.gpu != gpu and not (view.gpu == SOME_GPU and gpu is not None):
        wanted = "host memory" if gpu is None else f"cuda:{gpu}"
        raise usage(f"{name} is in {view.place}: expected {wanted}")
    if view.dtype != dtype:
        raise usage(f"{name} is {view.dtype}: expected {dtype}")
    if view.shape != shape:
        raise usage(f"{name} has shape {list(view.shape)}: "
                    f"expected {list(shape)}")
    if not view.packed or view.address % view.item_bytes:
        raise usage(f"{name} is not contiguous (row-major, aligned)")


def check_output(view: View, name: str, *inputs: View) -> None:
    """UsageError if `view` cannot be written or shares memory with inputs."""
    if not view.writable:
        raise usage(f"{name} is read-only")
    for x in inputs:
        if view.address < x.address + x.n_bytes and \
                x.address < view.address + view.n_bytes:
            raise usage(f"{name} shares memory with x")


def stream_address(stream: Any) -> int:
    """A stream as an address: a number, or an object of PyTorch, of CuPy, or
    with __cuda_stream__."""
    address: Any = None
    if isinstance(stream, int) and not isinstance(stream, bool):
        address = stream
    elif hasattr(stream, "__cuda_stream__"):
        told = stream.__cuda_stream__
        address = (told() if callable(told) else told)[1]
    else:
        address = getattr(stream, "cuda_stream", getattr(stream, "ptr", None))
    if not isinstance(address, int) or address < 0:
        raise usage(f"stream is a {type(stream).__name__}: expected a CUDA "
                    "stream or its address")
    return 0 if address == LEGACY_STREAM else address
