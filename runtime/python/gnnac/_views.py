"""Where a caller's array lies, whatever library made it: NumPy, PyTorch, or
anything that speaks __cuda_array_interface__ or DLPack. Nothing is copied, and
no library is imported: an object of PyTorch has imported it already.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from . import _dlpack
from .errors import usage

LEGACY_STREAM = 1  # CUDA's name for the default stream, where 0 is ambiguous
SOME_GPU = -1  # the producer does not say which


class View(NamedTuple):
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


# Names of types by what NumPy and PyTorch call them: making texts is slow.
_type_names: dict[Any, str] = {}


def _type_name(dtype: Any) -> str:
    name = _type_names.get(dtype)
    if name is None:  # PyTorch's begin with "torch."
        name = _type_names[dtype] = str(dtype).rsplit(".", 1)[-1]
    return name


def _of_numpy(x: np.ndarray[Any, Any]) -> View:
    flags = x.flags
    return View(x.ctypes.data, x.shape, _type_name(x.dtype), x.itemsize,
                flags.c_contiguous, flags.writeable, None, 0, x)


def torch_of(x: Any) -> ModuleType | None:
    """PyTorch, if `x` is a tensor of it."""
    torch = sys.modules.get("torch")
    tensor = getattr(torch, "Tensor", None)
    return torch if tensor is not None and isinstance(x, tensor) else None


def current_stream(torch: Any, device: Any) -> int:
    """PyTorch's, of a GPU. What it makes for torch.cuda.current_stream() takes
    longer than the rest of a call, so its address is asked for where that can
    be."""
    address: Callable[[int], int] | None = getattr(
        torch._C, "_cuda_getCurrentRawStream", None)
    if address is not None and device.index is not None:
        return address(device.index)
    return int(torch.cuda.current_stream(device).cuda_stream)


def _of_torch(torch: Any, x: Any, name: str) -> View:
    if x.layout != torch.strided or x.is_neg():
        raise usage(f"{name} is not a plain tensor: sparse, or negated lazily")
    if x.requires_grad and torch.is_grad_enabled():
        raise usage(f"{name} requires grad, and gnnac has no backward here: "
                    "call under torch.no_grad()")
    device, on_gpu = x.device, x.is_cuda
    if not on_gpu and device.type != "cpu":
        raise usage(f"{name} is on {device}: expected the CPU or a CUDA GPU")
    return View(x.data_ptr(), tuple(x.shape), _type_name(x.dtype),
                x.element_size(), x.is_contiguous(), True,
                device.index if on_gpu else None,
                current_stream(torch, device) if on_gpu else 0, x)


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
