"""Go files that name their data files, with these as they lie there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns.ignored import is_ignored
from airflow_landing_loader.exceptions import (
    ErrorCode,
    ErrorDetail,
    LandingError,
    TerminalError,
    TransientError,
    shown,
)
from airflow_landing_loader.landing.control.go_file.listing import files_named
from airflow_landing_loader.landing.discovery.matching import Index, Partners, Use
from airflow_landing_loader.landing.discovery.model import files_alike
from airflow_landing_loader.landing.discovery.rest import in_grace
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Entry, Zone

_GONE = (ErrorCode.LANDING_DISAPPEARED, ErrorCode.LANDING_CHANGED)


@dataclass(frozen=True, kw_only=True)
class FileSet:
    """A go file and the data files that it names.

    :param deliveries: those that are there.
    :param lacks: the first one that is not there; ``None``: all are.
    :param error: why the go file is not taken, whatever is there.
    :param named: the names that stand in it, where it is not taken for what they are.
    """

    use: Use
    go: LandedFile
    deliveries: tuple[Delivery, ...] = ()
    lacks: str | None = None
    error: ErrorDetail | None = None
    named: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of its data files, as far as they are there or known."""
        return tuple(delivery.data.name for delivery in self.deliveries) or self.named


class Sets:
    """Looks at the sets of a zone.

    :param names: of all files in it.
    :param ask: what lies under a name.
    :param now: seconds since the epoch.
    """

    def __init__(
        self,
        zone: Zone,
        index: Index,
        partners: Partners,
        names: Collection[str],
        ask: Callable[[str], Entry | None],
        now: float,
    ) -> None:
        self._zone = zone
        self._index = index
        self._partners = partners
        self._names = names
        self._ask = ask
        self._now = now

    def of(self, go_files: Sequence[tuple[LandedFile, Use]]) -> list[FileSet]:
        """The set of each go file; one that is gone by now has none.

        :param go_files: all that name data files, each with its use.
        """
        found = [each for go, use in go_files if (each := self._of(go, use)) is not None]
        naming: dict[str, list[str]] = defaultdict(list)
        for each in found:
            for delivery in each.deliveries:
                naming[delivery.data.name].append(each.go.name)
        return [self._once(each, naming) for each in found]

    def _of(self, go: LandedFile, use: Use) -> FileSet | None:
        rules = use.mapping.go_file
        assert rules is not None  # it has a kind
        named: tuple[str, ...] = ()
        try:
            named = files_named(self._zone, go, rules)
            mappings = [self._mapping_of(go, use, name) for name in named]
            lying = [
                self._lying(go, name, mapping)
                for name, mapping in zip(named, mappings, strict=True)
            ]
            _require_different(go, named, lying)
        except LandingError as error:
            if error.code in _GONE:
                return None
            detail = self._in_grace(error.detail, go, use.mapping)
            return FileSet(use=use, go=go, error=detail, named=named)
        lacks = next((n for n, file in zip(named, lying, strict=True) if file is None), None)
        deliveries = tuple(
            Delivery(mapping=mapping, data=file, go=go, members=len(named))
            for mapping, file in zip(mappings, lying, strict=True)
            if file is not None
        )
        return FileSet(use=use, go=go, deliveries=deliveries, lacks=lacks)

    def _mapping_of(self, go: LandedFile, use: Use, name: str) -> TableMapping:
        """The mapping of a name that stands in a go file: one with such go files.

        Nothing is looked up by what stands there: names are only compared with those of the zone.
        """
        uses = () if is_ignored(name) else self._index.uses(name)
        if len(uses) != 1 or not uses[0].is_data or uses[0].kind != use.kind:
            raise TerminalError(
                ErrorCode.GO_FILE_UNKNOWN_MEMBER,
                f"The go file names {shown(name[:200])}, which is no data file of a mapping with "
                f"go files {use.pattern.text!r} that list files.",
                hint="Correct the name, without a folder, or give its mapping the same go_file; "
                "nothing that the go file names is taken until then.",
                file=go.name,
            )
        return uses[0].mapping

    def _lying(self, go: LandedFile, name: str, mapping: TableMapping) -> LandedFile | None:
        """The file that is meant by a name, if it is there and is one."""
        if name not in self._names and mapping.ignore_case:
            like = self._partners.like(name)
            if len(like) > 1:
                raise files_alike(go.name, like)
            name = like[0] if like else name
        entry = self._ask(name) if name in self._names else None
        return entry if isinstance(entry, LandedFile) else None

    def _in_grace(self, error: ErrorDetail, go: LandedFile, mapping: TableMapping) -> ErrorDetail:
        """The error, or that the go file may still be written."""
        if error.transient or not self._zone.settles:
            return error
        age = self._now - go.mtime_ns / 1e9
        return in_grace(error, age=age, seconds=mapping.grace_seconds) or error

    def _once(self, found: FileSet, naming: dict[str, list[str]]) -> FileSet:
        """The set, unless another go file names one of its data files, too."""
        for delivery in found.deliveries:
            others = [name for name in naming[delivery.data.name] if name != found.go.name]
            if others:
                error = TerminalError(
                    ErrorCode.GO_FILE_LISTED_TWICE,
                    f"The go files {shown(found.go.name)} and {shown(others[0])} both name "
                    f"{shown(delivery.data.name)}.",
                    hint="Remove the one that is not meant; nothing that they name is taken until "
                    "then.",
                    file=found.go.name,
                )
                return replace(found, error=error.detail)
        return found


def _require_different(
    go: LandedFile, named: Sequence[str], lying: Sequence[LandedFile | None]
) -> None:
    """See that no two names of a go file mean one file, as spellings of it may say two things."""
    by_file: dict[str, str] = {}
    for name, file in zip(named, lying, strict=True):
        if file is None:
            continue
        if (other := by_file.setdefault(file.name, name)) != name:
            raise TerminalError(
                ErrorCode.GO_FILE_LISTED_TWICE,
                f"The go file names {shown(file.name)} twice, as {shown(other)} and as "
                f"{shown(name)}.",
                hint="Ask the sender which of the two is meant; nothing that the go file names is "
                "taken until then.",
                file=go.name,
            )


def waits(name: str, found: FileSet | None, use: Use) -> TransientError:
    """Why a data file is not taken now: its set is not complete.

    :param found: its set, if a go file names it.
    :param use: its own.
    """
    pattern = use.mapping.go_file.pattern if use.mapping.go_file else ""
    if found is None:
        why = f"It waits for a go file {pattern} that names it."
        hint = "It is taken as soon as the go file arrives, with all that it names."
    elif found.error is not None:
        why = f"Its go file {shown(found.go.name)} is not taken: {found.error.sentence()}"
        hint = found.error.hint or ""
    else:
        why = f"It waits for {shown(found.lacks or '')}, which its go file "
        why += f"{shown(found.go.name)} names."
        hint = "All that a go file names is taken together."
    return TransientError(ErrorCode.SET_INCOMPLETE, why, hint=hint, file=name)


def by_name(sets: Iterable[FileSet]) -> dict[str, FileSet]:
    """The set that each data file is of, by its name; those that are taken before those that are
    refused."""
    found: dict[str, FileSet] = {}
    for each in sets:
        for name in each.names:
            if each.deliveries or name not in found:
                found[name] = each
    return found
