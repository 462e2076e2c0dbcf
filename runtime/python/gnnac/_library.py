"""libgnnac, opened at its first use, and the objects it makes.

ctypes releases the interpreter's lock during every call. Opening is
thread-safe.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
import weakref
from collections import deque
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


class Turn:
    """Whose turn it is with an object, and with those that are part of it."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.ending: deque[Callable[[], None]] = deque()  # of its parts

    def end(self, part: Callable[[], None]) -> None:
        """Let a part end when nobody uses the object. Waits for nothing: the
        collector may come here while this very thread does."""
        self.ending.append(part)
        self.sweep()

    def sweep(self) -> None:
        """What is ending ends, unless another thread will see to it."""
        while self.ending and self.busy.acquire(blocking=False):
            try:
                ended = self.end_parts()
            finally:
                self.busy.release()
            del ended  # may be the last that needs the object

    def end_parts(self) -> list[Callable[[], None]]:
        """Those that were ending, which still hold what they need. For whose
        turn it is."""
        ended = []
        while self.ending:
            ended.append(self.ending.popleft())
            ended[-1]()
        return ended


def _end(destroy: Callable[[int], None], address: int, turn: Turn,
         needs: tuple[Handle, ...]) -> None:
    # Only at the interpreter's end can a thread still be inside a call; it
    # ends first. `needs` live until here: what an object depends on is
    # destroyed after it.
    with turn.busy:
        ended = turn.end_parts()
        destroy(address)
    del needs, ended


def _finish(whole: Turn | None, *what: Any) -> None:
    if whole is None:
        _end(*what)
    else:
        whole.end(functools.partial(_end, *what))


class Handle(contextlib.AbstractContextManager[int]):
    """One object of the library. It is destroyed when the last reference to
    the handle goes, or at the interpreter's end (youngest first, so models
    before their bundles and contexts). One that is `part_of` another waits for
    what that one is doing."""

    def __init__(self, create: str, destroy: str, *arguments: Any,
                 needs: tuple[Handle, ...] = (),
                 part_of: Handle | None = None) -> None:
        out = ctypes.c_void_p()
        call(create, *arguments, ctypes.byref(out))
        assert out.value is not None
        self._address = out.value
        self._turn = Turn()
        self._busy = self._turn.busy
        self._end = weakref.finalize(
            self, _finish, part_of._turn if part_of else None,
            getattr(loaded(), destroy), out.value, self._turn, needs)

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
        if self._turn.ending:
            self._turn.sweep()


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
