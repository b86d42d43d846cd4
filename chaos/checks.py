"""What is wrong with a state: against the promises at any moment, against the oracle at rest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from chaos.ground import LOG, STATUS_COPY, Ground, Look
from chaos.oracle import Expected, Row, Together
from chaos.probe import Contents

_SHOWN = 6


def at_any_moment(
    contents: Contents, look: Look, hidden: set[str], sent: set[str], sets: Sequence[Together]
) -> list[str]:
    """What no death may bring about: part of a load or of a set, or a file that is nowhere.

    :param hidden: digests of files under the loader's hidden names.
    :param sent: digests of all files that were delivered and nobody took away.
    :param sets: all that were ever delivered.
    """
    there = {file.sha256 for file in look.files} | hidden
    problems = [f"a delivered file is nowhere: sha256 {digest}" for digest in sent - there]
    return [
        *problems,
        *_part_of_a_load(contents),
        *_part_of_a_set(contents, look, sets),
        *_untold(contents),
    ]


def at_rest(
    contents: Contents, look: Look, expected: Expected, ground: Ground, *, known: bool = True
) -> list[str]:
    """What differs from the oracle once everything has come to rest.

    :param known: whether ``load_metadata`` was never dropped: else it does not say which file has
        brought a row.
    """
    problems = list(_differ("a file at rest", look.resting(), expected.files))
    # Both wait for the next loader that writes: DuckDB's log is part of the database, and the copy
    # of the status is overwritten.
    lasting = Counter({LOG: look.leftovers[LOG], STATUS_COPY: look.leftovers[STATUS_COPY]})
    problems += _differ("leftover", look.leftovers - lasting, Counter())
    problems += _sidecars(ground, look, expected)
    problems += _tables(contents, expected, known=known)
    problems += _unheard(contents, ground)
    if known:
        problems += _part_of_a_load(contents)
        problems += _books(contents, expected, ground)
        problems += _untold(contents)
    return problems


def _untold(contents: Contents) -> Iterator[str]:
    """Loads without their event, or events of loads that are none."""
    told = Counter(event.about for event in contents.events if event.type == "layer.completed")
    loads = Counter(load.load_id for load in contents.loads)
    yield from _differ("the event of a load", told, loads)


def _unheard(contents: Contents, ground: Ground) -> Iterator[str]:
    """Events that were not sent, or are there twice; and what was heard and is not there."""
    ids = Counter(event.event_id for event in contents.events)
    for event_id, count in ids.items():
        if count != 1:
            yield f"event {event_id} has {count} rows in load_events"
    for event in contents.events:
        if not event.published:
            yield f"an event is not marked: {event}"
    heard = ground.heard_events()
    for event_id in ids.keys() - set(heard):
        yield f"nobody has heard of event {event_id}"
    for event_id in set(heard) - ids.keys():
        yield f"event {event_id} was heard and is not in load_events"


def _differ(what: str, found: Counter[Any], right: Counter[Any]) -> Iterator[str]:
    for sign, difference in (("missing", right - found), ("too many", found - right)):
        for item, count in list(difference.items())[:_SHOWN]:
            yield f"{what}, {count} {sign}: {item}"


def _part_of_a_load(contents: Contents) -> Iterator[str]:
    lines = Counter(load.load_id for load in contents.loads)
    for load_id, count in lines.items():
        if count != 1:
            yield f"load {load_id} has {count} rows in load_metadata"
    rows = {load_id: rows for table in contents.rows.values() for load_id, rows in table.items()}
    for load_id in rows.keys() - lines.keys():
        yield f"{rows[load_id].total()} rows of load {load_id}, which load_metadata does not know"
    for load in contents.loads:
        found = rows[load.load_id].total() if load.load_id in rows else 0
        if found not in (load.line.rows, 0):
            yield f"load {load.load_id} has {found} rows, load_metadata says {load.line.rows}"
        if load.records != load.line.rows + load.line.rejected:
            yield f"load {load.load_id} has counted {load.records} records: {load.line}"
        if contents.rejected[load.load_id] != load.line.rejected:
            yield f"load {load.load_id} has {contents.rejected[load.load_id]} rows in load_rejects"


def _part_of_a_set(contents: Contents, look: Look, sets: Sequence[Together]) -> Iterator[str]:
    """Loads of some of its files only, or a go file that has left before what it names.

    What was replaced after the commit is none of these: it is kept under its second name.
    """
    loads = Counter(load.line.go_filename for load in contents.loads)
    landing = look.resting("landing")
    left = look.resting("archive", "failed")
    at_rest = {(resting.name, resting.sha256) for resting in left}
    waiting = {(resting.name, resting.sha256) for resting in landing} - at_rest
    names = {resting.name for resting in left}
    for each in sets:
        if loads[each.go] not in (0, each.loads):
            yield f"{loads[each.go]} of {each.loads} loads of the set of {each.go}"
        for member in each.members if each.go in names else ():
            if member in waiting:
                yield f"the go file {each.go} has left before {member[0]}"


def _tables(contents: Contents, expected: Expected, *, known: bool) -> Iterator[str]:
    for name, right in expected.tables.items():
        found: Counter[Row] = Counter()
        for rows in contents.rows.get(name, {}).values():
            found.update(rows)
        if known:
            yield from _differ(f"a row of {name}", found, +right)
        else:
            yield from _differ(f"a row of {name}", _nameless(found), _nameless(+right))


def _nameless(rows: Counter[Row]) -> Counter[Any]:
    nameless: Counter[Any] = Counter()
    for row, count in rows.items():
        nameless[(row.values, row.extra, row.number)] += count
    return nameless


def _books(contents: Contents, expected: Expected, ground: Ground) -> Iterator[str]:
    loads = Counter(load.line for load in contents.loads)
    yield from _differ("a row of load_metadata", loads, Counter(expected.loads))
    yield from _differ("a row of load_deliveries", contents.deliveries, +expected.deliveries)
    archive = str(ground.zones["archive"])
    lies = {f"{ground.zones[file.zone]}/{file.path}": file.sha256 for file in ground.look().files}
    for load in contents.loads:
        if not load.archive_uri.startswith(archive):
            yield f"archive_uri leads out of the archive: {load.archive_uri}"
        if lies.get(load.archive_uri) != load.line.sha256:
            yield f"archive_uri of load {load.load_id} leads to another file: {load.archive_uri}"
    for outcome, uri in contents.uris:
        if uri not in lies:
            yield f"final_uri of a delivery that is {outcome} leads nowhere: {uri}"


def _sidecars(ground: Ground, look: Look, expected: Expected) -> Iterator[str]:
    failed = {file.path: file.sha256 for file in look.files if file.zone == "failed"}
    reasons: Counter[tuple[str, str]] = Counter()
    for name in look.sidecars:
        sidecar = json.loads((ground.zones["failed"] / name).read_text())
        for stored in filter(None, (sidecar["stored_data"], sidecar["stored_go"])):
            if stored not in failed:
                yield f"sidecar {name} speaks of {stored}, which is not there"
        reasons[(failed.get(sidecar["stored_data"], ""), sidecar["code"])] += 1
    yield from _differ("(sha256, code) of a sidecar", reasons, +expected.reasons)
