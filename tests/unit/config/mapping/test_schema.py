"""JSON Schema and models accept and refuse the same, as far as JSON Schema can say it.

Every key of the examples is removed, renamed, given wrong types and values, and given an unknown
neighbour; random mutations come on top.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.support.mapping_documents import (
    DOCUMENTS,
    EXAMPLES,
    FEW_NAMES,
    INCLUDE,
    NAMES,
    TYPES,
    VALUES,
)

from airflow_landing_loader.config.mapping.model import RESERVED_KEYS
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.config.mapping.schema import (
    mapping_json_schema,
    mapping_json_schema_text,
)
from fuzzing.model.mapping_schema import VALIDATOR, check_schema

_STEP = str | int
_Path = tuple[_STEP, ...]


def paths(value: Any, prefix: _Path = ()) -> Iterator[_Path]:
    """Paths of all keys and list items."""
    children: list[tuple[_STEP, Any]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    for step, child in children:
        yield (*prefix, step)
        yield from paths(child, (*prefix, step))


def parent_of(document: Any, path: _Path) -> Any:
    for step in path[:-1]:
        document = document[step]
    return document


def mutations(document: Any, path: _Path) -> Iterator[Any]:
    """What can be done to one key."""

    def changed() -> tuple[Any, Any]:
        new = copy.deepcopy(document)
        return new, parent_of(new, path)

    new, parent = changed()
    del parent[path[-1]]
    yield new
    for value in TYPES + VALUES.get(str(path[-1]), []):
        new, parent = changed()
        parent[path[-1]] = value
        yield new
    for name in FEW_NAMES:
        new, parent = changed()
        if isinstance(parent, dict):
            parent[name] = parent.pop(path[-1])
            yield new
            new, parent = changed()
            parent.setdefault(name, 1)
            yield new
        else:
            parent.append(name)
            yield new


def assert_agreement(document: Any, folder: Path) -> None:
    (folder / "a.yaml").write_text(json.dumps(document))  # JSON is YAML
    check_schema(document, read_mappings(folder).errors)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(mapping_json_schema())
    assert mapping_json_schema() == mapping_json_schema()


def test_the_committed_schema_is_up_to_date() -> None:
    """If not: ``landing-loader schema > include/config/mapping.schema.json``."""
    assert (INCLUDE / "mapping.schema.json").read_text() == mapping_json_schema_text()


def test_the_examples_name_the_schema() -> None:
    assert len(EXAMPLES) == 4
    for path in EXAMPLES:
        found = re.fullmatch(
            r"# yaml-language-server: \$schema=(\S+)", path.read_text().split("\n")[0]
        )
        assert found
        assert (path.parent / found[1]).resolve() == INCLUDE / "mapping.schema.json"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_are_accepted(name: str, tmp_path: Path) -> None:
    VALIDATOR.validate(DOCUMENTS[name])
    (tmp_path / "a.yaml").write_text(json.dumps(DOCUMENTS[name]))
    assert not read_mappings(tmp_path).errors


def test_the_documents_use_every_key() -> None:
    definitions = mapping_json_schema()["$defs"]
    used = {path[1:] for document in DOCUMENTS.values() for path in paths(document)}
    for section, model in (
        ((), "TableMapping"),
        (("go_file",), "GoFile"),
        (("trailer",), "Trailer"),
        (("header_record",), "HeaderRecord"),
        (("go_file", "totals", "a"), "ColumnTotals"),
        (("numbers",), "Numbers"),
        (("csv",), "CsvDialect"),
        (("identity",), "Identity"),
        (("sequence",), "Sequence"),
        (("expect",), "Expectation"),
        (("expect", "rows"), "RowsExpected"),
        (("dag",), "DagOptions"),
        (("bigquery",), "BigQueryTable"),
        (("notify",), "Notify"),
    ):
        for key in definitions[model]["properties"]:
            if section or key not in RESERVED_KEYS:
                assert (*section, key) in used


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name, document in DOCUMENTS.items() for path in paths(document)],
    ids=str,
)
def test_every_mutation_of_every_key(name: str, path: _Path, tmp_path: Path) -> None:
    for document in mutations(DOCUMENTS[name], path):
        assert_agreement(document, tmp_path)


_TEXTS = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\0")
)
_SCALARS = st.one_of(
    st.sampled_from([value for values in (TYPES, *VALUES.values()) for value in values]).map(
        copy.deepcopy
    ),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    _TEXTS,
    st.text(alphabet='az_.*/\\{}"|,0 \n', max_size=6),
)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A document after one to four mutations anywhere."""
    document = copy.deepcopy(draw(st.sampled_from(list(DOCUMENTS.values()))))
    for _ in range(draw(st.integers(1, 4))):
        places = list(paths(document))
        if not places:
            break
        path = draw(st.sampled_from(places))
        parent = parent_of(document, path)
        action = draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        if action == "replace":
            parent[path[-1]] = draw(_ANYTHING)
        elif action == "remove":
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.append(draw(_ANYTHING))
        elif action == "rename":
            parent[draw(st.sampled_from(NAMES) | _TEXTS)] = parent.pop(path[-1])
        else:
            parent[draw(st.sampled_from(NAMES) | _TEXTS)] = draw(_ANYTHING)
    return document


@given(mutated())
def test_random_mutations(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    assert_agreement(document, tmp_path_factory.mktemp("x"))


@given(_ANYTHING)
def test_random_documents(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    assert_agreement(document, tmp_path_factory.mktemp("x"))


def _with_description(schema: Any) -> Iterator[tuple[str, Any]]:
    for name, definition in schema["$defs"].items():
        yield from (
            (f"{name}.{key}", item) for key, item in definition.get("properties", {}).items()
        )


def test_every_key_is_described_for_the_editor() -> None:
    schema = mapping_json_schema()
    for name, item in _with_description(schema):
        described = "description" in item or "description" in schema["$defs"].get(
            item.get("$ref", "").rpartition("/")[2], {}
        )
        assert described, name


def test_reserved_keys_are_refused_and_not_suggested() -> None:
    properties = mapping_json_schema()["$defs"]["TableMapping"]["properties"]
    for key in RESERVED_KEYS:
        assert properties[key]["not"] == {}
        assert properties[key]["doNotSuggest"] is True
        assert not VALIDATOR.is_valid({"x_*": {"table": "raw", key: {}}})
        assert not VALIDATOR.is_valid({key: "raw"})
