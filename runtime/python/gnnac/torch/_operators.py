"""The operators as PyTorch custom operators `gnnac::*` with gradients.

Each is three things: what it computes, what shapes it gives (for tracing), and
its backward, an operator itself, so that compiled graphs hold both.
"""

# No `from __future__ import annotations`: PyTorch reads the schema of an
# operator from the annotations.
from typing import Any, Optional, Tuple

import torch
from torch import Tensor

from .. import _operators as on
from ..errors import usage
from ._dispatch import operator
from ._graphs import graph_of

ALIGNMENT = 16  # bytes, of matrices on a GPU


def _ready(x: Tensor) -> Tensor:
    """As the library takes it: packed, on a GPU aligned, and no concern of
    autograd."""
    packed = (x.detach() if x.requires_grad else x).contiguous()
    return packed.clone() if x.is_cuda and packed.data_ptr() % ALIGNMENT \
        else packed


def _ready_or_none(x: Optional[Tensor]) -> Optional[Tensor]:
    return None if x is None else _ready(x)


def _tensor(array: Any, like: Tensor) -> Tensor:
    """What was computed, or where nothing was, a tensor of no elements, as an
    operator cannot give None."""
    if array is None:
        return like.new_empty(0)
    return array if isinstance(array, Tensor) else torch.from_numpy(array)


def _rows(x: Tensor) -> Tensor:
    if x.dim() != 2:
        raise usage(f"x has shape {list(x.shape)}: expected [nodes, columns]")
    return _ready(x)


# ---- aggregate --------------------------------------------------------------


def _aggregate(x: Tensor, edge_index: Tensor, weight: Optional[Tensor],
               reduce: str, drop_self_loops: bool) -> Tensor:
    given = _rows(x)
    graph = graph_of(edge_index, given.shape[0], drop_self_loops)
    return on.aggregate(graph, given, reduce, _ready_or_none(weight),
                        out=torch.empty_like(given))


def _fake_aggregate(x: Tensor, edge_index: Tensor, weight: Optional[Tensor],
                    reduce: str, drop_self_loops: bool) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _aggregate_backward(out_grad: Tensor, x: Optional[Tensor],
                        edge_index: Tensor, weight: Optional[Tensor],
                        out: Optional[Tensor], reduce: str,
                        drop_self_loops: bool, x_grad: bool,
                        weight_grad: bool) -> Tuple[Tensor, Tensor]:
    graph = graph_of(edge_index, out_grad.shape[0], drop_self_loops)
    grads = on.aggregate_backward(
        graph, _ready(out_grad), _ready_or_none(x), reduce,
        _ready_or_none(weight), _ready_or_none(out), x_grad=x_grad,
        weight_grad=weight_grad)
    return _tensor(grads[0], out_grad), _tensor(grads[1], out_grad)


def _fake_aggregate_backward(
        out_grad: Tensor, x: Optional[Tensor], edge_index: Tensor,
        weight: Optional[Tensor], out: Optional[Tensor], reduce: str,
        drop_self_loops: bool, x_grad: bool,
        weight_grad: bool) -> Tuple[Tensor, Tensor]:
    return (out_grad.new_empty(out_grad.shape if x_grad else (0,)),
            out_grad.new_empty((edge_index.shape[1] if weight_grad else 0,)))


def _aggregate_setup(ctx: Any, inputs: Any, output: Tensor) -> None:
    x, edge_index, weight, ctx.reduce, ctx.drop = inputs
    extreme = ctx.reduce in ("max", "min")
    wants_weight = weight is not None and weight.requires_grad
    ctx.save_for_backward(x if extreme or wants_weight else None, edge_index,
                          weight, output if extreme else None)


def _aggregate_grad(ctx: Any, grad: Tensor) -> Any:
    x, edge_index, weight, out = ctx.saved_tensors
    wants_x, _, wants_weight, _, _ = ctx.needs_input_grad
    to_x, to_weight = _call_aggregate_backward(
        grad, x, edge_index, weight, out, ctx.reduce, ctx.drop, wants_x,
        wants_weight)
    return (to_x if wants_x else None, None,
            to_weight if wants_weight else None, None, None)


_call_aggregate_backward = operator(_aggregate_backward,
                                    _fake_aggregate_backward)
_call_aggregate = operator(_aggregate, _fake_aggregate, _aggregate_setup,
                           _aggregate_grad)


def aggregate(x: Tensor, edge_index: Tensor, weight: Optional[Tensor] = None,
              reduce: str = "sum", drop_self_loops: bool = False) -> Tensor:
    """gnnac.aggregate on the graph of edge_index [2, edges]: float32
    [nodes, d] to [nodes, d]. Gradients go to x and weight [edges]."""
    return _call_aggregate(x, edge_index, weight, reduce, drop_self_loops)


# ---- sddmm ------------------------------------------------------------------


def _sddmm(x: Tensor, y: Tensor, edge_index: Tensor, heads: int,
           drop_self_loops: bool) -> Tensor:
    at, source = _rows(x), _rows(y)
    graph = graph_of(edge_index, at.shape[0], drop_self_loops)
    return on.sddmm(graph, at, source, heads,
                    out=at.new_empty((graph.edges, heads)))


def _fake_sddmm(x: Tensor, y: Tensor, edge_index: Tensor, heads: int,
                drop_self_loops: bool) -> Tensor:
    return x.new_empty((edge_index.shape[1], heads))


def _sddmm_backward(out_grad: Tensor, x: Tensor, y: Tensor, edge_index: Tensor,
                    heads: int, drop_self_loops: bool) -> Tuple[Tensor, Tensor]:
    graph = graph_of(edge_index, x.shape[0], drop_self_loops)
    to_x, to_y = on.sddmm_backward(graph, _ready(out_grad), _ready(x),
                                   _ready(y), heads)
    return _tensor(to_x, x), _tensor(to_y, y)


def _fake_sddmm_backward(out_grad: Tensor, x: Tensor, y: Tensor,
                         edge_index: Tensor, heads: int,
                         drop_self_loops: bool) -> Tuple[Tensor, Tensor]:
    return x.new_empty(x.shape), y.new_empty(y.shape)


def _sddmm_setup(ctx: Any, inputs: Any, output: Tensor) -> None:
    x, y, edge_index, ctx.heads, ctx.drop = inputs
    ctx.save_for_backward(x, y, edge_index)


def _sddmm_grad(ctx: Any, grad: Tensor) -> Any:
    x, y, edge_index = ctx.saved_tensors
    to_x, to_y = _call_sddmm_backward(grad, x, y, edge_index, ctx.heads,
                                      ctx.drop)
    return to_x, to_y, None, None, None


_call_sddmm_backward = operator(_sddmm_backward, _fake_sddmm_backward)
_call_sddmm = operator(_sddmm, _fake_sddmm, _sddmm_setup, _sddmm_grad)


def sddmm(x: Tensor, y: Tensor, edge_index: Tensor, heads: int = 1,
          drop_self_loops: bool = False) -> Tensor:
    """gnnac.sddmm: dot products of x[v] and y[u] by edge (u, v) and head,
    float32 [nodes, d] to [edges, heads]. Gradients go to x and y."""
    return _call_sddmm(x, y, edge_index, heads, drop_self_loops)


# ---- attention --------------------------------------------------------------


def _attention(x: Tensor, scores: Tensor, edge_index: Tensor,
               keep: bool) -> Tuple[Tensor, Tensor]:
    given, by_node = _rows(x), _rows(scores)
    graph = graph_of(edge_index, given.shape[0], True)
    out = torch.empty_like(given)
    kept = torch.empty_like(by_node) if keep else None
    on.attention(graph, given, by_node, out=out, kept=kept)
    return out, _tensor(kept, given)


def _fake_attention(x: Tensor, scores: Tensor, edge_index: Tensor,
                    keep: bool) -> Tuple[Tensor, Tensor]:
    return (torch.empty_like(x, memory_format=torch.contiguous_format),
            scores.new_empty(scores.shape if keep else (0,)))


def _attention_backward(out_grad: Tensor, x: Tensor, scores: Tensor,
                        edge_index: Tensor,
                        kept: Optional[Tensor]) -> Tuple[Tensor, Tensor]:
    graph = graph_of(edge_index, x.shape[0], True)
    to_x, to_scores = on.attention_backward(
        graph, _ready(out_grad), _ready(x), _ready(scores),
        kept=_ready_or_none(kept))
    return _tensor(to_x, x), _tensor(to_scores, scores)


def _fake_attention_backward(
        out_grad: Tensor, x: Tensor, scores: Tensor, edge_index: Tensor,
        kept: Optional[Tensor]) -> Tuple[Tensor, Tensor]:
    return x.new_empty(x.shape), scores.new_empty(scores.shape)


def _attention_setup(ctx: Any, inputs: Any,
                     output: Tuple[Tensor, Tensor]) -> None:
    x, scores, edge_index, keep = inputs
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(x, scores, edge_index, output[1] if keep else None)


def _attention_grad(ctx: Any, grad: Tensor, _: Any) -> Any:
    return *_call_attention_backward(grad, *ctx.saved_tensors), None, None


_call_attention_backward = operator(_attention_backward,
                                    _fake_attention_backward)
_call_attention = operator(_attention, _fake_attention, _attention_setup,
                           _attention_grad)


def attention(x: Tensor, scores: Tensor, edge_index: Tensor) -> Tensor:
    """gnnac.attention on the graph of edge_index without its self loops:
    float32 [nodes, d], scores [nodes, 2 * heads]. Gradients go to both; for
    them two numbers of each node and head are kept."""
    keep = torch.is_grad_enabled() and any(
        [isinstance(t, Tensor) and t.requires_grad for t in (x, scores)])
    return _call_attention(x, scores, edge_index, keep)[0]
