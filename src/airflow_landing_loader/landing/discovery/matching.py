"""Which mapping uses a file of which name, and for what."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.patterns.places import folded
from airflow_landing_loader.config.mapping.sets import SetKey, set_key


@dataclass(frozen=True, kw_only=True)
class Use:
    """One way in which a mapping uses names: as data files, or as go files.

    :param mapping: of a go file that may name data files of several mappings, the first of them.
    :param kind: where go files name their data files, what those of one kind have in common.
    """

    mapping: TableMapping
    pattern: Pattern
    partner: Pattern | None
    is_data: bool
    kind: SetKey | None = None

    def takes(self, name: str) -> bool:
        """Whether it is for files of this name."""
        if self.is_data:
            return self.mapping.matches(name)
        return self.pattern.match(name) is not None

    def misses(self, name: str) -> bool:
        """Whether a file of this name would be for it, had it the dates and numbers it wants."""
        excluded = self.is_data and self.mapping.excludes(name)
        return self.pattern.misfit(name) is not None and not excluded

    def partner_name(self, name: str) -> str | None:
        """The go file of this data file, or the data file of this go file, by name."""
        texts = self.pattern.match(name)
        if self.partner is None or texts is None:
            return None
        return self.partner.counterpart(self.pattern, texts)

    def pairs(self, name: str, partner: str) -> bool:
        """Whether a file of that name is the other one of this, each following from the other.

        Filled into the other pattern, the same text may split differently; then it names another
        file.
        """
        if self.partner is None:
            return False
        texts = self.partner.match(partner)
        back = None if texts is None else self.pattern.counterpart(self.partner, texts)
        return back is not None and self.pattern.match(back) == self.pattern.match(name)


class Index:
    """All uses by the text before the first wildcard, so that a name meets few of many patterns."""

    def __init__(self, mappings: Sequence[TableMapping]) -> None:
        self._by_prefix: dict[str, list[Use]] = {}
        kinds: set[SetKey] = set()
        for mapping in mappings:
            data, go, kind = mapping.data_pattern, mapping.go_pattern, set_key(mapping)
            if kind is not None:
                self._add_of_set(mapping, kind, is_first=kind not in kinds)
                kinds.add(kind)
                continue
            self._add(Use(mapping=mapping, pattern=data, partner=go, is_data=True))
            if go is not None:
                self._add(Use(mapping=mapping, pattern=go, partner=data, is_data=False))
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def _add_of_set(self, mapping: TableMapping, kind: SetKey, *, is_first: bool) -> None:
        data, go = mapping.data_pattern, mapping.go_pattern
        self._add(Use(mapping=mapping, pattern=data, partner=None, is_data=True, kind=kind))
        if is_first and go is not None:
            self._add(Use(mapping=mapping, pattern=go, partner=None, is_data=False, kind=kind))

    def uses(self, name: str) -> tuple[Use, ...]:
        """What the mappings would use a file of this name for."""
        return tuple([use for use in self._beginning_like(name) if use.takes(name)])

    def misnamed(self, name: str) -> tuple[Use, ...]:
        """What they would use it for, had it the dates and numbers that their patterns want."""
        return tuple([use for use in self._beginning_like(name) if use.misses(name)])

    def is_go_file_of(self, use: Use, name: str, go_name: str) -> bool:
        """Whether the file of this name is really the go file of ``name``, and of no other."""
        return use.pairs(name, go_name) and len(self.uses(go_name)) == 1

    def _beginning_like(self, name: str) -> Iterator[Use]:
        like = folded(name)
        # A longer prefix is none of this name's: cut to it, the name would only be found once more.
        for length in self._lengths[: bisect_right(self._lengths, len(name))]:
            yield from self._by_prefix.get(like[:length], ())

    def _add(self, use: Use) -> None:
        self._by_prefix.setdefault(folded(use.pattern.literal_prefix), []).append(use)


class Partner(NamedTuple):
    """The file that goes with another one: a go file with its data file, or the other way round.

    :param name: its name, whether or not it is there.
    :param alike: names that differ only in case where case is ignored, if they leave it open which
        files go together.
    """

    name: str
    alike: tuple[str, ...] = ()


class Partners:
    """Which files of a look go together. Where case counts, their names say it.

    :param names: of all files in it.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def of(self, name: str, use: Use) -> Partner:
        """The file that goes with this one, by the use of its name, which asks for one."""
        expected = use.partner_name(name) or ""
        if not use.mapping.ignore_case:
            return Partner(expected)
        found = self._like(expected, lambda other: use.pairs(name, other))
        rivals = set(self._like(name, lambda rival: any(use.pairs(rival, one) for one in found)))
        if len(found) > 1 or len(rivals) > 1:
            return Partner(expected, tuple(sorted({*found, *rivals} - {name})))
        return Partner(found[0] if found else expected)

    def like(self, name: str) -> tuple[str, ...]:
        """The names that differ from this one in case at most."""
        return tuple(self._by_letters.get(folded(name), ()))

    def _like(self, name: str, fits: Callable[[str], bool]) -> list[str]:
        return [other for other in self._by_letters.get(folded(name), ()) if fits(other)]

    @cached_property
    def _by_letters(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self._names:
            found.setdefault(folded(name), []).append(name)
        return found
