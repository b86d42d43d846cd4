"""Which deliveries are inspected and loaded next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.model import Delivery, Inspection, Validated
from airflow_landing_loader.loading.planning.cuts import BATCH_BYTES, BATCH_TABLES
from airflow_landing_loader.pipeline.turns import in_turns
from airflow_landing_loader.storage.model import LandedFile


def _delivery(name: str) -> Delivery:
    """Of the table that the name begins with."""
    mapping = TableMapping(pattern=f"{name[0]}*", table=f"raw_{ord(name[0])}")
    data = LandedFile(name=name, path=f"/l/{name}", size=9, mtime_ns=0, token="1")
    return Delivery(mapping=mapping, data=data)


def _holding(delivery: Delivery, size: int) -> Validated:
    fields: dict[str, Any] = {
        "sha256": "",
        "size": 9,
        "compression": "zstd",
        "line_end": "\n",
        "columns": ("a",),
        "body_start": 2,
        "body_end": size,
        "body_line": 2,
        "records": 1,
        "ragged": 0,
        "longest_record": 1,
    }
    return Validated(delivery=delivery, inspection=Inspection(**fields), expected_records=None)


def _batches(
    names: str, sizes: dict[str, int], *, at_once: int = 1, most: int = 100
) -> tuple[list[str], list[str]]:
    """The names in each batch, and how many were inspected when it was there."""
    inspected: list[str] = []

    def inspect(some: Sequence[Delivery]) -> list[Validated]:
        inspected.extend(d.data.name for d in some)
        return [_holding(d, sizes.get(d.data.name, 9)) for d in some]

    deliveries = [_delivery(name) for name in names.split()]
    seen: list[tuple[str, str]] = []
    for batch in in_turns(deliveries, inspect, at_once=at_once, most_files=most):
        seen.append((" ".join(v.delivery.data.name for v in batch), " ".join(inspected)))
    return [batch for batch, _ in seen], [before for _, before in seen]


BOMBS = {f"a{n}": BATCH_BYTES * 4 for n in range(5)}


def test_small_files_are_one_batch_whatever_their_tables() -> None:
    assert _batches("a1 a2 b1 c1", {})[0] == ["a1 a2 b1 c1"]
    assert _batches("a1 a2 b1 c1", {}, most=3)[0] == ["a1 a2 b1", "c1"]


def test_a_small_file_waits_for_one_large_one_and_not_for_all() -> None:
    batches, inspected = _batches("a0 a1 a2 a3 z1 z2", BOMBS)
    assert batches == ["a0", "z1 z2", "a1", "a2", "a3"]
    assert inspected[1] == "a0 z1 z2"  # nor for the inspection of another


def test_large_files_of_several_tables_take_turns() -> None:
    sizes = BOMBS | {"b0": BATCH_BYTES, "b1": BATCH_BYTES}
    assert _batches("a0 a1 a2 b0 b1", sizes)[0] == ["a0", "b0", "a1", "b1", "a2"]


def test_a_table_of_many_middling_files_goes_behind_after_one_batch() -> None:
    sizes = {f"a{n}": BATCH_BYTES // 2 for n in range(5)}
    assert _batches("a0 a1 a2 a3 a4 z1", sizes)[0] == ["a0 a1", "z1", "a2 a3", "a4"]


def test_a_batch_has_only_so_many_tables_however_small() -> None:
    tables = [chr(0x4E00 + number) for number in range(BATCH_TABLES + 2)]
    batches, _ = _batches(" ".join(f"{t}1 {t}2" for t in tables), {}, most=10_000)
    found = [len({name[0] for name in batch.split()}) for batch in batches]
    assert max(found) <= BATCH_TABLES
    assert len(found) == 2


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([9, 100_000_000, BATCH_BYTES]))),
    st.integers(1, 4),
    st.integers(1, 5),
)
def test_nothing_is_lost_and_tables_keep_their_order(
    files: list[tuple[str, int]], at_once: int, most: int
) -> None:
    sizes = {f"{table}{number}": size for number, (table, size) in enumerate(files)}
    batches, _ = _batches(" ".join(sizes), sizes, at_once=at_once, most=most)
    order = [name for batch in batches for name in batch.split()]
    for table in "abc":
        assert [n for n in order if n[0] == table] == [n for n in sizes if n[0] == table]
    for batch in batches:
        names = batch.split()
        assert len(names) <= most
        assert len(names) == 1 or sum(sizes[n] for n in names) <= BATCH_BYTES
