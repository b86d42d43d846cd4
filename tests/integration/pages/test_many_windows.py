"""Arrivals of many tables: a page of them at a time, and each record is looked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.pages import Visitor, words_of
from tests.support.showcase import Showcase

from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.loading.model import ArrivalOutcome, ArrivalRecord
from airflow_landing_loader.plugins.pages.arrivals import _rows, _shares
from airflow_landing_loader.settings import Settings

TABLES = 130
TODAY = datetime.now(UTC).date()


def window(number: int, back: int, outcome: ArrivalOutcome) -> ArrivalRecord:
    day = TODAY - timedelta(days=back)
    due = datetime.combine(day, datetime.min.time())
    return ArrivalRecord(
        table_name=f"raw_t{number:03}",
        pattern=f"t{number:03}_*.csv",
        day=day.isoformat(),
        opens_at=due,
        due_at=due,
        until_at=due + timedelta(hours=1),
        outcome=outcome,
        reason="no file",
        file_count=0,
        row_count=0,
        arrived_at=None,
        mended_at=None,
        recorded_at=due + timedelta(hours=1),
    )


@pytest.fixture
def made(settings: Callable[..., Settings]) -> Showcase:
    """Tables of which a file is due each day, and of some it was missing."""
    made = Showcase(settings(dbt_mode="off"))
    Path(made.settings.table_config_path, "all.yaml").write_text(
        "".join(
            f"t{n:03}_*.csv: {{table: raw_t{n:03}, "
            f"expect: {{by: '23:5{n % 10}', until: '23:59'}}}}\n"
            for n in range(TABLES)
        )
    )
    return made


def test_lists_end_and_say_how_many_more_there_are(made: Showcase) -> None:
    made.warehouse.record_arrivals([window(n, 2 + n % 3, "missing") for n in range(35)])
    tree = Visitor(made.settings).look("arrivals")
    bad, due = (tree.xpath(f"//section[@aria-labelledby='{name}']")[0] for name in ("bad", "due"))
    assert len(bad.xpath(".//tr[@data-row]")) == 20
    assert len(due.xpath(".//tr[@data-row]")) == 20
    # Those windows too that nobody has seen before.
    more = int(words_of(bad).rsplit("And ", 1)[1].split()[0].replace(",", ""))
    figure = tree.xpath("//li[contains(., 'missing or wrong, not mended')]//b/text()")[0]
    assert more == int(figure.replace(",", "")) - 20
    assert " more." in words_of(due)
    assert len(tree.xpath("//table[contains(@class, 'calendar')]/tbody/tr")) == 100


class Walked(tuple[ArrivalRecord, ...]):
    """Records that count how often somebody goes through them."""

    times = 0

    def __iter__(self) -> Iterator[ArrivalRecord]:
        type(self).times += 1
        return super().__iter__()


def test_no_table_goes_through_the_records_of_all(made: Showcase) -> None:
    mappings = read_mappings(Path(made.settings.table_config_path)).mappings
    days = [TODAY - timedelta(days=back) for back in range(27, -1, -1)]
    records = Walked(
        window(n, back, "missing" if back <= n % 7 else "on_time")
        for n in range(TABLES)
        for back in range(60)
    )
    shares = _shares(mappings, records, days)
    rows = list(_rows(shares[:100], records, [], days))
    assert Walked.times <= 2
    assert rows[0].share == 100 * 21 // 28
    assert [mark.kind for mark in rows[0].marks[-7:] if mark] == ["missing"] * 7
    earlier = [day - timedelta(days=28) for day in days]
    assert {share for _, share in _shares(mappings, records, earlier)} == {100}
