"""Senders that write one go file for several data files, of one table or of two."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from chaos.content import go_file, listing
from chaos.model import GO_STEM, File, FileSet, Parcel, Table, Wave
from chaos.senders import BAD, Clock, Sender

_WAITING = ("a file that never comes", "a file of nobody", "no go file")
_NEVER = "999"
"""Number of a data file that is named and never sent."""


class SetSender:
    """Makes the sets of some tables.

    :param tables: whose go files list data files, all in one form; none: there are no sets.
    :param replaces: whether a parcel is replaced while it is loaded.
    """

    def __init__(
        self,
        tables: Sequence[Table],
        random_: random.Random,
        clock: Clock,
        replaces: Callable[[Parcel], bool],
    ) -> None:
        self._senders = [Sender(table, random_, clock) for table in tables]
        self._random = random_
        self._clock = clock
        self._replaces = replaces
        self._go_files = 0
        self._waves = 0

    def join(self, wave: Wave) -> Wave:
        """The wave with the sets that it brings, and what replaces their data files meanwhile."""
        if not self._senders:
            return wave
        taken: set[str] = set()
        for sender in self._senders:
            sender.settled = self._waves > 0
        whole = self._whole([*self._senders, *self._some()], ["good"], taken)
        replaced = [parcel for parcel in whole.parcels if self._replaces(parcel)][:1]
        sets = [whole if replaced else self._in_turns(whole)]
        for kind in self._kinds():
            sets.append(self._in_turns(self._whole(self._some(), [kind], taken)))
        if self._random.random() < 0.5:
            sets.append(self._waiting())
        self._waves += 1
        replacing = (*wave.replacing, *map(self._replacing, replaced))
        return replace(wave, sets=tuple(sets), replacing=replacing)

    def _kinds(self) -> list[str]:
        """What is special about one file of each further set."""
        kinds = ["ragged", *self._random.sample(BAD, 2)]
        if self._waves:
            kinds += ["again", "restated", "drifted"]
        return self._random.sample(kinds, self._random.randint(1, 3))

    def _some(self) -> list[Sender]:
        return self._random.choices(self._senders, k=self._random.randint(1, 3))

    def _whole(self, senders: Sequence[Sender], special: list[str], taken: set[str]) -> FileSet:
        """One that is complete at once.

        :param senders: of each of its data files.
        :param special: kinds of the first ones; the others are good.
        :param taken: names that this wave has, to which those of the set are added.
        """
        parcels = []
        for number, sender in enumerate(senders):
            own = frozenset(name for name in taken if name.startswith(sender.table.stem))
            kind = special[number] if number < len(special) else "good"
            parcel = sender.make(kind, unlike=own) or sender.make("good", unlike=own)
            assert parcel is not None  # a good one can always be made
            parcels.append(parcel)
            taken.add(parcel.data.name)
        self._random.shuffle(parcels)
        go = self._go_of(parcels)
        members = tuple(replace(parcel, go=go, shares_go=True) for parcel in parcels)
        return FileSet(go=go, parcels=members, arrivals=((*(p.data for p in parcels), go),))

    def _replacing(self, parcel: Parcel) -> Parcel:
        """What is put in the place of a data file, and the go file that names it alone."""
        sender = next(each for each in self._senders if each.table == parcel.table)
        made = sender.replacing(parcel)
        return replace(made, go=self._go_of([made]))

    def _in_turns(self, whole: FileSet) -> FileSet:
        """The same in any order and in several turns, some of it replaced before it is complete."""
        turns: list[list[File]] = [[] for _ in range(self._random.randint(1, 3))]
        *files, last = self._random.sample(whole.files, len(whole.files))
        for file in files:
            self._random.choice(turns).append(file)
        turns[-1].append(last)
        early = self._random.choice(files)
        if len(turns) > 1 and self._random.random() < 0.5:
            for turn in turns:
                turn[:] = [file for file in turn if file != early]
            turns[0].append(self._early(early, whole))
            turns[-1].append(early)
        return replace(whole, arrivals=tuple(map(tuple, turns)))

    def _early(self, file: File, whole: FileSet) -> File:
        """What its sender wrote before it wrote this one."""
        if file == whole.go:
            return self._wrong_go(whole)
        content = file.content[: len(file.content) // 2] + file.name.encode()
        return File(name=file.name, content=content, mtime_ns=self._clock.next())

    def _waiting(self) -> FileSet:
        """One that never is complete, and whose files nobody sends again."""
        parcels = [sender.good(frozenset()) for sender in self._some()]
        why = self._random.choice(_WAITING)
        go = self._go_of(parcels)
        files = tuple(parcel.data for parcel in parcels)
        whole = FileSet(go=go, parcels=tuple(parcels), arrivals=(files,), waits=True)
        if why == "no go file":
            return whole
        return replace(whole, arrivals=((*files, self._wrong_go(whole, why)),))

    def _wrong_go(self, whole: FileSet, why: str = "") -> File:
        """The go file of a set, which names something else, too."""
        table = whole.parcels[0].table
        why = why or self._random.choice(_WAITING[:2])
        name = table.name_of(_NEVER, 1) if why == _WAITING[0] else "nobody.txt"
        named = [(parcel.table, parcel.data.name) for parcel in whole.parcels]
        entries = [go_file(of, each, b"", 1, 0) for of, each in (*named, (table, name))]
        return replace(whole.go, content=listing(table, entries), mtime_ns=self._clock.next())

    def _go_of(self, parcels: Sequence[Parcel]) -> File:
        self._go_files += 1
        entries = [parcel.go.content for parcel in parcels if parcel.go is not None]
        return File(
            name=f"{GO_STEM}{self._go_files:03}.go",
            content=listing(parcels[0].table, entries),
            mtime_ns=self._clock.next(),
        )
