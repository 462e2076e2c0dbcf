"""libgnnac, opened at its first use, and the objects it makes.

ctypes releases the interpreter's lock during every call. Opening is
thread-safe.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
import weakref
from collections.abc import Callable
from typing import Any

from ._abi import ErrorText, declare
from ._find import library_candidates
from .errors import LibraryError, Status, error_of, usage

_opening = threading.Lock()
_library: ctypes.CDLL | None = None


def _open_library() -> ctypes.CDLL:
    faults = []
    for name in library_candidates():
        try:
            found = ctypes.CDLL(name)
            declare(found)
        except OSError as why:  # the loader's text names the file
            faults.append(str(why))
        except AttributeError as why:
            faults.append(f"{name}: another version of libgnnac: {why}")
        else:
            return found
    raise LibraryError(
        Status.ENOENT,
        "libgnnac is not found: install it, or set GNNAC_LIBRARY to its path "
        f"({'; '.join(faults)})")


def loaded() -> ctypes.CDLL:
    """The shared library; LibraryError where there is none that fits."""
    global _library
    if _library is None:
        with _opening:
            if _library is None:
                _library = _open_library()
    return _library


def call(name: str, *arguments: Any) -> None:
    """Call a function that returns a status; raise what it reports."""
    text = ErrorText()
    status = getattr(_library or loaded(), name)(*arguments,
                                                 ctypes.byref(text))
    if status:
        what = text.msg or loaded().gnnac_status_string(status)
        raise error_of(status, what.decode("utf-8", "replace"))


def text_of(value: bytes) -> str:
    """A text that the library returned."""
    return value.decode("utf-8", "replace")


def _finish(destroy: Callable[[int], None], address: int, busy: threading.Lock,
            needs: tuple[Handle, ...]) -> None:
    # Only at the interpreter's end can a thread still be inside a call; it
    # ends first. `needs` live until here: what an object depends on is
    # destroyed after it.
    with busy:
        destroy(address)
    del needs


class Handle(contextlib.AbstractContextManager[int]):
    """One object of the library. It is destroyed when the last reference to
    the handle goes, or at the interpreter's end (youngest first, so models
    before their bundles and contexts)."""

    def __init__(self, create: str, destroy: str, *arguments: Any,
                 needs: tuple[Handle, ...] = ()) -> None:
        out = ctypes.c_void_p()
        call(create, *arguments, ctypes.byref(out))
        assert out.value is not None
        self._address = out.value
        self._busy = threading.Lock()
        self._end = weakref.finalize(
            self, _finish, getattr(loaded(), destroy), out.value, self._busy,
            needs)

    def use(self) -> contextlib.AbstractContextManager[int]:
        """The address, for one thread at a time."""
        return self

    def __enter__(self) -> int:
        self._busy.acquire()
        if self._end.alive:
            return self._address
        self._busy.release()
        raise usage("the interpreter is ending")

    def __exit__(self, *_: object) -> None:
        self._busy.release()


class Owner:
    """What Context, Bundle and Model share: close() and `with`."""

    _handle: Handle | None = None

    def close(self) -> None:
        """Give the object up; a second time does nothing. What others still
        need of it lives until they are closed, too."""
        self._handle = None

    @property
    def closed(self) -> bool:
        """Was close() called?"""
        return self._handle is None

    def _open_handle(self) -> Handle:
        handle = self._handle
        if handle is None:
            raise usage(f"the {type(self).__name__.lower()} is closed")
        return handle

    def _use(self) -> contextlib.AbstractContextManager[int]:
        return self._open_handle().use()
