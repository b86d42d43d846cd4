"""Settings: where each option comes from, and that nothing wrong gets past the builders."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import (
    DBT_PER_TABLE_LIMIT,
    PREFIX,
    Settings,
    from_airflow_conf,
    from_environment,
    options,
)

SEEDS = {
    "LANDING_PATH": "landing",
    "ARCHIVE_PATH": "archive",
    "FAILED_PATH": "failed",
    "TABLE_CONFIG_PATH": "tables",
}


def build(base: Path, **environ: str) -> Settings:
    return from_environment(SEEDS | environ, base=base)


def refused(base: Path, **environ: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        build(base, **environ)
    return caught.value


def test_the_seeds_variables_keep_their_names_and_meaning(tmp_path: Path) -> None:
    settings = build(
        tmp_path,
        LOADER_BACKEND="duckdb",
        LOADER_WORKERS="4",
        DUCKDB_PATH="./warehouse.duckdb",
        GCP_PROJECT="p",
        BQ_DATASET="raw",
        STAGING_BUCKET="gs://my-bucket/",
    )
    assert settings == Settings(
        landing_path=f"{tmp_path}/landing",
        archive_path=f"{tmp_path}/archive",
        failed_path=f"{tmp_path}/failed",
        table_config_path=f"{tmp_path}/tables",
        loader_backend="duckdb",
        loader_workers=4,
        duckdb_path=f"{tmp_path}/warehouse.duckdb",
        gcp_project="p",
        bq_dataset="raw",
        staging_bucket="gs://my-bucket/",
    )


def test_the_seeds_defaults(tmp_path: Path) -> None:
    settings = build(tmp_path)
    assert settings.loader_backend == "duckdb"
    assert settings.loader_workers == 1
    assert settings.duckdb_path == f"{tmp_path}/dev.duckdb"


def test_every_option_has_its_airflow_variable_and_it_wins(tmp_path: Path) -> None:
    values = {
        "loader_backend": "duckdb",
        "dbt_mode": "shared",
        "dbt_profile": "connection",
        "duckdb_memory_limit": "2GB",
        "show_values": "true",
        "dags_are_paused_at_creation": "false",
    }
    environ = dict(SEEDS)
    for option in options():
        text = values.get(option.name, "7" if option.type_ != "string" else f"own_{option.name}")
        environ[PREFIX + option.name.upper()] = text
        if option.seed:
            environ[option.name.upper()] = "9" if option.type_ == "integer" else "seed"
    settings = from_environment(environ, base=tmp_path)
    for row, option in zip(settings.describe(), options(), strict=True):
        assert row.origin == option.variables[0]
        assert "seed" not in row.value
        assert row.value != "9"
    assert settings.loader_workers == 7
    assert settings.show_values is True
    assert settings.landing_path == f"{tmp_path}/own_landing_path"


def test_the_section_wins_over_the_bare_variable(tmp_path: Path) -> None:
    settings = from_airflow_conf(
        {"landing_path": "/from/cfg", "loader_workers": "3"},
        SEEDS | {"LOADER_WORKERS": "9"},
        base=tmp_path,
    )
    assert (settings.landing_path, settings.loader_workers) == ("/from/cfg", 3)
    assert settings.archive_path == f"{tmp_path}/archive"


def test_an_argument_wins_over_every_place(tmp_path: Path) -> None:
    settings = from_airflow_conf(
        {"landing_path": "/from/cfg"},
        SEEDS | {f"{PREFIX}LANDING_PATH": "/from/variable"},
        base=tmp_path,
        overrides={"landing_path": "mine", "archive_path": ""},
    )
    rows = {row.name: row for row in settings.describe()}
    assert (settings.landing_path, rows["landing_path"].origin) == (f"{tmp_path}/mine", "argument")
    assert rows["archive_path"].origin == "ARCHIVE_PATH"


def test_an_unknown_argument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_airflow_conf({}, SEEDS, base=tmp_path, overrides={"landing": "mine"})
    assert caught.value.code is ErrorCode.SETTINGS_BAD_VALUE


def test_describe_says_where_each_value_came_from(tmp_path: Path) -> None:
    environ = SEEDS | {f"{PREFIX}LOADER_WORKERS": "2"}
    section = {"loader_workers": "2", "dbt_source": "raw"}
    rows = {r.name: r for r in from_airflow_conf(section, environ, base=tmp_path).describe()}
    assert [o.name for o in options()] == list(rows)
    assert rows["landing_path"].origin == "LANDING_PATH"
    assert rows["landing_path"].value == f"{tmp_path}/landing"
    assert rows["loader_workers"].origin == "AIRFLOW__LANDING_LOADER__LOADER_WORKERS"
    assert rows["dbt_source"].origin == "airflow.cfg [landing_loader]"
    assert (rows["duckdb_pool"].value, rows["duckdb_pool"].origin) == ("not set", "default")


@pytest.mark.parametrize("variable", [f"{PREFIX}LANDING_PATH", "LANDING_PATH"])
def test_an_empty_value_counts_as_not_set(tmp_path: Path, variable: str) -> None:
    environ = SEEDS | {"LANDING_PATH": "seed", f"{PREFIX}LANDING_PATH": "own"} | {variable: "  "}
    settings = from_environment(environ, base=tmp_path)
    assert settings.landing_path == f"{tmp_path}/{'seed' if variable.startswith(PREFIX) else 'own'}"


def test_airflow_variables_are_expanded_as_airflow_does(tmp_path: Path) -> None:
    environ = SEEDS | {
        "DATA": "/data",
        f"{PREFIX}LANDING_PATH": "$DATA/in",
        f"{PREFIX}ARCHIVE_PATH": "${DATA}/done",
        f"{PREFIX}FAILED_PATH": "/data/$UNKNOWN",
    }
    settings = from_environment(environ, base=tmp_path)
    assert settings.landing_path == "/data/in"
    assert settings.archive_path == "/data/done"
    assert settings.failed_path == "/data/$UNKNOWN"


def test_missing_ones_are_all_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_environment({"ARCHIVE_PATH": "a", "LANDING_PATH": ""}, base=tmp_path)
    detail = caught.value.detail
    assert caught.value.code is ErrorCode.SETTINGS_MISSING
    assert "landing_path, failed_path, table_config_path" in detail.message
    assert "archive" not in detail.message
    assert "LANDING_PATH=/data/landing" in str(detail.hint)
    assert "[landing_loader] of airflow.cfg" in str(detail.hint)


@pytest.mark.parametrize("mode", ["per_table", "shared"])
def test_a_dbt_mode_needs_a_project(tmp_path: Path, mode: str) -> None:
    error = refused(tmp_path, **{f"{PREFIX}DBT_MODE": mode})
    assert error.code is ErrorCode.SETTINGS_MISSING
    assert f"dbt_mode is {mode}" in error.detail.message
    assert "AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH=" in str(error.detail.hint)


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("loader_workers", "0", "whole number of 1 or more"),
        ("loader_workers", "-1", "whole number of 1 or more"),
        ("loader_workers", "1.5", "whole number"),
        ("loader_workers", "1_0", "whole number"),
        ("loader_workers", "٣", "whole number"),
        ("loader_workers", "9" * 5000, "whole number of 1 or more"),
        ("lock_timeout", "-0.1", "number of 0 or more"),
        ("lock_timeout", "nan", "number of 0 or more"),
        ("lock_timeout", "inf", "number of 0 or more"),
        ("lock_timeout", "9" * 400, "number of 0 or more"),
        ("lock_timeout", "5 minutes", "number of 0 or more"),
        ("poll_interval", "0", "number of 1 or more"),
        ("show_values", "yes", "true and false"),
        ("dbt_mode", "per-table", "Did you mean per_table?"),
        ("dbt_mode", "SHARED", "Did you mean shared?"),
        ("loader_backend", "duckdbb", "Did you mean duckdb?"),
        ("duckdb_memory_limit", "lots", "write it like 2GB"),
        ("duckdb_memory_limit", "2GB'; DROP TABLE t; --", "write it like 2GB"),
        ("landing_path", "ftp://host/landing", "s3://bucket/prefix, az://bucket/prefix"),
        ("archive_path", "GS://bucket//x", "gs://bucket/prefix"),
        ("archive_path", "s3://bucket/../x", "s3://bucket/prefix"),
        ("failed_path", "file:///data/failed", "without a scheme"),
        ("table_config_path", "gs://bucket/tables", "without a scheme"),
        ("duckdb_path", ":memory:", "name a local file"),
        ("duckdb_path", "md:my_db", "name a local file"),
        ("landing_path", "~nobody-has-this-name/x", "home folder is not known"),
    ],
)
def test_bad_values_say_what_is_allowed(tmp_path: Path, option: str, text: str, said: str) -> None:
    error = refused(tmp_path, **{PREFIX + option.upper(): text})
    assert error.code is ErrorCode.SETTINGS_BAD_VALUE
    assert said in error.detail.message
    assert f"{PREFIX}{option.upper()}: {option} is" in error.detail.message
    assert error.detail.key_path == option


def test_all_bad_values_are_named_at_once(tmp_path: Path) -> None:
    error = refused(tmp_path, LOADER_WORKERS="many", **{f"{PREFIX}SHOW_VALUES": "maybe"})
    assert "LOADER_WORKERS: loader_workers is 'many'" in error.detail.message
    assert "AIRFLOW__LANDING_LOADER__SHOW_VALUES: show_values is 'maybe'" in error.detail.message


def test_an_unknown_option_is_refused_with_a_guess(tmp_path: Path) -> None:
    error = refused(tmp_path, **{f"{PREFIX}LANDING_PAHT": "/data"})
    assert error.code is ErrorCode.SETTINGS_BAD_VALUE
    assert "no option landing_paht" in error.detail.message
    assert "Did you mean landing_path?" in str(error.detail.hint)


@pytest.mark.parametrize("text", ["true", "T", "1", "True"])
def test_true_is_spelt_as_in_airflow(tmp_path: Path, text: str) -> None:
    assert build(tmp_path, **{f"{PREFIX}SHOW_VALUES": text}).show_values is True


@pytest.mark.parametrize("text", ["false", "F", "0", "False"])
def test_false_is_spelt_as_in_airflow(tmp_path: Path, text: str) -> None:
    assert build(tmp_path, **{f"{PREFIX}SHOW_VALUES": text}).show_values is False


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = build(
        tmp_path / "base",
        LANDING_PATH="./data//landing/",
        ARCHIVE_PATH="~/archive",
        FAILED_PATH="/var/failed/",
        TABLE_CONFIG_PATH="../tables",
    )
    assert settings.landing_path == f"{tmp_path}/base/data/landing"
    assert settings.archive_path == f"{tmp_path}/home/archive"
    assert settings.failed_path == "/var/failed"
    assert settings.table_config_path == f"{tmp_path}/tables"


def test_a_symlink_stays_one_so_that_a_mount_can_be_swapped(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "..data").symlink_to("v1")
    settings = build(tmp_path, TABLE_CONFIG_PATH="..data")
    assert settings.table_config_path == f"{tmp_path}/..data"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("data", "data"),
        ("data", "data/"),
        ("data", "./data/."),
        ("data", "data/archive"),
        ("data/a/b/c", "data"),
        ("data", "other/../data/deep"),
        ("data", "link"),
        ("data", "link/below"),
        ("link", "link2"),
    ],
)
@pytest.mark.parametrize("pair", [("LANDING_PATH", "FAILED_PATH"), ("FAILED_PATH", "ARCHIVE_PATH")])
def test_zones_must_not_overlap(
    tmp_path: Path, first: str, second: str, pair: tuple[str, str]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    (tmp_path / "link2").symlink_to("link")
    error = refused(tmp_path, **{pair[0]: first, pair[1]: second})
    assert error.code is ErrorCode.SETTINGS_ZONES_OVERLAP
    assert all(name.lower() in error.detail.message for name in pair)


def test_dot_dot_after_a_symlink_means_what_the_system_means(tmp_path: Path) -> None:
    # By name link/../landing is tmp_path/landing; to the system it is deep/landing.
    (tmp_path / "deep" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("deep/inner")
    settings = build(tmp_path, ARCHIVE_PATH="link/../landing")
    assert settings.archive_path == f"{tmp_path}/deep/landing"
    error = refused(tmp_path, ARCHIVE_PATH="link/../landing", FAILED_PATH="deep")
    assert error.code is ErrorCode.SETTINGS_ZONES_OVERLAP


@pytest.mark.parametrize("name", ["landing", "landing-2", "xlanding", "land"])
def test_names_that_only_look_alike_do_not_overlap(tmp_path: Path, name: str) -> None:
    settings = build(tmp_path, LANDING_PATH="landing/x", ARCHIVE_PATH=f"other/{name}")
    assert settings.archive_path.endswith(name)


@pytest.mark.parametrize("database", ["landing/dev.duckdb", "failed/deep/dev.duckdb", "archive"])
def test_the_database_lies_in_no_zone(tmp_path: Path, database: str) -> None:
    error = refused(tmp_path, DUCKDB_PATH=database)
    assert error.code is ErrorCode.SETTINGS_ZONES_OVERLAP
    assert "duckdb_path" in error.detail.message


def test_the_database_lies_in_no_zone_by_a_link_either(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "dev.duckdb").symlink_to("landing/real.duckdb")
    assert refused(tmp_path).code is ErrorCode.SETTINGS_ZONES_OVERLAP


NAMES = st.lists(st.sampled_from(["a", "b", "..", "."]), min_size=1, max_size=4).map("/".join)


@given(first=NAMES, second=NAMES)
def test_overlap_agrees_with_the_file_system(
    first: str, second: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = Path("/nowhere/p/q/r/s")
    one, other = (Path(os.path.normpath(base / name)) for name in (first, second))
    environ = SEEDS | {
        "LANDING_PATH": first,
        "ARCHIVE_PATH": second,
        "FAILED_PATH": "/elsewhere/failed",
        "DUCKDB_PATH": "/elsewhere/dev.duckdb",
    }
    if one.is_relative_to(other) or other.is_relative_to(one):
        with pytest.raises(ConfigurationError) as caught:
            from_environment(environ, base=base)
        assert caught.value.code is ErrorCode.SETTINGS_ZONES_OVERLAP
    else:
        settings = from_environment(environ, base=base)
        assert (settings.landing_path, settings.archive_path) == (str(one), str(other))


ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)


@given(
    st.dictionaries(
        st.sampled_from([v for o in options() for v in o.variables]),
        ANY_TEXT,
    )
)
def test_any_text_is_taken_or_refused_in_words(environ: dict[str, str]) -> None:
    with suppress(ConfigurationError):
        settings = from_environment({v: f"/{v}" for v in SEEDS} | environ, base=Path("/base"))
        assert all(getattr(settings, o.name).startswith("/") for o in options() if o.required)


@pytest.mark.parametrize(
    ("mode", "project", "tables", "meant"),
    [
        ("auto", None, 1, "off"),
        ("auto", "/dbt", 1, "per_table"),
        ("auto", "/dbt", DBT_PER_TABLE_LIMIT, "per_table"),
        ("auto", "/dbt", DBT_PER_TABLE_LIMIT + 1, "shared"),
        ("per_table", "/dbt", 500, "per_table"),
        ("shared", "/dbt", 1, "shared"),
        ("off", "/dbt", 1, "off"),
    ],
)
def test_what_the_dbt_mode_means(
    tmp_path: Path, mode: str, project: str | None, tables: int, meant: str
) -> None:
    more = {f"{PREFIX}DBT_PROJECT_PATH": project} if project else {}
    settings = build(tmp_path, **{f"{PREFIX}DBT_MODE": mode}, **more)
    assert settings.dbt_mode_for(tables) == meant


def test_zones_in_a_bucket_are_kept_as_they_are(tmp_path: Path) -> None:
    settings = build(
        tmp_path,
        LANDING_PATH="GS://bucket/landing/",
        ARCHIVE_PATH="gs://bucket/archive",
        FAILED_PATH="s3://bucket/failed/",
    )
    assert settings.landing_path == "gs://bucket/landing"
    assert settings.archive_path == "gs://bucket/archive"
    assert settings.failed_path == "s3://bucket/failed"


def test_zones_in_a_bucket_must_not_lie_in_one_another(tmp_path: Path) -> None:
    error = refused(tmp_path, LANDING_PATH="gs://b/in", ARCHIVE_PATH="gs://b/in/archive")
    assert error.code is ErrorCode.SETTINGS_ZONES_OVERLAP


def test_bigquery_needs_project_dataset_and_bucket(tmp_path: Path) -> None:
    error = refused(tmp_path, LOADER_BACKEND="bigquery", GCP_PROJECT="p")
    assert error.code is ErrorCode.SETTINGS_MISSING
    assert "bq_dataset, staging_bucket (loader_backend is bigquery)" in error.detail.message


@pytest.mark.parametrize("bucket", ["gs://bucket/folder", "b", "s3://bucket"])
def test_the_staging_bucket_is_a_bucket(tmp_path: Path, bucket: str) -> None:
    error = refused(
        tmp_path,
        LOADER_BACKEND="bigquery",
        GCP_PROJECT="p",
        BQ_DATASET="raw",
        STAGING_BUCKET=bucket,
    )
    assert (error.code, error.detail.key_path) == (
        ErrorCode.SETTINGS_BAD_VALUE,
        "staging_bucket",
    )


def test_the_docs_list_every_option() -> None:
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text()
    rows = {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)` \|.*\|$", page, re.MULTILINE)}
    assert list(rows) == [option.name for option in options()]
    for option in options():
        default = "required" if option.required else f"`{option.default}`"
        assert (default if option.default is not None or option.required else "not set") in rows[
            option.name
        ]
        assert option.description in rows[option.name]
        assert (f"`{option.name.upper()}`" in rows[option.name]) is option.seed


# airflow.cfg on the command line, which does not import Airflow.


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
