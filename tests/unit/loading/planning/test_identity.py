from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Delivery, Inspection, Validated
from airflow_landing_loader.loading.planning.identity import (
    AlreadyLoaded,
    DuplicateOf,
    NewLoad,
    PriorLoad,
    decide,
    delivery_id,
    load_id,
)
from airflow_landing_loader.storage.model import LandedFile


def validated(sha256: str, token: str = "t1", name: str = "a_1.csv", **rules: str) -> Validated:
    mapping = TableMapping(pattern="a_*.csv", table="raw_a", **rules)
    data = LandedFile(name=name, path=f"/landing/{name}", size=1, mtime_ns=1, token=token)
    inspection = Inspection(
        sha256=sha256,
        size=1,
        compression="none",
        line_end="\n",
        columns=("x",),
        header_line=1,
        body_start=0,
        body_end=1,
        body_line=2,
        records=1,
        ragged=0,
        longest_record=1,
    )
    return Validated(delivery=Delivery(mapping=mapping, data=data), inspection=inspection)


def history(
    *loads: tuple[str, str], name: str = "a_1.csv", table: str = "raw_a"
) -> list[PriorLoad]:
    """Earlier loads (sha256, token), oldest first, given newest first as a database may."""
    made = [
        PriorLoad(
            load_id=load_id(table, name, sha, *([token] if i else [])),
            filename=name,
            table_name=table,
            sha256=sha,
            delivery_token=token,
            sequence=i,
        )
        for i, (sha, token) in enumerate(loads)
    ]
    return made[::-1]


def test_load_ids_are_pinned() -> None:
    assert load_id("raw_a", "a_1.csv", "00" * 32) == "b0f661a1-2a6a-5717-811f-6a31157d059d"


def test_a_first_delivery_is_new() -> None:
    decision = decide(validated("A"), [])
    assert decision == NewLoad(
        load_id=load_id("raw_a", "a_1.csv", "A"), restates=None, same_content=None
    )


def test_a_retry_of_the_same_delivery_is_already_loaded() -> None:
    prior = history(("A", "t1"))
    assert decide(validated("A", "t1"), prior) == AlreadyLoaded(load=prior[0])
    # also after something newer was loaded, and whatever the mapping says of duplicates
    prior = history(("A", "t1"), ("B", "t2"))
    assert isinstance(decide(validated("A", "t1", on_duplicate="load"), prior), AlreadyLoaded)


def test_same_name_and_content_again_is_a_duplicate_by_policy() -> None:
    prior = history(("A", "t1"))
    assert decide(validated("A", "t2"), prior) == DuplicateOf(load=prior[0])
    with pytest.raises(TerminalError) as caught:
        decide(validated("A", "t2", on_duplicate="fail"), prior)
    assert caught.value.code is ErrorCode.DELIVERY_DUPLICATE
    again = decide(validated("A", "t2", on_duplicate="load"), prior)
    assert again == NewLoad(
        load_id=load_id("raw_a", "a_1.csv", "A", "t2"), restates=None, same_content=None
    )


def test_content_that_comes_back_after_something_else_is_new() -> None:
    decision = decide(validated("A", "t3"), history(("A", "t1"), ("B", "t2")))
    assert isinstance(decision, NewLoad)
    assert decision.load_id == load_id("raw_a", "a_1.csv", "A", "t3")
    assert decision.restates is not None
    assert decision.restates.sha256 == "B"


def test_new_content_under_the_same_name_restates() -> None:
    prior = history(("A", "t1"))
    decision = decide(validated("B", "t2"), prior)
    assert isinstance(decision, NewLoad)
    assert decision.restates == prior[0]
    with pytest.raises(TerminalError) as caught:
        decide(validated("B", "t2", on_redelivery="fail"), prior)
    assert caught.value.code is ErrorCode.DELIVERY_REDELIVERED


def test_equal_content_under_another_name_loads_unless_content_is_the_identity() -> None:
    prior = history(("A", "t1"), name="a_0.csv")
    decision = decide(validated("A", "t2"), prior)
    assert isinstance(decision, NewLoad)
    assert decision.same_content == prior[0]
    assert decision.restates is None
    assert decide(validated("A", "t2", identity="content"), prior) == DuplicateOf(load=prior[0])


def test_other_tables_do_not_count() -> None:
    decision = decide(validated("A", "t2"), history(("A", "t1"), table="raw_b"))
    assert isinstance(decision, NewLoad)
    assert decision.same_content is None


def test_the_delivery_id_tells_arrivals_apart_but_not_tries() -> None:
    first, retry = validated("A", "t1").delivery, validated("A", "t1").delivery
    assert delivery_id(first, "A") == delivery_id(retry, "A")
    assert delivery_id(first, "A") != delivery_id(validated("A", "t2").delivery, "A")
    # one token for two contents, where a file system does not tell when a file was born
    assert len({delivery_id(first, sha256) for sha256 in ("A", "B", None)}) == 3


def test_content_whose_rows_were_replaced_is_new_again() -> None:
    (earlier,) = history(("A", "t1"), name="a_0.csv")
    replaced = replace(earlier, removed=True)
    decision = decide(validated("A", "t2", identity="content"), [replaced])
    assert isinstance(decision, NewLoad)
    assert decision.same_content is None


def test_a_load_whose_rows_are_out_is_none() -> None:
    earlier, gone = sorted(history(("A", "t1"), ("B", "t2")), key=lambda p: p.sequence)
    gone = replace(gone, removed=True)
    assert isinstance(decide(validated("A", "t3"), [earlier, gone]), DuplicateOf)
    again = decide(validated("B", "t3"), [earlier, gone])
    assert isinstance(again, NewLoad)
    assert again.restates == earlier
    assert again.load_id not in (earlier.load_id, gone.load_id)


def test_an_object_store_may_give_a_returned_file_its_old_token() -> None:
    """In the same second, with the same content: never the load whose rows are out."""
    gone: list[PriorLoad] = []
    for number in range(4):
        decision = decide(validated("A", "t1"), gone)
        assert isinstance(decision, NewLoad)
        assert decision.load_id not in {p.load_id for p in gone}
        made = history(("A", "t1"))[0]
        gone.append(replace(made, load_id=decision.load_id, sequence=number, removed=True))
