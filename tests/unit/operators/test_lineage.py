"""The operators' facets in the client's own classes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    error_message_run,
    external_query_run,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)
from openlineage.client.serde import Serde

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.operators.landing import LoadFilesOperator, ValidateFilesOperator
from airflow_landing_loader.operators.lineage import operator_lineage
from airflow_landing_loader.runs.lineage import (
    MAX_COLUMNS,
    MAX_FILES,
    MAX_ORIGINS,
    Check,
    Dataset,
    Lineage,
    Origin,
    Read,
    Written,
)
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.xcom.batches import dump_batch

Make = Callable[..., Any]

SETTINGS = Settings(
    landing_path="/landing",
    archive_path="/archive",
    failed_path="/failed",
    table_config_path="/tables",
    duckdb_path="/data/w.duckdb",
)
MEGABYTE = 1_000_000


def pipeline(job: str | None = None, settings: Settings = SETTINGS, **steps: Any) -> Any:
    """A stand-in for the pipeline that knows its settings and its warehouse."""
    calls = {name: lambda *_, _r=result: _r for name, result in steps.items()}
    warehouse = SimpleNamespace(last_job=job)
    mappings = (SimpleNamespace(table="raw_a"),)
    return SimpleNamespace(settings=settings, warehouse=warehouse, mappings=mappings, **calls)


def test_a_load(make: Make, values: Any, context: Any) -> None:
    batch = dump_batch([values.validated()])
    task = make(LoadFilesOperator, pipeline(load=(values.loaded(),)), validated=batch)
    task.execute(context)
    told = task.get_openlineage_facets_on_complete(None)
    assert not told.run_facets
    (source,), (target,) = told.inputs, told.outputs
    assert isinstance(source, InputDataset)
    assert (source.namespace, source.name) == ("file", "/landing/a.csv")
    assert source.facets == {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion="ab" * 32),
        "schema": schema_dataset.SchemaDatasetFacet(
            fields=[schema_dataset.SchemaDatasetFacetFields(name="id")]
        ),
    }
    assert source.inputFacets == {
        "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=2, size=9, fileCount=1
        ),
        "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=[
                data_quality_assertions_dataset.Assertion(
                    assertion="new_content", success=True, severity="warn"
                )
            ]
        ),
    }
    assert isinstance(target, OutputDataset)
    assert (target.namespace, target.name) == ("duckdb:///data/w.duckdb", "main.raw_a")
    columns = [field.name for field in target.facets["schema"].fields]
    assert columns == ["id", "_load_id", "_extra"]
    assert target.facets["columnLineage"].fields == {
        "id": column_lineage_dataset.Fields(
            inputFields=[
                column_lineage_dataset.InputField(
                    namespace="file",
                    name="/landing/a.csv",
                    field="id",
                    transformations=[
                        column_lineage_dataset.Transformation(type="DIRECT", subtype="IDENTITY")
                    ],
                )
            ]
        )
    }
    assert target.outputFacets == {
        "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=2
        )
    }


def test_the_job_that_wrote(make: Make, values: Any, context: Any) -> None:
    on_bigquery = replace(
        SETTINGS, loader_backend="bigquery", gcp_project="p", bq_dataset="d", staging_bucket="b"
    )
    core = pipeline("p:EU.job_1", on_bigquery, load=(values.loaded(),))
    task = make(LoadFilesOperator, core, validated=dump_batch([values.validated()]))
    task.execute(context)
    assert task.get_openlineage_facets_on_complete(None).run_facets == {
        "externalQuery": external_query_run.ExternalQueryRunFacet(
            externalQueryId="p:EU.job_1", source="bigquery"
        )
    }
    # A batch without rows has written by none; the last one was of another batch.
    core = pipeline("p:EU.job_1", on_bigquery, load=(values.duplicate(),))
    task = make(LoadFilesOperator, core, validated=dump_batch([values.validated()]))
    task.execute(context)
    assert not task.get_openlineage_facets_on_complete(None).run_facets


@pytest.mark.parametrize("operator", [ValidateFilesOperator, LoadFilesOperator])
def test_a_refusal_has_its_reason_and_no_cell(
    make: Make, values: Any, context: Any, operator: type[Any]
) -> None:
    verdicts = (values.refused("a.csv", value="secret-cell"),)
    core = pipeline(validate_batch=verdicts, load=verdicts)
    arguments: dict[str, Any] = {"files": "a.csv"}
    if operator is LoadFilesOperator:
        arguments = {"validated": dump_batch([values.validated()])}
    task = make(operator, core, **arguments)
    task.show_values = True
    with pytest.raises(AirflowException):
        task.execute(context)
    told = task.get_openlineage_facets_on_failure(None)
    assert told.run_facets == {
        "errorMessage": error_message_run.ErrorMessageRunFacet(
            message="[csv.ragged] a.csv:7: is wrong", programmingLanguage="python"
        )
    }
    assert not told.outputs
    (assertion,) = told.inputs[0].inputFacets["dataQualityAssertions"].assertions
    assert (assertion.assertion, assertion.success) == ("csv.ragged", False)
    assert "secret-cell" not in Serde.to_json(told)


def test_a_lane_that_goes_on_says_why_files_of_it_do_not(
    make: Make, values: Any, context: Any
) -> None:
    verdicts = (values.validated("a.csv"), values.refused("b.csv"))
    task = make(ValidateFilesOperator, pipeline(validate_batch=verdicts), files=["a.csv", "b.csv"])
    task.execute(context)
    told = task.get_openlineage_facets_on_complete(None)
    assert "[csv.ragged] b.csv:7" in told.run_facets["errorMessage"].message
    assert [dataset.name for dataset in told.inputs] == ["/landing/a.csv", "/landing/b.csv"]


def test_a_task_that_saw_no_file_tells_its_reason_alone(
    make: Make, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: Any) -> Any:
        raise TransientError(ErrorCode.WAREHOUSE_LOCKED, "somebody has it")

    task = make(LoadFilesOperator, None, validated=dump_batch([]))
    monkeypatch.setattr(task, "make_pipeline", locked)
    with pytest.raises(AirflowException):
        task.execute(context)
    told = task.get_openlineage_facets_on_failure(None)
    assert (told.inputs, told.outputs) == ([], [])
    assert "warehouse.locked" in told.run_facets["errorMessage"].message


def test_an_event_stays_small() -> None:
    """The most of everything at once, with the longest names there are."""
    long = "x" * 255
    files = [Dataset("file", f"/landing/{n:03}{long}") for n in range(MAX_FILES)]
    checks = tuple(Check(name=f"check{n}", success=True, expected="1" * 20) for n in range(4))
    origins = [
        Origin(f"c{n % MAX_COLUMNS}", files[n % MAX_FILES], f"c{n}") for n in range(MAX_ORIGINS)
    ]
    per_file = MAX_ORIGINS // MAX_FILES
    lineage = Lineage(
        reads=tuple(
            Read(
                dataset=file,
                version="ab" * 32,
                records=10**12,
                size=10**15,
                columns=tuple(f"c{n}" for n in range(per_file)),
                checks=checks,
            )
            for file in files
        ),
        writes=(
            Written(
                dataset=Dataset("duckdb:///data/w.duckdb", "main.raw_a"),
                rows=10**12,
                columns=tuple(f"c{n}" for n in range(MAX_COLUMNS)),
                origins=tuple(origins),
            ),
        ),
    )
    assert len(Serde.to_json(operator_lineage(lineage))) < 2 * MEGABYTE


def test_nothing_of_the_provider_is_imported_until_it_asks() -> None:
    program = """
import sys
from airflow_landing_loader.dag_factory import build_landing_dags
from airflow_landing_loader.operators.landing import LoadFilesOperator
from airflow_landing_loader.operators.lineage import operator_lineage
LoadFilesOperator(task_id="load", validated=None)
provider = ("openlineage", "airflow.providers.openlineage.")
print([name for name in sys.modules if name.startswith(provider)])
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert done.stdout.splitlines()[-1] in (
        "[]",
        "['airflow.providers.openlineage.get_provider_info']",
    )
