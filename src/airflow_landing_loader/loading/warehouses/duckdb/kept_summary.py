"""The summary of the books beside the database, and its copy in the archive.

While a writer holds the database nobody else can read it. ``status``, the page and whoever has not
this machine's disk answer from these files; every writer renews them when it is done.
"""

from __future__ import annotations

import gzip
import logging
import zlib
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

from pydantic import ValidationError

from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.loading.ledger.arrivals import recent_arrivals
from airflow_landing_loader.loading.ledger.queries import Books
from airflow_landing_loader.loading.ledger.summary import summarised
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import Load, Overview
from airflow_landing_loader.loading.summary import MOST_NAMES, Summary
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone

log = logging.getLogger(__name__)

KEPT = 500
"""So many loads, deliveries and windows are kept, the newest; fewer where they are large."""
ARCHIVE_NAME = "status.json.gz"
"""The copy's name in the archive's hidden folder."""

_MOST_BYTES = 64 * 1024 * 1024
_SPARE = 1024  # for what is written into it last
# A hand may have altered what no mark shows, and a promotion may have died before it was told.
_CARRIED_ON = timedelta(days=1)
# An object takes one write a second; each costs a round trip.
_BETWEEN_COPIES = timedelta(seconds=10)


def path_of(database: Path) -> Path:
    """Return the summary's path."""
    return database.with_name(f"{database.name}.status.json")


def counted(books: Books, before: Summary | None, anew: Collection[str] = ()) -> Summary:
    """Return the summary of the books as they are now.

    :param before: an earlier one, which is carried on for a day.
    :param anew: tables that are counted whatever ``before`` says.
    """
    at = now()
    carried_on = before is not None and timedelta() <= at - before.counted_at < _CARRIED_ON
    tables = before.tables if before is not None and carried_on else ()
    return Summary(
        overview=overview_of(books, KEPT),
        tables=summarised(books, at, tables, anew=anew),
        arrivals=recent_arrivals(books, KEPT),
        kept=KEPT,
        counted_at=before.counted_at if before is not None and carried_on else at,
    )


def overview_of(books: Books, limit: int) -> Overview:
    """Return the newest loads and deliveries, as they are now."""
    return Overview(
        as_of=now(),
        loads=books.recent_loads(limit),
        deliveries=books.recent_deliveries(limit),
        dbt_due=books.dbt_due(),
    )


def renew(books: Books, database: Path, archive: Zone, anew: Collection[str]) -> None:
    """Write down what the books come to, for those who cannot ask them.

    The caller holds the database alone. What cannot be written stays as it was before: what it
    tells of is committed already.

    :param anew: as for :func:`counted`.
    """
    before = read(database)
    summary = fitting(counted(books, before, anew), _MOST_BYTES - _SPARE)
    if summary is None:
        log.warning("The summary of the books is too large to be kept beside %s.", database)
        return
    at = summary.overview.as_of
    copied_at, tried_at = (before.copied_at, before.copy_tried_at) if before else (None, None)
    # Not at each writing while the store is away: everybody waits for the database meanwhile.
    if "://" not in archive.path or _is_due(tried_at, at):
        tried_at = at
        copied = replace(summary, copied_at=at, copy_tried_at=at)
        copied_at = at if _copy(archive, _content(copied)) else copied_at
    kept = replace(summary, copied_at=copied_at, copy_tried_at=tried_at)
    _write(path_of(database), _content(kept))


def fitting(summary: Summary, most: int) -> Summary | None:
    """Return as many of the newest loads, deliveries and windows as fit, with the first names of
    their columns; ``None`` where even the tables do not fit.

    :param most: bytes that it may have as JSON.
    """
    kept = KEPT
    while True:
        fewer = _newest(summary, kept)
        if len(_content(fewer)) <= most:
            return fewer
        if kept == 0:
            return None
        kept //= 2


def read(database: Path) -> Summary | None:
    """Return the summary beside the database, ``None`` if there is none that can be read."""
    path = path_of(database)
    try:
        # Anybody who may write beside the database may have put something else there.
        with local_files.open_regular(str(path), name=path.name) as stream:
            return adapter_of(Summary).validate_json(stream.read(_MOST_BYTES))
    except (OSError, LandingError, ValidationError):
        return None


def read_copy(archive: Zone) -> Summary | None:
    """Return the copy in the archive, ``None`` if there is none that can be read.

    :raises LandingError: the archive cannot be read.
    """
    try:
        folder = open_folder(archive).work_folder()
        packed = None if folder is None else folder.read(ARCHIVE_NAME, _MOST_BYTES)
        if packed is None:
            return None
        with gzip.GzipFile(fileobj=BytesIO(packed)) as stream:
            return adapter_of(Summary).validate_json(stream.read(_MOST_BYTES))
    except (OSError, EOFError, zlib.error, ValidationError):
        return None


def _is_due(tried_at: datetime | None, at: datetime) -> bool:
    return tried_at is None or not timedelta() <= at - tried_at < _BETWEEN_COPIES


def _newest(summary: Summary, kept: int) -> Summary:
    overview = replace(
        summary.overview,
        loads=tuple(map(_with_first_names, summary.overview.loads[:kept])),
        deliveries=summary.overview.deliveries[:kept],
    )
    return replace(summary, overview=overview, arrivals=summary.arrivals[:kept], kept=kept)


def _with_first_names(load: Load) -> Load:
    drift, missing = load.drift_columns[:MOST_NAMES], load.missing_columns[:MOST_NAMES]
    return replace(load, drift_columns=drift, missing_columns=missing)


def _content(summary: Summary) -> bytes:
    return adapter_of(Summary).dump_json(summary)


def _copy(archive: Zone, content: bytes) -> bool:
    """Whether it lies in the archive now; if not, a later writer tries again."""
    packed = gzip.compress(content, compresslevel=1)
    try:
        folder = open_folder(archive).work_folder(make=True)
        assert folder is not None  # it was made
        folder.write(ARCHIVE_NAME, packed, replace=True, tag="status", durable=False)
    except (LandingError, OSError) as error:
        log.warning("The summary of the books was not copied into the archive: %s", error)
        return False
    return True


def _write(path: Path, content: bytes) -> None:
    """Replace the file in one step, so that no reader sees half of it.

    The caller holds the database alone, so that the new file always has the same name and takes the
    place of what a dead writer has left.
    """
    temporary = path.with_name(f".{path.name}.new")
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as stream:  # a new file: nothing is written through a link
            stream.write(content)
        temporary.replace(path)
