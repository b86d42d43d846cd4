"""Names for the columns of a header that gives none to some of them, or one to several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.onboarding.model import Said

RENAME = ("csv", "rename")
PROMISED = ("csv", "columns")
UNNAMED = "unnamed"
"""Stands for a name that a header lacks."""


def renamed(header: Sequence[str | None]) -> tuple[Said, ...]:
    """The keys that give each column a name of its own; none if all have one.

    A single column without a name is called by that; others by their positions, which needs the
    names of all columns.

    :param header: the first record.
    """
    names = [clean_name(cell or "") for cell in header]
    columns = list(_single(names))
    changed = [at for at, name in enumerate(names) if columns[at] != name]
    if not changed:
        return ()
    why = "names that the header lacks, or has twice"
    if len(changed) == 1 and not names[changed[0]]:
        return (Said(RENAME, {"": columns[changed[0]]}, why),)
    by_position = {f"#{at + 1}": columns[at] for at in changed}
    return (Said(RENAME, by_position, why), Said(PROMISED, columns, "in the order of the header"))


def _single(names: Sequence[str]) -> Iterator[str]:
    """The names; in place of one that lacks or stood before, one that no column has."""
    taken = Counter(map(same, names))
    before: set[str] = set()
    for at, name in enumerate(names, start=1):
        given = name
        if not name or same(name) in before:
            given = f"{name}_{at}" if name else UNNAMED
            while taken[same(given)]:
                given = f"{given}_{at}"
        taken[same(given)] += 1
        before.add(same(given))
        yield given
