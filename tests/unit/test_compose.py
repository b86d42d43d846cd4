"""The compose file: no secret in it, nothing open to the network, all of Airflow set up alike."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_landing_loader.settings import PREFIX, options

CHECKOUT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SHARED: dict[str, str | None] = COMPOSE["x-airflow-environment"]
AIRFLOW = {
    name: service
    for name, service in SERVICES.items()
    if service["image"] == COMPOSE["x-airflow"]["image"]
}
ONCE = {name for name, service in SERVICES.items() if service["restart"] == "no"}
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()

USED = re.compile(r"(?<!\$)\$\{(\w+)(:[-?][^}]*)?\}")
SECRET = re.compile("PASSWORD|SECRET|FERNET|TOKEN|AUTH$|CREDENTIAL")


def strings(value: object) -> Iterator[str]:
    """All texts below a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield str(key)
            yield from strings(below)
    elif isinstance(value, list):
        for below in value:
            yield from strings(below)


def variables(file: str, *, commented: bool = False) -> dict[str, str]:
    """The variables of an environment file.

    :param commented: those that stand behind a ``#``, too.
    """
    sign = "(?:# )?" if commented else ""
    text = (CHECKOUT / file).read_text()
    return dict(re.findall(rf"^{sign}([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE))


def used() -> set[str]:
    """The variables that the compose file reads: by ``${}``, and handed on by name alone."""
    named = {match[1] for text in strings(COMPOSE) for match in USED.finditer(text)}
    return named | {name for name, value in SHARED.items() if value is None}


def required() -> set[str]:
    """Those without which nothing starts."""
    return {m[1] for text in strings(COMPOSE) for m in USED.finditer(text) if ":?" in (m[2] or "")}


def test_every_variable_is_explained_in_the_example() -> None:
    assert variables(".env.example", commented=True).keys() == used()


def test_the_emulators_set_what_the_compose_file_reads() -> None:
    emulated = variables(".env.bigquery")
    assert emulated.pop("COMPOSE_PROFILES") == "bigquery"
    assert emulated.keys() <= used()
    assert not emulated.keys() & required()
    assert emulated["LOADER_BACKEND"] == "bigquery"


def test_what_is_handed_on_by_name_is_not_set_to_nothing() -> None:
    # An empty BIGQUERY_EMULATOR_HOST would be taken for an address.
    handed_on = {name for name, value in SHARED.items() if value is None}
    assert handed_on
    assert not handed_on & variables(".env.example").keys()


def test_a_password_comes_from_the_environment_and_from_nowhere_else() -> None:
    for name, service in SERVICES.items():
        for key, value in service["environment"].items() if "environment" in service else ():
            if SECRET.search(key):
                assert USED.fullmatch(value or ""), f"{name}: {key}"
                assert ":?" in value, f"{name}: {key} must be required"
    in_addresses = [
        match[1]
        for text in strings(COMPOSE)
        for match in re.finditer(r"://[^/\s@:]*:((?:\$\{[^}]*\}|[^@/\s])*)@", text)
    ]
    assert in_addresses
    for password in in_addresses:
        assert USED.fullmatch(password), password


def test_the_example_holds_no_secret_and_the_start_refuses_it() -> None:
    example = variables(".env.example")
    secrets = {example[name] for name in required()}
    assert secrets == {"fill-me-in"}
    assert "fill-me-in" in " ".join(strings(SERVICES["airflow-init"]["command"]))
    assert ".env" in (CHECKOUT / ".gitignore").read_text().splitlines()


def test_the_image_never_sees_what_it_does_not_need() -> None:
    lines = (CHECKOUT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert not [rule for rule in rules if rule.startswith("!.")]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_on_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{\w+:-\d+\}:\d+", port), port


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[\w./-]+:(?!latest)[\w.-]+", image), image


@pytest.mark.parametrize("name", SERVICES)
def test_what_runs_on_is_watched(name: str) -> None:
    assert (name in ONCE) != ("healthcheck" in SERVICES[name])


def test_all_of_airflow_is_there_and_may_be_scaled() -> None:
    parts = {"apiserver", "scheduler", "dag-processor", "triggerer", "worker", "init"}
    assert {f"airflow-{part}" for part in parts} <= AIRFLOW.keys()
    worker = SERVICES["airflow-worker"]
    assert not {"ports", "container_name", "hostname"} & worker.keys()


@pytest.mark.parametrize("name", AIRFLOW)
def test_every_airflow_service_shares_the_environment(name: str) -> None:
    environment = AIRFLOW[name]["environment"]
    own = {
        "airflow-worker": {"DUMB_INIT_SETSID"},
        "airflow-init": {"ADMIN_USERNAME", "ADMIN_PASSWORD"},
    }
    assert {key: environment.get(key, "missing") for key in SHARED} == SHARED
    assert environment.keys() - SHARED.keys() == own.get(name, set())
    assert AIRFLOW[name]["volumes"] == COMPOSE["x-airflow"]["volumes"]


def test_the_loaders_options_exist() -> None:
    known = {option.name for option in options()}
    assert {key.removeprefix(PREFIX).lower() for key in SHARED if key.startswith(PREFIX)} <= known


def test_the_image_is_what_the_tests_run_with() -> None:
    constraints = (CHECKOUT / "constraints.txt").read_text()
    (version,) = re.findall(r"^apache-airflow==(\S+)$", constraints, re.MULTILINE)
    assert re.search(rf"^FROM apache/airflow:slim-{version}-python3\.1[123]$", DOCKERFILE, re.M)
    (install,) = re.findall(r"^RUN pip install (.*)$", DOCKERFILE, re.MULTILINE)
    assert "--constraint constraints.txt" in install
    assert "--group airflow-3-3" in install
    assert '".[dbt,google]"' in install


def test_the_image_is_made_of_what_is_there() -> None:
    copied = re.findall(r"^COPY --chown=airflow:root (.*) \S+$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert {"src", "constraints.txt", "dags"} <= set(sources)
    allowed = (CHECKOUT / ".dockerignore").read_text().splitlines()
    for source in sources:
        assert (CHECKOUT / source).exists()
        assert f"!{source.split('/')[0]}" in allowed


def test_docker_compose_reads_it() -> None:
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("there is no Docker with its compose plugin")
    check = CHECKOUT / "scripts" / "compose_check.sh"
    done = subprocess.run([check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
