"""A bundle's network on a device."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._bundle import Bundle
from ._context import Context, plain_text, whole
from ._features import features_of, one_of, sparse_rows
from ._library import Handle, Owner, call, loaded, text_of
from ._views import (View, check_matrix, check_output, current_stream,
                     stream_address, torch_of, view_of)
from .errors import usage

Float32 = np.ndarray[Any, np.dtype[np.float32]]
Float64 = np.ndarray[Any, np.dtype[np.float64]]


MATHS = {"f32": 0, "tf32": 1, "bf16": 2, "f16": 3}  # gnnac_math


class Model(Owner):
    """A network on a device, with its weights.

    Matrices are float32, row-major, packed: row v is node v in the order of
    the graph file. Arrays are used where they lie; what would need a copy is a
    UsageError. One call runs at a time: others wait for it, so threads that
    are to work side by side have a model each (of one bundle, if they like).
    `math`: what cuBLAS may round the operands of float32 products to, "f32",
    "tf32", "bf16" or "f16"; kernels of the bundle and the CPU take no notice.
    """

    def __init__(self, context: Context, bundle: Bundle,
                 math: str = "f32") -> None:
        if not (isinstance(context, Context) and isinstance(bundle, Bundle)):
            raise usage("Model takes a Context and a Bundle")
        number = one_of(MATHS, "math", math)
        parents = (context._open_handle(), bundle._open_handle())
        with parents[0].use() as device, parents[1].use() as file:
            self._handle = Handle("gnnac_model_create", "gnnac_model_destroy",
                                  device, file, needs=parents)
        self._gpu = context.gpu
        self._in_shape = (bundle.nodes, bundle.in_dim)
        self._out_shape = (bundle.nodes, bundle.out_dim)
        with self._use() as address:
            call("gnnac_model_set_math", address, number)
            self._workspace_size = int(
                loaded().gnnac_model_workspace_size(address))
            self._load_level = text_of(
                loaded().gnnac_model_load_level(address))

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def load_level(self) -> str:
        """Where the kernels came from: "cpu", "cubin" or "ptx"."""
        return self._load_level

    @property
    def workspace_size(self) -> int:
        """Bytes of scratch memory that forward() needs, a constant."""
        return self._workspace_size

    def init_weights(self, seed: int = 1) -> None:
        """Glorot-uniform matrices, zero biases; the same on every machine."""
        number = whole(seed, "seed", 0, 2**64 - 1)
        with self._use() as address:
            call("gnnac_model_init_weights", address, number)

    def load_weights(self, path: str | os.PathLike[str]) -> None:
        """Weights from a safetensors file with PyTorch Geometric's names
        (convs.0.lin.weight ...), float32, every parameter, exact shapes."""
        name = plain_text(os.fsencode(path), "the path")
        with self._use() as address:
            call("gnnac_model_load_weights", address, name)

    def save_weights(self, path: str | os.PathLike[str]) -> None:
        """The weights as load_weights() reads them."""
        name = plain_text(os.fsencode(path), "the path")
        with self._use() as address:
            call("gnnac_model_save_weights", address, name)

    def _host_matrix(self, x: Any) -> View:
        view = view_of(x, "x")
        check_matrix(view, "x", self._in_shape, None)
        return view

    def run(self, x: Any, out: Any = None) -> Any:
        """One inference with host arrays, on any device: x [nodes, in_dim],
        dense or by sparse rows as Input takes them, to [nodes, out_dim], which
        is `out` or a new NumPy array."""
        if sparse_rows(x) is not None:
            with Input(self, x) as rows:
                return rows.run(out)
        given = self._host_matrix(x)
        y = np.empty(self._out_shape, np.float32) if out is None else out
        result = view_of(y, "out")
        check_matrix(result, "out", self._out_shape, None)
        check_output(result, "out", given)
        with self._use() as address:
            call("gnnac_model_run", address, given.address, result.address)
        return y

    def reference(self, x: Any) -> tuple[Float64, Float64]:
        """The same network in float64 on the CPU: (values, the absolute error
        that a correct float32 result may have, element by element)."""
        if sparse_rows(x) is not None:
            with Input(self, x) as rows:
                return rows.reference()
        given = self._host_matrix(x)
        y = np.empty(self._out_shape, np.float64)
        bound = np.empty(self._out_shape, np.float64)
        with self._use() as address:
            call("gnnac_model_reference", address, given.address,
                 y.ctypes.data, bound.ctypes.data)
        return y, bound

    def forward(self, x: Any, out: Any = None, stream: Any = None,
                workspace: Any = None) -> Any:
        """One inference where x lies: on a GPU it is queued, not awaited, and
        may be captured into a CUDA graph.

        `x`, `out`, `workspace`: arrays on the model's device, aligned to 16
        bytes, apart from one another. Left out, `out` and `workspace` are made
        as x was, for NumPy and PyTorch; others pass them.
        `stream`: left out, that of x's library (PyTorch's current one), else
        the default one. One that is named must come after what writes x.
        Returns `out`.
        """
        if self._gpu is None and stream is not None:
            raise usage("a stream belongs to a GPU, the model is on the CPU")
        asked = None if stream is None else stream_address(stream)
        given = view_of(x, "x", asked or 0)
        check_matrix(given, "x", self._in_shape, self._gpu)
        queue = given.stream if asked is None else asked
        y = new_array(x, self._out_shape, "float32", queue, "out") \
            if out is None else out
        result = view_of(y, "out", queue)
        check_matrix(result, "out", self._out_shape, self._gpu)
        check_output(result, "out", given)
        if workspace is None:
            workspace = new_array(x, (1, self._workspace_size), "uint8", queue,
                             "workspace")
        scratch = view_of(workspace, "workspace", queue)
        check_matrix(scratch, "workspace", scratch.shape, self._gpu,
                     scratch.dtype)
        check_output(scratch, "workspace", given)
        with self._use() as address:
            call("gnnac_model_forward", address, given.address, result.address,
                 scratch.address, scratch.n_bytes, queue or None)
        return y

    def __repr__(self) -> str:
        where = "the CPU" if self._gpu is None else f"cuda:{self._gpu}"
        return (f"<gnnac.Model {list(self._in_shape)} -> "
                f"{list(self._out_shape)} on {where}>")


class Input(Owner):
    """Features of a model, on its device, for any number of inferences.

    `x`: float32 [nodes, in_dim], or by sparse rows: SciPy's CSR matrix or
    array, or (indptr, indices, data) of int64, int32 and float32; host arrays
    that stay as they are. `form`: "dense" or "sparse", how the first products
    read it; "auto": the one that moves fewer bytes, on a GPU sparse only with
    a bundle of `compile(sparse=True)`. Calls of the model and of its inputs
    wait for one another, and an input ends when none is being made.
    """

    def __init__(self, model: Model, x: Any, form: str = "auto") -> None:
        if not isinstance(model, Model):
            raise usage("Input takes a Model")
        features, self._x = features_of(model, x, form)  # live as long
        self._model = model
        self._model_handle = model._open_handle()
        with self._model_handle.use() as network:
            self._handle = Handle(
                "gnnac_input_create", "gnnac_input_destroy", network,
                ctypes.byref(features), needs=(self._model_handle,),
                part_of=self._model_handle)
        with self._alone() as address:
            self._sparse = bool(loaded().gnnac_input_is_sparse(address))
            self._workspace_size = int(
                loaded().gnnac_input_workspace_size(address))

    def __enter__(self) -> Input:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """The input's address, while nobody runs its model."""
        given = self._open_handle()
        with self._model_handle.use(), given.use() as address:
            yield address

    @property
    def sparse(self) -> bool:
        """Whether the features are read by sparse rows."""
        return self._sparse

    @property
    def workspace_size(self) -> int:
        """Bytes of scratch memory that forward() needs, a constant."""
        return self._workspace_size

    def _output(self, out: Any, stream: int, gpu: int | None) \
            -> tuple[Any, View]:
        shape = self._model._out_shape
        y = np.empty(shape, np.float32) if out is None else out
        result = view_of(y, "out", stream)
        check_matrix(result, "out", shape, gpu)
        check_output(result, "out", *self._x)
        return y, result

    def run(self, out: Any = None) -> Any:
        """One inference into a host array: `out`, or a new NumPy array."""
        y, result = self._output(out, 0, None)
        with self._alone() as address:
            call("gnnac_input_run", address, result.address)
        return y

    def reference(self) -> tuple[Float64, Float64]:
        """As the model's."""
        y = np.empty(self._model._out_shape, np.float64)
        bound = np.empty(self._model._out_shape, np.float64)
        with self._alone() as address:
            call("gnnac_input_reference", address, y.ctypes.data,
                 bound.ctypes.data)
        return y, bound

    def forward(self, out: Any = None, stream: Any = None,
                workspace: Any = None) -> Any:
        """One inference, on a GPU queued on `stream` (left out, that of out's
        library) and not awaited; it may be captured into a CUDA graph. There
        `out` and `workspace` are arrays on the device, aligned to 16 bytes; on
        the CPU they may be left out. Returns `out`."""
        gpu = self._model._gpu
        if gpu is None and stream is not None:
            raise usage("a stream belongs to a GPU, the model is on the CPU")
        if gpu is not None and (out is None or workspace is None):
            raise usage("out and workspace are arrays on the GPU: pass them")
        asked = None if stream is None else stream_address(stream)
        y, result = self._output(out, asked or 0, gpu)
        if workspace is None:
            workspace = np.empty((1, self._workspace_size), np.uint8)
        queue = result.stream if asked is None else asked
        scratch = view_of(workspace, "workspace", queue)
        check_matrix(scratch, "workspace", scratch.shape, gpu, scratch.dtype)
        check_output(scratch, "workspace", *self._x)
        with self._alone() as address:
            call("gnnac_input_forward", address, result.address,
                 scratch.address, scratch.n_bytes, queue or None)
        return y

    def __repr__(self) -> str:
        form = "sparse" if self._sparse else "dense"
        return f"<gnnac.Input {form} of {self._model!r}>"


def new_array(like: Any, shape: tuple[int, int], dtype: str, stream: int,
         name: str) -> Any:
    """An array of the library that made `like`, on its device. PyTorch's
    allocator hands freed memory on in the order of a stream, so it must be the
    stream of the work."""
    torch: Any = torch_of(like)
    if torch is not None:
        device = like.device
        if not like.is_cuda or current_stream(torch, device) == stream:
            return torch.empty(shape, dtype=getattr(torch, dtype),
                               device=device)
        work = torch.cuda.ExternalStream(stream, device=device)
        with torch.cuda.stream(work):
            return torch.empty(shape, dtype=getattr(torch, dtype),
                               device=device)
    if isinstance(like, np.ndarray):
        return np.empty(shape, dtype)
    raise usage(f"{name} is missing: it can be made for NumPy and PyTorch "
                f"alone, x is a {type(like).__name__}")
