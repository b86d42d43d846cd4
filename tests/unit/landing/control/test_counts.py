"""Counts that include the header or the trailer."""

from __future__ import annotations

import pytest
from tests.support.go_files import GO

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.counts import expected_data_records


@pytest.mark.parametrize(
    ("count", "includes", "header", "trailer", "expected"),
    [
        (5, (), True, True, 5),
        (5, ("header",), True, True, 4),
        (5, ("header", "trailer"), True, True, 3),
        (5, ("header", "trailer"), False, True, 4),
        (5, ("trailer",), True, False, 5),
        (2, ("header", "trailer"), True, True, 0),
        (0, (), True, True, 0),
    ],
)
def test_expected_data_records(
    count: int, includes: tuple[str, ...], header: bool, trailer: bool, expected: int
) -> None:
    assert expected_data_records(count, includes, header, trailer) == expected


def test_a_count_smaller_than_what_it_includes_is_refused() -> None:
    with pytest.raises(TerminalError) as caught:
        expected_data_records(1, ("header", "trailer"), True, True, file=GO, line=3)
    assert caught.value.code is ErrorCode.GO_FILE_BAD_COUNT
    assert (caught.value.detail.file, caught.value.detail.line) == (GO, 3)
    with pytest.raises(TerminalError) as caught:
        expected_data_records(
            0, ("header",), True, False, code=ErrorCode.TRAILER_BAD_COUNT, file="x.csv"
        )
    assert caught.value.code is ErrorCode.TRAILER_BAD_COUNT
