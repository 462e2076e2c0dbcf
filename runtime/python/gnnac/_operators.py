"""Operators on a graph, for those who bring their own model.

Matrices are float32, row-major, packed, in host memory, and used where they
lie. NumPy in, NumPy out; other libraries' arrays are taken, too, and as `out`.
PyTorch's autograd: gnnac.torch.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ._abi import Gradients, Operands
from ._graph import Graph, Plan, PlanKey
from ._library import call
from ._model import Float32
from ._views import View, check_matrix, check_output, view_of
from .errors import usage

AGGREGATE, SDDMM, ATTENTION = range(3)
REDUCES = {"sum": 0, "mean": 1, "gcn": 2, "max": 3, "min": 4}


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
    check_matrix(view, name, shape, None)
    return view


def _written(out: Any, name: str, shape: tuple[int, ...],
             *inputs: View) -> tuple[Any, View]:
    """A matrix that is written: `out`, or a new one."""
    array: Any = np.empty(shape, np.float32) if out is None else out
    view = view_of(array, name)
    check_matrix(view, name, shape, None)
    check_output(view, name, *inputs)
    return array, view


def _reduce(reduce: str) -> int:
    if reduce not in REDUCES:
        raise usage(f"reduce is {reduce!r}: expected one of "
                    f"{', '.join(REDUCES)}")
    return REDUCES[reduce]


def _address(view: View | None) -> int | None:
    return None if view is None else view.address


def _operands(x: View | None, y: View | None = None,
              weight: View | None = None) -> Operands:
    return Operands(ctypes.sizeof(Operands), _address(x), _address(y),
                    _address(weight))


def _workspace(plan: Plan) -> Any:
    return np.empty(plan.workspace_size // 16 + 1, "V16")


def _forward(plan: Plan, operands: Operands, out: View) -> None:
    scratch = _workspace(plan)
    with plan.handle.use() as address:
        call("gnnac_plan_forward", address, ctypes.byref(operands),
             out.address, scratch.ctypes.data, scratch.nbytes, None)


def _backward(plan: Plan, operands: Operands, out: View | None, out_grad: View,
              x: View | None, y: View | None = None,
              weight: View | None = None) -> None:
    scratch = _workspace(plan)
    grads = Gradients(ctypes.sizeof(Gradients), _address(x), _address(y),
                      _address(weight))
    with plan.handle.use() as address:
        call("gnnac_plan_backward", address, ctypes.byref(operands),
             _address(out), out_grad.address, ctypes.byref(grads),
             scratch.ctypes.data, scratch.nbytes, None)


# ---- aggregate --------------------------------------------------------------


def aggregate(graph: Graph, x: Any, reduce: str = "sum", weight: Any = None,
              out: Any = None) -> Any:
    """What `reduce` makes of each node's in-neighbours: x [nodes, d] to
    [nodes, d], which is `out` or a new array.

    `reduce`: "sum", "mean" (0 without neighbours), "gcn" (D^-1/2 (A + I)
    D^-1/2 x; the graph's self loops must have been dropped), "max", "min".
    `weight` [edges], of "sum" and "mean": what neighbours are multiplied with.
    """
    given = _read(graph, x, "x")
    by_edge = None if weight is None else \
        _read(graph, weight, "weight", (graph.edges,))
    inputs = [v for v in (given, by_edge) if v is not None]
    y, result = _written(out, "out", given.shape, *inputs)
    plan = graph._plan(PlanKey(AGGREGATE, _reduce(reduce), given.shape[1], 0,
                               weight is not None, False))
    _forward(plan, _operands(given, None, by_edge), result)
    return y


def aggregate_backward(graph: Graph, out_grad: Any, x: Any = None,
                       reduce: str = "sum", weight: Any = None,
                       out: Any = None, *, x_grad: bool = True,
                       weight_grad: bool = False) -> tuple[Any, Any]:
    """(gradient of x, gradient of weight) from that of aggregate()'s result;
    None where it is not asked for.

    `x` is needed for "max", "min" (ties share evenly) and weight's gradient,
    `out`, the result, for "max" and "min".
    """
    given = _read(graph, out_grad, "out_grad")
    weighted = weight is not None
    if weight_grad and not weighted:
        raise usage("weight_grad without weight")
    source = None if x is None else _read(graph, x, "x", given.shape)
    result = None if out is None else _read(graph, out, "out", given.shape)
    by_edge = _read(graph, weight, "weight", (graph.edges,)) if weighted \
        else None
    to: Float32 | None = np.empty(given.shape, np.float32) if x_grad else None
    to_weight: Float32 | None = np.empty(graph.edges, np.float32) \
        if weight_grad else None
    plan = graph._plan(PlanKey(AGGREGATE, _reduce(reduce), given.shape[1], 0,
                               weighted, True))
    _backward(plan, _operands(source, None, by_edge), result, given,
              None if to is None else view_of(to, "x_grad"), None,
              None if to_weight is None else view_of(to_weight, "weight_grad"))
    return to, to_weight


# ---- sddmm ------------------------------------------------------------------


def sddmm(graph: Graph, x: Any, y: Any, heads: int = 1, out: Any = None) -> Any:
    """Dot products of x[v] and y[u] for every edge from u to v, over each
    head's columns: x, y [nodes, d] to [edges, heads]."""
    at = _read(graph, x, "x")
    source = _read(graph, y, "y", at.shape)
    result, view = _written(out, "out", (graph.edges, heads), at, source)
    plan = graph._plan(PlanKey(SDDMM, 0, at.shape[1], heads, False, False))
    _forward(plan, _operands(at, source), view)
    return result


def sddmm_backward(graph: Graph, out_grad: Any, x: Any, y: Any,
                   heads: int = 1) -> tuple[Float32, Float32]:
    """(gradient of x, gradient of y) from that of sddmm()'s result."""
    at = _read(graph, x, "x")
    source = _read(graph, y, "y", at.shape)
    given = _read(graph, out_grad, "out_grad", (graph.edges, heads))
    to_x: Float32 = np.empty(at.shape, np.float32)
    to_y: Float32 = np.empty(at.shape, np.float32)
    plan = graph._plan(PlanKey(SDDMM, 0, at.shape[1], heads, False, True))
    _backward(plan, _operands(at, source), None, given,
              view_of(to_x, "x_grad"), view_of(to_y, "y_grad"))
    return to_x, to_y


# ---- attention --------------------------------------------------------------


def attention(graph: Graph, x: Any, scores: Any, out: Any = None) -> Any:
    """GAT's sum: x [nodes, d] weighted by the softmax, over each node's
    in-neighbours and itself, of LeakyReLU(scores[u, k] + scores[v, heads + k]);
    `scores` [nodes, 2 * heads]. The graph's self loops must have been dropped.
    """
    given, by_node = _read(graph, x, "x"), _read(graph, scores, "scores")
    if by_node.shape[1] % 2:
        raise usage(f"scores has {by_node.shape[1]} columns: "
                    "expected 2 for each head")
    y, result = _written(out, "out", given.shape, given, by_node)
    plan = graph._plan(PlanKey(ATTENTION, 0, given.shape[1],
                               by_node.shape[1] // 2, False, False))
    _forward(plan, _operands(given, by_node), result)
    return y


def attention_backward(graph: Graph, out_grad: Any, x: Any,
                       scores: Any) -> tuple[Float32, Float32]:
    """(gradient of x, gradient of scores) from that of attention()'s
    result."""
    given, by_node = _read(graph, x, "x"), _read(graph, scores, "scores")
    grad = _read(graph, out_grad, "out_grad", given.shape)
    to_x: Float32 = np.empty(given.shape, np.float32)
    to_scores: Float32 = np.empty(by_node.shape, np.float32)
    plan = graph._plan(PlanKey(ATTENTION, 0, given.shape[1],
                               by_node.shape[1] // 2, False, True))
    _backward(plan, _operands(given, by_node), None, grad,
              view_of(to_x, "x_grad"), view_of(to_scores, "scores_grad"))
    return to_x, to_scores
