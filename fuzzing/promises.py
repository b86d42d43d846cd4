"""What every refusal promises, whatever it refuses."""

from __future__ import annotations

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail

_CODES = frozenset(code.value for code in ErrorCode)


def check_refusal(detail: ErrorDetail, *, lines: int, areas: tuple[str, ...]) -> None:
    """Hold a refusal against its input.

    :param detail: what was said.
    :param lines: physical lines of the input.
    :param areas: what its code may begin with.
    :raises AssertionError: it does not explain itself, or points outside of the input.
    """
    assert detail.code in _CODES, detail.code
    assert detail.code.split(".")[0] in areas, f"{detail.code} is none of {areas}"
    assert detail.message, "no message"
    assert detail.text().isprintable(), "more than one line of plain text"
    if detail.line is not None:
        assert 1 <= detail.line <= lines, f"line {detail.line} of {lines}"
    if detail.record is not None:
        assert 1 <= detail.record <= lines, f"record {detail.record} in {lines} lines"
    if isinstance(detail.column, int):
        assert detail.column >= 1, f"column {detail.column}"
