"""Both ways to find records by the first byte of a header give the same, few records or many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.header import edges


@pytest.mark.parametrize("few", [0, 1_000_000])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.binary(max_size=60) | st.text("iInN\"', \ufeff", max_size=60).map(str.encode),
    names=st.frozensets(st.sampled_from(["id", "name", "né", ""]), min_size=1),
    quote=st.sampled_from(['"', ""]),
    edge=st.sampled_from([0, -1]),
)
def test_first(
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    text: bytes,
    names: frozenset[str],
    quote: str,
    edge: int,
) -> None:
    monkeypatch.setattr(edges, "_FEW", few)
    dialect = Dialect.of(CsvDialect.model_validate({"quote": quote}))
    found = edges.edge_of(names, edge, dialect, signs=False)
    plain = [index for index, byte in enumerate(text) if byte in found.outside]
    assert found.first(np.frombuffer(text, np.uint8)).tolist() == plain
    assert np.flatnonzero(found.allowed).tolist() == list(found.outside)
