"""`status` answers from the books and from the failed zone, also while a writer works."""

from __future__ import annotations

import re
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

LOAD_KEYS = [
    *("load_id", "filename", "table_name", "row_count", "started_at", "completed_at"),
    *("sequence", "uri", "size_bytes", "sha256", "delivery_token", "go_filename", "go_sha256"),
    *("record_count", "expected_count", "rejected_count", "drift_columns", "missing_columns"),
    *("restates_load_id", "same_content_load_id", "archive_uri", "dag_id", "run_id"),
    "removed_sequence",
    "identity_key",
    "quality_score",
    *("sequence_number", "sequence_key"),
]
DELIVERY_KEYS = [
    *("delivery_id", "filename", "table_name", "outcome", "code", "message", "load_id"),
    *("landing_uri", "final_uri", "dag_id", "run_id", "recorded_at", "sha256"),
    "failed_at",
]


def test_before_the_first_load(cli: Any) -> None:
    ran = cli("status")
    assert ran.code == 0
    assert "Loads: none" in ran.out
    document = cli("status", "--json").json()
    assert document.pop("as_of").endswith("Z")
    assert document == {
        "busy_with": None,
        "loads": [],
        "deliveries": [],
        "open_failures_total": 0,
        "open_failures": [],
        "archived_resized": [],
        "dbt_due": [],
        "open_batches": [],
    }


def _busy_day(cli: Any) -> None:
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli("run", "--once")
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli.land("instruments_2.csv", "a\n1,2\n")
    cli("run", "--once")
    cli.land("instruments_1.csv", "a,c\n1,3\n")
    cli("run", "--once")


def test_loads_duplicates_restatements_and_failures(cli: Any) -> None:
    _busy_day(cli)
    ran = cli("status")
    assert ran.code == 0
    assert re.search(r"instruments_1.csv +raw_instruments +1 +restates load .*_extra: c", ran.out)
    assert re.search(r"Duplicates:\n.*\n +\S+ \S+ +instruments_1.csv", ran.out)
    (failure,) = (line for line in ran.out.splitlines() if "[csv.ragged]" in line)
    assert re.search(r"instruments_2.csv .*\[csv.ragged\] line 2, record 1: ", failure)
    assert re.search(r"What to do:\n.*\n +csv.ragged +\S+", ran.out)
    assert "dbt" not in ran.out
    assert ran.out.splitlines()[-1].startswith("Once the cause is mended, `landing-loader replay")


def test_beside_airflow_what_to_type_is_airflows(cli: Any) -> None:
    cli.land("instruments_2.csv", "")
    cli("run", "--once")
    read = session.settings_source.get()
    before = session.settings_source.set(lambda: read())
    try:
        assert "`airflow landing-loader replay FILE`" in cli("status").out
    finally:
        session.settings_source.reset(before)


def test_a_sender_that_wrote_on_after_its_file_was_taken_is_an_alarm(cli: Any) -> None:
    cli.land("instruments_2.csv", "a,b\n3,4\n")
    cli("run", "--once")
    assert "wrote on" not in cli("status").out
    (archived,) = cli.zones.archive.rglob("instruments_2.csv")
    with archived.open("a") as sender:
        sender.write("5,6\n")
    ran = cli("status")
    assert ran.code == 0
    assert "has 12 bytes" in " ".join(ran.out.split())
    (alarm,) = cli("status", "--json").json()["archived_resized"]
    assert (alarm["size_bytes"], alarm["found_bytes"]) == (8, 12)
    archived.unlink()
    assert cli("status", "--json").json()["archived_resized"] == []


def test_the_json_document(cli: Any) -> None:
    _busy_day(cli)
    document = cli("status", "--json").json()
    newest, first = document["loads"]
    assert list(first) == LOAD_KEYS
    assert newest["restates_load_id"] == first["load_id"]
    assert newest["drift_columns"] == ["c"]
    assert all(list(delivery) == DELIVERY_KEYS for delivery in document["deliveries"])
    assert {d["outcome"] for d in document["deliveries"]} == {"loaded", "duplicate", "failed"}
    (failure,) = document["open_failures"]
    assert failure["name"] == failure["delivered_as"] == "instruments_2.csv"
    assert failure["error"]["code"] == "csv.ragged"
    assert failure["error"]["value"] is None
    assert [due["table"] for due in document["dbt_due"]] == ["raw_instruments"]


def test_dbt_due_is_shown_where_dbt_runs(cli: Any) -> None:
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli("run", "--once")
    cli.set(AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH=str(cli.zones.root))
    assert re.search(r"Loaded since dbt.*:\n.*\n +raw_instruments", cli("status").out)


def test_the_limit(cli: Any) -> None:
    for number in range(4):
        cli.land(f"instruments_{number}.csv", f"a\n{number}\n")
        cli.land(f"instruments_bad{number}.csv", "")
    cli("run", "--once")
    document = cli("status", "--json", "--limit", "2").json()
    assert len(document["loads"]) == len(document["open_failures"]) == 2
    assert document["open_failures_total"] == 4
    assert "the newest of 4" in cli("status", "--limit", "2").out


def test_a_replayed_failure_is_open_no_more(cli: Any) -> None:
    cli.land("instruments_2.csv", "")
    cli("run", "--once")
    cli("replay", "instruments_2.csv")
    document = cli("status", "--json").json()
    assert document["open_failures"] == []
    assert [d["outcome"] for d in document["deliveries"]] == ["replayed"]


def test_a_foreign_file_in_the_failed_zone_does_not_matter(cli: Any) -> None:
    cli.land("x.csv.error.json", "{", failed=True)
    cli.land("y.csv.error.json", b"\xff" * 100, failed=True)
    ran = cli("status", "--json")
    assert ran.code == 0
    assert ran.json()["open_failures"] == []


def test_while_a_writer_works(cli: Any) -> None:
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli("run", "--once")
    with DatabaseLock(cli.zones.root / "warehouse.duckdb").exclusive("a long load", timeout=1):
        document = cli("status", "--json").json()
        out = cli("status").out
    assert "a long load" in document["busy_with"]
    assert [load["filename"] for load in document["loads"]] == ["instruments_1.csv"]
    assert "The database is busy: pid " in out
    assert f"as of {document['as_of']}" in out


def test_a_missing_failed_zone_is_the_environments_fault(cli: Any) -> None:
    cli.zones.failed.rmdir()
    ran = cli("status", "--json")
    assert ran.code == 3
    assert ran.json()["error"]["code"] == "zone.unavailable"
