"""Whether a table holds exactly the records of an archived file: values, not only counts.

The file is read by code of our own, the table by its warehouse; both are added up to fingerprints.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.totals import cut
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.landing.formats.csv.detection.detect import with_dialect
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.loading.columns.added import cells_of
from airflow_landing_loader.loading.columns.names import ROW_NUMBER
from airflow_landing_loader.loading.ledger.records import columns_lost
from airflow_landing_loader.loading.model import Load, LoadTotal
from airflow_landing_loader.loading.reading.quality import QualityLine
from airflow_landing_loader.loading.warehouses.base import CommittedLoad, Ledger
from airflow_landing_loader.maintenance.archived import (
    archived_place,
    changed,
    known,
    missing,
    removed,
    table_with_rows,
)
from airflow_landing_loader.maintenance.comparison import Comparison, comparison_of
from airflow_landing_loader.maintenance.fingerprint import Fingerprint
from airflow_landing_loader.maintenance.proof import ColumnProof, Proof, TotalProof
from airflow_landing_loader.maintenance.recount import Recount
from airflow_landing_loader.safe_text import counted, delivered
from airflow_landing_loader.storage.content import FileContent, sha256_of

REJECTS = "load_rejects"
QUALITY = "load_quality"
_TELL_EVERY = 5_000
_T = TypeVar("_T")


@dataclass(frozen=True)
class Progress:
    """Tells how far it is.

    :param tell: given records and rows done, and their number in all.
    """

    tell: Callable[[int, int], None] | None
    total: int
    before: int = 0

    def watch(self, items: Iterable[_T]) -> Iterator[_T]:
        """Pass items through."""
        for number, item in enumerate(items, start=1):
            if self.tell is not None and number % _TELL_EVERY == 0:
                self.tell(self.before + number, self.total)
            yield item


def verify(
    load_id: str,
    *,
    warehouse: Ledger,
    mappings: Sequence[TableMapping],
    clients: Clients,
    tell: Callable[[int, int], None] | None = None,
) -> Proof:
    """Hold a load's rows against its archived file.

    :param mappings: the one that feeds the load's table says how the file is written.
    :param clients: for an archive in an object store.
    :param tell: given records and rows done so far, and their number in all.
    :raises TerminalError: ``LOAD_UNKNOWN``, ``LOAD_REMOVED``, ``ARCHIVE_MISSING``,
        ``ARCHIVE_CHANGED``, ``LANDING_UNKNOWN_FILE`` (no mapping), ``MAPPING_CHANGED``,
        ``LOAD_TABLE_UNFIT`` (the table is gone, or does not tell its rows apart).
    :raises TransientError: a zone or the warehouse cannot be read now, or the books do not tell the
        load's columns any more.
    """
    with warehouse.committed(load_id) as found:
        present = _present(known(found, load_id))
        load, totals = present.load, present.totals
    written = _mapping_of(load, mappings)
    source = _source(load, clients)
    mapping, inspection = _inspect(load, source, written, totals)
    total = load.row_count + load.record_count
    with warehouse.committed(load_id) as found:
        present = _present(known(found, load_id))
        _require_columns(present, mapping, inspection)
        held = _Table(present, inspection.longest_record, Progress(tell, total))
    read = _File(held, source, mapping, inspection, Progress(tell, total, load.row_count))
    return _proof(held, read, tuple(_total_proof(total, inspection) for total in totals))


class _Table:
    """What the table holds of a load, and ``load_rejects``."""

    def __init__(self, found: CommittedLoad, longest: int, progress: Progress) -> None:
        self.load = found.load
        # A delivery of no rows and no columns makes no table.
        without_table = found.table is None and not found.load.record_count
        self.comparison = comparison_of(self.load, (), ()) if without_table else _comparison(found)
        self.sums = Fingerprint(len(self.comparison.names))
        rows = () if without_table else found.rows(self.comparison.selected, longest)
        for values in progress.watch(rows):
            self.sums.add(self.comparison.of_row(values))
        self.columns, self.quality = found.columns, found.quality
        self.rejects = Fingerprint(2)
        self.rejected = array("q")  # numbers of records, ascending
        for number, text in found.rejects():
            self.rejects.add((str(number), text))
            if isinstance(number, int):  # else somebody else wrote it, and the sums differ
                self.rejected.append(number)

    @property
    def numbered(self) -> bool:
        """Whether the rows have numbers."""
        names = self.comparison.names
        return ROW_NUMBER in names and not self.sums.is_null(names.index(ROW_NUMBER))


class _File:
    """What the table should hold."""

    def __init__(
        self,
        held: _Table,
        source: FileContent,
        mapping: TableMapping,
        inspection: Inspection,
        progress: Progress,
    ) -> None:
        self.sums = Fingerprint(len(held.comparison.names))
        self.rejects = Fingerprint(2)
        recount = Recount(mapping, inspection, held.columns) if mapping.quality else None
        rejected, numbered = iter(held.rejected), held.numbered
        next_reject = next(rejected, None)
        added = cells_of(mapping, delivered(held.load.filename))
        for record in progress.watch(read_records(source, mapping, inspection)):
            if record.number == next_reject:
                self.rejects.add((str(record.number), record.text))
                next_reject = next(rejected, None)
                if recount:
                    recount.reject()
            elif len(record.cells) != len(inspection.columns):
                # It can be nowhere else; if it is not there, the two sums differ.
                self.rejects.add((str(record.number), record.text))
            else:
                self.sums.add(held.comparison.of_record(record, added, numbered=numbered))
                if recount:
                    recount.add((*record.cells, *added))
        self.quality = recount.lines() if recount else ()


def _total_proof(booked: LoadTotal, inspection: Inspection) -> TotalProof:
    file = next(
        total.value
        for total in inspection.totals
        if (total.column, total.kind) == (delivered(booked.column_name), booked.kind)
    )
    return TotalProof(booked=booked, file=cut(file, booked.width))


def _proof(held: _Table, read: _File, totals: tuple[TotalProof, ...]) -> Proof:
    comparison = held.comparison
    hindrances = comparison.hindrances
    columns = [
        ColumnProof(
            name=name,
            file=read.sums.column(index),
            table=held.sums.column(index),
            hindrance=hindrances.get(name),
        )
        for index, name in enumerate(comparison.names)
    ]
    rejects = ColumnProof(name=REJECTS, file=read.rejects.total, table=held.rejects.total)
    return Proof(
        load=held.load,
        rows=held.sums.rows,
        records=read.sums.rows,
        file=read.sums.total,
        table=held.sums.total,
        columns=(*columns, rejects, *_quality_proof(held.quality, read.quality)),
        totals=totals,
    )


def _quality_proof(
    booked: Sequence[QualityLine], counted: Sequence[QualityLine]
) -> Iterator[ColumnProof]:
    """The figures of quality, where the mapping has the rules that it had for the load."""
    if booked and _rules_of(booked) == _rules_of(counted):
        yield ColumnProof(name=QUALITY, file=_sum_of(counted), table=_sum_of(booked))


def _rules_of(lines: Sequence[QualityLine]) -> list[tuple[str, str]]:
    return sorted((line.rule, line.column or "") for line in lines)


def _sum_of(lines: Sequence[QualityLine]) -> str:
    figures = Fingerprint(3)
    for line in lines:
        figures.add((line.rule, line.column, str(line.failed)))
    return figures.total


def _present(found: CommittedLoad) -> CommittedLoad:
    if found.load.removed_sequence is not None:
        raise removed(found)
    return found


def _require_columns(found: CommittedLoad, mapping: TableMapping, inspection: Inspection) -> None:
    """A file of other columns than the load's has no cells to be compared with them."""
    added = len(mapping.add_columns) if inspection.columns else 0
    read, booked = len(inspection.columns) + added, len(found.columns)
    if read and not booked:
        raise columns_lost(found.load.load_id)
    if read != booked:
        raise _read_otherwise(
            found.load, f"it has {counted(read, 'column')} now, and load_columns names {booked}"
        )


def _comparison(found: CommittedLoad) -> Comparison:
    load, table = found.load, table_with_rows(found)
    if table is None:
        raise TerminalError(
            ErrorCode.LOAD_TABLE_UNFIT,
            f"{load.table_name} is not there any more: its rows cannot be compared",
            hint="To have the rows again, deliver the archived file anew.",
            file=delivered(load.filename),
        )
    return comparison_of(load, found.columns, table)


def _mapping_of(load: Load, mappings: Sequence[TableMapping]) -> TableMapping:
    for mapping in mappings:
        if mapping.table == load.table_name and mapping.matches(delivered(load.filename)):
            return mapping
    raise TerminalError(
        ErrorCode.LANDING_UNKNOWN_FILE,
        f"no mapping feeds {load.table_name} from a file of this name any more, "
        "so nothing says how it is written",
        hint="Bring the mapping back for the time of the verification.",
        file=delivered(load.filename),
    )


def _source(load: Load, clients: Clients) -> FileContent:
    folder = archived_place(load, clients)
    file = folder.find()
    if file is None:
        raise missing(load, folder.name)
    if file.size != load.size_bytes:
        raise changed(load, file.name)  # told at once, however much of it there is to be read
    return folder.zone.source(file)


def _inspect(
    load: Load, source: FileContent, mapping: TableMapping, totals: Sequence[LoadTotal]
) -> tuple[TableMapping, Inspection]:
    """The mapping with the dialect of the file, and what the file holds.

    :param totals: what is added up, whatever the mapping says of totals by now.
    """
    wanted = dict.fromkeys((delivered(total.column_name), total.kind) for total in totals)
    try:
        mapping = with_dialect(source, mapping)
        inspection = inspect(
            source, mapping, may_be_empty=load.record_count == 0, totals=tuple(wanted)
        )
    except TerminalError as error:
        if sha256_of(source) != load.sha256:
            raise changed(load, source.name) from error
        raise _read_otherwise(load, f"it is refused now with {error.code}") from error
    if inspection.sha256 != load.sha256:
        raise changed(load, source.name)
    if inspection.records != load.record_count:
        raise _read_otherwise(
            load, f"{inspection.records:,} records are counted, not {load.record_count:,}"
        )
    return mapping, inspection


def _read_otherwise(load: Load, how: str) -> TerminalError:
    return TerminalError(
        ErrorCode.MAPPING_CHANGED,
        f"under today's mapping the archived file is not read as it was for load {load.load_id}: "
        f"{how}",
        hint="Bring back the mapping as it was for the time of the verification.",
        file=delivered(load.filename),
    )
