"""A folder that nobody has described: what lies in it, and the mappings that are proposed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.onboarding.content.encodings import EncodingFound, encoding_of
from airflow_landing_loader.onboarding.content.layouts import Layout, layout_of
from airflow_landing_loader.onboarding.content.samples import Sample, chosen, read_sample
from airflow_landing_loader.onboarding.content.texts import text_of
from airflow_landing_loader.onboarding.controls.pairing import (
    Pair,
    best_pairs,
    ends_as_control,
    pair,
    speaks_of_control,
)
from airflow_landing_loader.onboarding.controls.sets import digits_listed, pairs_of_set
from airflow_landing_loader.onboarding.names.groups import (
    Group,
    Kind,
    Left,
    grouped,
    merged,
    sort_names,
    values_of,
)
from airflow_landing_loader.onboarding.proposing import Material, propose
from airflow_landing_loader.onboarding.tables import table_of
from airflow_landing_loader.onboarding.writing import Proposal
from airflow_landing_loader.safe_text import shown
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import SpecialEntry, UnknownEntry, Zone


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What is proposed for the files of one pattern.

    :param files: data files of the pattern.
    :param go_files: their go files.
    """

    proposal: Proposal
    files: tuple[LandedFile, ...]
    go_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """All of a folder.

    :param known: names that mappings take which are there already, each with the pattern.
    :param left: names that no mapping takes, and why.
    """

    surveyed: tuple[Surveyed, ...]
    known: tuple[tuple[str, str], ...] = ()
    left: tuple[Left, ...] = ()


@dataclass
class _Folder:
    """The folder while it is looked at; each file is read once."""

    zone: Zone
    files: dict[str, LandedFile] = field(default_factory=dict)
    samples: dict[str, Sample] = field(default_factory=dict)
    known: list[tuple[str, str]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    layouts: dict[tuple[str, ...], tuple[EncodingFound, Layout] | str] = field(default_factory=dict)

    def sampled(self, names: Sequence[str]) -> list[Sample]:
        """Samples of a few of these files; at least one as a whole, if that is possible."""
        files = chosen([self.files[name] for name in names])
        found = [self._sample(file) for file in files]
        read = [one for one in found if not one.fault]
        if read and not any(one.whole for one in read):
            smallest = min(read, key=lambda one: one.file.size)
            again = read_sample(self.zone, smallest.file, whole=True)
            found[found.index(smallest)] = self.samples[again.file.name] = again
        return found

    def _sample(self, file: LandedFile) -> Sample:
        if file.name not in self.samples:
            self.samples[file.name] = read_sample(self.zone, file)
        return self.samples[file.name]

    def layout(self, names: Sequence[str]) -> tuple[EncodingFound, Layout] | str:
        """How some files are laid out, or why that cannot be said."""
        key = tuple(names)
        if key not in self.layouts:
            self.layouts[key] = self._layout(names)
        return self.layouts[key]

    def _layout(self, names: Sequence[str]) -> tuple[EncodingFound, Layout] | str:
        samples = self.sampled(names)
        faults = [one.fault for one in samples if one.fault]
        filled = [one for one in samples if one.head]
        if not filled:
            return faults[0] if faults else "empty: nothing tells what such files hold"
        encoding = encoding_of(filled)
        if not encoding.is_text:
            return f"not CSV: {encoding.why}"
        texts = [text_of(one, encoding.decoder) for one in filled]
        texts = [text for text in texts if text.first]
        if not texts:
            return "blank: nothing tells what such files hold"
        return encoding, layout_of(texts)

    def kind_of_control(self, kind: Kind) -> tuple[str, int] | None:
        """What tells that kinds of control files are one; ``None``: they are data, as far as is
        known. A list of digests is told by what stands in it, others by their endings."""
        if ends_as_control(kind):
            return kind.key.ending, 0
        sample = self._sample(chosen([self.files[name.text] for name in kind.names])[0])
        digits = digits_listed(sample.head, self.files) if sample.whole else 0
        return (kind.key.ending, digits) if digits else None

    def signature(self, kind: Kind) -> Hashable | None:
        """What tells that kinds of files are of one table: their header."""
        found = self.layout([name.text for name in kind.names])
        if isinstance(found, str) or not found[1].header:
            return None
        return kind.key.ending, found[0].name, found[1].columns


def survey(zone: Zone, known: Sequence[TableMapping]) -> Survey:
    """Look at a folder. Nothing in it is moved, loaded or changed.

    :param zone: the folder.
    :param known: mappings that are there already: what they take needs no other one.
    :raises TransientError: ``ZONE_UNAVAILABLE``.
    """
    folder = _Folder(zone)
    _list(folder, known)
    kinds, left = sort_names(folder.files)
    folder.left += left
    controls = [kind for kind in kinds if folder.kind_of_control(kind)]
    data = [kind for kind in kinds if kind not in controls]
    groups, left = grouped(merged(data, folder.signature))
    folder.left += left
    pairs, groups = _paired(folder, groups, controls)
    surveyed = tuple(_proposed(folder, groups, pairs, known))
    return Survey(surveyed, tuple(folder.known), tuple(sorted(folder.left, key=_by_name)))


def _by_name(left: Left) -> str:
    return left.name


def _list(folder: _Folder, known: Sequence[TableMapping]) -> None:
    for entry in folder.zone.list():
        if isinstance(entry, SpecialEntry):
            folder.left.append(Left(entry.name, entry.kind))
        elif isinstance(entry, UnknownEntry):
            folder.left.append(Left(entry.name, entry.why))
        elif (pattern := _pattern_of(entry.name, known)) is not None:
            folder.known.append((entry.name, pattern))
        else:
            folder.files[entry.name] = entry


def _pattern_of(name: str, known: Sequence[TableMapping]) -> str | None:
    for mapping in known:
        go = mapping.go_pattern
        if mapping.matches(name) or (go is not None and go.match(name) is not None):
            return mapping.pattern
    return None


def _paired(
    folder: _Folder, groups: Sequence[Group], controls: Sequence[Kind]
) -> tuple[dict[str, Pair], list[Group]]:
    """The pair of each data group, by its pattern, and the groups that are data."""
    words = frozenset(text for group in groups for text in _words_in(group))
    go_kinds = merged(controls, folder.kind_of_control, words_alone=words)
    go_groups, left = grouped(go_kinds)
    folder.left += left
    found: dict[str, list[Pair]] = defaultdict(list)
    data = list(groups)
    speaking = [group for group in groups if speaks_of_control(group.kind)]
    sets = dict(_sets(folder, groups, [*go_groups, *speaking]))
    for of_set in sets.values():
        for member in of_set:
            found[member.data.pattern.text].append(member)
    data = [group for group in data if group.pattern.text not in sets]
    for go in [group for group in go_groups if group.pattern.text not in sets]:
        pairs = best_pairs([one for group in groups if (one := pair(group, go))])
        if len(pairs) == 1:
            found[pairs[0].data.pattern.text].append(pairs[0])
        else:
            folder.left += _unpaired(go, pairs)
    for go in [group for group in speaking if group in data]:
        others = [group for group in data if group is not go]
        pairs = best_pairs([one for group in others if (one := pair(group, go))])
        if len(pairs) == 1 and _speaks_of_data(folder, pairs[0]):
            found[pairs[0].data.pattern.text].append(pairs[0])
            data.remove(go)
    return dict(_one_each(folder, found)), [group for group in data]


def _sets(
    folder: _Folder, groups: Sequence[Group], controls: Sequence[Group]
) -> Iterator[tuple[str, list[Pair]]]:
    """The pairs of go files that name several data files, by their pattern."""
    taken: set[str] = set()
    for go in controls:
        data = [group for group in groups if group is not go]
        few = chosen([folder.files[name] for name in go.names])
        pairs = pairs_of_set(folder.zone, go, few, folder.files, data)
        members = {one.data.pattern.text for one in pairs}
        if pairs and not members & taken:
            taken |= {go.pattern.text, *members}
            yield go.pattern.text, pairs


def _words_in(group: Group) -> Iterator[str]:
    for values in values_of(group).values():
        yield from (value.casefold() for value in values)


def _unpaired(go: Group, pairs: Sequence[Pair]) -> Iterator[Left]:
    why = "named or written as go files are, and no data files fit it"
    if pairs:
        patterns = " and ".join(one.data.pattern.text for one in pairs)
        why = f"may be the go file of {shown(patterns)}: nothing tells of which"
    return (Left(name, why) for name in go.names)


def _speaks_of_data(folder: _Folder, of: Pair) -> bool:
    """Whether files that may be data are go files: they are empty, or name their data files."""
    for data, go in of.names:
        sample = folder.sampled([go])[0]
        if sample.file.size and data.encode() not in sample.head:
            return False
    return bool(of.names)


def _one_each(folder: _Folder, found: dict[str, list[Pair]]) -> Iterator[tuple[str, Pair]]:
    """A mapping has one go file: of several kinds the one whose content can be read most."""
    for pattern, pairs in found.items():
        # A set needs all its members; one that is filled proves more than one that is there.
        first, *others = sorted(
            pairs, key=lambda one: (one.form is None, -_filled(folder, one), one.go.pattern.text)
        )
        yield pattern, first
        for other in others:
            why = f"a second kind of go file beside {shown(first.go.pattern.text)}: one is used"
            folder.left += [Left(name, why) for name in other.go.names]


def _filled(folder: _Folder, one: Pair) -> int:
    return sum(folder.files[go].size > 0 for _, go in one.names)


def _proposed(
    folder: _Folder,
    groups: Sequence[Group],
    pairs: dict[str, Pair],
    known: Sequence[TableMapping],
) -> Iterator[Surveyed]:
    taken = {mapping.table.casefold() for mapping in known}
    for group in groups:
        found = folder.layout(group.names)
        if isinstance(found, str):
            folder.left += [Left(name, found) for name in group.names]
            continue
        clash = next((m for m in known if group.pattern.intersect(m.data_pattern)), None)
        if clash is not None:
            why = f"the mapping {clash.pattern} ({clash.origin}) could take names of its kind, too"
            folder.left += [Left(name, why) for name in group.names]
            continue
        table = table_of(group.pattern, group.kind.key.ending, taken)
        of_group = pairs.get(group.pattern.text)
        go_names = dict.fromkeys(go for _, go in of_group.names) if of_group else {}
        taken.add(table)
        encoding, layout = found
        material = Material(
            zone=folder.zone,
            group=group,
            files=tuple(folder.files[name] for name in group.names),
            samples=tuple(folder.sampled(group.names)),
            encoding=encoding,
            layout=layout,
            pair=of_group,
            go_files={name: folder.files[name] for name in go_names},
        )
        yield Surveyed(propose(material, table), material.files, tuple(go_names))
