"""What a step has read and written, as lineage knows it: datasets, their columns, what was checked.

Made from the verdicts alone: nothing is asked of a zone or a warehouse. Names, counts and hashes,
no cells. However many files a lane has and however wide they are, what is told stays bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from airflow_landing_loader.config.mapping.column_names import same
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.loading.columns.names import EXTRA, FileColumn, columns_of
from airflow_landing_loader.loading.columns.own import own_columns
from airflow_landing_loader.loading.model import Duplicate, Load, Loaded, Refused
from airflow_landing_loader.safe_text import storable
from airflow_landing_loader.settings import BACKENDS, Settings, is_object_uri
from airflow_landing_loader.xcom.batches import Step

MAX_FILES = 200
"""Files that are datasets of their own; of more, those of one pattern are told as one."""
MAX_COLUMNS = 500
"""Columns of a table; of a wider one none is told."""
MAX_ORIGINS = 1000
"""Columns of all files together; of more, none is told, nor where a table's columns come from."""


@dataclass(frozen=True)
class Dataset:
    """A file or a table, as OpenLineage names it."""

    namespace: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was asked of a file, and whether it was so.

    :param name: what was asked, or the code of the error that says that it was not so.
    :param severity: whether the file is refused where it is not so.
    """

    name: str
    success: bool
    expected: str | None = None
    actual: str | None = None
    severity: Literal["error", "warn"] = "error"


@dataclass(frozen=True, kw_only=True)
class Read:
    """A file that was read, or all those of one pattern.

    :param version: SHA-256 of the one file.
    :param records: ``None``: nobody has counted them to the end.
    :param size: bytes as delivered.
    :param columns: the sender's names.
    """

    dataset: Dataset
    version: str | None
    records: int | None
    size: int
    files: int = 1
    columns: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Origin:
    """A column of a table, and one of a file whose values it has."""

    column: str
    dataset: Dataset
    field: str


@dataclass(frozen=True, kw_only=True)
class Written:
    """A table that rows were written into.

    :param columns: its columns as far as the loads have met them, our own last.
    """

    dataset: Dataset
    rows: int
    columns: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """What a step has read and written."""

    reads: tuple[Read, ...] = ()
    writes: tuple[Written, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _File:
    """A verdict with what is known of the columns.

    :param columns: nothing where the bytes that were loaded are not those that were inspected.
    """

    verdict: Step
    dataset: Dataset
    columns: tuple[FileColumn, ...] = ()

    @property
    def delivery(self) -> Delivery:
        return self.verdict.delivery

    @property
    def load(self) -> Load | None:
        return self.verdict.load if isinstance(self.verdict, Loaded) else None

    @property
    def fields(self) -> tuple[FileColumn, ...]:
        """The columns that the file has itself."""
        return tuple(column for column in self.columns if not column.added)


def lineage_of(batch: Sequence[Step], verdicts: Sequence[Step], settings: Settings) -> Lineage:
    """What a step has read and written.

    :param batch: what the step before it said of its files, which knows their columns.
    :param verdicts: what it says itself.
    """
    steps = [*batch, *verdicts]
    known = {step.delivery.data.name: step for step in steps if isinstance(step, Validated)}
    files = [_file(verdict, known.get(verdict.delivery.data.name)) for verdict in verdicts]
    told = sum(len(file.fields) for file in files) <= MAX_ORIGINS and len(files) <= MAX_FILES
    reads = [_read(file, known, with_columns=told) for file in files]
    loaded: dict[str, list[_File]] = {}
    for file in files:
        if file.load is not None:
            loaded.setdefault(file.load.table_name, []).append(file)
    return Lineage(
        reads=tuple(reads if len(files) <= MAX_FILES else _by_pattern(files, reads)),
        writes=tuple(
            _written(table_dataset(settings, table), some, with_origins=told)
            for table, some in loaded.items()
        ),
    )


def table_dataset(settings: Settings, table: str) -> Dataset:
    """How lineage names a table.

    :param table: as a mapping does: ``table``, or ``schema.table``.
    """
    backend = BACKENDS[settings.loader_backend]
    options = {option: getattr(settings, option) for option in backend.place}
    schema, _, name = table.rpartition(".")
    return Dataset(
        backend.naming.namespace.format(**options),
        backend.naming.name.format(
            schema=schema or backend.naming.schema.format(**options), table=name, **options
        ),
    )


def file_dataset(path: str) -> Dataset:
    """How lineage names a file: by where it landed.

    :param path: absolute, or a URI in an object store.
    """
    if not is_object_uri(path):
        return Dataset("file", storable(path))
    scheme, _, rest = path.partition("://")
    bucket, _, key = rest.partition("/")
    return Dataset(f"{scheme}://{bucket}", storable(key))


def _file(verdict: Step, validated: Validated | None) -> _File:
    dataset = file_dataset(verdict.delivery.data.path)
    if validated is None or _sha256(verdict) not in (None, validated.inspection.sha256):
        return _File(verdict=verdict, dataset=dataset)
    try:
        columns = columns_of(validated.delivery, validated.inspection)
    except LandingError:  # it is refused for them
        columns = ()
    return _File(verdict=verdict, dataset=dataset, columns=columns)


def _sha256(verdict: Step) -> str | None:
    match verdict:
        case Validated(inspection=inspection):
            return inspection.sha256
        case Loaded(load=load):
            return load.sha256
        case Duplicate() | Refused():
            return verdict.sha256


def _read(file: _File, known: Mapping[str, Validated], *, with_columns: bool) -> Read:
    data = file.delivery.data
    validated = known.get(data.name)
    records = None if validated is None else validated.inspection.records
    return Read(
        dataset=file.dataset,
        version=_sha256(file.verdict),
        records=records if file.load is None else file.load.record_count,
        size=data.size,
        columns=tuple(column.sender for column in file.fields) if with_columns else (),
        checks=tuple(_checks(file.verdict)),
    )


def _checks(verdict: Step) -> list[Check]:
    match verdict:
        case Refused(error=error):
            return [Check(name=error.code, success=False)]
        case Duplicate():
            return [Check(name="new_content", success=False, severity="warn")]
        case Validated(inspection=inspection, expected_records=expected):
            return _count(inspection.records, expected)
        case Loaded(load=load):
            return [
                *_count(load.record_count, load.expected_count),
                Check(name="new_content", success=True, severity="warn"),
                *_rejects(verdict),
                *_quality(verdict),
            ]


def _count(records: int, expected: int | None) -> list[Check]:
    if expected is None:
        return []
    return [
        Check(
            name="record_count",
            success=records == expected,
            expected=str(expected),
            actual=str(records),
        )
    ]


def _rejects(verdict: Loaded) -> list[Check]:
    if verdict.delivery.mapping.on_bad_row != "reject":
        return []
    rejected = verdict.load.rejected_count
    return [
        Check(
            name="no_rejects",
            success=not rejected,
            expected="0",
            actual=str(rejected),
            severity="warn",
        )
    ]


def _quality(verdict: Loaded) -> list[Check]:
    quality, score = verdict.delivery.mapping.quality, verdict.load.quality_score
    if quality is None or score is None:
        return []
    least = 100.0 if quality.fail_below is None else quality.fail_below
    return [
        Check(
            name="quality_score",
            success=score >= least,
            expected=f"{least:g}",
            actual=f"{score:g}",
            severity="warn" if quality.fail_below is None else "error",
        )
    ]


def _by_pattern(files: Sequence[_File], reads: Sequence[Read]) -> list[Read]:
    """One dataset for all files of a pattern: how many there are, and which checks they failed."""
    found: dict[Dataset, list[Read]] = {}
    for file, read in zip(files, reads, strict=True):
        data, pattern = file.delivery.data, file.delivery.mapping.pattern
        folder = data.path.removesuffix(data.name)
        found.setdefault(file_dataset(folder + pattern), []).append(read)
    return [_together(dataset, some) for dataset, some in found.items()]


def _together(dataset: Dataset, reads: Sequence[Read]) -> Read:
    counted = [read.records for read in reads if read.records is not None]
    checks: dict[tuple[str, bool], Check] = {}
    for check in (check for read in reads for check in read.checks):
        # What is expected of one file is not what is expected of another.
        checks.setdefault((check.name, check.success), replace(check, expected=None, actual=None))
    return Read(
        dataset=dataset,
        version=None,
        records=sum(counted) if len(counted) == len(reads) else None,
        size=sum(read.size for read in reads),
        files=len(reads),
        checks=tuple(checks.values()),
    )


def _written(dataset: Dataset, files: Sequence[_File], *, with_origins: bool) -> Written:
    columns: dict[str, str] = {}
    origins: list[Origin] = []
    for file in files:
        assert file.load is not None
        drift = frozenset(file.load.drift_columns)
        for column in file.columns:
            target = EXTRA
            if column.name not in drift:
                target = columns.setdefault(same(column.column), column.column)
            if not column.added:
                origins.append(Origin(target, file.dataset, column.sender))
        for name in file.load.missing_columns if file.columns else ():
            columns.setdefault(same(name), name)
    if columns:
        numbered = any(file.delivery.mapping.csv.row_number for file in files)
        columns |= {name: name for name in own_columns(row_number=numbered)}
    return Written(
        dataset=dataset,
        rows=sum(file.load.row_count for file in files if file.load is not None),
        columns=tuple(columns.values()) if len(columns) <= MAX_COLUMNS else (),
        origins=tuple(origins) if with_origins and len(columns) <= MAX_COLUMNS else (),
    )
