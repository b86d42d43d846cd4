"""The days of a table's summary as a chart, and in words."""

from __future__ import annotations

from datetime import date, timedelta

from markupsafe import Markup

from airflow_landing_loader.loading.summary import DAYS, LoadDay, TableSummary
from airflow_landing_loader.plugins import charts
from airflow_landing_loader.safe_text import counted


def day_of(books: TableSummary | None, day: date) -> LoadDay | None:
    """What a day brought into a table; ``None``: nothing."""
    days = () if books is None else books.days
    return next((one for one in days if one.day == day.isoformat()), None)


def load_bars(books: TableSummary | None, today: date) -> Markup:
    """The rows of each of the last days, and on which of them something was refused."""
    days = {} if books is None else {one.day: one for one in books.days}
    shown = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    found = [(day, days.get(day.isoformat())) for day in shown]
    return charts.bars([_bar(day, one) for day, one in found], _label(found))


def _bar(day: date, one: LoadDay | None) -> charts.Bar:
    loaded = one is not None and one.loads > 0
    return charts.Bar(
        value=float(one.rows) if one is not None and loaded else None,
        failed=one is not None and one.failed > 0,
        title=f"{_name(day)}: {_words(one)}",
    )


def _words(one: LoadDay | None) -> str:
    if one is None:
        return "nothing"
    said = [f"{counted(one.loads, 'load')}, {counted(one.rows, 'row')}"] if one.loads else []
    said += [f"{one.failed:,} refused"] if one.failed else []
    said += [f"{one.rejected:,} records rejected"] if one.rejected else []
    return ", ".join(said) or "nothing"


def _label(found: list[tuple[date, LoadDay | None]]) -> str:
    """The chart in one sentence."""
    days = [one for _, one in found if one is not None]
    loads, rows = sum(one.loads for one in days), sum(one.rows for one in days)
    failed = sum(one.failed for one in days)
    refused = f", {failed:,} refused" if failed else ""
    return f"The last {DAYS} days (UTC): {counted(loads, 'load')}, {counted(rows, 'row')}{refused}"


def _name(day: date) -> str:
    return f"{day.day} {day:%b}"
