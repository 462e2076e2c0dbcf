"""Operators on a graph, for those who bring their own model.

Matrices are float32, row-major, packed, and used where they lie: host memory,
or of a graph on a GPU that GPU's, aligned to 16 bytes; there the work is queued
on the stream of the first matrix's library and not awaited. On the CPU what is
new is NumPy's; other libraries' arrays are taken, too, and as `out`. On a GPU
what is new is PyTorch's, others pass it. PyTorch's autograd: gnnac.torch.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._abi import Gradients, Operands
from ._context import whole
from ._graph import Graph, Plan, PlanKey
from ._library import call
from ._model import new_array
from ._views import View, check_matrix, check_output, view_of
from .errors import usage

AGGREGATE, SDDMM, ATTENTION = range(3)
REDUCES = {"sum": 0, "mean": 1, "gcn": 2, "max": 3, "min": 4}

_WIDE = np.dtype("V16")  # aligned as a workspace has to be
_NO_WORKSPACE = View(0, (0,), "uint8", 1, True, True, None, 0, None)


def _read(graph: Graph, x: Any, name: str,
          shape: tuple[int, ...] | None = None) -> View:
    """A matrix that an operator reads; `shape` None: [nodes, any]."""
    if not isinstance(graph, Graph):
        raise usage("an operator takes a Graph first")
    view = view_of(x, name)
    if shape is None:
        if len(view.shape) != 2:
            raise usage(f"{name} has shape {list(view.shape)}: "
                        f"expected [{graph.nodes}, columns]")
        shape = (graph.nodes, view.shape[1])
    check_matrix(view, name, shape, graph.gpu)
    return view


def _fresh(graph: Graph, like: View, shape: tuple[int, ...],
           name: str) -> Any:
    """A matrix to write, where the graph is."""
    if graph.gpu is None:
        return np.empty(shape, np.float32)
    return new_array(like.owner, shape, "float32", like.stream, name)


def _written(graph: Graph, out: Any, name: str, shape: tuple[int, ...],
             *inputs: View) -> tuple[Any, View]:
    """A matrix that is written: `out`, or a new one."""
    array: Any = _fresh(graph, inputs[0], shape, name) if out is None else out
    view = view_of(array, name)
    check_matrix(view, name, shape, graph.gpu)
    check_output(view, name, *inputs)
    return array, view


def _gradient(graph: Graph, wanted: Any, name: str, shape: tuple[int, ...],
              *inputs: View) -> tuple[Any, View | None]:
    """A gradient: True: new, an array: written there; False: neither."""
    if wanted is False:
        return None, None
    return _written(graph, None if wanted is True else wanted, name, shape,
                    *inputs)


def _reduce(reduce: str) -> int:
    if reduce not in REDUCES:
        raise usage(f"reduce is {reduce!r}: expected one of "
                    f"{', '.join(REDUCES)}")
    return REDUCES[reduce]


def _address(view: View | None) -> int | None:
    return None if view is None else view.address


def _operands(x: View | None, y: View | None = None,
              weight: View | None = None,
              kept: View | None = None) -> Operands:
    return Operands(ctypes.sizeof(Operands), _address(x), _address(y),
                    _address(weight), _address(kept))


def _new_workspace(graph: Graph, plan: Plan, like: View) -> Any:
    n_bytes = plan.workspace_size
    if graph.gpu is None:
        return np.empty(-(-n_bytes // 16), _WIDE)
    return new_array(like.owner, (1, n_bytes), "uint8", like.stream,
                     "workspace")


def _workspace(graph: Graph, plan: Plan, like: View, given: Any) -> View:
    """Scratch memory: `given`, or new."""
    if given is None:
        if plan.workspace_size == 0:
            return _NO_WORKSPACE
        given = _new_workspace(graph, plan, like)
    view = view_of(given, "workspace")
    check_matrix(view, "workspace", view.shape, graph.gpu, view.dtype)
    return view


def _forward(graph: Graph, key: PlanKey, operands: Operands, like: View,
             out: View, workspace: Any = None) -> None:
    plan = graph._plan(key)
    scratch = _workspace(graph, plan, like, workspace)
    with plan.handle.use() as address:
        call("gnnac_plan_forward", address, ctypes.byref(operands),
             out.address, scratch.address, scratch.n_bytes,
             like.stream or None)


def _backward(graph: Graph, key: PlanKey, operands: Operands,
              out: View | None, out_grad: View, grads: Gradients,
              workspace: Any = None) -> None:
    plan = graph._plan(key)
    scratch = _workspace(graph, plan, out_grad, workspace)
    with plan.handle.use() as address:
        call("gnnac_plan_backward", address, ctypes.byref(operands),
             _address(out), out_grad.address, ctypes.byref(grads),
             scratch.address, scratch.n_bytes, out_grad.stream or None)


def _gradients(x: View | None, y: View | None = None,
               weight: View | None = None) -> Gradients:
    return Gradients(ctypes.sizeof(Gradients), _address(x), _address(y),
                     _address(weight))


# ---- aggregate --------------------------------------------------------------


def aggregate(graph: Graph, x: Any, reduce: str = "sum", weight: Any = None,
              out: Any = None, workspace: Any = None) -> Any:
    """What `reduce` makes of each node's in-neighbours: x [nodes, d] to
    [nodes, d], which is `out` or a new array.

    `reduce`: "sum", "mean" (0 without neighbours), "gcn" (D^-1/2 (A + I)
    D^-1/2 x; the graph's self loops must have been dropped), "max", "min".
    `weight` [edges], of "sum" and "mean": what neighbours are multiplied with.
    `workspace` (left out, new) may be given, on a GPU by those who capture.
    """
    given = _read(graph, x, "x")
    by_edge = None if weight is None else \
        _read(graph, weight, "weight", (graph.edges,))
    inputs = [v for v in (given, by_edge) if v is not None]
    y, result = _written(graph, out, "out", given.shape, *inputs)
    key = PlanKey(AGGREGATE, _reduce(reduce), given.shape[1], 0,
                  weight is not None, False)
    _forward(graph, key, _operands(given, None, by_edge), given, result,
             workspace)
    return y


def aggregate_backward(graph: Graph, out_grad: Any, x: Any = None,
                       reduce: str = "sum", weight: Any = None,
                       out: Any = None, *, x_grad: Any = True,
                       weight_grad: Any = False,
                       workspace: Any = None) -> tuple[Any, Any]:
    """(gradient of x, gradient of weight) from that of aggregate()'s result;
    None where it is not asked for. `x_grad`, `weight_grad`: True, False, or the
    array to write.

    `x` is needed for "max", "min" (ties share evenly) and weight's gradient,
    `out`, the result, for "max" and "min".
    """
    given = _read(graph, out_grad, "out_grad")
    weighted = weight is not None
    if weight_grad is not False and not weighted:
        raise usage("weight_grad without weight")
    source = None if x is None else _read(graph, x, "x", given.shape)
    result = None if out is None else _read(graph, out, "out", given.shape)
    by_edge = _read(graph, weight, "weight", (graph.edges,)) if weighted \
        else None
    to, to_view = _gradient(graph, x_grad, "x_grad", given.shape, given)
    to_weight, weight_view = _gradient(graph, weight_grad, "weight_grad",
                                       (graph.edges,), given)
    key = PlanKey(AGGREGATE, _reduce(reduce), given.shape[1], 0, weighted, True)
    _backward(graph, key, _operands(source, None, by_edge), result, given,
              _gradients(to_view, None, weight_view), workspace)
    return to, to_weight


# ---- sddmm ------------------------------------------------------------------


def _head_count(heads: int, columns: int) -> int:
    number = whole(heads, "heads", 1, 2**31 - 1)
    if columns % number:
        raise usage(f"{number} heads do not divide {columns} columns")
    return number


def sddmm(graph: Graph, x: Any, y: Any, heads: int = 1, out: Any = None,
          workspace: Any = None) -> Any:
    """Dot products of x[v] and y[u] for every edge from u to v, over each
    head's columns: x, y [nodes, d] to [edges, heads]."""
    at = _read(graph, x, "x")
    source = _read(graph, y, "y", at.shape)
    n = _head_count(heads, at.shape[1])
    result, view = _written(graph, out, "out", (graph.edges, n), at, source)
    key = PlanKey(SDDMM, 0, at.shape[1], n, False, False)
    _forward(graph, key, _operands(at, source), at, view, workspace)
    return result


def sddmm_backward(graph: Graph, out_grad: Any, x: Any, y: Any,
                   heads: int = 1, *, x_grad: Any = True, y_grad: Any = True,
                   workspace: Any = None) -> tuple[Any, Any]:
    """(gradient of x, gradient of y) from that of sddmm()'s result; `x_grad`,
    `y_grad`: True, False (then None), or the array to write."""
    at = _read(graph, x, "x")
    source = _read(graph, y, "y", at.shape)
    n = _head_count(heads, at.shape[1])
    given = _read(graph, out_grad, "out_grad", (graph.edges, n))
    to_x, x_view = _gradient(graph, x_grad, "x_grad", at.shape, given)
    to_y, y_view = _gradient(graph, y_grad, "y_grad", at.shape, given)
    key = PlanKey(SDDMM, 0, at.shape[1], n, False, True)
    _backward(graph, key, _operands(at, source), None, given,
              _gradients(x_view, y_view), workspace)
    return to_x, to_y


# ---- attention --------------------------------------------------------------


def _score_heads(columns: int) -> int:
    if columns < 2 or columns % 2:
        raise usage(f"scores has {columns} columns: expected 2 for each head")
    return columns // 2


def attention(graph: Graph, x: Any, scores: Any, out: Any = None,
              workspace: Any = None, kept: Any = None) -> Any:
    """GAT's sum: x [nodes, d] weighted by the softmax, over each node's
    in-neighbours and itself, of LeakyReLU(scores[u, k] + scores[v, heads + k]);
    `scores` [nodes, 2 * heads]. The graph's self loops must have been dropped.
    `kept`, an array [nodes, 2 * heads], receives what spares
    attention_backward() another forward.
    """
    given, by_node = _read(graph, x, "x"), _read(graph, scores, "scores")
    heads = _score_heads(by_node.shape[1])
    y, result = _written(graph, out, "out", given.shape, given, by_node)
    found = None if kept is None else \
        _written(graph, kept, "kept", by_node.shape, given, by_node, result)[1]
    key = PlanKey(ATTENTION, 0, given.shape[1], heads, False,
                  found is not None)
    _forward(graph, key, _operands(given, by_node, None, found), given, result,
             workspace)
    return y


def attention_backward(graph: Graph, out_grad: Any, x: Any, scores: Any, *,
                       x_grad: Any = True, scores_grad: Any = True,
                       workspace: Any = None,
                       kept: Any = None) -> tuple[Any, Any]:
    """(gradient of x, gradient of scores) from that of attention()'s result;
    `x_grad`, `scores_grad`: True, False (then None), or the array to write.
    `kept`: as attention() left it for the same x and scores; left out, it is
    found anew."""
    given, by_node = _read(graph, x, "x"), _read(graph, scores, "scores")
    heads = _score_heads(by_node.shape[1])
    grad = _read(graph, out_grad, "out_grad", given.shape)
    found = None if kept is None else \
        _read(graph, kept, "kept", by_node.shape)
    to_x, x_view = _gradient(graph, x_grad, "x_grad", given.shape, grad)
    to_scores, scores_view = _gradient(graph, scores_grad, "scores_grad",
                                       by_node.shape, grad)
    key = PlanKey(ATTENTION, 0, given.shape[1], heads, False, True)
    _backward(graph, key, _operands(given, by_node, None, found), None, grad,
              _gradients(x_view, scores_view), workspace)
    return to_x, to_scores
