"""What a verification has found of a load."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail
from airflow_landing_loader.loading.model import Load, LoadTotal
from airflow_landing_loader.safe_text import delivered


@dataclass(frozen=True, kw_only=True)
class ColumnProof:
    """One column of a load, in the file and in the table.

    :param file: sum over the file's cells.
    :param table: sum over the table's cells.
    :param hindrance: why they cannot be compared, if so.
    """

    name: str
    file: str
    table: str
    hindrance: str | None = None

    @property
    def equal(self) -> bool:
        """Whether both hold the same cells."""
        return self.file == self.table and self.hindrance is None


@dataclass(frozen=True, kw_only=True)
class TotalProof:
    """One total of a load, in the books and added up anew from the archived file.

    :param file: what the file's column comes to.
    """

    booked: LoadTotal
    file: str | None

    @property
    def equal(self) -> bool:
        """Whether the file comes to what is booked, and was promised."""
        return self.file == self.booked.computed == self.booked.promised


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a verification has found.

    :param rows: of the load in the table.
    :param records: of the file, without those that were rejected.
    :param file: sum over the file's records.
    :param table: sum over the table's rows.
    :param columns: the file's columns, those that it lacks, and the rejects.
    :param totals: those that the sender promised.
    """

    load: Load
    rows: int
    records: int
    file: str
    table: str
    columns: tuple[ColumnProof, ...]
    totals: tuple[TotalProof, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether the table holds exactly the file's records, and the books their totals."""
        return self.rows_are_equal and all(total.equal for total in self.totals)

    @property
    def rows_are_equal(self) -> bool:
        """Whether the table holds exactly the file's records."""
        same = (self.rows, self.file) == (self.records, self.table)
        return same and all(column.equal for column in self.columns)

    @property
    def error(self) -> ErrorDetail | None:
        """What is wrong; ``None`` if nothing is."""
        if self.equal:
            return None
        load = self.load
        if self.rows_are_equal:
            return self._totals_differ()
        differ = [column.name for column in self.columns if not column.equal]
        what = f"columns that differ: {', '.join(differ)}"
        if self.rows != self.records:
            what = f"{self.rows:,} rows for {self.records:,} records; {what}"
        elif not differ:
            what = "each column holds the same cells, but not in the same rows"
        return ErrorDetail(
            code=ErrorCode.LOAD_ROWS_DIFFER,
            message=f"{load.table_name} does not hold exactly the records of load {load.load_id}: "
            f"{what}",
            hint="Somebody has changed rows or column types since; to have them as delivered, "
            "`landing-loader unload` the load and let its file load again.",
            file=delivered(load.filename),
        )

    def _totals_differ(self) -> ErrorDetail:
        differ = [f"{t.booked.column_name} ({t.booked.kind})" for t in self.totals if not t.equal]
        return ErrorDetail(
            code=ErrorCode.LOAD_TOTALS_DIFFER,
            message=f"load_totals does not hold what the archived file of load {self.load.load_id} "
            f"comes to: {', '.join(differ)}",
            hint="Somebody has altered the loader's own table load_totals, or numbers in the "
            "mapping: put back what was changed.",
            file=delivered(self.load.filename),
        )
