"""The wheel: what is in it, and that Airflow still starts beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PINNED = re.compile(r"([a-z0-9][a-z0-9.-]*)==([^ ;]+)( ; .+)?")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the checkout, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it lies in site-packages."""
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_the_wheel_holds_the_package_and_nothing_else(unpacked: Path) -> None:
    (metadata,) = unpacked.glob("*.dist-info")
    assert {p.name for p in unpacked.iterdir()} == {"airflow_landing_loader", metadata.name}
    source = CHECKOUT / "src"
    files = {p.relative_to(source) for p in source.rglob("*") if p.suffix in (".py", ".typed")}
    packed = {p.relative_to(unpacked) for p in unpacked.rglob("*") if p.is_file()}
    assert files <= packed
    assert Path("airflow_landing_loader/py.typed") in files
    assert (metadata / "licenses" / "LICENSE").read_text() == (CHECKOUT / "LICENSE").read_text()


def test_the_metadata_is_what_airflow_users_look_for(unpacked: Path) -> None:
    (metadata,) = unpacked.glob("*.dist-info")
    headers = message_from_string((metadata / "METADATA").read_text())
    assert headers["Name"] == "airflow-provider-landing-loader"
    assert headers["Requires-Python"] == ">=3.11"
    assert headers["License-Expression"] == "Apache-2.0"
    assert "Framework :: Apache Airflow :: Provider" in headers.get_all("Classifier", [])
    assert "apache-airflow>=3.1" in headers.get_all("Requires-Dist", [])
    assert {"azure", "dbt", "google", "s3"} == set(headers.get_all("Provides-Extra", []))
    entry_points = (metadata / "entry_points.txt").read_text()
    assert "[apache_airflow_provider]" in entry_points
    assert "landing-loader = airflow_landing_loader.cli" in entry_points


@pytest.mark.parametrize("program", ["import airflow", "import airflow.configuration"])
def test_airflow_starts_beside_the_wheel(unpacked: Path, tmp_path: Path, program: str) -> None:
    # The provider entry point is read while Airflow starts, so it must come from the wheel.
    check = (
        f"{program}\n"
        "from importlib.metadata import entry_points\n"
        "(entry,) = entry_points(group='apache_airflow_provider',"
        " module='airflow_landing_loader.get_provider_info')\n"
        "assert entry.load()()['name']\n"
        "import airflow_landing_loader; print(airflow_landing_loader.__file__)"
    )
    output = subprocess.run(
        [sys.executable, "-c", check],
        env=os.environ | {"PYTHONPATH": str(unpacked), "AIRFLOW_HOME": str(tmp_path)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    assert Path(output.splitlines()[-1]).is_relative_to(unpacked)


@pytest.mark.parametrize(
    ("file", "airflow"),
    [("constraints.txt", "3.3.2"), ("constraints-airflow-3.1.txt", "3.1.8")],
)
def test_constraints_are_exact_versions_without_addresses(file: str, airflow: str) -> None:
    lines = (CHECKOUT / file).read_text().splitlines()
    matches = [PINNED.fullmatch(line) for line in lines]
    assert not [line for line, match in zip(lines, matches, strict=True) if not match]
    versions = {m[1]: m[2] for m in matches if m}
    assert versions["apache-airflow"] == airflow
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["azure"],
        *project["project"]["optional-dependencies"]["dbt"],
        *project["project"]["optional-dependencies"]["google"],
        *project["project"]["optional-dependencies"]["s3"],
        *project["dependency-groups"]["dev"],
        *project["dependency-groups"]["fuzz"],
    ]
    names = {re.split(r"[<>=!~\[ ]", requirement)[0].lower() for requirement in wanted}
    assert names <= set(versions)


def test_constraints_of_the_two_airflows_agree_with_their_groups() -> None:
    groups = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["dependency-groups"]
    assert "apache-airflow==3.3.2" in groups["airflow-3-3"]
    assert "apache-airflow==3.1.8" in groups["airflow-3-1"]
