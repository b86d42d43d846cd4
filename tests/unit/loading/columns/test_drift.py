from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.columns.drift import ColumnPlan, Owners, TableColumn
from airflow_landing_loader.loading.columns.drift import plan_columns as plan_file_columns
from airflow_landing_loader.loading.columns.names import file_columns


def plan_columns(
    names: Sequence[str],
    table: Sequence[TableColumn],
    *,
    file: str,
    owners: Owners | None = None,
    rename: dict[str, str] | None = None,
) -> ColumnPlan:
    columns = file_columns(names, rename, file=file)
    return plan_file_columns(columns, table, owners or {}, file=file)


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


def test_a_column_that_the_mapping_adds_makes_no_file_known() -> None:
    columns = file_columns(("x", "y"), None, ("part",), file="f.csv")
    with pytest.raises(TerminalError, match="none of the file's 2 columns") as caught:
        plan_file_columns(columns, table("a", "part"), {}, file="f.csv")
    assert caught.value.code is ErrorCode.HEADER_NO_KNOWN_COLUMN


def test_what_the_table_generates_is_left_to_it() -> None:
    of_table = (*table("id", "x", "_load_id"), TableColumn("G", "VARCHAR", generated=True))
    plan = plan_columns(("id", "y"), of_table, file="f")
    assert ([c.name for _, c in plan.known], plan.extra) == (["id"], ((1, "y"),))
    assert [c.name for c in plan.missing] == ["x"]
    for names in (("id", "g"), ("g",)):
        with pytest.raises(TerminalError) as caught:
            plan_columns(names, of_table, file="f.csv")
        assert caught.value.code is ErrorCode.LOAD_TABLE_UNFIT
        assert (caught.value.detail.column, caught.value.detail.file) == ("g", "f.csv")


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


def test_a_column_belongs_to_the_name_that_made_it() -> None:
    first = plan_columns(("id", "Yield %"), table("id", "Yield__"), file="f")
    assert first.owners == {"id": "id", "yield__": "Yield %"}
    assert first.owned == {0: "id", 1: "Yield %"}
    second = plan_columns(("id", "Yield $"), table("id", "Yield__"), file="f", owners=first.owners)
    assert second.extra == ((1, "Yield $"),)
    assert [c.name for c in second.missing] == ["Yield__"]
    assert not second.owned
    assert "'Yield %'" in second.taken[0].sentence()
    third = plan_columns(("YIELD %", "id"), table("id", "Yield__"), file="f", owners=first.owners)
    assert [i for i, _ in third.known] == [1, 0]


def test_a_column_of_an_earlier_rule_stays_its_names() -> None:
    owners = {"____": "Цена"}
    plan = plan_columns(("Дата", "Цена"), table("____", "x"), file="f", owners=owners)
    assert [(i, c.name) for i, c in plan.known] == [(1, "____")]
    assert plan.extra == ((0, "Дата"),)


def test_what_the_mapping_names_goes_to_the_column_of_that_name() -> None:
    owners = {"a_b": "a b"}
    plan = plan_columns(("px",), table("a_b"), file="f", owners=owners, rename={"px": "a_b"})
    assert [(i, c.name) for i, c in plan.known] == [(0, "a_b")]
    assert plan.owners == owners
    with pytest.raises(TerminalError) as caught:
        plan_columns(
            ("a b", "x"), table("c", "d"), file="f", owners={"c": "a b"}, rename={"x": "c"}
        )
    assert caught.value.code is ErrorCode.HEADER_NAME_COLLISION


_WRITTEN = st.text("aA _-.%$éЖß1", min_size=1, max_size=4).map(clean_name).filter(bool)


@given(st.lists(st.lists(_WRITTEN, min_size=1, max_size=4), min_size=2, max_size=6))
def test_no_two_names_ever_share_a_column(headers: list[list[str]]) -> None:
    there: tuple[TableColumn, ...] = ()
    owners: Owners = {}
    filled: dict[str, str] = {}
    for header in headers:
        try:
            columns = file_columns(header, file="f")
            there = there or table(*(column.column for column in columns))
            plan = plan_file_columns(columns, there, owners, file="f")
        except TerminalError:
            continue
        owners = plan.owners
        for index, column in plan.known:
            assert filled.setdefault(column.name, same(header[index])) == same(header[index])
        assert plan.extra == tuple((i, header[i]) for i, _ in plan.extra)


def test_a_file_without_columns_lacks_none() -> None:
    plan = plan_columns((), table("id", "a"), file="f")
    assert (plan.known, plan.extra, plan.missing) == ((), (), ())


def test_new_owners_are_told_by_column() -> None:
    plan = plan_columns(("Id", "Yield %"), table("id", "Yield__"), file="f", owners={"id": "id"})
    assert plan.new_owners == {"yield__": "Yield %"}
