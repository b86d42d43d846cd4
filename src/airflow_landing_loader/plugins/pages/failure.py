"""One delivery that was refused, with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from markupsafe import Markup

from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.loading.model import DeliveryRecord
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.overview import Chip
from airflow_landing_loader.plugins.pages.refusals import Refusal, refusals
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.texts import explained_code
from airflow_landing_loader.plugins.pages.undone import ENDED, Ending, endings
from airflow_landing_loader.plugins.pages.visits import Visit, VisitDep, not_there
from airflow_landing_loader.safe_text import delivered, shown_name

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_THING = "delivery"


@dataclass(frozen=True, kw_only=True)
class FailureView:
    """What the template shows.

    :param record: the books' row.
    :param is_open: whether it lies in failed, as the books say.
    :param ending: what became of it since; ``None``: nothing, or nothing that people asked for.
    :param facts: what the books say, by name; ``sidecar_facts``: the sidecar.
    :param sidecar: name of its file; ``None``: there is none of this delivery.
    :param elsewhere: other deliveries of this name.
    """

    refusal: Refusal
    record: DeliveryRecord
    is_open: bool
    ending: Ending | None
    meaning: Markup
    cure: Markup
    facts: tuple[tuple[str, str], ...]
    sidecar_facts: tuple[tuple[str, str], ...]
    sidecar: str | None
    troubles: tuple[str, ...]
    elsewhere: tuple[Chip, ...]


@router.get("/failures/{delivery_id}")
def failure_page(
    request: Request, visit: VisitDep, delivery_id: Annotated[str, Path(max_length=200)]
) -> Response:
    """One delivery that was refused."""
    view = failure_view(visit, _record(visit, delivery_id), Links.of(request))
    return page(request, visit, "failure.html", view, title=view.refusal.name, section="failures")


def failure_view(visit: Visit, record: DeliveryRecord, links: Links) -> FailureView:
    """Prepare what the template shows."""
    record = visit.seen(record)
    (refusal,), trouble = refusals(visit, [record], links)
    ended = record.outcome in ENDED
    found, lost = endings(visit, [record] if ended else [], links)
    meaning, cure = explained_code(record.code)
    sidecar = refusal.file.sidecar if refusal.file is not None else None
    name = refusal.file.sidecar_name if refusal.file is not None else None
    show = visit.monitor.settings.show_values
    return FailureView(
        refusal=refusal,
        record=record,
        is_open=record.outcome == "failed",
        ending=found[0] if found else None,
        meaning=meaning,
        cure=cure,
        facts=tuple(_facts(record)),
        sidecar_facts=tuple(_of_sidecar(visit.seen(sidecar), show=show))
        if sidecar is not None
        else (),
        sidecar=shown_name(name) if name is not None else None,
        troubles=tuple(one for one in (trouble, lost) if one is not None),
        elsewhere=tuple(_elsewhere(record, links)),
    )


def _record(visit: Visit, delivery_id: str) -> DeliveryRecord:
    """A delivery that was refused once, of a table that the visitor may see.

    :raises ProblemError: 404.
    """
    record = visit.monitor.history.delivery(delivery_id)
    if record is None or record.table_name not in visit.tables or record.failed_at is None:
        raise _no_delivery(visit)
    return record


def _no_delivery(visit: Visit) -> ProblemError:
    missing = not_there(_THING)
    if visit.overview.busy_with is None and not visit.overview.is_copy:
        return missing
    return ProblemError(
        missing.status,
        missing.detail,
        hint="The books cannot be asked now: only the newest deliveries are known.",
    )


def _elsewhere(record: DeliveryRecord, links: Links) -> Iterator[Chip]:
    name = record.filename[:200]
    for label, href in (
        ("Loads of this file name", links.page("loads", q=name, table=record.table_name)),
        (
            "Its earlier failures",
            links.page("failures", table=record.table_name, q=name, show="ended"),
        ),
        ("The table", links.page("tables", record.table_name)),
    ):
        yield Chip(label=label, count=0, href=href, chosen=False)


def _facts(record: DeliveryRecord) -> Iterator[tuple[str, str]]:
    yield "Delivery", record.delivery_id
    yield "Came as", _shown(record.landing_uri)
    if record.final_uri:
        yield "Lies at" if record.outcome == "failed" else "Went to", _shown(record.final_uri)
    if record.sha256:
        yield "SHA-256", record.sha256
    if record.load_id:
        yield "Load", record.load_id
    if record.dag_id:
        yield "DAG", record.dag_id
    if record.run_id:
        yield "Run", record.run_id


def _of_sidecar(sidecar: Sidecar, *, show: bool) -> Iterator[tuple[str, str]]:
    """All that it says; of what stands at the place only that it is there, unless values may be
    shown."""
    error = sidecar.error
    hidden = "hidden: the file itself has it"
    value = error.value if show or error.value is None else hidden
    for name, given in (
        ("code", error.code),
        ("message", error.message),
        ("hint", error.hint),
        ("file", error.file),
        ("line", error.line),
        ("record", error.record),
        ("column", error.column),
        ("key_path", error.key_path),
        ("value", value),
        ("data_name", sidecar.data_name),
        ("go_name", sidecar.go_name),
        ("stored_data", sidecar.stored_data),
        ("stored_go", sidecar.stored_go),
        ("time", sidecar.time),
        ("table", sidecar.table),
        ("mapping", sidecar.mapping),
        ("dag_id", sidecar.dag_id),
        ("run_id", sidecar.run_id),
        ("sha256", sidecar.sha256),
        ("data_token", sidecar.data_token),
        ("go_token", sidecar.go_token),
    ):
        if given is not None:
            yield name, str(given)


def _shown(stored: str) -> str:
    return shown_name(delivered(stored))
