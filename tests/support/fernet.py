"""Airflow's Fernet keys, of which it keeps what it has made of the first that it saw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def fernet_keys(keys: str) -> Iterator[None]:
    """Airflow's keys, with commas between them, while the block runs; empty: none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__CORE__FERNET_KEY", keys)
        _forget()
        try:
            yield
        finally:
            patch.undo()
            _forget()


def _forget() -> None:
    from airflow.models import crypto

    if hasattr(crypto, "_fernet"):  # Airflow 3.1
        crypto._fernet = None
    else:
        crypto.get_fernet.cache_clear()
