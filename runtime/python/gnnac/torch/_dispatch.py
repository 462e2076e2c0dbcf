"""An operator as PyTorch sees it, and the short way to it.

A custom operator is what torch.compile and other tracers need, and costs some
hundred microseconds of Python a call. Where nothing traces or transforms a
call, a function of autograd does the same for a tenth, and without gradients
the computation is called as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import library as torch_library
from torch.overrides import has_torch_function

DEVICES = ("cpu", "cuda")
_PLAIN = frozenset((torch.Tensor, torch.nn.Parameter))

# Where PyTorch has no such function any more, every call is taken for watched.
_modes: Callable[[], int] = getattr(
    torch._C, "_len_torch_dispatch_stack", lambda: 1)
_transforms: Callable[[], bool] = getattr(
    torch._C, "_are_functorch_transforms_active", lambda: True)


def _is_watched(arguments: tuple[Any, ...],
                tensors: list[torch.Tensor]) -> bool:
    """Whether someone has to see an operator: a compiler, a mode such as
    FakeTensor's, functorch, torch.jit.trace, torch.fx's proxies, a subclass of
    tensors; whether there are but shapes to compute with."""
    return torch.compiler.is_compiling() or _modes() > 0 or _transforms() or \
        torch.jit.is_tracing() or has_torch_function(arguments) or \
        not _PLAIN.issuperset(map(type, tensors)) or \
        any([t.is_meta for t in tensors])


def _needs_grad(tensors: list[torch.Tensor]) -> bool:
    return torch.is_grad_enabled() and any([t.requires_grad for t in tensors])


def _function(name: str, compute: Callable[..., Any],
              setup: Callable[..., None],
              backward: Callable[..., Any]) -> Callable[..., Any]:
    """The computation with gradients. Its `forward` takes the context: one
    that leaves that to `setup_context` costs as much again."""
    def forward(ctx: Any, *arguments: Any) -> Any:
        output = compute(*arguments)
        setup(ctx, arguments, output)
        return output
    made: Any = type(name, (torch.autograd.Function,), {
        "forward": staticmethod(forward),
        "backward": staticmethod(backward)})
    return made.apply


def operator(compute: Callable[..., Any], fake: Callable[..., Any],
             setup: Callable[..., None] | None = None,
             backward: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """The custom operator gnnac::NAME, NAME that of `compute` without its
    first underscore, as a function of the same arguments, all by position.

    `fake` gives the shapes; `setup` and `backward` are what the custom
    operator's register_autograd takes.
    """
    name = compute.__name__.removeprefix("_")
    custom = torch_library.custom_op(f"gnnac::{name}", compute,
                                     mutates_args=(), device_types=DEVICES)
    custom.register_fake(fake)
    with_grad: Callable[..., Any] = custom  # which says that it has none
    if setup is not None and backward is not None:
        custom.register_autograd(backward, setup_context=setup)
        with_grad = _function(name, compute, setup, backward)

    def call(*arguments: Any) -> Any:
        tensors = [a for a in arguments if isinstance(a, torch.Tensor)]
        if _is_watched(arguments, tensors):
            return custom(*arguments)
        if _needs_grad(tensors):
            return with_grad(*arguments)
        return compute(*arguments)
    return call
