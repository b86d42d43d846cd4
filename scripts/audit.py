"""Which pinned versions have known vulnerabilities, by pip-audit and PyPI's own data.

Ends with 1 if there are findings that nobody has judged. Where the service does not answer nothing
is audited, which is said, and is no failure: a known finding is asked for first, because pip-audit
takes a service that knows no package for good news.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINNED = ("constraints.txt", "constraints-airflow-3.1.txt")
IGNORED = ROOT / "scripts" / "audit-ignored.txt"
KNOWN = "jinja2==2.4.1"  # has advisories since 2014
_ARGUMENTS = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One known vulnerability of a pinned version."""

    package: str
    version: str
    id: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def text(self) -> str:
        """One line for a person."""
        fixed = ", ".join(self.fixed_in) or "no version yet"
        return f"{self.package} {self.version}: {self.id} (fixed in {fixed})"


def findings(report: dict[str, Any]) -> list[Finding]:
    """The findings in pip-audit's report; packages that it could not ask about have none."""
    return [
        Finding(
            package=package["name"],
            version=package["version"],
            id=found["id"],
            aliases=tuple(found["aliases"]),
            fixed_in=tuple(found["fix_versions"]),
        )
        for package in report["dependencies"]
        for found in package.get("vulns", ())
    ]


def judged(text: str) -> set[str]:
    """The identifiers in the file of judged findings: ``ID reason`` in each line.

    :raises ValueError: a line without a reason.
    """
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    entries = [words for words in lines if not words[0].startswith("#")]
    for words in entries:
        if len(words) == 1:
            raise ValueError(f"{words[0]} is ignored without a reason")
    return {words[0] for words in entries}


def open_findings(found: list[Finding], known: set[str]) -> list[Finding]:
    """Those that nobody has judged, under none of their names."""
    return [finding for finding in found if known.isdisjoint({finding.id, *finding.aliases})]


def ask(requirements: Path) -> list[Finding] | None:
    """Ask the service; ``None`` if it does not answer."""
    command = [sys.executable, "-m", "pip_audit", *_ARGUMENTS, "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return findings(json.loads(done.stdout))
    except ValueError:
        return None


def main() -> int:
    """Audit all pins; the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder, "requirements.txt")
        sample.write_text(f"{KNOWN}\n", encoding="utf-8")
        answers = bool(ask(sample))
    known = judged(IGNORED.read_text(encoding="utf-8"))
    code = 0
    for name in PINNED:
        found = ask(ROOT / name) if answers else None
        if found is None:
            print(f"{name}: NOT AUDITED, PyPI's data on vulnerabilities cannot be reached here")
            continue
        still_open = open_findings(found, known)
        print(f"{name}: {len(still_open)} open findings, {len(found) - len(still_open)} judged")
        for finding in still_open:
            print(f"  {finding.text()}")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
