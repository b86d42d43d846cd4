"""What the audit of dependencies makes of pip-audit's report; the report itself needs a network."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
REPORT: dict[str, Any] = {
    "dependencies": [
        {"name": "good", "version": "1", "vulns": []},
        {"name": "unknown", "skip_reason": "Dependency not found on PyPI"},
        {
            "name": "bad",
            "version": "2",
            "vulns": [
                {"id": "PYSEC-1", "fix_versions": ["3"], "aliases": ["CVE-1"], "description": ""},
                {"id": "PYSEC-2", "fix_versions": [], "aliases": [], "description": ""},
            ],
        },
    ],
    "fixes": [],
}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    return module


def test_findings_are_told_with_what_mends_them(audit: Any) -> None:
    assert [finding.text() for finding in audit.findings(REPORT)] == [
        "bad 2: PYSEC-1 (fixed in 3)",
        "bad 2: PYSEC-2 (fixed in no version yet)",
    ]


def test_a_judged_finding_is_closed_under_any_of_its_names(audit: Any) -> None:
    known = audit.judged("# comment\n\nCVE-1 only its server is affected\n")
    still_open = audit.open_findings(audit.findings(REPORT), known)
    assert [finding.id for finding in still_open] == ["PYSEC-2"]


def test_no_finding_is_ignored_without_a_reason(audit: Any) -> None:
    with pytest.raises(ValueError, match="CVE-1 is ignored without a reason"):
        audit.judged("CVE-1\n")
    audit.judged(audit.IGNORED.read_text(encoding="utf-8"))


def test_all_pins_are_audited(audit: Any) -> None:
    assert set(audit.PINNED) == {path.name for path in ROOT.glob("constraints*.txt")}


def test_where_the_data_is_out_of_reach_it_says_that_nothing_was_audited(
    audit: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = subprocess.CompletedProcess((), 1, stdout="", stderr="no route")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: silent)
    assert audit.main() == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len(audit.PINNED)
    assert all(": NOT AUDITED, " in line for line in told)
