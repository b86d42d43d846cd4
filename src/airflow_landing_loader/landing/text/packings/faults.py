"""What may be wrong with a compressed stream, and how it is told."""

from __future__ import annotations

from airflow_landing_loader.exceptions import ErrorCode, TerminalError

PIECE_BYTES = 256 * 1024
"""Decompressed bytes are handed on in pieces of about this size."""


def cut(name: str, kind: str) -> TerminalError:
    """The error for a stream that ends too early."""
    return TerminalError(
        ErrorCode.COMPRESSION_CUT,
        f"The {kind} stream ends before its end mark: the file was cut.",
        hint="Ask the sender to deliver the file again, whole.",
        file=name,
    )


def corrupt(
    name: str, kind: str, reason: str, *, hint: str = "Ask the sender to deliver the file again."
) -> TerminalError:
    """The error for a stream that cannot be what its sender has packed.

    :param reason: as the end of a sentence.
    """
    return TerminalError(
        ErrorCode.COMPRESSION_CORRUPT,
        f"The {kind} stream is damaged: {reason}.",
        hint=hint,
        file=name,
    )


def after_end(name: str, kind: str, rest: bytes, magic: bytes) -> TerminalError:
    """The error for bytes that follow the end of a stream.

    :param rest: the first of them, as many as the magic has if there are so many.
    :param magic: what another stream of the kind would begin with; empty if there is none.
    """
    if magic.startswith(rest):
        return cut(name, kind)
    return TerminalError(
        ErrorCode.COMPRESSION_TRAILING_BYTES,
        f"Bytes that are not {kind} follow the end of the {kind} stream.",
        hint="Ask the sender to deliver the file again, without padding or appended text.",
        file=name,
    )
