"""What a step has read and written, in the classes of OpenLineage.

Airflow's provider for it calls the operators' ``get_openlineage_facets_on_complete`` and
``get_openlineage_facets_on_failure``, and nothing else imports what it brings: where it is not
installed nothing is missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_landing_loader.runs.lineage import Check, Dataset, Lineage, Origin, Read, Written

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.facet_v2 import DatasetFacet, RunFacet
    from openlineage.client.generated.column_lineage_dataset import InputField
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion


def operator_lineage(
    lineage: Lineage, *, reason: str = "", job: tuple[str, str] | None = None
) -> OperatorLineage[Any, Any]:
    """Return what the provider puts into its event.

    :param reason: why files were refused, without a cell value; empty if none was.
    :param job: the job that wrote the rows, where they were written by one: whose, and its id.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.facet_v2 import error_message_run, external_query_run

    facets: dict[str, RunFacet] = {}
    if reason:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=reason, programmingLanguage="python"
        )
    if job is not None:
        source, job_id = job
        facets["externalQuery"] = external_query_run.ExternalQueryRunFacet(
            externalQueryId=job_id, source=source
        )
    return OperatorLineage(
        inputs=[_input(read) for read in lineage.reads],
        outputs=[_output(written) for written in lineage.writes],
        run_facets=facets,
    )


def _input(read: Read) -> InputDataset:
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import (
        InputDatasetFacet,
        data_quality_assertions_dataset,
        dataset_version_dataset,
        input_statistics_input_dataset,
    )

    facets = _schema(read.columns)
    if read.version is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(
            datasetVersion=read.version
        )
    of_input: dict[str, InputDatasetFacet] = {
        "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            rowCount=read.records, size=read.size, fileCount=read.files
        )
    }
    if read.checks:
        of_input["dataQualityAssertions"] = (
            data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
                assertions=[_assertion(check) for check in read.checks]
            )
        )
    return InputDataset(
        namespace=read.dataset.namespace,
        name=read.dataset.name,
        facets=facets,
        inputFacets=of_input,
    )


def _output(written: Written) -> OutputDataset:
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import column_lineage_dataset, output_statistics_output_dataset

    facets = _schema(written.columns)
    if written.origins:
        fields: dict[str, list[InputField]] = {}
        for origin in written.origins:
            fields.setdefault(origin.column, []).append(_field(origin))
        facets["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(
            fields={
                column: column_lineage_dataset.Fields(inputFields=origins)
                for column, origins in fields.items()
            }
        )
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=written.rows
    )
    return OutputDataset(
        namespace=written.dataset.namespace,
        name=written.dataset.name,
        facets=facets,
        outputFacets={"outputStatistics": statistics},
    )


def _schema(columns: tuple[str, ...]) -> dict[str, DatasetFacet]:
    from openlineage.client.facet_v2 import schema_dataset

    if not columns:
        return {}
    fields = [schema_dataset.SchemaDatasetFacetFields(name=column) for column in columns]
    return {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)}


def _field(origin: Origin) -> InputField:
    from openlineage.client.facet_v2 import column_lineage_dataset

    dataset: Dataset = origin.dataset
    return column_lineage_dataset.InputField(
        namespace=dataset.namespace,
        name=dataset.name,
        field=origin.field,
        transformations=[column_lineage_dataset.Transformation(type="DIRECT", subtype="IDENTITY")],
    )


def _assertion(check: Check) -> Assertion:
    from openlineage.client.facet_v2 import data_quality_assertions_dataset

    return data_quality_assertions_dataset.Assertion(
        assertion=check.name,
        success=check.success,
        expected=check.expected,
        actual=check.actual,
        severity=check.severity,
    )
