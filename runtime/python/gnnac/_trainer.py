"""Training of a model's weights."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._abi import TrainOptions
from ._context import plain_text, whole
from ._features import features_of, one_of, vector
from ._library import Handle, Owner, call, loaded
from ._model import Float32, Model
from ._views import View, check_matrix, check_output, view_of
from .errors import usage

OPTIMIZERS = {"adam": 0, "adamw": 1, "sgd": 2}  # gnnac_optimizer
LOSSES = {"cross_entropy": 0, "bce": 1}  # gnnac_loss
_RATES = ("lr", "weight_decay", "dropout", "attention_dropout", "momentum",
          "beta1", "beta2", "epsilon")


def _rate(name: str, value: Any) -> float:
    if isinstance(value, bool) or \
            not isinstance(value, (int, float, np.integer, np.floating)):
        raise usage(f"{name} is {value!r}: expected a number")
    try:
        return float(value)
    except OverflowError:
        raise usage(f"{name} is too large") from None


def _options(optimizer: str, decay_layers: int, learn_eps: bool, seed: int,
             loss: str, rates: dict[str, float]) -> TrainOptions:
    unknown = sorted(set(rates) - set(_RATES))
    if unknown:
        raise usage(f"there is no option {unknown[0]!r}: expected one of "
                    f"{', '.join(_RATES)}")
    return TrainOptions(
        struct_size=ctypes.sizeof(TrainOptions),
        optimizer=one_of(OPTIMIZERS, "optimizer", optimizer),
        loss=one_of(LOSSES, "loss", loss),
        decay_layers=whole(decay_layers, "decay_layers", 0, 2**31 - 1),
        learn_eps=int(bool(learn_eps)),
        seed=whole(seed, "seed", 0, 2**64 - 1),
        **{name: _rate(name, value) for name, value in rates.items()})


class Trainer(Owner):
    """Updates the weights of a model, for one matrix of features, where the
    model is: on a GPU the bundle is one of `compile(train=True)`.

    `x`: float32 [nodes, in_dim], used where it lies: it must stay as it is.
    Or by sparse rows: SciPy's CSR matrix or array, or (indptr, indices, data)
    of int64, int32 and float32. `form`: "dense" or "sparse", how the first
    products read it; "auto": the one that moves fewer bytes.
    `optimizer`: "adam", "adamw" or "sgd". `decay_layers`: weight decay is for
    the first so many layers, 0: for all. `learn_eps`: GIN's epsilon is learnt.
    `seed`: of dropout. `loss`: "cross_entropy", or "bce": binary
    cross-entropy of logits, of a network without log-softmax.
    `rates`: lr (0.01), weight_decay, dropout,
    attention_dropout, momentum, beta1, beta2, epsilon. A model has one
    trainer: close() it, or let it go, before another. Calls of both wait for
    one another.
    """

    def __init__(self, model: Model, x: Any, optimizer: str = "adam",
                 decay_layers: int = 0, learn_eps: bool = False,
                 seed: int = 0, loss: str = "cross_entropy",
                 form: str = "auto", **rates: float) -> None:
        if not isinstance(model, Model):
            raise usage("Trainer takes a Model")
        options = _options(optimizer, decay_layers, learn_eps, seed, loss,
                           rates)
        self._binary = loss == "bce"
        self._targets: tuple[View, View] | None = None
        features, self._x = features_of(model, x, form)  # live as long
        self._out_shape = model._out_shape
        self._model_handle = model._open_handle()
        with self._model_handle.use() as network:
            self._handle = Handle(
                "gnnac_trainer_create", "gnnac_trainer_destroy", network,
                ctypes.byref(features), ctypes.byref(options),
                needs=(self._model_handle,), part_of=self._model_handle)

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """The trainer's address, while nobody runs its model."""
        trainer = self._open_handle()
        with self._model_handle.use(), trainer.use() as address:
            yield address

    def _read_targets(self, labels: Any, nodes: Any) -> tuple[View, View]:
        label, node = view_of(labels, "labels"), view_of(nodes, "nodes")
        shape = self._out_shape if self._binary else self._out_shape[:1]
        check_matrix(label, "labels", shape, None, "int32")
        check_matrix(node, "nodes", vector(node, "nodes"), None, "int32")
        return label, node

    def step(self, labels: Any = None, nodes: Any = None) -> float:
        """One update; the loss before it. `labels`: int32 [nodes], a column of
        the output each; of "bce" [nodes, out_dim] of 0 and 1. `nodes`: int32
        [n], those that the loss is over. Left out, those of the step before,
        which must not have changed: then a GPU's need no comparison."""
        again = labels is None and nodes is None
        targets = None if again else self._read_targets(labels, nodes)
        given = (None, None, 0) if targets is None else \
            (targets[0].address, targets[1].address, targets[1].shape[0])
        loss = ctypes.c_float()
        with self._alone() as address:
            call("gnnac_trainer_step", address, *given, ctypes.addressof(loss))
            self._targets = targets or self._targets  # their owners live on
        return loss.value

    def predict(self, out: Any = None) -> Any:
        """The network's output without dropout: float32 [nodes, out_dim], which
        is `out` or a new NumPy array."""
        y: Float32 = np.empty(self._out_shape, np.float32) \
            if out is None else out
        result = view_of(y, "out")
        check_matrix(result, "out", self._out_shape, None)
        check_output(result, "out", *self._x)
        with self._alone() as address:
            call("gnnac_trainer_predict", address, result.address)
        return y

    @property
    def steps(self) -> int:
        """Updates so far, those before a load included."""
        with self._alone() as address:
            return int(loaded().gnnac_trainer_n_steps(address))

    @property
    def kept_step(self) -> int:
        """The step that keep() was called after, or -1."""
        with self._alone() as address:
            return int(loaded().gnnac_trainer_kept_step(address))

    def keep(self) -> None:
        """Remember the present weights, in place of those before."""
        with self._alone() as address:
            loaded().gnnac_trainer_keep(address)

    def recall(self) -> None:
        """Make the remembered weights the present ones."""
        with self._alone() as address:
            call("gnnac_trainer_recall", address)

    def save(self, path: str | os.PathLike[str]) -> None:
        """All that the next step depends on but the options, as a safetensors
        file; the weights alone are Model.save_weights's."""
        name = plain_text(os.fsencode(path), "the path")
        with self._alone() as address:
            call("gnnac_trainer_save", address, name)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on from a saved state. A load that fails changes nothing."""
        name = plain_text(os.fsencode(path), "the path")
        with self._alone() as address:
            call("gnnac_trainer_load", address, name)
