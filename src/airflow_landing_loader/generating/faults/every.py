"""One of each fault that a mapping can meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.generating.draft import Draft
from airflow_landing_loader.generating.faults import content, layers, promises
from airflow_landing_loader.generating.faults.ground import Fault, Faulty, Ground

_FAULTS: tuple[Fault, ...] = (
    promises.cut,
    promises.cut_in_a_record,
    promises.wrong_count,
    promises.wrong_count_below,
    promises.wrong_name_count,
    promises.wrong_size,
    promises.wrong_checksum,
    promises.wrong_total,
    promises.bad_status,
    promises.missing_go_file,
    promises.orphan,
    content.ragged,
    content.unclosed_quote,
    content.bad_encoding,
    content.nul,
    content.mixed_line_ends,
    content.empty,
    content.binary,
    content.plain_under_packed_name,
    layers.missing_layer("trailer", ErrorCode.TRAILER_MISSING),
    layers.missing_layer("header_record", ErrorCode.HEADER_RECORD_MISSING),
    layers.missing_layer("data_start", ErrorCode.CSV_DATA_START_MISSING),
    layers.missing_layer("data_end", ErrorCode.CSV_DATA_END_MISSING),
    layers.header_changed,
    layers.name_twice,
    layers.header_again,
)


def faults_of(right: Callable[[], Draft]) -> Iterator[Faulty]:
    """One of each fault that a mapping can meet.

    :param right: makes a right delivery under a new name.
    """
    ground = Ground(right())
    for make in _FAULTS:
        found = make(ground)
        if found is not None:
            yield found
            ground = Ground(right())
