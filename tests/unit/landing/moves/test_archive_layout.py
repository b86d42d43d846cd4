"""Which folder an archive layout stands for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
)
from airflow_landing_loader.landing.moves.archive_layout import archive_folder


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
            archive_folder(layout, table, when)
        assert caught.value.code is ErrorCode.MAPPING_BAD_VALUE
    else:
        assert archive_folder(layout, table, when) == expected
