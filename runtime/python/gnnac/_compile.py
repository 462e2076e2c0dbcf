"""Bundles from edges, by the `gnnac` program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._bundle import Bundle
from ._context import whole
from ._find import find_program
from ._views import torch_of
from .errors import Error, LibraryError, Status, error_of, usage

PathText = str | os.PathLike[str]

# What the program's exit statuses mean (gnnac(1)). 2 covers all that is wrong
# with an input.
_EXITS = {1: Status.EUSAGE, 2: Status.EFORMAT, 3: Status.ECOMPILE,
          4: Status.EWRONG, 5: Status.ENOISY, 6: Status.EDB,
          7: Status.ENODEVICE, 8: Status.EINTERNAL}
_OUT_OF_MEMORY = "out of memory"
_GIVEN_EDGES = "edge_index"


def _edges(edge_index: Any) -> np.ndarray[Any, Any]:
    if torch_of(edge_index) is not None:
        edge_index = edge_index.detach().cpu().numpy()
    edges = np.asarray(edge_index)
    if edges.ndim != 2 or edges.shape[0] != 2:
        raise usage(f"{_GIVEN_EDGES} has shape {list(edges.shape)}: "
                    "expected [2, edges]")
    if edges.dtype.kind not in "iu":
        raise usage(f"{_GIVEN_EDGES} is {edges.dtype}: expected integers")
    return edges.astype(np.int64, casting="same_kind", copy=False) \
        if edges.dtype.kind == "i" else edges.astype(np.uint64, copy=False)


def _write_graph(edge_index: Any, num_nodes: int | None, folder: str) -> str:
    edges = _edges(edge_index)
    path = os.path.join(folder, _GIVEN_EDGES + ".npz")
    parts: dict[str, Any] = {"edge_index": edges}
    if num_nodes is not None:
        parts["num_nodes"] = np.int64(whole(num_nodes, "num_nodes", 1,
                                            2**31 - 1))
    np.savez(path, **parts)
    return path


def _is_path(value: Any) -> bool:
    return isinstance(value, (str, os.PathLike))


def _argument(name: str, value: Any) -> str:
    """An option; True is one without a value."""
    if value is True:
        return f"--{name}"
    return f"--{name}={os.fspath(value) if _is_path(value) else value}"


def _arguments(options: Mapping[str, Any], rules: Sequence[PathText],
               knobs: Mapping[str, Any]) -> list[str]:
    """Options of `gnnac compile`, but for those that are None or False."""
    return [_argument(k, v) for k, v in options.items()
            if v is not None and v is not False] + \
           [f"--rules={os.fspath(r)}" for r in rules] + \
           [f"--set={k}={v}" for k, v in knobs.items()]


def _failure(done: subprocess.CompletedProcess[str], folder: str) -> Error:
    lines = done.stderr.strip().splitlines()
    line = lines[-1].removeprefix("gnnac: ") if lines else "it said nothing"
    # Callers know their array, not the file that we made of it.
    made = re.escape(os.path.join(folder, _GIVEN_EDGES + ".npz"))
    line = re.sub(rf"{made}(:{_GIVEN_EDGES})?(: byte \d+)?", _GIVEN_EDGES,
                  line)
    status = _EXITS.get(done.returncode)
    if status is None:
        return error_of(Status.EINTERNAL, "gnnac compile ended with status "
                        f"{done.returncode}: {line}")
    if status is Status.EINTERNAL and _OUT_OF_MEMORY in line:
        status = Status.ENOMEM
    return error_of(status, line)


def _run(arguments: list[str], folder: str) -> str:
    """The path of the bundle that the program wrote."""
    program = find_program()
    if any("\0" in a for a in arguments):
        raise usage("an option holds a NUL")
    try:
        done = subprocess.run(
            [program, "compile", "--json", "-q", *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace")
    except OSError as why:
        raise LibraryError(Status.ENOENT,
                           f"{program} cannot be run: {why.strerror}") from why
    if done.returncode:
        raise _failure(done, folder)
    for line in done.stderr.splitlines():
        warnings.warn(line.removeprefix("warning: "), RuntimeWarning,
                      stacklevel=4)
    path: str = json.loads(done.stdout)["bundle"]
    return path


def _compile(edge_index: Any, num_nodes: int | None,
             named: Mapping[str, Any], rules: PathText | Sequence[PathText],
             knobs: Mapping[str, int | str] | None, flags: list[str],
             output: PathText | None) -> Bundle:
    if num_nodes is not None and _is_path(edge_index):
        raise usage('num_nodes is for arrays: options={"nodes": N} for a file')
    with tempfile.TemporaryDirectory(prefix="gnnac-") as folder:
        graph = os.fspath(edge_index) if _is_path(edge_index) \
            else _write_graph(edge_index, num_nodes, folder)
        target = os.fspath(output) if output is not None \
            else os.path.join(folder, "bundle.gnnb")
        arguments = _arguments(
            {**named, "output": target},
            [rules] if isinstance(rules, (str, os.PathLike)) else rules,
            knobs or {})
        _run([*arguments, *flags, "--", str(graph)], folder)
        return Bundle(Path(target))


def compile(edge_index: Any, model: str = "gcn", *, dim: int | None = None,
            hidden: int | None = None, classes: int | None = None,
            layers: int | None = None, num_nodes: int | None = None,
            reorder: PathText | None = None, train: bool = False,
            logits: bool = False, sparse: bool = False,
            residual: bool = False,
            rules: PathText | Sequence[PathText] = (),
            knobs: Mapping[str, int | str] | None = None,
            options: Mapping[str, str | int | bool] | None = None,
            output: PathText | None = None) -> Bundle:
    """Compile a network for a graph with the `gnnac` program.

    `edge_index`: integers [2, edges] (sources, destinations), or the path of a
    graph file. `num_nodes`: of an array; left out, the largest id + 1.
    `model`, `dim`, `hidden`, `classes`, `layers`, `reorder`, `rules`: as the
    options of `gnnac compile`; `knobs` are its --set. `train`: with kernels
    for training on a GPU. `sparse`: with those that read features by sparse
    rows there. `logits`: without log-softmax at the end. `residual`: layers
    between the first and the last add their input (three layers or more).
    `options` are further ones by name: {"arch": "sm_90", "no-fuse": True};
    True is one that takes no value, False and None leave it out.
    `output`: where the bundle is to stay; left out, nothing stays on disk.

    Warnings of the program are RuntimeWarnings. May be called by several
    threads at a time.
    """
    named = {"model": model, "dim": dim, "hidden": hidden, "classes": classes,
             "layers": layers, "reorder": reorder, **(options or {})}
    flags = (["--train"] * train + ["--sparse"] * sparse +
             ["--logits"] * logits + ["--residual"] * residual)
    return _compile(edge_index, num_nodes, named, rules, knobs, flags, output)


def compile_operators(edge_index: Any, operators: Sequence[str], *,
                      num_nodes: int | None = None,
                      rules: PathText | Sequence[PathText] = (),
                      knobs: Mapping[str, int | str] | None = None,
                      options: Mapping[str, str | int | bool] | None = None,
                      output: PathText | None = None) -> Bundle:
    """Compile operators for a graph on a GPU: Graph(kernels=) takes the result.

    `operators`: ["sum:64", "max:16", "attention:8x8"]: a name of aggregate()'s
    `reduce`, "wsum" or "wmean" for those with weights, "sddmm" or "attention",
    and the columns, where there are several heads as heads x columns of each.
    The kernels are chosen for this graph and right on any. All else as for
    compile().
    """
    if isinstance(operators, str) or not operators:
        raise usage('operators is a list such as ["sum:64", "gcn:16"]')
    for one in operators:
        if not isinstance(one, str) or not one.isprintable():
            raise usage(f'operator {one!r}: expected a text such as "sum:64"')
    named = {"ops": ",".join(operators), **(options or {})}
    return _compile(edge_index, num_nodes, named, rules, knobs, [], output)
