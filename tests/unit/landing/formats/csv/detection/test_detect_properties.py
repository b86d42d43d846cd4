"""Whatever the dialect: the sender's cells, or a refusal. Never other cells."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.hostile import dialects
from tests.support.hostile.detecting import Held, inspected

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.detection import detect
from airflow_landing_loader.landing.formats.csv.detection.readings import Reading

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def table_of(sent: dialects.Sent) -> Table | None:
    """Header and cells as they are read; ``None`` if the file is refused."""
    source = Held(sent.name, sent.content)
    try:
        mapping, inspection = inspected(source, **sent.keys)
    except TerminalError:
        return None
    records = read_records(source, mapping, inspection)
    return inspection.columns, [tuple(c or "" for c in record.cells) for record in records]


def truth_of(sent: dialects.Sent) -> Table:
    return tuple(name.strip() for name in sent.header), list(sent.rows)


MANY = settings(
    max_examples=max(1500, settings().max_examples), suppress_health_check=list(HealthCheck)
)


@MANY
@given(st.integers(0, 2**64))
def test_never_other_cells(seed: int) -> None:
    sent = dialects.some_table(Random(seed))
    found = table_of(sent)
    assert found is None or found == truth_of(sent), sent


def test_the_test_notices_a_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the first reading were taken for the only one, there would be other cells."""
    monkeypatch.setattr(Reading, "first_difference", lambda *_: None)
    files = [dialects.some_table(Random(seed)) for seed in range(200)]
    assert any(table_of(sent) not in (None, truth_of(sent)) for sent in files)


def test_ordinary_tables_are_read() -> None:
    """The share that ``docs/csv.md`` names; what is refused has no number, date or code at all."""
    files = [dialects.ordinary_table(Random(seed)) for seed in range(600)]
    found = [table_of(sent) for sent in files]
    assert all(one in (None, truth_of(sent)) for one, sent in zip(found, files, strict=True))
    refused = [sent for sent, one in zip(files, found, strict=True) if one is None]
    assert len(refused) <= 0.05 * len(files)
    assert all(not set(sent.header) & dialects.TELLING for sent in refused)
    for sent in refused:
        told = replace(sent, keys={"csv": {"auto": True, "header": True}})
        assert table_of(told) == truth_of(sent)


@pytest.mark.parametrize("rest", ["'x'", '"a\\\\b"', "'p,q'"])
def test_what_first_comes_behind_the_head_is_held_against_the_other_dialects(rest: str) -> None:
    lines = "".join(f"{n},word {n}\n" for n in range(40_000))
    assert len(lines) > 2 * detect.HEAD_BYTES
    mapping, _ = inspected(Held("a_1.csv", f"id,note\n{lines}".encode()), csv="auto")
    assert mapping.csv.quote == '"'
    with pytest.raises(TerminalError) as refused:
        inspected(Held("a_1.csv", f"id,note\n{lines}1,{rest}\n".encode()), csv="auto")
    expected = ErrorCode.CSV_RAGGED if "," in rest else ErrorCode.CSV_AMBIGUOUS_DIALECT
    assert refused.value.code is expected
    assert refused.value.detail.record == 40_001
