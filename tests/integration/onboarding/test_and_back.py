"""Deliveries made from any mapping, without the mapping: they are read as they were written, or a
question is asked."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, given, settings
from tests.integration.onboarding.test_feeds import outcome_of, rows_of
from tests.support.mapping_strategies import mappings

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.generating.deliveries import Sender


@given(mappings())
@settings(max_examples=20, deadline=None, phases=[Phase.generate])
def test_what_a_mapping_makes_is_read_or_asked_about(mapping: TableMapping) -> None:
    assert_read_or_asked_about(mapping, seed=1, number=3)


def assert_read_or_asked_about(mapping: TableMapping, *, seed: int, number: int) -> str:
    """Propose mappings for deliveries of a mapping; ``right`` or ``unsure``."""
    parcels = Sender(mapping, rows=6, seed=seed).right(number)
    files = {one.name: one.data or b"" for one in parcels}
    files |= {str(one.go_name): one.go for one in parcels if one.go is not None}
    with TemporaryDirectory() as folder:
        outcome, proposed = outcome_of(Path(folder), files)
        doubts = [d for one in outcome.onboarded for d in one.proposal.doubts]
        if doubts or outcome.left:
            return "unsure"
        assert outcome.is_good
        names = [one.name for one in parcels]
        own = len(parcels[0].columns) - len(mapping.add_columns)
        written = sorted((row[:own] for one in parcels for row in one.expected.rows), key=repr)
        read = sorted(rows_of(Path(folder), proposed, names), key=repr)
        assert read == written
    return "right"
