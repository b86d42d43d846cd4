"""Refused deliveries as pages show them: what books and failed zone say of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from airflow_landing_loader.exceptions import ErrorDetail, TransientError
from airflow_landing_loader.loading.model import DeliveryRecord
from airflow_landing_loader.monitoring.failures import FailedFile, files_in_failed
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.texts import told_in_books, with_code
from airflow_landing_loader.plugins.pages.visits import Visit
from airflow_landing_loader.safe_text import delivered, shown_name, storable


@dataclass(frozen=True, kw_only=True)
class Line:
    """The text at fault.

    :param number: of its line; ``None``: not known.
    :param text: as it was delivered; ``None``: values are not to be shown.
    """

    number: int | None
    text: str | None


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One refused delivery.

    :param name: of the file as delivered, to be read.
    :param target: what actions call it; ``None``: it does not lie in failed.
    :param where: line, record and column, as far as known; may be empty.
    :param line: what stands there, where the sidecar has it.
    :param go_file: that lies beside it.
    :param set_of: go file that names other data files too, which go back with this one.
    :param since: when it was first refused.
    :param run: page of the run that has refused it.
    """

    delivery_id: str
    table: str
    name: str
    target: str | None
    code: str | None
    message: Markup
    hint: Markup
    where: str
    line: Line | None
    size: int | None
    go_file: str | None
    set_of: str | None
    since: datetime
    run: str | None
    run_id: str | None
    may_act: bool
    file: FailedFile | None


def refusals(
    visit: Visit, records: Sequence[DeliveryRecord], links: Links
) -> tuple[tuple[Refusal, ...], str | None]:
    """Deliveries as they lie in failed, and why that zone cannot be read."""
    try:
        files: Sequence[FailedFile | None] = files_in_failed(visit.monitor.zones.failed, records)
        trouble = None
    except TransientError as error:
        files, trouble = [None] * len(records), error.detail.sentence()
    show = visit.monitor.settings.show_values
    found = (
        _refusal(
            visit.seen(record), file, links, show=show, may_act=visit.may_act_on(record.table_name)
        )
        for record, file in zip(records, files, strict=True)
    )
    return tuple(found), trouble


def _refusal(
    record: DeliveryRecord, file: FailedFile | None, links: Links, *, show: bool, may_act: bool
) -> Refusal:
    sidecar = file.sidecar if file is not None else None
    error = sidecar.error if sidecar is not None else None
    message, hint = _said(record, error)
    run = (record.dag_id, record.run_id)
    return Refusal(
        delivery_id=record.delivery_id,
        table=record.table_name,
        name=shown_name(delivered(record.filename)),
        target=storable(file.name) if file is not None and file.size is not None else None,
        code=record.code,
        message=with_code(message),
        hint=with_code(hint),
        where=", ".join(_places(error)) if error is not None else "",
        line=_line(error, show=show) if error is not None else None,
        size=file.size if file is not None else None,
        go_file=shown_name(sidecar.go_name) if sidecar is not None and sidecar.go_name else None,
        set_of=shown_name(sidecar.go_name or "") if sidecar and sidecar.go_token else None,
        since=record.failed_at or record.recorded_at,
        run=links.run(run[0], run[1]) if run[0] and run[1] else None,
        run_id=record.run_id,
        may_act=may_act and record.outcome == "failed",
        file=file,
    )


def _said(record: DeliveryRecord, error: ErrorDetail | None) -> tuple[str, str]:
    """What is wrong, and what to do; the sidecar has the place apart."""
    if error is not None and error.code == record.code:
        return error.message, error.hint or ""
    return told_in_books(record.message, record.code)


def _places(error: ErrorDetail) -> Iterator[str]:
    if error.line is not None:
        yield f"line {error.line:,}"
    if error.record is not None:
        yield f"record {error.record:,}"
    if error.column is not None:
        yield f"column {error.column}"
    if error.key_path:
        yield f"key {error.key_path}"


def _line(error: ErrorDetail, *, show: bool) -> Line | None:
    if error.value is None:
        return None
    return Line(number=error.line, text=error.value if show else None)
