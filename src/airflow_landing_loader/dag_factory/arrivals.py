"""The DAGs that tell of files which have not come by their deadline, one for each deadline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import DAG, BaseOperator

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.dag_factory.defaults import ONLY_TELLS, TAG, patient
from airflow_landing_loader.dag_factory.docs import arrivals_page
from airflow_landing_loader.monitoring.deadlines import Deadline, looks
from airflow_landing_loader.operators.arrivals import CheckArrivalsOperator
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.version_compat import at_times

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.loading.model import ArrivalRecord

# No table's DAG can have such an id: theirs begin with `landing__`.
ARRIVALS_PREFIX = "landing_arrivals__"
ARRIVALS_TAG = "arrivals"


def build_arrivals_dag(
    dag_id: str,
    deadline: Deadline,
    mappings: Sequence[TableMapping],
    settings: Settings,
    channels: ChannelSet | None = None,
) -> DAG:
    """Build the DAG of one deadline.

    Its schedule knows time, zone and days; holidays are looked up by its task.

    :param mappings: those of the deadline, at least one.
    :param channels: where something may be told; ``None``: nowhere.
    """
    tells = channels is not None and channels.tell_of(mapping.notify for mapping in mappings)
    common = {"mapping": tuple(mappings), "settings": settings}
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
        check = CheckArrivalsOperator(
            task_id="check_arrivals", notify=_tell if tells else None, **common
        )
        if tells:
            check >> _publish(common)
    return dag


def _tell(context: Context, records: Sequence[ArrivalRecord]) -> None:
    # Imported here, as below: where nobody is told anything, nobody waits for it.
    from airflow_landing_loader.operators.publish import tell_late

    tell_late(context, records)


def _publish(common: dict[str, Any]) -> BaseOperator:
    """What is left in the outbox of all tables goes by the same way."""
    from airflow_landing_loader.operators.publish import PublishEventsOperator

    return PublishEventsOperator(
        task_id="publish", all_tables=True, trigger_rule="all_done", **common
    )
