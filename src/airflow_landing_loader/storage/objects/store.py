"""What a zone needs of an object store, and the errors that it may meet there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from io import RawIOBase
from typing import IO, ParamSpec, Protocol, TypeVar

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.trouble import Trouble, trouble_of_connection

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """One object as the store knows it, content unread.

    :param key: its whole name in the bucket.
    :param size: bytes.
    :param updated_ns: when it was written, nanoseconds since the epoch.
    :param token: what tells it from an earlier or later object of the same key: its generation, or
        the nearest thing to one that the store has.
    :param checksum: of its content as the store computed it; ``None`` if it is not known.
    :param origin: token of the file that a mover of ours made it from.
    """

    key: str
    size: int
    updated_ns: int
    token: str
    checksum: str | None = None
    origin: str | None = None


class StoreError(Exception):
    """The store does not do what it is asked for, and may do it later.

    :param why: a sentence without its full stop.
    :param hint: what to do about it.
    :param trouble: what sort of trouble it is, if that is known.
    """

    def __init__(self, why: str, hint: str, trouble: Trouble | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint
        self.trouble = trouble


class GoneError(Exception):
    """The object, in the generation that is asked for, is not there."""


class TakenError(Exception):
    """Another object has the key."""


def copied_badly() -> StoreError:
    """The copy is not what its source is; it has been taken back."""
    return StoreError(
        "the copy has another size or checksum than its source",
        "Nothing was removed; it is tried again.",
    )


def translating(
    errors: tuple[type[Exception], ...], explain: Callable[[Exception], StoreError]
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A decorator that raises what a store's own client raises as :class:`StoreError`.

    :param errors: what the client raises.
    :param explain: says it in words.
    """

    def translated(method: Callable[_P, _R]) -> Callable[_P, _R]:
        @wraps(method)
        def call(*arguments: _P.args, **keys: _P.kwargs) -> _R:
            try:
                return method(*arguments, **keys)
            except errors as error:
                raise explain(error) from error

        return call

    return translated


class ObjectStore(Protocol):
    """One bucket.

    Every method may raise :class:`StoreError`. Whatever writes is safe to repeat: it never puts
    one object over another, and never removes another generation than the one it is told.
    """

    @property
    def uri(self) -> str:
        """``gs://bucket``, ``s3://bucket`` or ``az://container``."""
        ...

    @property
    def settles(self) -> bool:
        """Whether an object may be listed while it is still being written."""
        ...

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Objects whose key begins with ``prefix`` and has no ``/`` behind it, in key order."""
        ...

    def require(self, prefix: str) -> None:
        """Make sure that the bucket can be listed."""
        ...

    def look_up(self, key: str) -> StoredObject | None:
        """The object of a key as it is now."""
        ...

    def read(self, key: str, token: str, start: int, size: int) -> bytes:
        """``size`` bytes (1 or more) from ``start`` on, fewer at the end of the object.

        :raises GoneError: that generation is not there any more.
        """
        ...

    def create(
        self, key: str, content: IO[bytes] | RawIOBase, *, origin: str | None = None
    ) -> StoredObject:
        """Write a new object, all of it or nothing; what arrives is verified by checksum.

        :raises TakenError: the key has an object.
        """
        ...

    def replace(self, key: str, content: bytes) -> None:
        """Write a small object, over an earlier one if there is one."""
        ...

    def copy(self, source: ObjectStore, found: StoredObject, key: str) -> StoredObject | None:
        """Copy one generation to a new key without moving its bytes through this machine.

        :param source: the store that has it.
        :return: the copy, of equal size and checksum; ``None`` if this store cannot copy from that
            one.
        :raises GoneError: that generation is not there any more.
        :raises TakenError: the key has an object.
        """
        ...

    def delete(self, key: str, token: str) -> bool:
        """Delete one generation; ``False`` if the key has another one, or none."""
        ...


@contextmanager
def explained(code: ErrorCode, what: str, *, file: str | None = None) -> Iterator[None]:
    """Raise :class:`StoreError` as our transient error.

    :param code: ``ZONE_UNAVAILABLE``, ``ZONE_UNWRITABLE`` or ``LANDING_UNREADABLE``.
    :param what: what could not be done, the beginning of a sentence.
    :param file: name of the file that it is about.
    """
    try:
        yield
    except StoreError as error:
        raise TransientError(
            code, f"{what}: {error.why}.", hint=error.hint, file=file, trouble=error.trouble
        ) from error
    except OSError as error:
        # Of the connection, where the store's client hands it on as it is.
        hint = "Look at the network between here and the store; it is tried again."
        why = error.strerror or type(error).__name__
        raise TransientError(
            code, f"{what}: {why}.", hint=hint, file=file, trouble=trouble_of_connection(error)
        ) from error
