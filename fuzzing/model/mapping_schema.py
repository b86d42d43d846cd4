"""The JSON Schema of mappings as a second opinion, as far as JSON Schema can say it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from airflow_landing_loader.config.mapping.mapping_set import MappingProblem
from airflow_landing_loader.config.mapping.schema import mapping_json_schema

SCHEMA_CANNOT_SAY = (
    ("mapping.none_found", "no table mapping", "an empty file is no error beside others"),
    ("mapping.patterns_overlap", "can match the same name", "compares mappings"),
    ("mapping.go_pattern_clash", "can match the same name", "compares patterns"),
    ("mapping.contradiction", "has one DAG", "compares mappings"),
    ("mapping.contradiction", "has one list of types", "compares mappings"),
    ("mapping.bad_table", "are one table", "compares mappings"),
    ("mapping.contradiction", "which reads it otherwise", "compares mappings"),
    ("mapping.bad_table", "make one DAG id", "compares mappings"),
    ("mapping.bad_pattern", "which go file belongs to which", "counts the stars of two patterns"),
    ("mapping.bad_pattern", "The part ", "knows dates"),
    ("mapping.bad_pattern", "No part can be called", "reads the parts of a pattern"),
    ("mapping.bad_pattern", "Nothing tells where", "compares two parts"),
    ("mapping.bad_pattern", "No digit can stand behind", "compares two parts"),
    ("mapping.unknown_part", "has no part called", "looks for a part in the pattern"),
    ("mapping.bad_value", "has more places behind the point", "compares two numbers"),
    ("mapping.bad_value", "is named twice", "compares the parts of a key"),
    ("mapping.bad_pattern", "excludes every name", "compares patterns"),
    ("mapping.contradiction", "contains the quote", "compares two texts"),
    ("mapping.contradiction", "contains the escape", "compares two texts"),
    ("mapping.contradiction", "and escape says it too", "compares two texts"),
    ("mapping.contradiction", "may be a record", "compares two texts"),
    ("mapping.contradiction", "begins like a comment", "compares two texts"),
    ("mapping.contradiction", "are one name to a warehouse", "folds names"),
    ("mapping.contradiction", "which csv.columns does not name", "folds names"),
    ("mapping.bad_value", "is no regular expression", "reads regular expressions"),
    ("mapping.contradiction", "which csv.rename calls", "folds names"),
    ("mapping.contradiction", "which add_columns fills", "folds names"),
    ("mapping.bad_value", "needs a named group", "reads regular expressions"),
    ("mapping.contradiction", "which match does not have", "reads regular expressions"),
    ("mapping.contradiction", "and nothing says what it holds", "reads regular expressions"),
    ("mapping.contradiction", "does not tell the numbers of the sequence", "compares lists"),
    ("mapping.contradiction", "of the pattern is no number", "reads the parts of a pattern"),
    ("mapping.contradiction", "until is the time of by", "compares two texts"),
    ("mapping.contradiction", "No number of rows is within", "compares two numbers"),
    ("mapping.contradiction", "tells no day", "reads the parts of a pattern"),
    ("mapping.bad_value", "No number of files is within", "compares two numbers"),
    ("mapping.bad_value", "is no time zone that is known", "knows time zones"),
    ("mapping.bad_value", "holds what is no date", "knows dates"),
    ("mapping.contradiction", "which types does not make DATE", "folds names"),
    ("mapping.contradiction", "is a DATE, which has no hours", "looks up a type"),
    ("mapping.bad_value", "only days that no month has", "compares days and months"),
)
"""Code, part of the message, and why."""


def _ecma_pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    """``$`` as JSON Schema means it; Python's would also stand before a last line feed."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


VALIDATOR = validators.extend(Draft202012Validator, {"pattern": _ecma_pattern})(
    mapping_json_schema()
)


def check_schema(document: Any, problems: Sequence[MappingProblem]) -> None:
    """Hold what the reader says of a document against the schema.

    :param document: one mapping file as plain values, readable as YAML.
    :param problems: what the reader found wrong in it.
    :raises AssertionError: one of the two refuses what the other one accepts.
    """
    refused = [problem for problem in problems if not _is_beyond_schema(problem)]
    errors = [error.message for error in VALIDATOR.iter_errors(document)]
    rendered = "\n".join(problem.render() for problem in refused)
    if refused or not problems:  # of what it cannot say in general it may know a special case
        assert bool(refused) == bool(errors), f"{document}\nreader: {rendered}\nschema: {errors}"


def _is_beyond_schema(problem: MappingProblem) -> bool:
    return any(
        problem.detail.code == code and part in problem.detail.message
        for code, part, _ in SCHEMA_CANNOT_SAY
    )
