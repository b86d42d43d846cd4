"""The type that is proposed for a drift column."""

from __future__ import annotations

import pytest

from airflow_landing_loader.loading.columns.promotion import Found


def _found(**fits: int) -> Found:
    numbers = {"numbers": 0, "padded": 0, "before": 0, "behind": 0}
    types = dict.fromkeys(("BOOLEAN", "DATE", "TIMESTAMP", "BIGINT", "DOUBLE"), 3)
    return Found(
        filled=fits.pop("filled", 3),
        **(numbers | {k: v for k, v in fits.items() if k in numbers}),
        unfit=types | {k: v for k, v in fits.items() if k in types},
    )


@pytest.mark.parametrize(
    ("found", "type_"),
    [
        (_found(filled=0, BIGINT=0, BOOLEAN=0), "VARCHAR"),
        (_found(), "VARCHAR"),
        (_found(BOOLEAN=0), "BOOLEAN"),
        (_found(DATE=0), "DATE"),
        (_found(TIMESTAMP=0), "TIMESTAMP"),
        (_found(BIGINT=0, DOUBLE=0, numbers=3, before=2), "BIGINT"),
        (_found(BIGINT=0, DOUBLE=0, numbers=3, before=2, padded=1), "VARCHAR"),
        (_found(DOUBLE=0, numbers=3, before=2, behind=4), "DECIMAL(6,4)"),
        (_found(DOUBLE=0, numbers=3, before=20), "DECIMAL(20,0)"),
        (_found(DOUBLE=0, numbers=3, before=30, behind=9), "VARCHAR"),
        (_found(DOUBLE=0, numbers=2, before=2, behind=4), "DOUBLE"),
        (_found(DOUBLE=1, numbers=2), "VARCHAR"),
    ],
)
def test_the_narrowest_type_that_loses_nothing(found: Found, type_: str) -> None:
    assert found.proposed == type_
