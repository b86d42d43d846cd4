"""Names of strangers, made safe and found again."""

from __future__ import annotations

import os
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from airflow_landing_loader.safe_text import delivered, shown, storable

# as a folder may hold them, dense in what has to do with the escape
NAMES = st.lists(
    st.sampled_from([b"\\", b"x", b"ff", b"f", b"\xff", b"\xc3", b"\xa9", b"\\xff", b" ", b"\n"])
    | st.binary(min_size=1, max_size=4).filter(lambda b: b"\0" not in b and b"/" not in b),
    min_size=1,
    max_size=6,
).map(lambda parts: os.fsdecode(b"".join(parts)))


def test_what_the_books_have() -> None:
    assert storable("a\udcff.csv") == r"a\xff.csv"
    assert storable(r"a\xff.csv") == r"a\\xff.csv"
    assert storable("ok \u00e9\n.csv") == "ok \u00e9\n.csv"


@given(NAMES)
def test_every_name_can_be_stored_and_comes_back(name: str) -> None:
    stored = storable(name)
    stored.encode()  # no lone surrogate is left
    assert delivered(stored) == name


@given(NAMES, NAMES)
@example("a_\udcff.csv", r"a_\xff.csv")
@example("a_\\\udcff.csv", r"a_\\xff.csv")
@example(unicodedata.normalize("NFC", "\u00e9"), unicodedata.normalize("NFD", "\u00e9"))
@example("a.csv", "a.csv ")
@example("a.csv", "A.csv")
@example("a.csv", "a.csv\r")
def test_different_names_are_different_in_the_books(one: str, other: str) -> None:
    assert (storable(one) == storable(other)) == (one == other)


@given(NAMES)
def test_what_is_shown_is_one_line_that_anything_can_print(name: str) -> None:
    assert shown(name).isprintable()
