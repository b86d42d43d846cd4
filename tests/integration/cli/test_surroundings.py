"""Names, encodings, pipes and folders that a person did not choose."""

from __future__ import annotations

import json
import os

import pytest
from tests.support.shells import PROGRAM, Shell, names_in

HOSTILE_NAMES = [
    "instruments_a b.csv",
    "instruments_'\"$(touch x)`.csv",
    "instruments_%s%d{}.csv",
    "instruments_[1]*?.csv",
    "instruments_\n2024-01-15T07:00:03Z loaded forged.csv",
    "instruments_\x1b]0;title\x07\x1b[31m.csv",
    "instruments_[bold red]x[dim].csv",
    "instruments_\u202egnp.csv",
    "instruments_äöü€😀.csv",
    os.fsdecode(b"instruments_\xff\xfe.csv"),
    "instruments_--help.csv",
]


def test_hostile_names_from_end_to_end(shell: Shell) -> None:
    for name in HOSTILE_NAMES:
        shell.land(name, "a\n1,2\n")
    for arguments in (["list"], ["run", "--once"], ["status"], ["status", "--json"]):
        ran = shell.run(*arguments)
        text = ran.stdout + ran.stderr
        assert "Traceback" not in text
        assert all(c == "\n" or c.isprintable() for c in text)
        assert "\u202e" not in text
        assert not any(line.startswith("2024-01-15T07:00:03Z") for line in text.splitlines())
    failures = json.loads(ran.stdout)["open_failures"]
    assert sorted(failure["name"] for failure in failures) == sorted(HOSTILE_NAMES)
    assert shell.run("replay", "--", *HOSTILE_NAMES).returncode == 0
    assert names_in(shell.zones, "landing") == sorted(HOSTILE_NAMES)


def test_without_settings_every_command_says_what_is_missing(shell: Shell) -> None:
    for name in [name for name in shell.environ if name.endswith("_PATH")]:
        del shell.environ[name]
    for arguments in (["run"], ["list"], ["doctor"]):
        ran = shell.run(*arguments)
        assert ran.returncode == 3
        assert "Traceback" not in ran.stderr
        for variable in ("landing_path", "archive_path", "failed_path", "table_config_path"):
            assert variable in ran.stderr + ran.stdout


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ({"PYTHONIOENCODING": "ascii"}, r"instruments_\xe4\u20ac.csv"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0"}, r"$'instruments_\xc3\xa4\xe2\x82\xac.csv'"),
    ],
)
def test_an_encoding_that_knows_few_characters(
    shell: Shell, encoding: dict[str, str], shown: str
) -> None:
    shell.environ |= {"PYTHONCOERCECLOCALE": "0", **encoding}
    shell.land("instruments_ä€.csv", "a\n1\n")
    assert shell.run("list").returncode == 0
    ran = shell.run("run", "--once")
    assert ran.returncode == 0
    assert shown in ran.stdout
    assert names_in(shell.zones, "archive") == ["instruments_ä€.csv"]


def test_a_working_directory_that_is_gone(shell: Shell) -> None:
    gone = shell.zones.root / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {' '.join(PROGRAM)} list"
    ran = shell.run("-c", script, program=("bash",))
    assert ran.returncode == 3
    assert "Traceback" not in ran.stderr


def test_a_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    for number in range(3000):
        shell.land(f"unmatched_with_a_long_name_{number:05}.txt", "")
    script = f"{' '.join(PROGRAM)} list | head -1"
    ran = shell.run("-c", script, program=("bash",))
    assert ran.stdout.startswith("Places")
    assert ran.stderr == ""


def test_debug_shows_the_trace(shell: Shell) -> None:
    shell.environ["LANDING_PATH"] = ""
    assert "Traceback" in shell.run("--debug", "list").stderr
    shell.environ["LANDING_LOADER_DEBUG"] = "1"
    assert "Traceback" in shell.run("list").stderr
