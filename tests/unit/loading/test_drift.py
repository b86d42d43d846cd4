from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.drift import TableColumn, plan_columns


def table(*names: str) -> tuple[TableColumn, ...]:
    return tuple(TableColumn(n, "VARCHAR") for n in names)


def test_known_extra_and_missing_columns() -> None:
    plan = plan_columns(
        ("New1", "SYMBOL", "new2"), table("id", "symbol", "_load_id", "_extra"), file="f"
    )
    assert [(i, c.name) for i, c in plan.known] == [(1, "symbol")]
    assert plan.extra == ((0, "New1"), (2, "new2"))
    assert [c.name for c in plan.missing] == ["id"]
    assert not plan.lacks_most


def test_a_table_that_knows_no_column_refuses_the_file() -> None:
    with pytest.raises(TerminalError) as caught:
        plan_columns(("x", "y"), table("a", "_load_id"), file="f.csv")
    assert caught.value.code is ErrorCode.HEADER_NO_KNOWN_COLUMN
    assert "a" in caught.value.detail.message


def test_lacking_more_than_half_is_told() -> None:
    assert plan_columns(("a",), table("a", "b", "c"), file="f").lacks_most
    assert not plan_columns(("a", "b"), table("a", "b", "c", "d"), file="f").lacks_most


_NAMES = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True)


@given(file=_NAMES, in_table=_NAMES)
def test_every_column_goes_to_exactly_one_place(file: list[str], in_table: list[str]) -> None:
    upper = [name.upper() for name in in_table]
    if not set(file) & set(in_table):
        return
    plan = plan_columns(file, table(*upper), file="f")
    from_file = [i for i, _ in plan.known] + [i for i, _ in plan.extra]
    assert sorted(from_file) == list(range(len(file)))
    filled = [c.name for _, c in plan.known] + [c.name for c in plan.missing]
    assert sorted(filled) == sorted(upper)
    assert [i for i, _ in plan.extra] == sorted(i for i, _ in plan.extra)
