"""What can go wrong: one exception class per family of status codes.

Every failure of the library, of the `gnnac` program and of the checks in
Python is an `Error` with a `status` and a one-line `message`.
"""

from __future__ import annotations

import enum


class Status(enum.IntEnum):
    """gnnac_status of gnnac.h, without the prefix GNNAC_."""

    OK = 0
    EUSAGE = 1
    EIO = 2
    EFORMAT = 3
    ENOMEM = 4
    ENOENT = 5
    EUNSUPPORTED = 6
    ENODEVICE = 7
    EDRIVER = 8
    ECOMPILE = 9
    EWRONG = 10
    ENOISY = 11
    EDB = 12
    EINTERNAL = 13


class Error(Exception):
    """A failure; the subclass says of which family."""

    status: Status
    message: str

    def __init__(self, status: Status | int, message: str) -> None:
        super().__init__(status, message)
        self.status = Status(status)
        self.message = message

    def __str__(self) -> str:
        return self.message


class UsageError(Error, ValueError):
    """The caller's arguments make no sense."""


class FileError(Error):
    """A file cannot be read or written, or its content is damaged."""


class NotFoundError(Error, LookupError):
    """A named thing does not exist."""


class LibraryError(NotFoundError):
    """libgnnac or the `gnnac` program is not found or does not fit."""


class OutOfMemoryError(Error, MemoryError):
    """Out of host or device memory."""


class UnsupportedError(Error):
    """Valid, but not implemented or not possible here."""


class DeviceError(Error):
    """No such GPU, no driver, or the driver refused a call."""


class CompileError(Error):
    """A kernel does not compile."""


class ResultError(Error):
    """A result is outside its error bound, or too noisy to use."""


class DatabaseError(Error):
    """The tuning database cannot be used."""


class InternalError(Error):
    """A bug in gnnac."""


_FAMILY: dict[Status, type[Error]] = {
    Status.EUSAGE: UsageError,
    Status.EIO: FileError,
    Status.EFORMAT: FileError,
    Status.ENOMEM: OutOfMemoryError,
    Status.ENOENT: NotFoundError,
    Status.EUNSUPPORTED: UnsupportedError,
    Status.ENODEVICE: DeviceError,
    Status.EDRIVER: DeviceError,
    Status.ECOMPILE: CompileError,
    Status.EWRONG: ResultError,
    Status.ENOISY: ResultError,
    Status.EDB: DatabaseError,
    Status.EINTERNAL: InternalError,
}


def error_of(status: Status | int, message: str) -> Error:
    """The exception for a status; one that is newer than we is internal."""
    try:
        known = Status(status)
    except ValueError:
        known, message = Status.EINTERNAL, f"status {status}: {message}"
    return _FAMILY.get(known, InternalError)(known, message)


def usage(message: str) -> UsageError:
    """The caller's arguments make no sense: `message` says why."""
    return UsageError(Status.EUSAGE, message)
