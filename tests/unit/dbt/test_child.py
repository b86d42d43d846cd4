"""What dbt's process is asked for, and what it selects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.dbt_stub import MANIFEST

from airflow_landing_loader.dbt.child import Request


class TestRequest:
    def test_there_and_back(self, tmp_path: Path) -> None:
        request = Request(
            arguments=("--target", 'a "b" \u00e9'),
            manifest_path="/m.json",
            tables=("raw_a",),
            source="landing",
            existing=(("main", "raw_a"),),
        )
        request.write(tmp_path / "request.json")
        assert Request.read(tmp_path / "request.json") == request

    @pytest.mark.parametrize(
        ("tables", "existing", "arguments"),
        [
            (["raw_a"], ["raw_a", "raw_b"], ["--select", "source:landing.raw_a+"]),
            (
                ["raw_a"],
                ["raw_a"],
                ["--select", "source:landing.raw_a+", "--exclude", "fqn:p.mart"],
            ),
            (["raw_c"], ["raw_c"], []),
        ],
    )
    def test_selection(
        self, tmp_path: Path, tables: list[str], existing: list[str], arguments: list[str]
    ) -> None:
        from airflow_landing_loader.dbt.manifest import load_manifest

        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(MANIFEST))
        request = Request(
            arguments=(),
            manifest_path=str(path),
            tables=tuple(tables),
            source="landing",
            existing=tuple(("main", name) for name in existing),
        )
        assert list(request.build_arguments(load_manifest(path))) == arguments
