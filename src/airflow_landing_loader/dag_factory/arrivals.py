"""The DAGs that tell of files which have not come by their deadline, one for each deadline."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.providers.common.compat.sdk import DAG

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.dag_factory.defaults import ONLY_TELLS, TAG, patient
from airflow_landing_loader.dag_factory.docs import arrivals_page
from airflow_landing_loader.monitoring.deadlines import Deadline, looks
from airflow_landing_loader.operators.arrivals import CheckArrivalsOperator
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.version_compat import at_times

# No table's DAG can have such an id: theirs begin with `landing__`.
ARRIVALS_PREFIX = "landing_arrivals__"
ARRIVALS_TAG = "arrivals"


def build_arrivals_dag(
    dag_id: str, deadline: Deadline, mappings: Sequence[TableMapping], settings: Settings
) -> DAG:
    """Build the DAG of one deadline.

    Its schedule knows time, zone and days; holidays are looked up by its task.

    :param mappings: those of the deadline, at least one.
    """
    with DAG(
        dag_id=dag_id,
        dag_display_name=f"landing: files due by {deadline.in_words}",
        description=f"Tells which files are late, wrong or missing: due by {deadline.in_words}",
        doc_md=arrivals_page(deadline.in_words, mappings),
        schedule=at_times(looks(deadline, mappings), deadline.timezone),
        tags={TAG, ARRIVALS_TAG},
        default_args={"owner": TAG, **patient(settings)},
        **ONLY_TELLS,
    ) as dag:
        CheckArrivalsOperator(task_id="check_arrivals", mapping=tuple(mappings), settings=settings)
    return dag
