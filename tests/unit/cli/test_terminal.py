"""Hostile text on a terminal, and how tables look with and without one."""

from __future__ import annotations

import io
import json
import os
import subprocess
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.cli import terminal
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen, utc
from airflow_landing_loader.safe_text import counted, escaped, shown_name

HOSTILE = "a\nb\r\t\x1b[31m\x07\x00\u202e\u2028\x9b[bold]red[/bold]\\n"


class _Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def tty(monkeypatch: pytest.MonkeyPatch) -> _Tty:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return _Tty()


@given(st.text(st.characters(codec=None)))
def test_safe_text_is_one_printable_line(text: str) -> None:
    assert escaped(text).isprintable()


@given(st.text(st.characters(codec="utf-8")).filter(str.isprintable))
def test_printable_text_stays_as_it_is(text: str) -> None:
    assert escaped(text) == text


def test_names_of_each_kind_of_unprintable_character() -> None:
    assert escaped("\n\r\t\x1b\x00\x7f\x9b\u202e\udcff") == (r"\n\r\t\x1b\x00\x7f\u009b\u202e\xff")


NAMES = st.one_of(
    st.binary(min_size=1).map(os.fsdecode),
    st.text("$'\\nx0a\n\x01\u202e\udcff", min_size=1),
)


@given(NAMES, NAMES)
def test_shown_names_are_printable_and_differ_for_different_names(one: str, other: str) -> None:
    assert shown_name(one).isprintable()
    assert (shown_name(one) == shown_name(other)) == (one == other)


@pytest.mark.parametrize(
    "name",
    [
        "a\nb.csv",
        "it's\n\\n.csv",
        os.fsdecode(b"\xff\xfe'\\.csv"),
        "\x1b[31m.csv",
        "\u202efdp.csv",
        "$'\\n'",
    ],
)
def test_a_shell_takes_a_shown_name_back(name: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"printf %s {shown_name(name)}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
    )
    assert done.stdout == os.fsencode(name)


def test_a_moment_without_a_zone_is_utc_whatever_the_machine_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    moment = datetime(2024, 1, 15, 7, 0, 3, 999, tzinfo=UTC)
    assert utc(moment) == utc(moment.replace(tzinfo=None)) == "2024-01-15T07:00:03Z"
    assert utc(moment.replace(tzinfo=timezone(timedelta(hours=2)))) == "2024-01-15T05:00:03Z"
    monkeypatch.undo()
    time.tzset()


def test_counted() -> None:
    assert [counted(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]


def test_a_pipe_gets_aligned_text_that_is_never_cut() -> None:
    stream = io.StringIO()
    grid = Grid(
        title="Files",
        headers=("file", "rows"),
        rows=(("x" * 300, "1"), (HOSTILE, "2,000")),
        right=("rows",),
    )
    Screen(stream).grid(grid)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "Files:"
    assert lines[1] == f"  {'file':<300}   rows"
    assert lines[2] == f"  {'x' * 300}      1"
    assert lines[3].startswith("  a\\nb\\r\\t\\x1b[31m")
    assert lines[3].endswith("  2,000")
    assert len(lines) == 4
    assert "\x1b" not in stream.getvalue()


def test_an_empty_grid_is_one_line_or_nothing() -> None:
    stream = io.StringIO()
    Screen(stream).grid(Grid(title="Loads", headers=("a",), rows=()))
    Screen(stream).grid(Grid(title="Loads", headers=("a",), rows=(), empty=""))
    assert stream.getvalue() == "Loads: none\n"


def test_a_terminal_gets_colour_but_no_markup_of_strangers(tty: _Tty) -> None:
    screen = Screen(tty)
    screen.line(HOSTILE, "red")
    screen.grid(Grid(title=HOSTILE, headers=("file",), rows=((HOSTILE,),)))
    text = tty.getvalue()
    assert "\x1b[31m" in text  # our own red
    assert "\u202e" not in text
    assert "\x07" not in text
    assert "\x9b" not in text
    assert text.count("[bold]red[/bold]") == 3


def test_no_color_is_respected(tty: _Tty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    Screen(tty).line("text", "red")
    assert tty.getvalue() == "text\n"


def test_a_dumb_terminal_is_none(tty: _Tty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen(tty)
    screen.line("text " * 100, "red")
    assert not screen.is_terminal
    assert tty.getvalue() == "text " * 100 + "\n"


def test_json_is_ascii_and_brings_every_name_back() -> None:
    stream = io.StringIO()
    names = [HOSTILE, os.fsdecode(b"\xff"), "äöü€😀"]
    Screen(stream).json({"names": names})
    assert stream.getvalue().isascii()
    assert json.loads(stream.getvalue()) == {"names": names}


def test_what_an_encoding_lacks_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    screen = terminal.out()
    screen.line("a→b")
    screen.stream.flush()
    assert raw.getvalue() == b"a\\u2192b\n"
