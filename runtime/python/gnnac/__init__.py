"""gnnac: graph neural networks compiled for one graph.

    import gnnac, numpy
    bundle = gnnac.compile(edge_index, model="gcn", dim=1433, classes=7)
    model = gnnac.Model(gnnac.Context(), bundle)
    model.load_weights("weights.safetensors")
    y = model.run(x)                                # NumPy in, NumPy out

README.md has the contract. Needs libgnnac; the `gnnac` program only for
compile().
"""

from ._bundle import Bundle
from ._compile import compile, compile_operators
from ._context import Context
from ._graph import Graph
from ._model import Input, Model
from ._operators import (aggregate, aggregate_backward, attention,
                         attention_backward, sddmm, sddmm_backward)
from ._trainer import Trainer
from ._version import __version__
from .errors import (CompileError, DatabaseError, DeviceError, Error,
                     FileError, InternalError, LibraryError, NotFoundError,
                     OutOfMemoryError, ResultError, Status, UnsupportedError,
                     UsageError)

__all__ = [
    "Bundle", "CompileError", "Context", "DatabaseError", "DeviceError",
    "Error", "FileError", "Graph", "Input", "InternalError", "LibraryError",
    "Model", "NotFoundError", "OutOfMemoryError", "ResultError", "Status", "Trainer",
    "UnsupportedError", "UsageError", "__version__", "aggregate",
    "aggregate_backward", "attention", "attention_backward", "compile",
    "compile_operators", "sddmm", "sddmm_backward",
]
