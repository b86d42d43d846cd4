"""Numbers of files: what follows, what is missing, in which order they are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.planning.sequences import Positions, gap, in_turn
from airflow_landing_loader.storage.model import LandedFile


def delivery(name: str, **keys: object) -> Delivery:
    pattern = "t_{region}_{seq:0d}.csv" if "_" in name.removeprefix("t_") else "t_{seq:0d}.csv"
    by = ["region"] if "region" in pattern else []
    mapping = TableMapping.model_validate(
        {"pattern": pattern, "table": "raw", "sequence": {"part": "seq", "by": by, **keys}}
    )
    data = LandedFile(name=name, path=f"/l/{name}", size=1, mtime_ns=0, token=name)
    return Delivery(mapping=mapping, data=data)


def number(seq: int, **keys: object) -> Delivery:
    return delivery(f"t_{seq}.csv", **keys)


LAST = {("raw", "{}"): 4}


def test_the_next_number_and_all_before_it_are_in_turn() -> None:
    positions = Positions(LAST)
    assert [positions.missing(number(n)) for n in (1, 4, 5, 6, 9)] == [None, None, None, 5, 5]
    positions.take(number(5))
    assert positions.missing(number(6)) is None
    positions.take(number(2))
    assert positions.missing(number(7)) == 6


def test_the_first_number_begins_unless_it_is_written() -> None:
    assert Positions({}).missing(number(7)) is None
    assert Positions({}).missing(number(7, start=5)) == 5
    assert Positions({}).missing(number(5, start=5)) is None
    assert Positions({}).missing(number(0, start=0)) is None
    assert Positions(LAST).missing(number(5, start=1)) is None


def test_what_is_lower_than_the_start_moves_it_nowhere() -> None:
    positions = Positions({})
    for seq, waits_for in ((3, None), (6, 5), (5, None), (6, None), (8, 7)):
        assert positions.waits_for(number(seq, start=5)) == waits_for
        if waits_for is None:
            positions.take(number(seq, start=5))


def test_a_gap_that_is_only_told_holds_nothing() -> None:
    late = number(9, on_gap="report")
    assert (Positions(LAST).missing(late), Positions(LAST).waits_for(late)) == (5, None)
    assert Positions(LAST).waits_for(number(9)) == 5


def test_each_value_of_a_part_has_its_own_sequence() -> None:
    positions = Positions({})
    positions.take(delivery("t_EU_4.csv"))
    assert positions.missing(delivery("t_EU_6.csv")) == 5
    assert positions.missing(delivery("t_US_6.csv")) is None


@pytest.mark.parametrize("digits", ["9" * 19, "1" + "0" * 18, "9" * 120])
def test_a_number_that_no_warehouse_takes_never_follows(digits: str) -> None:
    huge = delivery(f"t_{digits}.csv")
    assert Positions({}).waits_for(huge) == 1
    positions = Positions(LAST)
    positions.take(huge)
    assert positions.waits_for(number(5)) is None
    assert positions.waits_for(huge) == 5


def test_why_a_file_is_left_names_the_number() -> None:
    error = gap(number(9), 5)
    assert error.code is ErrorCode.SEQUENCE_GAP
    assert "number 5" in error.detail.message


_NAMES = st.lists(
    st.one_of(
        st.builds("t_{}.csv".format, st.integers(0, 12)),
        st.builds("t_{}_{:03d}.csv".format, st.sampled_from(["EU", "US"]), st.integers(0, 12)),
    ),
    unique=True,
    max_size=12,
)


@given(names=_NAMES, last=st.integers(0, 5))
def test_what_is_offered_continues_each_sequence_without_a_gap(names: list[str], last: int) -> None:
    """Against the plain definition: a number may be taken if all between the last and it are."""
    keys = ('{"region": "EU"}', "{}")
    known = {("raw", key): last for key in keys}
    ordered = in_turn([delivery(name) for name in names])
    assert sorted(d.data.name for d in ordered) == sorted(names)
    positions = Positions(known)
    taken = []
    for one in ordered:
        if positions.waits_for(one) is None:
            positions.take(one)
            taken.append(one)
    for one in ordered:
        turn = one.turn
        assert turn is not None
        of_same = {
            t.number for other in ordered if (t := other.turn) is not None and t.key == turn.key
        }
        begins = known.get(("raw", turn.key), min(of_same) - 1)
        wanted = all(n in of_same for n in range(begins + 1, turn.number))
        assert (one in taken) == wanted
