"""`validate` shows every problem of every file, with its place."""

from __future__ import annotations

from typing import Any


def test_good_mappings(cli: Any) -> None:
    ran = cli("validate")
    assert (ran.code, ran.out, ran.err) == (0, "2 good mappings for 2 tables\n", "")
    assert cli("validate", "--json").json() == {
        "mappings": 2,
        "tables": 2,
        "channels": 4,
        "problems": [],
        "warnings": [],
    }


def test_all_problems_of_all_files_at_once(cli: Any) -> None:
    (cli.zones.tables / "a.yaml").write_text("a_*.csv:\n  tabel: raw_a\n")
    (cli.zones.tables / "b").mkdir()
    (cli.zones.tables / "b" / "b.yml").write_text("b_*.csv: [\n")
    ran = cli("validate")
    assert ran.code == 1
    assert "a.yaml:2:3" in ran.err
    assert "    2 |   tabel: raw_a" in ran.err
    assert "      |   ^" in ran.err
    assert "b/b.yml:" in ran.err
    assert "2 good mappings for 2 tables" in ran.out
    problems = cli("validate", "--json").json()["problems"]
    assert [(problem["file"], problem["code"]) for problem in problems] == [
        ("a.yaml", "mapping.unknown_key"),
        ("b/b.yml", "config.not_yaml"),
    ]


def test_no_mapping_at_all_is_a_problem(cli: Any) -> None:
    (cli.zones.tables / "tables.yaml").unlink()
    ran = cli("validate")
    assert ran.code == 1
    assert "mapping.none_found" in ran.err
    assert ran.out == "no mapping yet\n"
    assert "mapping   no mapping yet below" in cli("doctor").out
    assert "no mapping yet: see `landing-loader validate`" in cli("list").out


def test_a_missing_mapping_folder_is_a_problem(cli: Any) -> None:
    cli.set(TABLE_CONFIG_PATH=str(cli.zones.root / "nowhere"))
    ran = cli("validate")
    assert ran.code == 1
    assert "config.unreadable" in ran.err


def test_hostile_text_of_a_mapping_is_escaped(cli: Any) -> None:
    (cli.zones.tables / "x\x1b[31m.yaml").write_text('"a\\e[31m[red]*.csv": {tabel: "\\e[0m"}\n')
    ran = cli("validate")
    assert ran.code == 1
    assert "\x1b" not in ran.out + ran.err
    assert cli("validate", "--json").json()["problems"]


def test_settings_come_first(cli: Any) -> None:
    cli.set(LANDING_PATH="")
    ran = cli("validate")
    assert ran.code == 3
    assert "settings.missing" in ran.err
    assert "landing_path" in ran.err


def test_channels_are_checked_too(cli: Any) -> None:
    folder = cli.zones.tables.parent / "channels"
    folder.mkdir()
    (folder / "ops.yaml").write_text("type: email\n")
    (folder / "bus.yaml").write_text("type: kafka\ntopik: x\n")
    ran = cli("validate")
    assert ran.code == 1
    assert "channels/bus.yaml:2:1" in ran.err
    assert "Did you mean 'topic'?" in ran.err
    assert "channel ops has nobody to write to" in ran.out
    document = cli("validate", "--json").json()
    assert document["channels"] == 5
    assert [problem["code"] for problem in document["problems"]] == ["config.unknown_key"]
    listed = cli("list", "--json").json()
    assert {channel["name"] for channel in listed["channels"]} >= {"ops", "email"}
    assert "bus" in cli("list").out
    examined = cli("doctor", "--json").json()["checks"]
    told = [(c["level"], c["message"]) for c in examined if c["topic"] == "channel"]
    assert [level for level, _ in told] == ["error", "warn"]
    (folder / "bus.yaml").unlink()
    (cli.zones.tables / "more.yaml").write_text(
        "more_*.csv: {table: raw_more, notify: {to: [opps]}}\n"
    )
    ran = cli("validate")
    assert ran.code == 1
    assert "config.unknown_channel" in ran.err
    assert "Did you mean 'ops'?" in ran.err
