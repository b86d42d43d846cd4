"""Names in the target: a taken one is never taken again, and a delivery stays together."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.moving import ID, Lab, move, sha, sidecar
from tests.support.sidecars import read_sidecar

from airflow_landing_loader.exceptions import (
    ErrorCode,
    TransientError,
)
from airflow_landing_loader.landing.moves.model import Moved, files_of


@pytest.mark.parametrize("taken", ["a.csv", "a.go", "a.csv.error.json"])
def test_one_taken_name_gives_all_three_the_same_suffix(lab: Lab, taken: str) -> None:
    delivery = lab.deliver("a.csv", b"data", b"go")
    (lab.target / taken).write_bytes(b"other content")

    moved = move(files_of(delivery), lab.zone, suffix_id=ID, sidecar=sidecar(delivery))

    assert moved == Moved(
        paths=(f"{lab.target}/a~1a2b3c4d.csv", f"{lab.target}/a~1a2b3c4d.go"),
        sidecar=f"{lab.target}/a~1a2b3c4d.csv.error.json",
        suffix="~1a2b3c4d",
    )
    assert (lab.target / taken).read_bytes() == b"other content"
    stored = read_sidecar(moved.sidecar or "")
    assert (stored.data_name, stored.go_name) == ("a.csv", "a.go")
    assert (stored.stored_data, stored.stored_go) == ("a~1a2b3c4d.csv", "a~1a2b3c4d.go")
    assert lab.landed() == {}
    lab.assert_tidy()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", "a~1a2b3c4d.csv"),
        ("a.2024.01.csv", "a.2024.01~1a2b3c4d.csv"),
        ("a.csv.gz", "a~1a2b3c4d.csv.gz"),
        ("a.csv.zst", "a~1a2b3c4d.csv.zst"),
        ("a", "a~1a2b3c4d"),
        ("a.", "a~1a2b3c4d."),
        ("a." + "x" * 40, "a." + "x" * 40 + "~1a2b3c4d"),
    ],
)
def test_a_suffix_keeps_the_ending(near: Lab, name: str, expected: str) -> None:
    (near.target / name).write_bytes(b"other")
    moved = move(files_of(near.deliver(name, b"data")), near.zone, suffix_id=ID)
    assert Path(moved.data).name == expected


def test_suffixed_names_that_are_taken_too_are_counted_on(lab: Lab) -> None:
    for name in ("a.csv", "a~1a2b3c4d.go", "a~1a2b3c4d-2.csv"):
        (lab.target / name).write_bytes(b"other " + name.encode())
    before = lab.kept()

    moved = move(files_of(lab.deliver("a.csv", b"data", b"go")), lab.zone, suffix_id=ID)

    assert moved.suffix == "~1a2b3c4d-3"
    assert lab.kept() == before | {"a~1a2b3c4d-3.csv": b"data", "a~1a2b3c4d-3.go": b"go"}


@pytest.mark.parametrize("known", [True, False])
def test_a_name_taken_by_the_same_content_counts_as_moved(lab: Lab, known: bool) -> None:
    for name, content in (("a.csv", b"data"), ("a.go", b"go")):
        (lab.target / name).write_bytes(content)
    delivery = lab.deliver("a.csv", b"data", b"go")

    moved = move(
        files_of(delivery, data_sha256=sha(b"data") if known else None), lab.zone, suffix_id=ID
    )

    assert moved.suffix == ""
    assert lab.kept() == {"a.csv": b"data", "a.go": b"go"}
    assert lab.landed() == {}
    lab.assert_tidy()


def test_equal_data_with_another_go_file_is_kept_apart(lab: Lab) -> None:
    for name, content in (("a.csv", b"data"), ("a.go", b"an older go")):
        (lab.target / name).write_bytes(content)

    moved = move(files_of(lab.deliver("a.csv", b"data", b"go")), lab.zone, suffix_id=ID)

    assert moved.suffix == "~1a2b3c4d"
    assert lab.kept() == {
        "a.csv": b"data",
        "a.go": b"an older go",
        "a~1a2b3c4d.csv": b"data",
        "a~1a2b3c4d.go": b"go",
    }


def test_the_same_bad_delivery_again_refreshes_the_reason(lab: Lab) -> None:
    first = lab.deliver("a.csv", b"data", b"go")
    move(files_of(first), lab.zone, suffix_id=ID, sidecar=sidecar(first, "Reason one."))
    second = lab.deliver("a.csv", b"data", b"go")

    moved = move(files_of(second), lab.zone, suffix_id=ID, sidecar=sidecar(second, "Reason two."))

    assert moved.suffix == ""
    assert lab.kept() == {"a.csv": b"data", "a.go": b"go"}
    assert read_sidecar(moved.sidecar or "").error.message == "Reason two."
    lab.assert_tidy()


def test_the_same_size_is_not_the_same_content(lab: Lab) -> None:
    (lab.target / "a.csv").write_bytes(b"atad")
    moved = move(files_of(lab.deliver("a.csv", b"data")), lab.zone, suffix_id=ID)
    assert moved.suffix == "~1a2b3c4d"
    assert lab.kept() == {"a.csv": b"atad", "a~1a2b3c4d.csv": b"data"}


@pytest.mark.parametrize("kind", ["directory", "link", "dangling link", "pipe"])
def test_a_name_taken_by_something_else_is_taken(lab: Lab, kind: str) -> None:
    delivery = lab.deliver("a.csv", b"data")
    name = lab.target / "a.csv"
    if kind == "directory":
        name.mkdir()
    elif kind == "pipe":
        os.mkfifo(name)
    else:
        name.symlink_to(lab.landing / ("a.csv" if kind == "link" else "nothing"))

    moved = move(files_of(delivery), lab.zone, suffix_id=ID)

    assert Path(moved.data).name == "a~1a2b3c4d.csv"
    assert Path(moved.data).read_bytes() == b"data"


@pytest.mark.parametrize("letter", ["x", "é", "日"])
def test_the_longest_names_move_also_with_suffix_and_sidecar(lab: Lab, letter: str) -> None:
    stem = letter * (251 // len(letter.encode()))
    name = f"{stem}.csv"
    for round_ in range(3):
        delivery = lab.deliver(name, b"data %d" % round_, b"go %d" % round_)
        moved = move(files_of(delivery), lab.zone, suffix_id=ID, sidecar=sidecar(delivery))
        stored = read_sidecar(moved.sidecar or "")
        assert stored.data_name == name
        assert stored.stored_data == Path(moved.data).name
        assert Path(moved.data).name.endswith(f"{moved.suffix}.csv")
        assert Path(moved.go or "").name.endswith(f"{moved.suffix}.go")
    assert sorted(lab.kept().values()) == sorted(
        b"%s %d" % (kind, round_) for kind in (b"data", b"go") for round_ in range(3)
    )
    assert lab.landed() == {}


def test_long_names_that_shrink_to_the_same_text_stay_apart(near: Lab) -> None:
    for ending in ("x", "y"):
        name = "n" * 250 + ending + ".csv"
        (near.target / name).write_bytes(b"other")
        move(files_of(near.deliver(name, ending.encode())), near.zone, suffix_id=ID)
    assert sorted(near.kept().values()) == [b"other", b"other", b"x", b"y"]


def test_an_unknown_digest_is_replaced_by_identity_after_a_rename(near: Lab) -> None:
    delivery = near.deliver("a.csv", b"data")
    (near.landing / "a.csv").rename(near.target / "a.csv")
    assert move(files_of(delivery), near.zone, suffix_id=ID).suffix == ""

    other = replace(delivery, data=replace(delivery.data, mtime_ns=5, token="1-5"))
    with pytest.raises(TransientError) as caught:
        move(files_of(other), near.zone, suffix_id=ID)
    assert caught.value.code is ErrorCode.LANDING_DISAPPEARED


def test_a_go_file_whose_name_was_taken_meanwhile_is_not_lost(near: Lab) -> None:
    delivery = near.deliver("a.csv", b"data", b"go")
    (near.landing / "a.csv").rename(near.target / "a.csv")  # a mover died here
    (near.target / "a.go").write_bytes(b"put there by a person")

    moved = move(files_of(delivery), near.zone, suffix_id=ID)

    assert moved.paths == (f"{near.target}/a.csv", f"{near.target}/a~1a2b3c4d.go")
    assert near.landed() == {}
