"""What the README tells a newcomer to type, in an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from airflow_landing_loader.settings import PREFIX, options

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _block(heading: str, language: str) -> str:
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None, f"{heading} has no {language} block"
    return found[1]


def test_the_first_file_loads_as_written(tmp_path: Path) -> None:
    environ = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = "set -e\n" + _block("The first file, without Airflow", "bash")
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "1 loaded" in ran.stdout
    assert [p.name for p in (tmp_path / "archive").glob("*.csv")] == ["instruments_20240115.csv"]


def test_the_variables_of_airflow_are_options() -> None:
    named = re.findall(rf"export {PREFIX}(\w+)=", _block("Into your Airflow", "bash"))
    assert len(named) >= 5
    assert set(named) <= {option.name.upper() for option in options()}


def test_no_page_lets_anybody_paste_a_second_section_into_airflow_cfg() -> None:
    assert "[landing_loader]\n" not in README


def test_the_wheel_and_its_extras_are_named_as_they_are_built() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    section = README.partition("## Install\n")[2].partition("\n## ")[0]
    from airflow_landing_loader import __version__

    wheel = f"{project['name'].replace('-', '_')}-{__version__}-py3-none-any.whl"
    assert wheel in section
    for extra in project["optional-dependencies"]:
        assert f"`{extra}`" in section
    assert "--constraint constraints.txt" in section
