"""From a seed to a world."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from chaos.model import Fault, File, Mode, Parcel, Proof, Table, Wave, World
from chaos.points import POINTS
from chaos.senders import BAD, Clock, Sender
from chaos.sets import SetSender

_PROOFS: tuple[Proof, ...] = ("none", "properties", "csv", "checksum", "trailer", "both", "ends")
_LISTS: tuple[Proof, ...] = ("csv list", "json list", "checksum list")
_FAULTS: tuple[Fault, ...] = (
    "database disk full",
    "archive disk full",
    "read-only archive",
    "database locked",
    "metadata dropped",
    "clock backwards",
    "two loops",
    "two schedulers",
)
_WAVES = 3


def make_world(seed: int, fault: Fault | None = None) -> World:
    """The world of a seed; the same for ever.

    :param fault: in place of the one that the seed chooses.
    """
    random_ = random.Random(seed)
    focus = POINTS[seed % len(POINTS)]
    chosen: Fault = random_.choice(_FAULTS) if random_.random() < 0.3 else "none"
    tables = _tables(random_, focus.needs)
    by_sets = random.Random(f"sets {seed}")  # what there is besides stays as it is
    if by_sets.random() < 0.4 or "sets" in focus.needs:
        tables += _listed(by_sets)
    tables = tuple(
        replace(table, totalled=table.has_count and (seed + number) % 2 == 0)
        for number, table in enumerate(tables)
    )
    chosen = fault or chosen
    if chosen == "metadata dropped":  # with it goes what a delivery is of
        tables = tuple(
            replace(table, identity="name") if table.keyed else table for table in tables
        )
    if chosen == "database disk full":  # then the column waits for a later load
        tables = tuple(replace(table, typed=False) for table in tables)
    clock = Clock(random_, backwards=chosen == "clock backwards")
    senders = [Sender(table, random_, clock) for table in tables if not table.is_listed]
    rules = _Replacing(focus.needs, chosen)
    sets = SetSender(
        tables=[table for table in tables if table.is_listed],
        random_=by_sets,
        clock=Clock(by_sets, backwards=chosen == "clock backwards"),
        replaces=lambda parcel: rules.allow(parcel, by_sets),
    )
    steps = "steps" in focus.needs or ("run" not in focus.needs and random_.random() < 0.25)
    mode: Mode = "steps" if steps and chosen != "two loops" else "run"
    mode = "steps" if chosen == "two schedulers" else mode
    return World(
        seed=seed,
        mode=mode,
        focus=focus.name,
        fault=chosen,
        across="across" in focus.needs or random_.random() < 0.15,
        by_links="links" in focus.needs or random_.random() < 0.15,
        workers=random_.choice((1, 1, 3)),
        batch=random_.choice((6, 500) if mode == "steps" else (1, 3, 500)),
        tables=tables,
        waves=tuple(
            sets.join(_wave(number, senders, random_, clock, rules)) for number in range(_WAVES)
        ),
    )


def _tables(random_: random.Random, needs: frozenset[str]) -> tuple[Table, ...]:
    """Two to four tables; the first can do what the focus needs."""
    proofs = random_.sample(_PROOFS, random_.randint(2, 4))
    if "go" in needs:
        proofs[0] = random_.choice(("properties", "csv", "checksum", "both"))
    tables = [_table(random_, number, proof, needs) for number, proof in enumerate(proofs)]
    return tuple(tables)


def _listed(random_: random.Random) -> tuple[Table, ...]:
    """One or two tables whose files share go files."""
    proof: Proof = random_.choice(_LISTS)
    tables = [
        _table(random_, number, proof, frozenset())
        for number in range(5, 5 + random_.choice((1, 2, 2)))
    ]
    return tuple(replace(table, layout="") for table in tables)


def _table(random_: random.Random, number: int, proof: Proof, needs: frozenset[str]) -> Table:
    first = number == 0
    replaces = first and "replace" in needs
    redelivery = "replace" if replaces else random_.choice(("append", "append", "replace", "fail"))
    if first and "restated" in needs:
        redelivery = "append"
    return Table(
        name=f"raw_{number}" if random_.random() < 0.8 else f"staging.raw_{number}",
        stem=f"t{number}_",
        columns=("id", "name", "amount", "note")[: (width := random_.randint(2, 4))],
        typed=width != 4,
        measured=width != 2,
        proof=proof,
        packing=random_.choice(("", "", "", "", "gz", "zip")),
        delimiter=random_.choice((",", ",", ";", "|")),
        reject=random_.random() < 0.4,
        row_number=random_.random() < 0.2,
        on_duplicate=random_.choice(("skip", "skip", "skip", "load", "fail")),
        on_redelivery=redelivery,
        identity=random_.choice(("name", "name", "content", "key")),
        layout="{table}" if random_.random() < 0.3 else "",
        sequences=random_.random() < 0.25,
        numbered=random_.random() < 0.3,
    )


@dataclass(frozen=True)
class _Replacing:
    """Which parcels are replaced while they are loaded.

    Where two loaders work at a time, none with a go file: one of them may see half of the new pair,
    which no rule tells from a wrong one.
    """

    needs: frozenset[str]
    fault: Fault

    def allow(self, parcel: Parcel, random_: random.Random) -> bool:
        chance = 1.0 if "replaced" in self.needs else 0.3
        fits = parcel.go is None or self.fault not in ("two loops", "two schedulers")
        return random_.random() < chance and fits


def _wave(
    number: int, senders: list[Sender], random_: random.Random, clock: Clock, rules: _Replacing
) -> Wave:
    """Every table gets something new, something again, and something bad, or some of these."""
    parcels: list[Parcel] = []
    replacing: list[Parcel] = []
    for sender in senders:
        sender.settled = number > 0
        kinds = ["good", *random_.choices(("good", "drifted", "ragged"), k=random_.randint(0, 2))]
        if number:
            kinds += ["restated", "again", "nothing"]
            kinds += random_.sample(("renamed", "drifted"), 1)
        kinds += random_.sample(BAD, 2 if random_.random() < 0.6 else 0)
        unlike: set[str] = set()
        for kind in kinds:
            parcel = sender.make(kind, unlike=frozenset(unlike))
            if parcel is not None:
                unlike.add(parcel.data.name)
                parcels.append(parcel)
                if kind == "good" and rules.allow(parcel, random_):
                    replacing.append(sender.replacing(parcel))
    parcels.sort(key=lambda parcel: parcel.data.name)
    replaced = {parcel.data.name for parcel in replacing}
    late = [p.data.name for p in parcels if number and random_.random() < 0.2]
    return Wave(
        parcels=tuple(parcels),
        strays=_strays(number, random_, clock),
        replacing=tuple(sorted(replacing, key=lambda parcel: parcel.data.name)),
        late=frozenset(late) - replaced,
    )


def _strays(number: int, random_: random.Random, clock: Clock) -> tuple[File, ...]:
    """Files that stay: of no mapping, unfinished, and halves of pairs."""
    names = (f"readme{number}.txt", f"t0_wave{number}.csv.part", f".hidden{number}")
    return tuple(
        File(name=name, content=name.encode(), mtime_ns=clock.next())
        for name in names
        if random_.random() < 0.5
    )
