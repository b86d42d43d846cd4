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


BAD_NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "an index": (",a,b", {"rename": {"": "unnamed"}}),
    "quoted": ('"",a,b', {"rename": {"": "unnamed"}}),
    "at the end": ("a,b,", {"rename": {"": "unnamed"}}),
    "twice": ("a,a,b", {"rename": {"#2": "a_2"}, "columns": ["a", "a_2", "b"]}),
    "in other case": (
        "bid,ask,Ask",
        {"rename": {"#3": "Ask_3"}, "columns": ["bid", "ask", "Ask_3"]},
    ),
    "both": (
        "a,A,",
        {"rename": {"#2": "A_2", "#3": "unnamed"}, "columns": ["a", "A_2", "unnamed"]},
    ),
    "taken": (
        "a,a,a_2",
        {"rename": {"#2": "a_2_2"}, "columns": ["a", "a_2_2", "a_2"]},
    ),
}
NUMBERS = [("0", "1.5", "2"), ("1", "2.5", "4")]


@pytest.mark.parametrize("kind", BAD_NAMES)
@pytest.mark.parametrize("above", ["", "Report\n"])
def test_columns_get_the_names_that_a_header_lacks(kind: str, above: str, tmp_path: Path) -> None:
    header, keys = BAD_NAMES[kind]
    files = {
        "r_1.csv": f"{above}{header}\n0,1.5,2\n1,2.5,4\n5,5,5\n",
        "r_2.csv": f"{above}{header}\n0,1.5,2\n1,2.5,4\n6,6,6\n",
    }
    said, doubts, rows = proposed(tmp_path, files)
    assert doubts == {"csv.rename"}
    assert said["csv"] == keys | ({"skip_rows": 1} if above else {})
    assert rows == {f"r_{n - 4}.csv": [*NUMBERS, (str(n),) * 3] for n in (5, 6)}


@pytest.mark.parametrize("kind", BAD_NAMES)
@pytest.mark.parametrize("headers", [0, 1])
@pytest.mark.parametrize("proof", ["trailer", "go_file"])
def test_a_count_never_makes_data_of_such_a_header(
    kind: str, headers: int, proof: str, tmp_path: Path
) -> None:
    header, keys = BAD_NAMES[kind]
    files = {}
    for day, more in enumerate(["", "5,5,5\n", "5,5,5\n6,6,6\n"]):
        count = 2 + day + headers
        trailer = f"TRL,{count}\n" if proof == "trailer" else ""
        files[f"r_{day}.csv"] = f"{header}\n0,1.5,2\n1,2.5,4\n{more}{trailer}"
        if not trailer:
            files[f"r_{day}.go"] = f"rows={count}\n"
    said, doubts, rows = proposed(tmp_path, files)
    assert (said["csv"], doubts) == (keys, {"csv.rename"})
    assert said[proof].get("count_includes", []) == ["header"] * headers
    assert rows["r_0.csv"] == NUMBERS


@pytest.mark.parametrize("header", [",a,b", "a,a,b", ",0,1", "0,1,2"])
def test_where_nothing_tells_a_bad_header_no_file_loads(header: str, tmp_path: Path) -> None:
    cells = "7,8.5,9\n5,6.5,7" if "1" in header else "x,Ann,Rome\ny,Ben,Oslo"
    files = {"r_1.csv": f"{header}\n{cells}\n", "r_2.csv": f"{header}\n{cells}\n"}
    said, doubts, rows = proposed(tmp_path, files)
    assert doubts == {"csv.header"} | ({"csv.rename"} if header != "0,1,2" else set())
    assert (said["csv"], rows) == ({"auto": True}, {})


def test_a_bad_header_among_the_records_is_asked_about_too(tmp_path: Path) -> None:
    files = {"r_1.csv": ",a,b\n0,1.5,2\n,A,B\n1,2.5,4\n", "r_2.csv": ",a,b\n0,1.5,2\n1,2.5,4\n"}
    said, doubts, rows = proposed(tmp_path, files)
    assert said["csv"] == {"rename": {"": "unnamed"}}
    assert doubts == {"csv.rename", "csv.repeated_header"}
    assert rows == {"r_2.csv": NUMBERS}


def test_a_nameless_column_may_stand_beside_others_in_any_order(tmp_path: Path) -> None:
    files = {"r_1.csv": ",a,b\n0,1.5,2\n1,2.5,4\n", "r_2.csv": ",b,a\n0,1,2\n1,3,4\n"}
    said, doubts, rows = proposed(tmp_path, files)
    assert (said["csv"], doubts) == ({"rename": {"": "unnamed"}}, {"csv.rename"})
    assert rows["r_1.csv"] == NUMBERS


def test_bad_names_that_are_not_those_of_all_files_are_left_open(tmp_path: Path) -> None:
    files = {"r_1.csv": "a,a,b\n1,2,3\n3,4,5\n", "r_2.csv": "a,b,b\n1,2,3\n3,4,5\n"}
    said, _, rows = proposed(tmp_path, files)
    assert (said["csv"], rows) == ({"auto": True}, {})
