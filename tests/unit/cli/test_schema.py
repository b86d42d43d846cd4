"""`schema` prints what editors check mappings with."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from airflow_landing_loader.config.mapping.schema import mapping_json_schema


def test_it_is_the_schema_and_needs_no_settings(cli: Any) -> None:
    cli.set(LANDING_PATH="", TABLE_CONFIG_PATH="")
    ran = cli("schema")
    assert ran.code == 0
    schema = ran.json()
    assert schema == mapping_json_schema()
    jsonschema.validate({"a_*.csv": "raw_a"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"a_*.csv": {"tabel": "raw_a"}}, schema)
