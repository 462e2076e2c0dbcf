"""Features as callers have them: a dense matrix, or sparse rows."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from ._abi import Features
from ._views import View, check_matrix, view_of
from .errors import usage

if TYPE_CHECKING:
    from ._model import Model

FORMS = {"auto": 0, "dense": 1, "sparse": 2}  # gnnac_form


def one_of(choices: dict[str, int], name: str, value: str) -> int:
    if not isinstance(value, str) or value not in choices:
        raise usage(f"{name} is {value!r}: expected one of "
                    f"{', '.join(choices)}")
    return choices[value]


def vector(view: View, name: str) -> tuple[int, ...]:
    if len(view.shape) != 1:
        raise usage(f"{name} has shape {list(view.shape)}: expected [n]")
    return view.shape


def sparse_rows(x: Any) -> tuple[Any, Any, Any] | None:
    """(indptr, indices, data) of sparse rows; None of what is dense."""
    if isinstance(x, tuple) and len(x) == 3:
        return x
    if not all(hasattr(x, part) for part in ("indptr", "indices", "data")):
        return None
    if getattr(x, "format", "csr") != "csr":
        raise usage(f"x is sparse in format {x.format}: expected csr")
    return x.indptr, x.indices, x.data


def _check_sparse(rows: tuple[Any, Any, Any], shape: tuple[int, ...]) \
        -> tuple[View, View, View]:
    """Views of checked arrays. SciPy's indptr of 32 bits is copied."""
    indptr = rows[0]
    if isinstance(indptr, np.ndarray) and indptr.dtype == np.int32:
        indptr = indptr.astype(np.int64)
    first, columns, values = (view_of(a, name) for a, name in zip(
        (indptr, *rows[1:]), ("indptr", "indices", "data")))
    check_matrix(first, "indptr", (shape[0] + 1,), None, "int64")
    check_matrix(values, "data", vector(values, "data"), None)
    check_matrix(columns, "indices", values.shape, None, "int32")
    last = ctypes.c_int64.from_address(first.address + 8 * shape[0]).value
    if last != values.shape[0]:
        raise usage(f"indptr ends at {last}: there are {values.shape[0]} "
                    "values")
    return first, columns, values


def features_of(model: Model, x: Any, form: str) \
        -> tuple[Features, tuple[View, ...]]:
    """What the library takes, and what has to live as long."""
    given = Features(struct_size=ctypes.sizeof(Features),
                     form=one_of(FORMS, "form", form))
    rows = sparse_rows(x)
    if rows is None:
        dense = model._host_matrix(x)
        given.dense = dense.address
        return given, (dense,)
    shape = getattr(x, "shape", model._in_shape)
    if tuple(shape) != tuple(model._in_shape):
        raise usage(f"x has shape {list(shape)}: "
                    f"expected {list(model._in_shape)}")
    views = _check_sparse(rows, model._in_shape)
    given.rowptr, given.colidx, given.values = (v.address for v in views)
    return given, views
