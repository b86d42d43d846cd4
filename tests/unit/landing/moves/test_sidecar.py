"""Sidecars: complete, atomic, readable by people and by replay."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sidecars import read_sidecar

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TerminalError
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves.sidecar import (
    Sidecar,
    from_json,
    sidecar_name,
    sidecar_of,
    to_json,
    write_sidecar,
)
from airflow_landing_loader.storage.local.folder import LocalFolder


def example(**changes: Any) -> Sidecar:
    error = ErrorDetail(
        code="csv.ragged",
        message="A record has 3 fields, the header has 4.",
        hint="Correct it.",
        file="a.csv",
        line=7,
        record=6,
        column="price",
        value='1,"x",2',
    )
    plain = Sidecar(
        error=error,
        data_name="a.csv",
        data_token="12-34",
        go_name="a.go",
        stored_data="a~1.csv",
        stored_go="a~1.go",
        sha256="ab" * 32,
        table="raw_a",
        mapping="a.yaml:3",
        time="2024-01-15T10:30:00.000+00:00",
        dag_id="landing__raw_a",
        run_id="run 1",
    )
    return replace(plain, **changes)


def written(zone: LocalFolder, name: str, sidecar: Sidecar) -> str:
    return write_sidecar(zone, name, sidecar, tag="1a2b3c4d")


def test_a_sidecar_says_everything_the_reason_first(tmp_path: Path) -> None:
    path = written(LocalFolder(str(tmp_path)), "a~1.csv", example())

    assert path == f"{tmp_path}/a~1.csv.error.json"
    text = Path(path).read_text()
    assert json.loads(text) == {
        "code": "csv.ragged",
        "message": "A record has 3 fields, the header has 4.",
        "hint": "Correct it.",
        "file": "a.csv",
        "line": 7,
        "record": 6,
        "column": "price",
        "key_path": None,
        "value": '1,"x",2',
        "data_name": "a.csv",
        "go_name": "a.go",
        "stored_data": "a~1.csv",
        "stored_go": "a~1.go",
        "time": "2024-01-15T10:30:00.000+00:00",
        "table": "raw_a",
        "mapping": "a.yaml:3",
        "dag_id": "landing__raw_a",
        "run_id": "run 1",
        "sha256": "ab" * 32,
        "data_token": "12-34",
        "go_token": None,
        "discarded_at": None,
        "discarded_by": None,
        "discard_reason": None,
        "replayed_at": None,
    }
    assert text.startswith('{\n  "code"')
    assert text.endswith("}\n")
    assert read_sidecar(path) == example()
    assert os.listdir(tmp_path) == ["a~1.csv.error.json"]  # noqa: PTH208


def test_others_may_not_read_what_it_quotes(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = written(LocalFolder(str(tmp_path)), "a.csv", example())
    finally:
        os.umask(before)
    assert Path(path).stat().st_mode & 0o777 == 0o640


def test_it_is_made_from_a_delivery_in_utc(tmp_path: Path) -> None:
    for name in ("a.csv", "a.go"):
        (tmp_path / name).write_text("")
    zone = LocalFolder(str(tmp_path))
    data, go = zone.stat("a.csv"), zone.stat("a.go")
    assert data is not None
    mapping = TableMapping(pattern="a*.csv", table="s.t", origin="m.yaml:1")
    when = datetime(2024, 1, 15, 12, 0, 0, 5000, tzinfo=timezone(timedelta(hours=2)))

    made = sidecar_of(
        Delivery(mapping=mapping, data=data, go=go), example().error, when=when, run_id="r"
    )

    assert (made.data_name, made.go_name, made.data_token) == ("a.csv", "a.go", data.token)
    assert (made.table, made.mapping, made.run_id) == ("s.t", "m.yaml:1", "r")
    assert made.time == "2024-01-15T10:00:00.005+00:00"
    assert (
        sidecar_of(
            Delivery(mapping=mapping, data=data), example().error, when=datetime.now(UTC)
        ).go_name
        is None
    )


def test_one_of_the_same_arrival_stays_and_one_of_another_file_is_safe(tmp_path: Path) -> None:
    zone = LocalFolder(str(tmp_path))
    path = written(zone, "a.csv", example())
    first = Path(path).read_bytes()

    assert written(zone, "a.csv", example(time="later")) == path
    assert Path(path).read_bytes() == first

    for stranger in (example(data_name="b.csv", data_token="9"), example(go_name=None)):
        with pytest.raises(FileExistsError):
            written(zone, "a.csv", replace(stranger, data_token="9"))
    assert Path(path).read_bytes() == first

    written(zone, "a.csv", example(data_token="56-78", time="later"))
    assert read_sidecar(path).time == "later"

    Path(path).write_text("notes of a person")
    with pytest.raises(FileExistsError):
        written(zone, "a.csv", example())
    assert Path(path).read_text() == "notes of a person"
    assert [entry.name for entry in zone.list()] == ["a.csv.error.json"]


@pytest.mark.parametrize("letter", ["x", "é", "日", "\udcff"])
def test_the_longest_names_have_a_sidecar_of_their_own(tmp_path: Path, letter: str) -> None:
    zone = LocalFolder(str(tmp_path))
    count = 250 // len(os.fsencode(letter))
    names = [f"{letter * count}{ending}" for ending in ("a.csv", "b.csv")]
    paths = [written(zone, name, example(data_name=name)) for name in names]

    assert len(set(paths)) == 2
    for name, path in zip(names, paths, strict=True):
        assert len(os.fsencode(Path(path).name)) <= 255
        assert path == f"{tmp_path}/{sidecar_name(name, str(tmp_path))}"
        assert read_sidecar(path).data_name == name


texts = st.text() | st.sampled_from(["\udcff\udcfe", "a\nb", '"', "\0", "\N{SNOWMAN}"])


@given(
    name=texts,
    value=st.none() | texts,
    column=st.none() | texts | st.integers(1, 99),
    line=st.none() | st.integers(1, 2**40),
)
def test_any_text_survives_json(
    name: str, value: str | None, column: str | int | None, line: int | None
) -> None:
    error = replace(example().error, file=name, value=value, column=column, line=line)
    made = example(data_name=name, error=error)
    assert from_json(json.loads(json.dumps(to_json(made)).encode("ascii"))) == made


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b" " * 2_000_000,
        json.dumps({**to_json(example()), "line": "7"}).encode(),
        json.dumps({**to_json(example()), "line": True}).encode(),
        json.dumps({**to_json(example()), "data_name": None}).encode(),
        json.dumps({**to_json(example()), "go_name": ["a.go"]}).encode(),
    ],
)
def test_what_is_no_sidecar_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv.error.json").write_bytes(content)
    with pytest.raises(TerminalError) as caught:
        read_sidecar(f"{tmp_path}/a.csv.error.json")
    assert caught.value.code is ErrorCode.REPLAY_NO_SIDECAR
    assert caught.value.detail.hint


def test_a_missing_sidecar_and_a_link_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TerminalError) as caught:
        read_sidecar(f"{tmp_path}/a.csv.error.json")
    assert caught.value.code is ErrorCode.REPLAY_NO_SIDECAR
    (tmp_path / "real").write_text(json.dumps(to_json(example())))
    (tmp_path / "a.csv.error.json").symlink_to(tmp_path / "real")
    with pytest.raises(TerminalError) as caught:
        read_sidecar(f"{tmp_path}/a.csv.error.json")
    assert caught.value.code is ErrorCode.LANDING_NOT_A_FILE


def test_fields_of_a_later_version_do_not_hurt() -> None:
    assert from_json({**to_json(example()), "new": 1}) == example()
