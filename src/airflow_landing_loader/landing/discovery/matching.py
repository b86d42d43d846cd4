"""Which mapping uses a file of which name, and for what."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns import Pattern


@dataclass(frozen=True, kw_only=True)
class Use:
    """One way in which a mapping uses names: as data files, or as go files."""

    mapping: TableMapping
    pattern: Pattern
    partner: Pattern | None
    is_data: bool

    def takes(self, name: str) -> bool:
        """Whether it is for files of this name."""
        if self.is_data:
            return self.mapping.matches(name)
        return self.pattern.match(name) is not None

    def partner_name(self, name: str) -> str | None:
        """The go file of this data file, or the data file of this go file, by name."""
        stars = self.pattern.match(name)
        return None if self.partner is None or stars is None else self.partner.fill(stars)


class Index:
    """All uses by the text before the first star, so that a name meets few of many patterns."""

    def __init__(self, mappings: Sequence[TableMapping]) -> None:
        self._by_prefix: dict[str, list[Use]] = {}
        for mapping in mappings:
            data, go = mapping.data_pattern, mapping.go_pattern
            self._add(Use(mapping=mapping, pattern=data, partner=go, is_data=True))
            if go is not None:
                self._add(Use(mapping=mapping, pattern=go, partner=data, is_data=False))
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def uses(self, name: str) -> tuple[Use, ...]:
        """What the mappings would use a file of this name for."""
        # A longer prefix is none of this name's: cut to it, the name would only be found once more.
        lengths = self._lengths[: bisect_right(self._lengths, len(name))]
        prefixes = [name[:length] for length in lengths if name[:length] in self._by_prefix]
        if not prefixes:
            return ()
        return tuple([u for prefix in prefixes for u in self._by_prefix[prefix] if u.takes(name)])

    def is_go_file_of(self, use: Use, name: str, go_name: str) -> bool:
        """Whether the file of this name is really the go file of ``name``, and of no other.

        Filled into the go pattern, the same text may split differently; then it names another file.
        """
        same = use.partner is not None and use.partner.match(go_name) == use.pattern.match(name)
        return same and len(self.uses(go_name)) == 1

    def _add(self, use: Use) -> None:
        self._by_prefix.setdefault(use.pattern.literal_prefix, []).append(use)
