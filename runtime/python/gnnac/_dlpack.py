"""Reads a DLPack capsule in place (dlpack.h, the unversioned DLManagedTensor).

The capsule is never consumed: its own destructor returns the memory to the
producer, so whoever holds the capsule holds the tensor.
"""

from __future__ import annotations

import ctypes
from ctypes import c_int32, c_int64, c_uint8, c_uint16, c_uint64, c_void_p
from typing import Any, NamedTuple

CPU, CUDA, CUDA_HOST, CUDA_MANAGED = 1, 2, 3, 13
_KINDS = {0: "int", 1: "uint", 2: "float", 4: "bfloat", 5: "complex",
          6: "bool"}


class _DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", c_void_p),
        ("device_type", c_int32),
        ("device_id", c_int32),
        ("ndim", c_int32),
        ("code", c_uint8),
        ("bits", c_uint8),
        ("lanes", c_uint16),
        ("shape", ctypes.POINTER(c_int64)),
        ("strides", ctypes.POINTER(c_int64)),
        ("byte_offset", c_uint64),
    ]


class Content(NamedTuple):
    """What a capsule says. Strides are in elements; None: row-major."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    dtype: str
    item_bytes: int


_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]


def read(capsule: Any) -> Content:
    """The tensor in a capsule; ValueError if it is no DLPack capsule."""
    t = _DLTensor.from_address(_pointer_of(capsule, b"dltensor"))
    return Content(
        address=(t.data or 0) + t.byte_offset,
        shape=tuple(t.shape[: t.ndim]),
        strides=tuple(t.strides[: t.ndim]) if t.strides else None,
        dtype=_KINDS.get(t.code, f"code {t.code} ") + str(t.bits),
        item_bytes=t.bits * t.lanes // 8,
    )
