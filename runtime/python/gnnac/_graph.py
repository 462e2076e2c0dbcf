"""A graph for operators, and their plans."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
from typing import Any, NamedTuple

import numpy as np

from ._abi import Edges, PlanOptions
from ._bundle import Bundle
from ._context import Context, whole
from ._library import Handle, Owner, loaded
from ._views import torch_of
from .errors import usage

Int = np.ndarray[Any, np.dtype[np.int64]]

MOST_NODES = 2**31 - 1


@functools.lru_cache(maxsize=None)
def _cpu() -> Context:
    return Context("cpu")


def _numbers(values: Any, name: str, dtype: type[np.signedinteger[Any]]) -> Any:
    """Whole numbers as a packed array of that type, copied only if needed."""
    if torch_of(values) is not None:
        values = values.detach().cpu().numpy()
    array = np.asarray(values)
    if array.dtype.kind not in "iu" and array.size:
        raise usage(f"{name} is {array.dtype}: expected integers")
    limits = np.iinfo(dtype)
    if array.size and (int(array.max()) > limits.max or
                       int(array.min()) < limits.min):
        raise usage(f"{name} does not fit in {limits.dtype}")
    return np.ascontiguousarray(array, dtype)


class PlanKey(NamedTuple):
    """gnnac_plan_options, in the order of its members but `kernels`."""

    op: int
    reduce: int
    dim: int
    heads: int
    weighted: bool
    backward: bool


class Plan:
    """An operator on a graph."""

    def __init__(self, graph: Handle, key: PlanKey,
                 kernels: Handle | None = None) -> None:
        options = PlanOptions(ctypes.sizeof(PlanOptions), key.op, key.reduce,
                              key.dim, key.heads, key.weighted, key.backward)
        with contextlib.ExitStack() as used:
            address = used.enter_context(graph.use())
            needs: tuple[Handle, ...] = (graph,)
            if kernels is not None:
                options.kernels = used.enter_context(kernels.use())
                needs = (graph, kernels)
            self.handle = Handle("gnnac_plan_create", "gnnac_plan_destroy",
                                 address, ctypes.byref(options), needs=needs)
        with self.handle.use() as address:
            self.workspace_size = int(
                loaded().gnnac_plan_workspace_size(address))


class Graph(Owner):
    """A graph for operators.

    `edge_index`: integers [2, edges] (sources, destinations) in any order;
    directed edges, duplicates and self loops are kept as they are, but with
    `drop_self_loops` loops have no part in anything. What is given by edge is
    in the order of its columns. `num_nodes`: left out, the largest id + 1.
    `context`: left out, the CPU. On a GPU operators run kernels of the bundle
    `kernels` (compile_operators). May be shared by threads.
    """

    def __init__(self, edge_index: Any, num_nodes: int | None = None, *,
                 drop_self_loops: bool = False,
                 context: Context | None = None,
                 kernels: Bundle | None = None) -> None:
        edges: Int = _numbers(edge_index, "edge_index", np.int64)
        if edges.ndim != 2 or edges.shape[0] != 2:
            raise usage(f"edge_index has shape {list(edges.shape)}: "
                        "expected [2, edges]")
        if num_nodes is None:
            num_nodes = int(edges.max()) + 1 if edges.size else 0
        self._make(num_nodes, edges.shape[1], drop_self_loops, context, kernels,
                   src=edges[0].ctypes.data, dst=edges[1].ctypes.data)

    @classmethod
    def from_csr(cls, rowptr: Any, colidx: Any, *,
                 drop_self_loops: bool = False,
                 context: Context | None = None,
                 kernels: Bundle | None = None) -> Graph:
        """Row v, colidx[rowptr[v] .. rowptr[v + 1]], lists the sources of the
        edges into node v: `rowptr` [nodes + 1], `colidx` [edges]."""
        rows: Int = _numbers(rowptr, "rowptr", np.int64)
        columns = _numbers(colidx, "colidx", np.int32)
        if rows.ndim != 1 or columns.ndim != 1 or rows.size == 0:
            raise usage("rowptr is [nodes + 1] and colidx [edges]")
        self = cls.__new__(cls)
        self._make(rows.size - 1, columns.size, drop_self_loops, context,
                   kernels, rowptr=rows.ctypes.data, colidx=columns.ctypes.data)
        return self

    def _make(self, nodes: int, edges: int, drop_self_loops: bool,
              context: Context | None, kernels: Bundle | None,
              **arrays: int) -> None:
        if kernels is not None and not isinstance(kernels, Bundle):
            raise usage("kernels is a Bundle of compile_operators()")
        where = _cpu() if context is None else context
        parent = where._open_handle()
        given = Edges(struct_size=ctypes.sizeof(Edges),
                      n_nodes=whole(nodes, "num_nodes", 0, MOST_NODES),
                      n_edges=edges, drop_self_loops=bool(drop_self_loops),
                      **arrays)
        with parent.use() as device:
            self._handle = Handle("gnnac_graph_create", "gnnac_graph_destroy",
                                  device, ctypes.byref(given),
                                  needs=(parent,))
        self._nodes, self._edges, self._gpu = nodes, edges, where.gpu
        self._kernels = None if kernels is None else kernels._open_handle()
        self._plans: dict[PlanKey, Plan] = {}
        self._making = threading.Lock()

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the graph and its plans up; a second time does nothing."""
        self._plans = {}
        super().close()

    @property
    def nodes(self) -> int:
        """Nodes: rows of matrices."""
        return self._nodes

    @property
    def edges(self) -> int:
        """Edges as given, dropped self loops included."""
        return self._edges

    @property
    def gpu(self) -> int | None:
        """The ordinal of the GPU; None on the CPU."""
        return self._gpu

    def _plan(self, key: PlanKey) -> Plan:
        """The plan of these options, made once."""
        handle = self._open_handle()
        plan = self._plans.get(key)
        if plan is not None:
            return plan
        with self._making:
            plan = self._plans.get(key)
            if plan is None:
                plan = self._plans[key] = Plan(handle, key, self._kernels)
        return plan

    def __repr__(self) -> str:
        return f"<gnnac.Graph {self.nodes} nodes, {self.edges} edges>"
