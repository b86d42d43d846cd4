from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_landing_loader.loading.columns import names


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """What right code has found is not used by wrong code, nor the other way round."""
    names._file_columns.cache_clear()
    yield
    names._file_columns.cache_clear()
