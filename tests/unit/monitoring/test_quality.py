"""Figures of quality."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.monitoring.quality import QualityFigures

COUNTS = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("total", "valid", "score"),
    [
        (0, 0, None),
        (125_000, 124_850, 99.88),
        (1, 1, 100.0),
        (10**9, 10**9 - 1, 99.99),
        (3, 2, 66.66),
        (7, 0, 0.0),
    ],
)
def test_a_score_is_never_better_than_it_is(total: int, valid: int, score: float | None) -> None:
    assert QualityFigures(total_records=total, valid_records=valid).score == score


@given(COUNTS, COUNTS)
def test_only_what_is_all_valid_has_a_hundred(valid: int, bad: int) -> None:
    figures = QualityFigures(total_records=valid + bad, valid_records=valid)
    if figures.score is not None:
        assert (figures.score == 100) == (not bad)
        assert 0 <= figures.score <= 100


def test_figures_add_up() -> None:
    one = QualityFigures(
        total_records=10, valid_records=7, missing_fields=1, invalid_types=2, duplicates=3
    )
    both = one + QualityFigures(total_records=1, valid_records=1, duplicates=4)
    assert both == QualityFigures(
        total_records=11, valid_records=8, missing_fields=1, invalid_types=2, duplicates=7
    )
    assert (one.issues, both.issues) == (6, 10)
