"""The log of a run: one line per event, however hostile its names are."""

from __future__ import annotations

import io
import re
import threading

import pytest

from airflow_landing_loader.cli.loop.run_log import RunLog, TerminalRunLog, run_log
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.pipeline.outcome import Outcome, Status

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (.*)")


class _Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def _outcome(name: str, status: Status, **fields: object) -> Outcome:
    values = {"rows": 1, "rejected": 0, **fields}
    return Outcome(name=name, table="raw", status=status, uri="", **values)  # type: ignore[arg-type]


def _said(stream: io.StringIO) -> list[str]:
    found = [LINE.fullmatch(line) for line in stream.getvalue().splitlines()]
    return [match[1] if match else "?" for match in found]


def test_each_event_is_one_line_with_its_time() -> None:
    stream = io.StringIO()
    log = RunLog(Screen(stream))
    assert type(run_log(Screen(stream))) is RunLog
    with log.progress(3):
        log.outcome(_outcome("a.csv", "loaded", rows=2000))
        log.outcome(_outcome("a\nforged loaded b.csv", "duplicate"))
        detail = ErrorDetail(code="csv.ragged", message="x\ny")
        log.outcome(_outcome("c.csv", "failed", error=detail))
    log.error(detail, prefix="dbt: ")
    assert _said(stream) == [
        "loaded    a.csv -> raw 2,000 rows",
        r"duplicate $'a\nforged loaded b.csv' -> raw 1 row",
        r"failed    c.csv -> raw: [csv.ragged] x\ny",
        r"dbt: [csv.ragged] x\ny",
    ]


def test_a_terminal_shows_a_bar_and_what_needs_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = _Tty()
    log = run_log(Screen(stream))
    assert isinstance(log, TerminalRunLog)
    with log.progress(3):
        log.outcome(_outcome("good.csv", "loaded"))
        log.outcome(_outcome("noted.csv", "loaded", notes=("drift",)))
        log.outcome(_outcome("bad.csv", "failed"))
    text = stream.getvalue()
    assert "good.csv" not in text
    assert "noted.csv" in text
    assert "bad.csv" in text
    assert "3/3" in text
    log.outcome(_outcome("later.csv", "loaded"))
    assert "later.csv" in stream.getvalue()


def test_lines_of_several_threads_stay_whole() -> None:
    stream = io.StringIO()
    log = RunLog(Screen(stream))
    threads = [
        threading.Thread(target=lambda n=n: [log.say(f"{n} " + "x" * 50) for _ in range(50)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said = _said(stream)
    assert len(said) == 200
    assert {text[2:] for text in said} == {"x" * 50}
