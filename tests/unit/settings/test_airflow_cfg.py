"""airflow.cfg on the command line, which does not import Airflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.seeds import SEEDS, refused

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import PREFIX, from_environment, options


def with_cfg(home: Path, text: str | bytes, **environ: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    (home / "airflow.cfg").write_bytes(text if isinstance(text, bytes) else text.encode())
    return {"AIRFLOW_HOME": str(home), **environ}


IN_FILE = "[core]\nload_examples = False\n[landing_loader]\n" + "".join(
    f"{name.lower()} = {value}\n" for name, value in SEEDS.items()
)


def test_airflow_cfg_alone_is_enough_and_means_what_it_means_to_airflow(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = with_cfg(home, IN_FILE + "dbt_source = $WHO\n", WHO="raw")
    settings = from_environment(environ, base=tmp_path / "elsewhere")
    rows = {row.name: row for row in settings.describe()}
    assert settings.landing_path == f"{home}/landing"
    assert rows["landing_path"].origin == "airflow.cfg [landing_loader]"
    assert settings.dbt_source == "raw"
    # The default database is Airflow's, or status would look at an empty one of its own.
    assert (settings.duckdb_path, rows["duckdb_path"].origin) == (f"{home}/dev.duckdb", "default")


def test_airflow_cfg_stands_between_the_two_kinds_of_variables(tmp_path: Path) -> None:
    environ = with_cfg(
        tmp_path / "home",
        IN_FILE + "loader_workers = 3\npoll_interval = 4\n",
        LOADER_WORKERS="9",
        DUCKDB_PATH="w.duckdb",
        **{f"{PREFIX}POLL_INTERVAL": "5", f"{PREFIX}ARCHIVE_PATH": "done"},
    )
    settings = from_environment(environ, base=tmp_path)
    assert (settings.loader_workers, settings.poll_interval) == (3, 5.0)
    assert settings.archive_path == f"{tmp_path}/done"  # a variable: from the working directory
    assert settings.duckdb_path == f"{tmp_path}/w.duckdb"


def test_the_file_that_airflow_writes_by_itself_says_nothing(tmp_path: Path) -> None:
    lines = [f"{o.name} = {o.default}" for o in options() if o.default is not None]
    environ = with_cfg(tmp_path / "home", "[landing_loader]\n" + "\n".join(lines)) | SEEDS
    settings = from_environment(environ, base=tmp_path)
    assert settings.duckdb_path == f"{tmp_path}/dev.duckdb"
    assert {origin for _, origin in settings.origins} == {"default", *SEEDS}


def test_airflow_cfg_is_found_where_airflow_finds_it(tmp_path: Path) -> None:
    other = tmp_path / "other.cfg"
    other.write_text(IN_FILE.replace("= landing", "= /named"))
    environ = with_cfg(tmp_path / "home", IN_FILE)
    named = from_environment(environ | {"AIRFLOW_CONFIG": str(other)}, base=tmp_path)
    assert named.landing_path == "/named"
    with pytest.raises(ConfigurationError) as caught:
        from_environment({"AIRFLOW_HOME": str(tmp_path / "none")}, base=tmp_path)
    assert caught.value.code is ErrorCode.SETTINGS_MISSING


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (IN_FILE + "[landing_loader]\n", 8, "second section [landing_loader]"),
        (IN_FILE + "landing_path = /other\n", 8, "option landing_path twice"),
        ("a key of somebody\n[landing_loader]\n", 1, "sections"),
        ("[core]\nno value\n", 2, "sections"),
        (IN_FILE + "dbt_source = 7%\n", None, "a % in option dbt_source"),
        (b"[core]\nx = \xff\n", None, "not UTF-8"),
    ],
)
def test_an_airflow_cfg_that_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, text: str | bytes, line: int | None, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_environment(with_cfg(tmp_path / "home", text) | SEEDS, base=tmp_path)
    detail = caught.value.detail
    assert (detail.code, detail.file) == ("settings.bad_value", f"{tmp_path}/home/airflow.cfg")
    assert detail.line == line
    assert said in detail.message
    assert "somebody" not in detail.text()


@pytest.mark.parametrize("kind", ["cmd", "secret"])
def test_commands_and_secrets_are_refused_in_words(tmp_path: Path, kind: str) -> None:
    text = IN_FILE + f"duckdb_path_{kind} = cat /run/db\n"
    with pytest.raises(ConfigurationError) as caught:
        from_environment(with_cfg(tmp_path / "home", text), base=tmp_path)
    assert f"duckdb_path_{kind}" in caught.value.detail.message
    assert "_cmd and _secret are not followed" in (caught.value.detail.hint or "")
    error = refused(tmp_path, **{f"{PREFIX}DUCKDB_PATH_{kind.upper()}": "x"})
    assert "_cmd and _secret are not followed" in (error.detail.hint or "")
