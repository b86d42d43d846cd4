"""What is looked up instead of tried is what trying everything finds."""

from __future__ import annotations

import tempfile
from collections import Counter
from itertools import combinations
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping import overlaps
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.reader import read_mappings, read_mappings_of_dag
from airflow_landing_loader.exceptions import ConfigurationError

WORDS = ("a", "b", "AB", "ba", "_", ".csv", "*", "*", "{d:%y}", "{n:0d}")


def _is_pattern(text: str) -> bool:
    try:
        return bool(Pattern.parse(text))
    except ConfigurationError:
        return False


PATTERNS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map("".join).filter(_is_pattern)
TABLES = ("raw_a", "RAW_A", "raw", "a", "a_b", "main.raw_a", "s.raw_a", "s__raw_a", "s_._a", "_")


def fits(one: Pattern, two: Pattern) -> bool:
    """The plain definition: one beginning begins the other, one end ends the other."""
    starts = (one.literal_prefix.lower(), two.literal_prefix.lower())
    ends = (one.literal_suffix.lower(), two.literal_suffix.lower())
    return (starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])) and (
        ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])
    )


@given(st.lists(st.builds(Pattern.parse, PATTERNS, ignore_case=st.booleans()), max_size=12))
def test_pairs_that_may_overlap_are_those_that_trying_all_pairs_finds(
    patterns: list[Pattern],
) -> None:
    claims = [
        overlaps._Claim(owner, pattern, (), is_go=False) for owner, pattern in enumerate(patterns)
    ]
    found = Counter(tuple(sorted(pair)) for pair in overlaps._fitting_pairs(claims))
    pairs = list(combinations(range(len(claims)), 2))
    assert found == Counter(p for p in pairs if fits(claims[p[0]].pattern, claims[p[1]].pattern))
    for one, two in pairs:
        if claims[one].pattern.intersect(claims[two].pattern) is not None:
            assert (one, two) in found


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(TABLES), st.sampled_from(("", "'", '"'))), max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_the_files_that_may_feed_a_dag_hold_all_of_its_mappings(
    files: list[list[tuple[str, str]]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number, tables in enumerate(files):
            lines = [
                f"f{number}_{place}_*.csv: {quote}{table}{quote}\n"
                for place, (table, quote) in enumerate(tables)
            ]
            (root / f"{number}.yaml").write_text("".join(lines))
        whole = read_mappings(root)
        for dag_id in {mapping.dag_id for mapping in whole.mappings}:
            of_dag = [m for m in whole.mappings if m.dag_id == dag_id]
            part = read_mappings_of_dag(root, dag_id)
            if part is None:
                continue  # it asks for all of them instead
            assert [m for m in part.mappings if m.dag_id == dag_id] == of_dag
