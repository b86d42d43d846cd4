"""Which folder an archive layout stands for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
)
from airflow_landing_loader.landing.moves.archive_layout import archive_folder


def mapping(layout: str, table: str, pattern: str = "*.csv") -> TableMapping:
    """Of which nobody has looked at the layout."""
    right = TableMapping.model_validate({"pattern": pattern, "table": "t"})
    return right.model_copy(update={"archive_layout": layout, "table": table})


@pytest.mark.parametrize(
    ("layout", "table", "expected"),
    [
        ("", "t", ""),
        ("{table}/{yyyy}/{mm}/{dd}", "raw.trades", "raw.trades/2024/01/05"),
        ("/in/{yyyy}{mm}/", "t", "in/202401"),
        ("{table}", "{yyyy}", None),
        ("{table}", "..", None),
        ("{table.__class__}", "t", None),
        ("{}", "t", None),
        ("{yyyy", "t", None),
        ("../{table}", "t", None),
        (".landing-loader", "t", None),
        ("{dd:>10}", "t", None),
    ],
)
def test_archive_folder(layout: str, table: str, expected: str | None) -> None:
    # Already the next day where it was loaded: the UTC date counts.
    when = datetime(2024, 1, 6, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    if expected is None:
        with pytest.raises(ConfigurationError) as caught:
            archive_folder(mapping(layout, table), "x.csv", when)
        assert caught.value.code is ErrorCode.MAPPING_BAD_VALUE
    else:
        assert archive_folder(mapping(layout, table), "x.csv", when) == expected


@pytest.mark.parametrize(
    ("region", "folder"),
    [
        ("eu", "eu"),
        ("eu west, +1", "eu west, +1"),
        ("..", "%2E."),
        (".hidden", "%2Ehidden"),
        ("", "_"),
        ("a\\b\0\n", "a%5Cb%00%0A"),
        ("100%", "100%25"),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}\udcff", "%C3%A9%ED%B3%BF"),
        ("x" * 200, "x" * 100),
    ],
)
def test_what_a_name_says_becomes_one_folder_that_is_not_hidden(region: str, folder: str) -> None:
    layout = mapping("in/{region}/{day}", "t", "x{region}_{day:%Y%m%d}.csv")
    when = datetime(2024, 1, 6, tzinfo=UTC)
    assert archive_folder(layout, f"x{region}_20240115.csv", when) == f"in/{folder}/2024-01-15"
