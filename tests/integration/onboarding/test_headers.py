"""Headers that stand among the records again, and headers with bad names: never loaded as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.integration.onboarding.test_feeds import outcome_of, rows_of
from tests.integration.onboarding.test_sets_and_totals import doubts_of, keys_of

from airflow_landing_loader.onboarding.outcome import Outcome

RECORDS = {"r_1.csv": [("1", "2"), ("2", "3")], "r_2.csv": [("1", "2"), ("2", "3"), ("3", "4")]}


def proposed(
    folder: Path, files: dict[str, str]
) -> tuple[dict[str, Any], set[str], dict[str, list[tuple[str | None, ...]]]]:
    """Keys and doubts of the only mapping, and the rows of those files that load."""
    content = {name: text.encode() for name, text in files.items()}
    outcome, mappings = outcome_of(folder, content)
    assert outcome.left == ()
    (one,) = outcome.onboarded
    rows = {name: rows_of(folder, mappings, [name]) for name in loading(outcome)}
    return keys_of(one), doubts_of(one), rows


def loading(outcome: Outcome) -> list[str]:
    return [v.name for one in outcome.onboarded for v in one.verdicts if v.verdict == "loads"]


@pytest.mark.parametrize("again", ["id,a", "ID,A", '"id", a'])
def test_a_header_among_the_records_is_asked_about(again: str, tmp_path: Path) -> None:
    files = {"r_1.csv": f"id,a\n1,2\n{again}\n2,3\n", "r_2.csv": "id,a\n1,2\n2,3\n3,4\n"}
    said, doubts, rows = proposed(tmp_path, files)
    assert doubts == {"csv.repeated_header"}
    assert "csv" not in said
    assert rows == {"r_2.csv": RECORDS["r_2.csv"]}


@pytest.mark.parametrize("number", [2, 3, 4])
def test_so_it_is_in_whichever_number_of_files(number: int, tmp_path: Path) -> None:
    files = {f"r_{at}.csv": f"id,a\n{at},2\n" for at in range(1, number)}
    _, doubts, rows = proposed(tmp_path, {"r_0.csv": "id,a\n1,2\nid,a\n2,3\n"} | files)
    assert doubts == {"csv.repeated_header"}
    assert rows.keys() == files.keys()


def test_of_words_alone_nothing_loads(tmp_path: Path) -> None:
    files = {"r_1.csv": "name,city\nAnn,Rome\nname,city\nBen,Oslo\n", "r_2.csv": "name,city\n"}
    said, doubts, rows = proposed(tmp_path, files)
    assert doubts == {"csv.header", "csv.repeated_header"}
    assert (said["csv"], rows) == ({"auto": True}, {})


@pytest.mark.parametrize("number", [2, 3])
def test_one_with_its_columns_in_another_order_is_loaded_as_no_data(
    number: int, tmp_path: Path
) -> None:
    files = {f"r_{at}.csv": f"id,a\n{at},2\n" for at in range(1, number)}
    said, doubts, rows = proposed(tmp_path, {"r_0.csv": "id,a\n1,2\na,id\n2,3\n"} | files)
    assert doubts == {"csv.header"}
    assert (said["csv"], rows.keys()) == ({"auto": True}, files.keys())


@pytest.mark.parametrize("headers", [0, 1])
@pytest.mark.parametrize("again", ["id,a", "ID,A"])
def test_counts_of_go_files_prove_that_it_is_left_out(
    again: str, headers: int, tmp_path: Path
) -> None:
    files = {
        "r_1.csv": f"id,a\n1,2\n{again}\n2,3\n",
        "r_1.go": f"rows={2 + 2 * headers}\n",
        "r_2.csv": "id,a\n1,2\n2,3\n3,4\n",
        "r_2.go": f"rows={3 + headers}\n",
    }
    if headers:
        files |= {"r_3.csv": "id,a\n", "r_3.go": "rows=1\n"}
    said, doubts, rows = proposed(tmp_path, files)
    assert (said["csv"], doubts) == ({"repeated_header": "skip"}, set())
    assert said["go_file"].get("count_includes", []) == ["header"] * headers
    assert {name: rows[name] for name in RECORDS} == RECORDS


def test_counts_prove_it_of_words_too(tmp_path: Path) -> None:
    files = {"r_1.csv": "name,city\nAnn,Rome\nName,City\nBen,Oslo\n", "r_1.go": "rows=2\n"}
    files |= {"r_2.csv": "name,city\nAnn,Rome\n", "r_2.go": "rows=1\n"}
    said, doubts, rows = proposed(tmp_path, files)
    assert (said["csv"], doubts) == ({"repeated_header": "skip"}, set())
    assert rows["r_1.csv"] == [("Ann", "Rome"), ("Ben", "Oslo")]


@pytest.mark.parametrize("count", [3, 4, 9])
def test_a_count_that_does_not_prove_it_leaves_it_open(count: int, tmp_path: Path) -> None:
    files = {"r_1.csv": "name,city\nAnn,Rome\nname,city\nBen,Oslo\n", "r_1.go": f"rows={count}\n"}
    files |= {"r_2.csv": "name,city\nAnn,Rome\n", "r_2.go": f"rows={count - 2}\n"}
    said, doubts, rows = proposed(tmp_path, files)
    assert doubts >= {"csv.repeated_header"}
    assert (said["csv"], rows) == ({"auto": True}, {})


@pytest.mark.parametrize("headers", [0, 1])
def test_counts_of_trailers_prove_it(headers: int, tmp_path: Path) -> None:
    files = {
        "r_1.csv": f"id,a\n1,2\nid,a\n2,3\nTRL,{2 + 2 * headers}\n",
        "r_2.csv": f"id,a\n1,2\n2,3\n3,4\nTRL,{3 + headers}\n",
    }
    if headers:
        files["r_3.csv"] = "id,a\n1,2\nTRL,2\n"
    said, doubts, rows = proposed(tmp_path, files)
    assert (said["csv"], doubts) == ({"repeated_header": "skip"}, set())
    assert said["trailer"].get("count_includes", []) == ["header"] * headers
    assert {name: rows[name] for name in RECORDS} == RECORDS


def test_a_trailer_that_counts_words_and_headers_proves_nothing(tmp_path: Path) -> None:
    files = {
        "r_1.csv": "name,city\nAnn,Rome\nname,city\nBen,Oslo\nTRL,4\n",
        "r_2.csv": "name,city\nAnn,Rome\nTRL,2\n",
    }
    said, doubts, rows = proposed(tmp_path, files)
    assert doubts == {"csv.header", "csv.repeated_header"}
    assert (said["csv"], rows) == ({"auto": True}, {})


def test_a_first_record_of_values_that_comes_again_is_data(tmp_path: Path) -> None:
    said, doubts, rows = proposed(tmp_path, {"r_1.csv": "1,x\n2,y\n1,x\n", "r_2.csv": "3,z\n"})
    assert (said["csv"]["header"], doubts) == (False, {"csv.columns"})
    assert rows["r_1.csv"] == [("1", "x"), ("2", "y"), ("1", "x")]
