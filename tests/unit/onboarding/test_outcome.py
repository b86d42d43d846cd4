"""A folder of anything: nothing in it is touched, nothing is invented, and all is told."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.onboarding.outcome import Onboarded, Outcome, onboard
from airflow_landing_loader.storage.local.zone import LocalZone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


def outcome_of(folder: Path) -> Outcome:
    return onboard(LocalZone(str(folder)), folder.parent / "tables")


def only(outcome: Outcome) -> Onboarded:
    (one,) = outcome.onboarded
    return one


def why(outcome: Outcome) -> dict[str, str]:
    return {left.name: left.why for left in outcome.left}


def test_what_is_no_file_is_left(folder: Path, tmp_path: Path) -> None:
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (tmp_path / "secret.csv").write_text("id,n\n1,2\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / ".hidden.csv").write_text("id\n1\n")
    (folder / "half.csv.tmp").write_text("id\n1\n")

    outcome = outcome_of(folder)

    assert outcome.onboarded == ()
    assert {*why(outcome)} == {
        *("folder.csv", "pipe.csv", "link.csv", ".hidden.csv", "half.csv.tmp")
    }
    assert outcome.is_good


def test_what_is_no_csv_is_left(folder: Path) -> None:
    (folder / "empty_1.csv").write_text("")
    (folder / "blank_1.csv").write_text("\n\n \n")
    (folder / "binary_1.dat").write_bytes(bytes(range(256)) * 20)
    (folder / "cut_1.csv.gz").write_bytes(gzip.compress(b"id,n\n1,2\n" * 1000)[:30])

    outcome = outcome_of(folder)

    assert outcome.onboarded == ()
    assert "empty" in why(outcome)["empty_1.csv"]
    assert "blank" in why(outcome)["blank_1.csv"]
    assert "not CSV" in why(outcome)["binary_1.dat"]
    assert "cut_1.csv.gz" in why(outcome)


def test_names_of_all_sorts_are_told_apart_and_written(folder: Path) -> None:
    for at, name in enumerate(["a\n{b}_1.csv", "a'b\"_1.csv", "- {x: y}_1.csv", "#_1.csv"]):
        (folder / name).write_text(f"id,n\n{at},2\n")
    (folder / "st*r_1.csv").write_text("id\n1\n")
    os.close(os.open(os.fsencode(folder) + b"/\xff_1.csv", os.O_CREAT))

    outcome = outcome_of(folder)

    assert {*why(outcome)} == {"st*r_1.csv", "\udcff_1.csv"}
    assert [one.problem for one in outcome.onboarded] == [""] * 4
    assert all(one.verdicts[0].verdict == "loads" for one in outcome.onboarded)
    assert not read_mappings(folder.parent / "tables").errors


def test_no_file_is_overwritten_and_no_name_is_mapped_twice(folder: Path) -> None:
    tables = folder.parent / "tables"
    tables.mkdir()
    (folder / "trades_20240115.csv").write_text("id,n\n1,2\n")
    (tables / "trades.yaml").write_text("# mine\nother_*.csv: raw_other\n")
    blocked = only(outcome_of(folder))
    assert (blocked.path, "not overwritten" in blocked.problem) == (None, True)

    (tables / "trades.yaml").rename(tables / "mine.yaml")
    assert only(outcome_of(folder)).problem == ""
    again = outcome_of(folder)
    assert again.onboarded == ()
    assert again.known == (("trades_20240115.csv", "trades_{business_date:%Y%m%d}.csv"),)


def test_a_kind_that_another_mapping_could_take_is_left(folder: Path) -> None:
    tables = folder.parent / "tables"
    tables.mkdir()
    (tables / "mine.yaml").write_text("trades_*.csv: {table: raw_x, exclude: [trades_1.csv]}\n")
    (folder / "trades_1.csv").write_text("id,n\n1,2\n")
    assert "trades_*.csv" in why(outcome_of(folder))["trades_1.csv"]


def test_files_of_one_kind_must_agree(folder: Path) -> None:
    (folder / "a_20240115.csv").write_text("id;n\n1;2\n")
    (folder / "a_20240116.csv").write_text("id|n\n1|2\n")
    one = only(outcome_of(folder))
    (doubt,) = one.proposal.doubts
    assert (doubt.about, "different ways" in doubt.text) == ("csv", True)
    assert one.proposal.mapping().csv.auto  # type: ignore[union-attr]


@pytest.mark.parametrize("encoding", ["windows-1252", "iso-8859-15", "cp850", "shift_jis"])
def test_an_encoding_that_may_be_another_is_never_claimed(folder: Path, encoding: str) -> None:
    text = "id,city\n1,Z\u00fcrich\n" if encoding != "shift_jis" else "id,city\n1,\u6771\u4eac\n"
    for day in (15, 16):
        (folder / f"a_202401{day}.csv").write_bytes(text.encode(encoding))
    one = only(outcome_of(folder))
    (doubt,) = one.proposal.doubts
    assert doubt.about == "csv.encoding"
    assert encoding in doubt.text
    assert "encoding:" not in (one.path or Path()).read_text().partition("a_{")[2]
    assert {verdict.code for verdict in one.verdicts} == {"encoding.invalid"}


def test_a_go_file_that_fits_two_feeds_is_asked_about(folder: Path) -> None:
    for name in ("trades", "positions"):
        (folder / f"{name}_20240115.csv").write_text("id,n\n1,2\n")
    (folder / "20240115.done").write_text("")
    outcome = outcome_of(folder)
    assert "nothing tells of which" in why(outcome)["20240115.done"]
    assert all(one.go_files == () for one in outcome.onboarded)


def test_one_small_count_proves_nothing(folder: Path) -> None:
    (folder / "a_20240115.csv").write_text("id,n\n1,2\n")
    (folder / "a_20240115.ctl").write_text("a_20240115.csv,1,7\n")
    one = only(outcome_of(folder))
    assert "go_file.row_count" in {doubt.about for doubt in one.proposal.doubts}
    assert one.proposal.mapping().go_file.format == "presence"  # type: ignore[union-attr]


def test_two_places_with_the_count_are_asked_about(folder: Path) -> None:
    for day, number in ((15, 3), (16, 5)):
        rows = "".join(f"{at},{at}\n" for at in range(number))
        (folder / f"a_202401{day}.csv").write_text(f"id,n\n{rows}")
        said = f"rows={number}\ncount={number}\nbytes={5 + len(rows)}\n"
        (folder / f"a_202401{day}.go").write_text(said)
    one = only(outcome_of(folder))
    assert {doubt.about for doubt in one.proposal.doubts} == {"go_file.row_count"}
    go_file = one.proposal.mapping().go_file  # type: ignore[union-attr]
    assert (go_file.size, go_file.count_place) == ("bytes", None)  # type: ignore[union-attr]


def test_a_data_file_without_its_go_file_waits(folder: Path) -> None:
    for day in (15, 16):
        (folder / f"a_202401{day}.csv").write_text("id,n\n1,2\n")
    (folder / "a_20240115.done").write_text("")
    one = only(outcome_of(folder))
    assert {v.name: v.verdict for v in one.verdicts} == {
        "a_20240115.csv": "loads",
        "a_20240116.csv": "waits",
    }


def test_the_last_record_that_happens_to_be_the_count_is_no_trailer(folder: Path) -> None:
    (folder / "a_20240115.csv").write_text("name,age\nAnn,30\nBob,2\n")
    one = only(outcome_of(folder))
    assert one.proposal.mapping().trailer is None  # type: ignore[union-attr]
    assert one.verdicts[0].records == 2


def test_of_a_large_file_the_head_and_tail_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.onboarding import checking
    from airflow_landing_loader.onboarding.content import samples

    monkeypatch.setattr(samples, "HEAD_BYTES", 4096)
    monkeypatch.setattr(samples, "TAIL_BYTES", 512)
    monkeypatch.setattr(samples, "WHOLE_BYTES", 8192)
    monkeypatch.setattr(checking, "CHECKED_BYTES", 8192)
    rows = "".join(f"{at};x\n" for at in range(100_000))
    (folder / "big_20240115.csv").write_text(f"id;n\n{rows}")
    with (folder / "sparse_20240115.csv").open("w") as file:
        file.write("id;n\n1;2\n")
        file.truncate(2**40)
    one = next(each for each in outcome_of(folder).onboarded if "big" in each.proposal.pattern)
    assert one.proposal.mapping().csv.delimiter == ";"  # type: ignore[union-attr]
    assert one.verdicts[0].verdict == "unchecked"


def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "a_20240115.csv").write_text("id,n\n1,2\n")
    (folder.parent / "tables").write_text("a file")
    with pytest.raises(ConfigurationError):
        outcome_of(folder)


def test_one_file_at_fault_among_several_is_named(folder: Path) -> None:
    for day in range(10, 15):
        rows = "".join(f"{at},x\n" for at in range(day))
        cut = day == 14
        text = f"id,n\n{rows}" + ("" if cut else f"TRL,{day}\n")
        (folder / f"a_202401{day}.csv").write_text(text)
        (folder / f"b_202401{day}.csv").write_text(f"id,n\n{rows}")
        (folder / f"b_202401{day}.ctl").write_text(f"rows={day + cut}\n")
        (folder / f"c_202401{day}.csv").write_text(f"id,n\n{rows}" + "1,2,3\n" * cut)
    outcome = outcome_of(folder)
    for one in outcome.onboarded:
        name = one.verdicts[0].name[0]
        (doubt,) = one.proposal.doubts
        assert f"{name}_20240114" in doubt.text
        assert [verdict.verdict for verdict in one.verdicts] == ["loads"] * 4 + ["fails"]


def test_periods_side_by_side_may_be_names(folder: Path) -> None:
    (folder / "a_20240115.csv").write_text("region,2019,2020\nEU,5,7\nUS,6,8\n")
    one = only(outcome_of(folder))
    assert [doubt.about for doubt in one.proposal.doubts] == ["csv.header"]
    assert one.verdicts[0].verdict == "fails"


def test_a_file_that_was_cut_has_no_footer_for_that(folder: Path) -> None:
    (folder / "a_20240115.csv").write_text("id,n\n1,2\n3,4\nAnn")
    one = only(outcome_of(folder))
    (doubt,) = one.proposal.doubts
    assert doubt.about == "csv"
    assert one.verdicts[0].verdict == "fails"


def test_last_lines_that_are_no_records_are_told(folder: Path) -> None:
    for day in (15, 16):
        text = f"id,n\n1,2\n3,4\n~ {day} ~\n"
        (folder / f"a_202401{day}.csv").write_text(text)
    one = only(outcome_of(folder))
    assert [doubt.about for doubt in one.proposal.doubts] == ["csv.footer_rows"]
    assert [verdict.records for verdict in one.verdicts] == [2, 2]


def test_a_count_of_one_file_that_may_include_the_header_is_asked_about(folder: Path) -> None:
    rows = "".join(f"{at},x\n" for at in range(200))
    (folder / "a_20240115.csv").write_text(f"id,n\n{rows}")
    (folder / "a_20240115.go").write_text("rows=201\n")
    one = only(outcome_of(folder))
    assert [doubt.about for doubt in one.proposal.doubts] == ["go_file.row_count"]
    assert one.proposal.mapping().go_file.format == "presence"  # type: ignore[union-attr]
