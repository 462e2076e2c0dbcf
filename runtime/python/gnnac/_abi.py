"""gnnac.h as ctypes sees it: its structs and one row per function.

The test `abi` parses the header and compares: a function added there needs a
row here.
"""

from __future__ import annotations

import ctypes
from ctypes import (POINTER, Structure, c_char, c_char_p, c_float, c_int,
                    c_int32, c_int64, c_size_t, c_uint64, c_void_p)
from typing import Any


class ErrorText(Structure):
    """gnnac_error"""

    _fields_ = [("msg", c_char * 1024)]


class ContextOptions(Structure):
    """gnnac_context_options"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("device", c_char_p),
        ("n_threads", c_int32),
        ("reserved", c_int32),
    ]


class BundleInfo(Structure):
    """gnnac_bundle_info"""

    _fields_ = [
        ("n_nodes", c_int64),
        ("n_edges", c_int64),
        ("in_dim", c_int64),
        ("out_dim", c_int64),
        ("n_layers", c_int32),
        ("model", c_char_p),
        ("fingerprint", c_char_p),
        ("manifest", c_char_p),
    ]


class TrainOptions(Structure):
    """gnnac_train_options"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("optimizer", c_int),
        ("decay_layers", c_int32),
        ("learn_eps", c_int32),
        ("lr", c_float),
        ("weight_decay", c_float),
        ("dropout", c_float),
        ("momentum", c_float),
        ("beta1", c_float),
        ("beta2", c_float),
        ("epsilon", c_float),
        ("seed", c_uint64),
        ("attention_dropout", c_float),
        ("loss", c_int),
    ]


class Features(Structure):
    """gnnac_features"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("dense", c_void_p),
        ("rowptr", c_void_p),
        ("colidx", c_void_p),
        ("values", c_void_p),
        ("form", c_int),
    ]


class Edges(Structure):
    """gnnac_edges"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("n_nodes", c_int64),
        ("n_edges", c_int64),
        ("rowptr", c_void_p),
        ("colidx", c_void_p),
        ("src", c_void_p),
        ("dst", c_void_p),
        ("drop_self_loops", c_int32),
        ("reserved", c_int32),
    ]


class PlanOptions(Structure):
    """gnnac_plan_options"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("op", c_int),
        ("reduce", c_int),
        ("dim", c_int32),
        ("heads", c_int32),
        ("weighted", c_int32),
        ("backward", c_int32),
        ("kernels", c_void_p),
    ]


class Operands(Structure):
    """gnnac_operands"""

    _fields_ = [
        ("struct_size", c_size_t),
        ("x", c_void_p),
        ("y", c_void_p),
        ("weight", c_void_p),
        ("kept", c_void_p),
    ]


class Gradients(Structure):
    """gnnac_gradients"""

    _fields_ = Operands._fields_[:-1]


STRUCTS: dict[str, type[Structure]] = {
    "gnnac_error": ErrorText,
    "gnnac_context_options": ContextOptions,
    "gnnac_bundle_info": BundleInfo,
    "gnnac_train_options": TrainOptions,
    "gnnac_features": Features,
    "gnnac_edges": Edges,
    "gnnac_plan_options": PlanOptions,
    "gnnac_operands": Operands,
    "gnnac_gradients": Gradients,
}

# Objects, matrices and memory are untyped addresses here; _views.py checks
# what they point to.
_HANDLE = _MATRIX = _MEMORY = _STREAM = c_void_p
_OUT = POINTER(c_void_p)
_ERROR = POINTER(ErrorText)
_STATUS = c_int

# name: (type of the result, types of the arguments)
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "gnnac_status_string": (c_char_p, [c_int]),
    "gnnac_context_create": (_STATUS, [POINTER(ContextOptions), _OUT, _ERROR]),
    "gnnac_context_destroy": (None, [_HANDLE]),
    "gnnac_context_device": (c_char_p, [_HANDLE]),
    "gnnac_context_is_cuda": (c_int, [_HANDLE]),
    "gnnac_bundle_open": (_STATUS, [c_char_p, _OUT, _ERROR]),
    "gnnac_bundle_open_memory": (_STATUS, [_MEMORY, c_size_t, _OUT, _ERROR]),
    "gnnac_bundle_close": (None, [_HANDLE]),
    "gnnac_bundle_get_info": (None, [_HANDLE, POINTER(BundleInfo)]),
    "gnnac_model_create": (_STATUS, [_HANDLE, _HANDLE, _OUT, _ERROR]),
    "gnnac_model_destroy": (None, [_HANDLE]),
    "gnnac_model_load_level": (c_char_p, [_HANDLE]),
    "gnnac_model_load_weights": (_STATUS, [_HANDLE, c_char_p, _ERROR]),
    "gnnac_model_init_weights": (_STATUS, [_HANDLE, c_uint64, _ERROR]),
    "gnnac_model_save_weights": (_STATUS, [_HANDLE, c_char_p, _ERROR]),
    "gnnac_model_set_math": (_STATUS, [_HANDLE, c_int, _ERROR]),
    "gnnac_model_workspace_size": (c_size_t, [_HANDLE]),
    "gnnac_model_forward": (
        _STATUS,
        [_HANDLE, _MATRIX, _MATRIX, _MEMORY, c_size_t, _STREAM, _ERROR],
    ),
    "gnnac_model_run": (_STATUS, [_HANDLE, _MATRIX, _MATRIX, _ERROR]),
    "gnnac_model_reference": (
        _STATUS,
        [_HANDLE, _MATRIX, _MATRIX, _MATRIX, _ERROR],
    ),
    "gnnac_input_create": (
        _STATUS,
        [_HANDLE, POINTER(Features), _OUT, _ERROR],
    ),
    "gnnac_input_destroy": (None, [_HANDLE]),
    "gnnac_input_is_sparse": (c_int, [_HANDLE]),
    "gnnac_input_workspace_size": (c_size_t, [_HANDLE]),
    "gnnac_input_forward": (
        _STATUS,
        [_HANDLE, _MATRIX, _MEMORY, c_size_t, _STREAM, _ERROR],
    ),
    "gnnac_input_run": (_STATUS, [_HANDLE, _MATRIX, _ERROR]),
    "gnnac_input_reference": (_STATUS, [_HANDLE, _MATRIX, _MATRIX, _ERROR]),
    "gnnac_trainer_create": (
        _STATUS,
        [_HANDLE, POINTER(Features), POINTER(TrainOptions), _OUT, _ERROR],
    ),
    "gnnac_trainer_destroy": (None, [_HANDLE]),
    "gnnac_trainer_step": (
        _STATUS,
        [_HANDLE, _MATRIX, _MATRIX, c_int64, _MATRIX, _ERROR],
    ),
    "gnnac_trainer_predict": (_STATUS, [_HANDLE, _MATRIX, _ERROR]),
    "gnnac_trainer_n_steps": (c_int64, [_HANDLE]),
    "gnnac_trainer_keep": (None, [_HANDLE]),
    "gnnac_trainer_recall": (_STATUS, [_HANDLE, _ERROR]),
    "gnnac_trainer_kept_step": (c_int64, [_HANDLE]),
    "gnnac_trainer_save": (_STATUS, [_HANDLE, c_char_p, _ERROR]),
    "gnnac_trainer_load": (_STATUS, [_HANDLE, c_char_p, _ERROR]),
    "gnnac_graph_create": (_STATUS, [_HANDLE, POINTER(Edges), _OUT, _ERROR]),
    "gnnac_graph_destroy": (None, [_HANDLE]),
    "gnnac_plan_create": (
        _STATUS,
        [_HANDLE, POINTER(PlanOptions), _OUT, _ERROR],
    ),
    "gnnac_plan_destroy": (None, [_HANDLE]),
    "gnnac_plan_workspace_size": (c_size_t, [_HANDLE]),
    "gnnac_plan_forward": (
        _STATUS,
        [_HANDLE, POINTER(Operands), _MATRIX, _MEMORY, c_size_t, _STREAM,
         _ERROR],
    ),
    "gnnac_plan_backward": (
        _STATUS,
        [_HANDLE, POINTER(Operands), _MATRIX, _MATRIX, POINTER(Gradients),
         _MEMORY, c_size_t, _STREAM, _ERROR],
    ),
}


def declare(library: ctypes.CDLL) -> None:
    """Give the library's functions their types. AttributeError names one that
    the library lacks."""
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
