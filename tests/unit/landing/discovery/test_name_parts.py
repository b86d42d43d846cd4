"""Names that lack what their pattern wants, that differ only in case, or are of one key."""

from __future__ import annotations

import pytest
from tests.unit.landing.discovery.test_discover_properties import NOW, Listed, entries, mapping

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.discovery.discover import discover, find_delivery
from airflow_landing_loader.landing.discovery.notices import notices_of
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.storage.model import LandedFile

POSITIONS = "pos_{day:%Y%m%d}_{region}.csv"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("pos_20240230_eu.csv", "'20240230' is no {day:%Y%m%d}, as the pattern"),
        ("pos_15JAN24_eu.csv", "Its name has no {day:%Y%m%d}, as the pattern"),
    ],
)
def test_a_name_without_the_date_is_left_with_the_reason(name: str, says: str) -> None:
    zone = Listed(entries([name]))
    found = discover(zone, [mapping(POSITIONS)], now=NOW)
    (refused,) = found.refused
    assert (refused.name, found.ready, found.unmatched) == (name, (), ())
    assert refused.error.code == ErrorCode.LANDING_BAD_NAME
    assert says in refused.error.message
    with pytest.raises(TerminalError) as caught:
        find_delivery(zone, [mapping(POSITIONS)], name)
    assert caught.value.detail.message == refused.error.message


def test_a_name_without_the_date_is_anothers_if_another_mapping_takes_it() -> None:
    some = [mapping(POSITIONS), mapping("pos_*_old.csv")]
    found = discover(Listed(entries(["pos_x_old.csv"])), some, now=NOW)
    assert [d.mapping for d in found.ready] == [some[1]]


def test_a_go_file_with_a_wrong_date_is_left_too() -> None:
    one = mapping("pos_{day:%Y%m%d}.csv", "pos_{day:%Y%m%d}.go")
    found = discover(Listed(entries(["pos_20241301.go"])), [one], now=NOW)
    assert [refused.error.code for refused in found.refused] == [ErrorCode.LANDING_BAD_NAME]


@pytest.mark.parametrize(
    "names",
    [
        ("T_1.csv", "t_1.GO", "t_1.go"),
        ("T_1.csv", "t_1.CSV", "t_1.go"),
        ("T_1.csv", "t_1.CSV", "t_1.go", "T_1.GO"),
    ],
)
def test_files_that_case_does_not_tell_apart_stay(names: tuple[str, ...]) -> None:
    one = mapping("t_*.csv", "t_*.go", ignore_case=True)
    zone = Listed(entries(names))
    found = discover(zone, [one], now=NOW)
    data = [name for name in names if name.lower().endswith(".csv")]
    assert (found.ready, found.orphans, found.waiting) == ((), (), ())
    assert sorted(refused.name for refused in found.refused) == sorted(data)
    assert {refused.error.code for refused in found.refused} == {ErrorCode.LANDING_FILES_ALIKE}
    assert {notice.reason for notice in notices_of(found)} != {""}
    for name in data:
        with pytest.raises(TerminalError) as caught:
            find_delivery(zone, [one], name)
        assert caught.value.code is ErrorCode.LANDING_FILES_ALIKE


def test_the_text_of_a_part_counts_as_it_is_written() -> None:
    one = mapping("t_{region}.csv", "t_{region}.go", ignore_case=True)
    found = discover(Listed(entries(["T_eu.csv", "t_EU.csv", "T_EU.go"])), [one], now=NOW)
    assert [(d.data.name, d.go and d.go.name) for d in found.ready] == [("t_EU.csv", "T_EU.go")]
    assert [waiting.name for waiting in found.waiting] == ["T_eu.csv"]


def keyed(table: str = "t") -> TableMapping:
    return TableMapping.model_validate(
        {"pattern": "pos_{day:%Y%m%d}*.csv", "table": table, "identity": {"key": ["day"]}}
        | {"settle_seconds": 0}
    )


def test_of_one_key_the_first_that_was_written_is_taken_first() -> None:
    written = {"pos_20240115_b.csv": 3, "pos_20240115_c.csv": 1, "pos_20240116.csv": 2}
    zone = Listed(
        tuple(
            LandedFile(name=name, path=f"/l/{name}", size=1, mtime_ns=at, token=name)
            for name, at in written.items()
        )
    )
    found = discover(zone, [keyed()], now=NOW)

    def names(some: tuple[Delivery, ...]) -> list[str]:
        return [delivery.data.name for delivery in some]

    assert names(found.ready) == ["pos_20240115_c.csv", "pos_20240116.csv"]
    assert names(found.unsettled) == ["pos_20240115_b.csv"]
    assert found.settles_soon
