from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_landing_loader.landing.control.go_file import listing
from airflow_landing_loader.loading.columns import names


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What right code has found is not used by wrong code, nor the other way round."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    names._file_columns.cache_clear()
    listing._READ._kept.clear()
    listing._NAMES._kept.clear()
