"""Go files of any count and any rubbish: what was written is read, or refused in words."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.go_files import CSV, DATA, GO, PROPERTIES, read

from airflow_landing_loader.exceptions import LandingError, TerminalError
from airflow_landing_loader.landing.control.counts import MAX_COUNT
from airflow_landing_loader.landing.model import GoFileContent

shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

line_ends = st.sampled_from(["\n", "\r\n", "\r"])
blanks = st.text(" \t", max_size=3)
words = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters='=:#!,"'),
    min_size=1,
    max_size=8,
)


@shared_folder
@given(
    count=st.integers(0, MAX_COUNT),
    others=st.dictionaries(words.filter(lambda key: key != "record_count"), words, max_size=5),
    position=st.integers(0, 5),
    sign=st.sampled_from("=:"),
    blank=st.tuples(blanks, blanks, blanks, blanks),
    end=line_ends,
    comments=st.lists(words.map("#{}=1".format) | words.map(" ! {}".format), max_size=3),
    mark=st.booleans(),
)
def test_properties_round_trip(
    tmp_path: Path,
    count: int,
    others: dict[str, str],
    position: int,
    sign: str,
    blank: tuple[str, str, str, str],
    end: str,
    comments: list[str],
    mark: bool,
) -> None:
    lines = [f"{key}={value}" for key, value in others.items()] + comments
    a, b, c, d = blank
    lines.insert(position, f"{a}record_count{b}{sign}{c}{count}{d}")
    text = ("\ufeff" if mark else "") + end.join(lines)

    assert read(tmp_path, text, **PROPERTIES).expected_records == count


@shared_folder
@given(
    count=st.integers(0, MAX_COUNT),
    before=st.lists(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8")), max_size=4),
    after=st.lists(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8")), max_size=3),
    quote_all=st.booleans(),
    end=line_ends,
    strangers=st.integers(0, 3),
)
def test_csv_round_trip(
    tmp_path: Path,
    count: int,
    before: list[str],
    after: list[str],
    quote_all: bool,
    end: str,
    strangers: int,
) -> None:
    def line(fields: list[str]) -> str:
        return ",".join(
            '"' + field.replace('"', '""') + '"'
            if quote_all or any(sign in field for sign in ',"')
            else field
            for field in fields
        )

    lines = [line(["stranger.csv", "1", str(i)]) for i in range(strangers)]
    lines.insert(strangers // 2, line([DATA, *before, str(count), *after]))

    found = read(tmp_path, end.join(lines), format="csv", row_count_column=len(before) + 2)

    assert found.expected_records == count


@shared_folder
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(
        st.sampled_from(
            [
                "record_count",
                "=",
                ":",
                "5",
                "-",
                ",",
                '"',
                "\n",
                "\r",
                " ",
                "#",
                DATA,
                "\0",
                "\ufeff",
            ]
        ),
        max_size=30,
    ).map(lambda parts: "".join(parts).encode()),
    rules=st.sampled_from(
        [
            {**PROPERTIES, "status_key": "record_count"},
            PROPERTIES,
            {**CSV, "status_column": 1},
            CSV,
            {"format": "csv", "row_count_column": "5"},
            {"format": "csv", "delimiter": "=", "encoding": "cp037", "size": 2},
            {"format": "json", "row_count": "$"},
            {"format": "json", "checksum": "$[*]", "business_date": "$[0].record_count"},
            {"format": "json", "row_count": "$", "sequence_number": "$[*].record_count"},
            {"format": "checksum"},
            {"format": "presence"},
        ]
    ),
)
def test_rubbish_raises_nothing_but_terminal_errors(
    tmp_path: Path, content: bytes, rules: dict[str, Any]
) -> None:
    found: GoFileContent | LandingError
    try:
        found = read(tmp_path, content, **rules)
    except LandingError as error:
        found = error

    if isinstance(found, GoFileContent):
        assert 0 <= (found.expected_records or 0) <= MAX_COUNT
        assert found.sha256 == hashlib.sha256(content).hexdigest()
        return
    assert isinstance(found, TerminalError)
    assert found.code.value.startswith("go_file.")
    assert (found.detail.file, found.detail.hint is None) == (GO, False)
    assert 1 <= (found.detail.line or 0) <= content.count(b"\n") + content.count(b"\r") + 1
