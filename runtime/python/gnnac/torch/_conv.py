"""Layers with PyTorch Geometric's arguments, parameter names and results.

A layer takes (x, edge_index): x float32 [nodes, in_channels], edge_index
integers [2, edges]. What the operators do not cover is an UnsupportedError at
construction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import Linear, Module, Parameter
from torch.nn.functional import leaky_relu, normalize

from ..errors import Status, UnsupportedError
from ._operators import aggregate, attention


def _need(layer: Module, given: dict[str, Any], supported: dict[str, Any],
          ) -> None:
    """Refuse arguments but those that are as if left out."""
    for name, value in given.items():
        if name not in supported or value not in supported[name]:
            raise UnsupportedError(
                Status.EUNSUPPORTED,
                f"{type(layer).__name__} does not support {name}={value!r}")


_FLOW = {"flow": ["source_to_target"], "node_dim": [-2, 0]}
_SUMS = {**_FLOW, "aggr": ["add", "sum"]}


def _channels(layer: Module, n: Any) -> int:
    if not isinstance(n, int) or n < 1:
        _need(layer, {"in_channels": n}, {})
    return int(n)


class GCNConv(Module):
    """Kipf and Welling 2017, as torch_geometric.nn.GCNConv. `cached` changes
    nothing: graphs are remembered anyway."""

    def __init__(self, in_channels: int, out_channels: int,
                 improved: bool = False, cached: bool = False,
                 add_self_loops: bool | None = None, normalize: bool = True,
                 bias: bool = True, **kwargs: Any) -> None:
        super().__init__()
        _need(self, kwargs, _SUMS)
        self.in_channels = _channels(self, in_channels)
        self.out_channels = out_channels
        self.improved, self.cached, self.normalize = improved, cached, normalize
        self.add_self_loops = normalize if add_self_loops is None \
            else add_self_loops
        if self.add_self_loops and not normalize:
            raise ValueError("GCNConv does not add self loops where it does "
                             "not normalize")
        self.lin = Linear(in_channels, out_channels, bias=False)
        self.bias = Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Glorot-uniform weights, no bias."""
        torch.nn.init.xavier_uniform_(self.lin.weight)
        if self.bias is not None:
            torch.nn.init.zeros_(self.bias)

    def forward(self, x: Tensor, edge_index: Tensor,
                edge_weight: Tensor | None = None) -> Tensor:
        """`edge_weight`: [edges]."""
        h = self.lin(x)
        if not self.normalize:
            out = aggregate(h, edge_index, edge_weight)
        elif edge_weight is None and self.add_self_loops:
            out = aggregate(h, edge_index, None, "gcn", True)
        else:
            out = self._weighted(h, edge_index, edge_weight)
        return out if self.bias is None else out + self.bias

    def _weighted(self, h: Tensor, edge_index: Tensor,
                  weight: Tensor | None) -> Tensor:
        """D^-1/2 (A + I) D^-1/2 h with an A of given weights. A node whose
        self loop is given keeps that one's weight."""
        source, target = edge_index[0], edge_index[1]
        if weight is None:
            weight = h.new_ones(edge_index.shape[1])
        own = None
        kept = weight
        if self.add_self_loops:
            is_loop = source == target
            kept = torch.where(is_loop, 0, weight)
            # All that is no loop goes to a row behind the last.
            own = h.new_full((h.shape[0] + 1,), 2.0 if self.improved else 1.0)
            own = own.scatter(0, torch.where(is_loop, source, h.shape[0]),
                              weight)[:-1]
        degree = h.new_zeros(h.shape[0]).index_add(0, target, kept)
        if own is not None:
            degree = degree + own
        scale = degree.pow(-0.5)
        scale = scale.masked_fill(scale == float("inf"), 0)
        out = aggregate(h, edge_index, scale[source] * kept * scale[target],
                        "sum", self.add_self_loops)
        return out if own is None else out + (scale * scale * own)[:, None] * h

    def __repr__(self) -> str:
        return f"GCNConv({self.in_channels}, {self.out_channels})"


class GINConv(Module):
    """Xu et al. 2019, as torch_geometric.nn.GINConv."""

    eps: Tensor

    def __init__(self, nn: Callable[[Tensor], Tensor], eps: float = 0.,
                 train_eps: bool = False, **kwargs: Any) -> None:
        super().__init__()
        _need(self, kwargs, _SUMS)
        self.nn = nn
        self.initial_eps = eps
        if train_eps:
            self.eps = Parameter(torch.full((1,), float(eps)))
        else:
            self.register_buffer("eps", torch.full((1,), float(eps)))

    def reset_parameters(self) -> None:
        """Those of `nn` that can be reset, and epsilon."""
        if isinstance(self.nn, Module):
            for part in self.nn.modules():
                if hasattr(part, "reset_parameters"):
                    part.reset_parameters()
        self.eps.data.fill_(self.initial_eps)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """`nn` of (1 + epsilon) x and the neighbours' sum."""
        return self.nn(aggregate(x, edge_index) + (1 + self.eps) * x)

    def __repr__(self) -> str:
        return f"GINConv(nn={self.nn})"


class SAGEConv(Module):
    """Hamilton et al. 2017, as torch_geometric.nn.SAGEConv. `aggr`: "mean",
    "sum", "add", "max" or "min"."""

    def __init__(self, in_channels: int, out_channels: int, aggr: str = "mean",
                 normalize: bool = False, root_weight: bool = True,
                 project: bool = False, bias: bool = True,
                 **kwargs: Any) -> None:
        super().__init__()
        _need(self, kwargs, _FLOW)
        _need(self, {"aggr": aggr},
              {"aggr": ["mean", "sum", "add", "max", "min"]})
        self.in_channels = _channels(self, in_channels)
        self.out_channels = out_channels
        self.reduce = "sum" if aggr == "add" else aggr
        self.aggr, self.normalize = aggr, normalize
        self.root_weight, self.project = root_weight, project
        if project:
            self.lin = Linear(in_channels, in_channels)
        self.lin_l = Linear(in_channels, out_channels, bias=bias)
        if root_weight:
            self.lin_r = Linear(in_channels, out_channels, bias=False)

    def reset_parameters(self) -> None:
        """As torch.nn.Linear's."""
        for part in self.children():
            if isinstance(part, Linear):
                part.reset_parameters()

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """[nodes, out_channels]"""
        source = self.lin(x).relu() if self.project else x
        if self.reduce in ("mean", "sum") and \
                self.out_channels < self.in_channels:
            # Sums are linear: the narrower matrix is the one to sum.
            out = aggregate(source @ self.lin_l.weight.t(), edge_index, None,
                            self.reduce)
            if self.lin_l.bias is not None:
                out = out + self.lin_l.bias
        else:
            out = self.lin_l(aggregate(source, edge_index, None, self.reduce))
        if self.root_weight:
            out = out + self.lin_r(x)
        return normalize(out, p=2.0, dim=-1) if self.normalize else out

    def __repr__(self) -> str:
        return (f"SAGEConv({self.in_channels}, {self.out_channels}, "
                f"aggr={self.aggr})")


class GATConv(Module):
    """Velickovic et al. 2018, as torch_geometric.nn.GATConv."""

    def __init__(self, in_channels: int, out_channels: int, heads: int = 1,
                 concat: bool = True, negative_slope: float = 0.2,
                 dropout: float = 0.0, add_self_loops: bool = True,
                 edge_dim: int | None = None, fill_value: Any = "mean",
                 bias: bool = True, residual: bool = False,
                 **kwargs: Any) -> None:
        super().__init__()
        _need(self, kwargs, _SUMS)
        _need(self, {"negative_slope": negative_slope, "dropout": dropout,
                     "add_self_loops": add_self_loops, "edge_dim": edge_dim},
              {"negative_slope": [0.2], "dropout": [0.0],
               "add_self_loops": [True], "edge_dim": [None]})
        self.in_channels = _channels(self, in_channels)
        self.out_channels, self.heads = out_channels, heads
        self.concat = concat
        width = heads * out_channels
        self.lin = Linear(in_channels, width, bias=False)
        self.att_src = Parameter(torch.empty(1, heads, out_channels))
        self.att_dst = Parameter(torch.empty(1, heads, out_channels))
        out_width = width if concat else out_channels
        self.res = Linear(in_channels, out_width, bias=False) if residual \
            else None
        self.bias = Parameter(torch.empty(out_width)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Glorot-uniform, no bias."""
        for name, value in self.named_parameters():
            if name == "bias":
                torch.nn.init.zeros_(value)
            else:  # of att_* as of matrices [heads, out_channels]
                torch.nn.init.xavier_uniform_(value.squeeze(0))

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """[nodes, heads * out_channels], or [nodes, out_channels]."""
        h = self.lin(x)
        by_head = h.view(-1, self.heads, self.out_channels)
        scores = torch.cat([(by_head * self.att_src).sum(-1),
                            (by_head * self.att_dst).sum(-1)], dim=1)
        out = attention(h, scores, edge_index)
        if not self.concat:
            out = out.view_as(by_head).mean(dim=1)
        if self.res is not None:
            out = out + self.res(x)
        return out if self.bias is None else out + self.bias

    def __repr__(self) -> str:
        return (f"GATConv({self.in_channels}, {self.out_channels}, "
                f"heads={self.heads})")


class GATv2Conv(Module):
    """Brody et al. 2022, as torch_geometric.nn.GATv2Conv. Scores and their
    softmax, [edges, heads], are PyTorch's, from rows [edges, heads *
    out_channels]; the sums are aggregate()'s, one for each head."""

    def __init__(self, in_channels: int, out_channels: int, heads: int = 1,
                 concat: bool = True, negative_slope: float = 0.2,
                 dropout: float = 0.0, add_self_loops: bool = True,
                 edge_dim: int | None = None, fill_value: Any = "mean",
                 bias: bool = True, share_weights: bool = False,
                 residual: bool = False, **kwargs: Any) -> None:
        super().__init__()
        _need(self, kwargs, _SUMS)
        _need(self, {"dropout": dropout, "edge_dim": edge_dim},
              {"dropout": [0.0], "edge_dim": [None]})
        self.in_channels = _channels(self, in_channels)
        self.out_channels, self.heads = out_channels, heads
        self.concat, self.negative_slope = concat, negative_slope
        self.add_self_loops = add_self_loops
        self.share_weights = share_weights
        width = heads * out_channels
        self.lin_l = Linear(in_channels, width, bias=bias)
        self.lin_r = self.lin_l if share_weights else \
            Linear(in_channels, width, bias=bias)
        self.att = Parameter(torch.empty(1, heads, out_channels))
        out_width = width if concat else out_channels
        self.res = Linear(in_channels, out_width, bias=False) if residual \
            else None
        self.bias = Parameter(torch.empty(out_width)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Glorot-uniform, no biases."""
        for name, value in self.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.zeros_(value)
            else:  # of att as of a matrix [heads, out_channels]
                torch.nn.init.xavier_uniform_(value.squeeze(0))

    def _score(self, both: Tensor) -> Tensor:
        """Of rows and their sources, added up: [n, heads]."""
        by_head = both.view(-1, self.heads, self.out_channels)
        return (leaky_relu(by_head, self.negative_slope) * self.att).sum(-1)

    def _weights(self, sources: Tensor, rows: Tensor,
                 edge_index: Tensor) -> tuple[Tensor, Tensor | None]:
        """The softmax over each row's edges, and over its own self loop, which
        then stands for those that are given."""
        source, target = edge_index[0], edge_index[1]
        score = self._score(sources[source] + rows[target])
        own = None
        if self.add_self_loops:
            own = self._score(sources + rows)
            score = score.masked_fill((source == target)[:, None],
                                      -float("inf"))
        # Any number near the largest will do: it changes no gradient.
        least = score.new_full((rows.shape[0], self.heads), -float("inf"))
        top = least if own is None else own.detach()
        top = top.scatter_reduce(0, target[:, None].expand_as(score),
                                 score.detach(), "amax")
        part = (score - top[target]).exp()
        total = torch.zeros_like(top).index_add(0, target, part)
        if own is None:
            return part / total[target], None
        own = (own - top).exp()
        total = total + own
        return part / total[target], own / total

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """[nodes, heads * out_channels], or [nodes, out_channels]."""
        sources, rows = self.lin_l(x), self.lin_r(x)
        weight, own = self._weights(sources, rows, edge_index)
        by_head = sources.view(-1, self.heads, self.out_channels)
        out = torch.stack([aggregate(by_head[:, h], edge_index, weight[:, h],
                                     "sum", self.add_self_loops)
                           for h in range(self.heads)], dim=1)
        if own is not None:
            out = out + own[:, :, None] * by_head
        out = out.flatten(1) if self.concat else out.mean(dim=1)
        if self.res is not None:
            out = out + self.res(x)
        return out if self.bias is None else out + self.bias

    def __repr__(self) -> str:
        return (f"GATv2Conv({self.in_channels}, {self.out_channels}, "
                f"heads={self.heads})")
