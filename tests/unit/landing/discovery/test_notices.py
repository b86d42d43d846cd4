"""What is left alone is reported once for as long as it stays so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.landing.discovery.model import Discovery
from airflow_landing_loader.landing.discovery.notices import (
    NoticeKind,
    Told,
    new_notices,
    notices_of,
)
from airflow_landing_loader.storage.local.zone import LocalZone


def rules() -> list[TableMapping]:
    go: dict[str, Any] = {"pattern": "t_*.go", "format": "properties", "row_count_key": "n"}
    return [
        TableMapping.model_validate({"pattern": "t_*.csv", "table": "t", "go_file": go}),
        TableMapping(pattern="x*.csv", table="x", origin="x.yaml:1"),
        TableMapping(pattern="*y.csv", table="y", origin="y.yaml:1"),
    ]


def look(folder: Path) -> Discovery:
    return discover(LocalZone(str(folder)), rules(), now=0.0)


def fill(folder: Path) -> None:
    for name in ("t_1.csv", "t_2.go", "xy.csv", "other.txt", "x_ok.csv"):
        (folder / name).write_text("")


def test_each_thing_left_alone_has_a_sentence_and_a_hint(tmp_path: Path) -> None:
    fill(tmp_path)

    reports = notices_of(look(tmp_path))

    assert {(report.kind, report.name) for report in reports} == {
        (NoticeKind.REFUSED, "xy.csv"),
        (NoticeKind.UNMATCHED, "other.txt"),
        (NoticeKind.ORPHAN, "t_2.go"),
        (NoticeKind.WAITING, "t_1.csv"),
    }
    assert all(report.message and report.hint for report in reports)
    texts = {report.name: report.message for report in reports}
    assert "x.yaml:1" in texts["xy.csv"]
    assert "t_1.go" in texts["t_1.csv"]
    assert "t_2.csv" in texts["t_2.go"]


def test_a_report_is_new_once(tmp_path: Path) -> None:
    fill(tmp_path)
    nothing: Told = frozenset()

    first, told = new_notices(look(tmp_path), nothing)
    second, told = new_notices(look(tmp_path), told)
    with (tmp_path / "other.txt").open("a") as stream:
        stream.write("still growing")
    third, told = new_notices(look(tmp_path), told)

    assert (len(first), second, third) == (4, (), ())


def test_a_report_is_new_again_after_it_was_untrue(tmp_path: Path) -> None:
    fill(tmp_path)
    _, told = new_notices(look(tmp_path), frozenset())
    (tmp_path / "other.txt").unlink()
    (tmp_path / "t_2.csv").write_text("")
    gone, told = new_notices(look(tmp_path), told)
    (tmp_path / "other.txt").write_text("")
    (tmp_path / "t_2.csv").unlink()

    back, _ = new_notices(look(tmp_path), told)

    assert gone == ()
    assert [report.name for report in back] == ["other.txt", "t_2.go"]


def test_names_in_reports_cannot_forge_lines(tmp_path: Path) -> None:
    (tmp_path / "a\nERROR all lost.txt").write_text("")
    (tmp_path / "t_\udcff.csv").write_text("")
    for report in notices_of(look(tmp_path)):
        assert report.message.isprintable()
