"""A stand-in for dbt: a script that is run in Python's place."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ConfigurationError, LandingError

PYTHON = sys.executable  # before a test puts something else there
MANIFEST = {
    "nodes": {
        "model.p.stg_a": {
            "unique_id": "model.p.stg_a",
            "name": "stg_a",
            "resource_type": "model",
            "fqn": ["p", "stg_a"],
            "schema": "main",
            "relation_name": '"dev"."main"."stg_a"',
            "database": "dev",
            "depends_on": {"nodes": ["source.p.landing.raw_a"]},
        },
        "model.p.mart": {
            "unique_id": "model.p.mart",
            "name": "mart",
            "resource_type": "model",
            "fqn": ["p", "mart"],
            "schema": "main",
            "relation_name": '"dev"."main"."mart"',
            "database": "dev",
            "depends_on": {"nodes": ["model.p.stg_a", "source.p.landing.raw_b"]},
        },
    },
    "sources": {
        f"source.p.landing.{name}": {
            "unique_id": f"source.p.landing.{name}",
            "name": name,
            "resource_type": "source",
            "source_name": "landing",
            "schema": "main",
            "identifier": name,
            "relation_name": f'"dev"."main"."{name}"',
            "database": "dev",
        }
        for name in ("raw_a", "raw_b")
    },
}
"""Of a project with a model of one table, and a mart of that model and a second table."""

PREAMBLE = f"""#!{PYTHON}
import json, os, pathlib, signal, subprocess, sys, time
arguments = sys.argv[1:]
class stub:
    request = None
    if arguments[1].endswith("dbt.child"):
        request = json.loads(pathlib.Path(arguments[2]).read_text())
    options = request["arguments"] if request else arguments
    folder = pathlib.Path(options[options.index("--target-path") + 1])
    @classmethod
    def results(cls, *nodes):
        fields = ("unique_id", "status", "message", "execution_time")
        text = json.dumps({{"results": [dict(zip(fields, node)) for node in nodes]}})
        (cls.folder / "run_results.json").write_text(text)
    @classmethod
    def manifest(cls, text={json.dumps(MANIFEST)!r}):
        (cls.folder / "manifest.json").write_text(text)
        (cls.folder / "partial_parse.msgpack").write_bytes(b"parsed")
"""
"""How the script begins: ``stub`` knows what is asked for, and writes what dbt would leave."""


def raised(call: Callable[[], Any], kind: type[LandingError] = ConfigurationError) -> LandingError:
    """The error of a call that must fail with one of this kind."""
    with pytest.raises(kind) as caught:
        call()
    return caught.value
