"""Mappings as operators take them: by the table's name, or written out in the DAG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

MappingArgument = TableMapping | Mapping[str, Any] | Sequence[TableMapping | Mapping[str, Any]]


def inline_mappings(written: MappingArgument) -> tuple[TableMapping, ...]:
    """Mappings written out in a DAG: models, or dicts with the keys of one, also several.

    :raises ConfigurationError: ``mapping.bad_value`` naming the key, ``mapping.none_found``.
    """
    several = written if isinstance(written, Sequence) else (written,)
    mappings = tuple(_model(one) for one in several)
    if not mappings:
        raise ConfigurationError(
            ErrorCode.MAPPING_NONE_FOUND,
            "The operator's mapping is an empty list.",
            hint="Give at least one mapping, or the name of a table.",
        )
    return mappings


def mappings_of_table(
    table: str | None, root: str
) -> tuple[tuple[TableMapping, ...], tuple[TableMapping, ...]]:
    """The mappings of one table, and those of all others.

    :param root: folder of the mapping files.
    :raises ConfigurationError: what is wrong with the table's mappings; ``mapping.none_found``.
    """
    found = read_mappings(Path(root))
    if not table:
        raise ConfigurationError(
            ErrorCode.MAPPING_NONE_FOUND,
            "The operator knows neither its table nor a mapping.",
            hint="Give it table= or mapping=.",
        )
    for problem in found.problems_by_table().get(table, ()):
        detail = problem.detail
        raise ConfigurationError(
            ErrorCode(detail.code), detail.message, hint=detail.hint, **detail.place()
        )
    own = found.for_table(table)
    if not own:
        raise ConfigurationError(
            ErrorCode.MAPPING_NONE_FOUND,
            f"No mapping below {root} feeds table {table}.",
            hint=f"There are mappings for: {', '.join(found.tables()) or 'no table'}.",
        )
    return own, tuple(mapping for mapping in found.mappings if mapping.table != table)


def _model(written: TableMapping | Mapping[str, Any]) -> TableMapping:
    if isinstance(written, TableMapping):
        return written
    try:
        return TableMapping.model_validate(dict(written))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            ErrorCode.MAPPING_BAD_VALUE,
            f"The operator's mapping is wrong at {key or 'its top'}: {first['msg']}.",
            hint="All keys are in docs/mappings.md; pattern and table are keys here, too.",
            key_path=key or None,
        ) from None
