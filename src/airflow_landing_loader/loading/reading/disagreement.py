"""What is said where the engine does not find in a file what the inspection has found."""

from __future__ import annotations

from airflow_landing_loader.exceptions import ErrorCode, TerminalError


def reader_disagrees(
    what: str = "the CSV reader does not agree with the inspection of this file",
    *,
    file: str | None,
    value: str | None = None,
) -> TerminalError:
    """The error for such a file, of which nothing is loaded.

    :param what: in words, without a cell's value.
    :param value: the engine's own text, which may hold one.
    """
    return TerminalError(
        ErrorCode.LOAD_READER_DISAGREES,
        what,
        hint="Keep the file and report it with its mapping; see docs/csv.md for the grammar.",
        file=file,
        value=value,
    )
