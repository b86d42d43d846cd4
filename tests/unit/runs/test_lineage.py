"""What lineage is told of verdicts: files, tables, columns and checks, in bounded size."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail
from airflow_landing_loader.landing.model import Delivery, Inspection, Validated
from airflow_landing_loader.loading.model import Duplicate, Load, Loaded, Refused
from airflow_landing_loader.runs.lineage import (
    MAX_COLUMNS,
    MAX_FILES,
    MAX_ORIGINS,
    Check,
    Dataset,
    Lineage,
    Origin,
    Read,
    file_dataset,
    lineage_of,
    table_dataset,
)
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.model import LandedFile

SETTINGS = Settings(
    landing_path="/landing",
    archive_path="/archive",
    failed_path="/failed",
    table_config_path="/tables",
    duckdb_path="/data/w.duckdb",
)
ON_BIGQUERY = replace(
    SETTINGS,
    loader_backend="bigquery",
    gcp_project="prod",
    bq_dataset="raw",
    staging_bucket="b",
)
NOW = datetime(2024, 1, 15, tzinfo=UTC).replace(tzinfo=None)


def mapping(**keys: Any) -> TableMapping:
    return TableMapping.model_validate({"pattern": "a_*.csv", "table": "raw_a"} | keys)


def validated(
    name: str = "a_1.csv",
    *,
    columns: tuple[str, ...] = ("id", "name"),
    expected: int | None = None,
    zone: str = "/landing",
    **keys: Any,
) -> Validated:
    data = LandedFile(name=name, path=f"{zone}/{name}", size=9, mtime_ns=1, token="t")
    inspection = Inspection(
        sha256="ab" * 32,
        size=9,
        compression="none",
        line_end="\n",
        columns=columns,
        body_start=3,
        body_end=9,
        body_line=2,
        records=2,
        ragged=0,
        longest_record=2,
    )
    return Validated(
        delivery=Delivery(mapping=mapping(**keys), data=data),
        inspection=inspection,
        expected_records=expected,
    )


def loaded(of: Validated, **changes: Any) -> Loaded:
    fields: dict[str, Any] = {
        "load_id": "l",
        "filename": of.delivery.data.name,
        "table_name": of.delivery.mapping.table,
        "row_count": 2,
        "started_at": NOW,
        "completed_at": NOW,
        "sequence": 1,
        "uri": of.delivery.data.path,
        "size_bytes": 9,
        "sha256": of.inspection.sha256,
        "delivery_token": "t",
        "go_filename": None,
        "go_sha256": None,
        "record_count": 2,
        "expected_count": of.expected_records,
        "rejected_count": 0,
        "drift_columns": (),
        "missing_columns": (),
        "restates_load_id": None,
        "same_content_load_id": None,
        "archive_uri": "/archive/x",
        "dag_id": None,
        "run_id": None,
    }
    return Loaded(delivery=of.delivery, load=Load(**(fields | changes)))


def refused(of: Validated, *, sha256: str | None = None) -> Refused:
    error = ErrorDetail(code=ErrorCode.CSV_RAGGED.value, message="is wrong", value="secret-cell")
    return Refused(delivery=of.delivery, error=error, sha256=sha256)


def of_load(*verdicts: Loaded | Duplicate | Refused, batch: tuple[Validated, ...]) -> Lineage:
    return lineage_of(batch, verdicts, SETTINGS)


class TestNames:
    @pytest.mark.parametrize(
        ("path", "namespace", "name"),
        [
            ("/landing/a.csv", "file", "/landing/a.csv"),
            ("gs://bucket/in/a.csv", "gs://bucket", "in/a.csv"),
            ("s3://bucket/a.csv", "s3://bucket", "a.csv"),
            ("az://container/in/a%20b.csv", "az://container", "in/a%20b.csv"),
            ("/landing/a://b.csv", "file", "/landing/a://b.csv"),
            # No JSON takes a byte that is not UTF-8; the books have it the same way.
            ("/landing/a\udcff.csv", "file", "/landing/a\\xff.csv"),
        ],
    )
    def test_of_a_file(self, path: str, namespace: str, name: str) -> None:
        assert file_dataset(path) == Dataset(namespace, name)

    @pytest.mark.parametrize(
        ("settings", "table", "namespace", "name"),
        [
            (SETTINGS, "raw_a", "duckdb:///data/w.duckdb", "main.raw_a"),
            (SETTINGS, "other.raw_a", "duckdb:///data/w.duckdb", "other.raw_a"),
            (ON_BIGQUERY, "raw_a", "bigquery", "prod.raw.raw_a"),
            (ON_BIGQUERY, "other.raw_a", "bigquery", "prod.other.raw_a"),
            (
                replace(SETTINGS, duckdb_path="/{table}/{x"),
                "raw_a",
                "duckdb:///{table}/{x",
                "main.raw_a",
            ),
        ],
    )
    def test_of_a_table(self, settings: Settings, table: str, namespace: str, name: str) -> None:
        assert table_dataset(settings, table) == Dataset(namespace, name)


class TestColumns:
    def test_each_comes_from_its_file_and_drift_goes_to_extra(self) -> None:
        file = validated(columns=("Id", "weird name", "new"), add_columns={"region": "north"})
        verdict = loaded(file, drift_columns=("new",), missing_columns=("gone",))
        (written,) = of_load(verdict, batch=(file,)).writes
        source = Dataset("file", "/landing/a_1.csv")
        assert written.columns == (
            "Id", "weird_name", "region", "gone", "_load_id", "_extra",
        )  # fmt: skip
        assert written.origins == (
            Origin("Id", source, "Id"),
            Origin("weird_name", source, "weird name"),
            Origin("_extra", source, "new"),
        )
        assert written.rows == 2

    def test_of_other_bytes_than_were_inspected_nothing_is_said(self) -> None:
        file = validated()
        lineage = of_load(loaded(file, sha256="cd" * 32), batch=(file,))
        assert (lineage.writes[0].columns, lineage.writes[0].origins) == ((), ())
        assert (lineage.reads[0].version, lineage.reads[0].columns) == ("cd" * 32, ())

    def test_files_that_spell_a_column_in_two_ways_share_it(self) -> None:
        files = (validated("a_1.csv", columns=("ID",)), validated("a_2.csv", columns=("id",)))
        (written,) = of_load(*map(loaded, files), batch=files).writes
        assert written.columns == ("ID", "_load_id", "_extra")
        assert [(o.column, o.field) for o in written.origins] == [("ID", "ID"), ("ID", "id")]

    def test_a_header_that_is_refused_has_none(self) -> None:
        file = validated(columns=("a", "A"))
        lineage = of_load(refused(file), batch=(file,))
        assert lineage.reads[0].columns == ()
        assert not lineage.writes

    def test_rows_with_numbers_have_a_column_for_them(self) -> None:
        file = validated(csv={"row_number": True})
        (written,) = of_load(loaded(file), batch=(file,)).writes
        assert written.columns[-1] == "_row_number"


class TestChecks:
    def of(self, verdict: Any, file: Validated) -> list[tuple[str, bool, str | None, str | None]]:
        (read,) = lineage_of((file,), (verdict,), SETTINGS).reads
        return [(c.name, c.success, c.expected, c.actual) for c in read.checks]

    def test_what_the_sender_promised(self) -> None:
        file = validated(expected=2)
        assert self.of(file, file) == [("record_count", True, "2", "2")]
        assert ("record_count", True, "2", "2") in self.of(loaded(file), file)

    def test_rejects_and_a_low_score_are_warnings(self) -> None:
        file = validated(on_bad_row="reject", quality={"required": ["id"]})
        verdict = loaded(file, rejected_count=1, quality_score=50.0)
        assert self.of(verdict, file) == [
            ("new_content", True, None, None),
            ("no_rejects", False, "0", "1"),
            ("quality_score", False, "100", "50"),
        ]
        (read,) = of_load(verdict, batch=(file,)).reads
        assert {check.severity for check in read.checks} == {"warn"}

    def test_a_score_that_would_refuse_the_file_is_no_warning(self) -> None:
        file = validated(quality={"required": ["id"], "fail_below": 40})
        (read,) = of_load(loaded(file, quality_score=50.0), batch=(file,)).reads
        assert read.checks[-1] == Check(
            name="quality_score", success=True, expected="40", actual="50"
        )

    def test_a_duplicate_and_a_refused_file_are_read_and_not_written(self) -> None:
        one, two = validated("a_1.csv"), validated("a_2.csv")
        duplicate = Duplicate(delivery=one.delivery, sha256="ab" * 32, of_load_id="l")
        lineage = of_load(duplicate, refused(two), batch=(one, two))
        assert not lineage.writes
        assert [[(c.name, c.success) for c in read.checks] for read in lineage.reads] == [
            [("new_content", False)],
            [("csv.ragged", False)],
        ]
        assert [(read.version, read.records) for read in lineage.reads] == [
            ("ab" * 32, 2),
            (None, 2),
        ]
        assert "secret-cell" not in repr(lineage)


class TestBounds:
    def test_tables_of_one_lane_are_told_apart(self) -> None:
        files = tuple(validated(f"a_{t}.csv", table=t) for t in ("raw_a", "raw_b", "raw_c"))
        lineage = of_load(*map(loaded, files), batch=files)
        assert [w.dataset.name for w in lineage.writes] == [
            "main.raw_a",
            "main.raw_b",
            "main.raw_c",
        ]
        assert all(len(w.origins) == 2 for w in lineage.writes)

    def test_many_columns_of_all_files_together_have_no_origins(self) -> None:
        columns = tuple(f"c{i}" for i in range(MAX_ORIGINS // 2))
        two = tuple(validated(f"a_{i}.csv", columns=columns) for i in range(2))
        assert sum(len(w.origins) for w in of_load(*map(loaded, two), batch=two).writes) == 0
        few = tuple(validated(f"a_{i}.csv", columns=columns[:400]) for i in range(2))
        (written,) = of_load(*map(loaded, few), batch=few).writes
        assert len(written.origins) == 800
        three = (*few, validated("a_3.csv", columns=columns[:400]))
        lineage = of_load(*map(loaded, three), batch=three)
        assert (lineage.writes[0].origins, lineage.reads[0].columns) == ((), ())
        assert len(lineage.writes[0].columns) == 402
        assert len(lineage.reads) == 3

    def test_a_very_wide_table_has_no_columns(self) -> None:
        file = validated(columns=tuple(f"c{i}" for i in range(MAX_COLUMNS)))
        (written,) = of_load(loaded(file), batch=(file,)).writes
        assert (written.columns, written.origins, written.rows) == ((), (), 2)

    def test_more_files_than_are_told_become_one_for_each_pattern(self) -> None:
        files = [validated(f"a_{i}.csv", columns=("id",), expected=2) for i in range(MAX_FILES)]
        others = [validated(f"b_{i}.csv", columns=("id",), pattern="b_*.csv") for i in range(2)]
        assert len(of_load(*map(loaded, files), batch=tuple(files)).reads) == MAX_FILES
        verdicts = [*map(loaded, files[1:]), refused(files[0]), *map(loaded, others)]
        lineage = of_load(*verdicts, batch=(*files, *others))
        one, other = lineage.reads
        assert one == Read(
            dataset=Dataset("file", "/landing/a_*.csv"),
            version=None,
            records=2 * MAX_FILES,
            size=9 * MAX_FILES,
            files=MAX_FILES,
            checks=(
                Check(name="record_count", success=True),
                Check(name="new_content", success=True, severity="warn"),
                Check(name="csv.ragged", success=False),
            ),
        )
        assert (other.dataset.name, other.files) == ("/landing/b_*.csv", 2)
        assert lineage.writes[0].rows == 2 * (MAX_FILES + 1)
        assert lineage.writes[0].columns == ("id", "_load_id", "_extra")
        assert lineage.writes[0].origins == ()

    def test_what_nobody_has_counted_makes_no_sum(self) -> None:
        files = [validated(f"a_{i}.csv") for i in range(MAX_FILES + 1)]
        lineage = of_load(*map(refused, files), batch=tuple(files[1:]))
        assert lineage.reads[0].records is None
