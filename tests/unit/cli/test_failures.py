"""Every exception ends as a text and an exit code, none as a trace."""

from __future__ import annotations

import errno
import json
from typing import NoReturn

import pytest
import typer

from airflow_landing_loader.cli.failures import ExitCode, command, debug, exit_code
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)

CASES = [
    (ConfigurationError(ErrorCode.SETTINGS_MISSING, "m"), 3),
    (ConfigurationError(ErrorCode.DBT_NOT_INSTALLED, "m"), 3),
    (ConfigurationError(ErrorCode.MAPPING_NONE_FOUND, "m"), 1),
    (ConfigurationError(ErrorCode.CONFIG_NOT_YAML, "m"), 1),
    (TransientError(ErrorCode.WAREHOUSE_LOCKED, "m"), 3),
    (TransientError(ErrorCode.COUNT_TOO_FEW, "m"), 3),
    (TerminalError(ErrorCode.COUNT_TOO_FEW, "m"), 1),
]


def _raising(error: BaseException, **arguments: object) -> int:
    @command
    def wrapped(**_: object) -> NoReturn:
        raise error

    with pytest.raises(typer.Exit) as ended:
        wrapped(**arguments)
    return ended.value.exit_code


@pytest.mark.parametrize(("error", "code"), CASES)
def test_the_exit_code_says_whose_fault_it_is(error: LandingError, code: int) -> None:
    assert exit_code(error) == code
    assert _raising(error) == code


def test_an_error_says_where_what_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    error = TerminalError(
        ErrorCode.CSV_RAGGED, "Two fields.", hint="Mend it.", file="a\x1b[31m\n.csv", line=7
    )
    assert _raising(error) == ExitCode.DATA
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "[csv.ragged] a\\x1b[31m\\n.csv:7: Two fields.\n  Hint: Mend it.\n"


def test_json_output_is_one_object_also_for_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    error = TerminalError(ErrorCode.CSV_RAGGED, "Two fields.", line=7, value="secret")
    assert _raising(error, as_json=True) == ExitCode.DATA
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["error"]["code"] == "csv.ragged"
    assert document["error"]["line"] == 7
    assert document["error"]["value"] is None
    assert "csv.ragged" in err


def test_an_error_of_the_system_is_told_in_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert _raising(OSError(errno.ENOSPC, "No space left on device", "/x")) == 3
    err = capsys.readouterr().err
    assert "No space left on device" in err
    assert "/x" in err
    assert "doctor" in err
    assert "Traceback" not in err


def test_a_defect_says_how_to_get_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert _raising(ZeroDivisionError("cell value 4711")) == ExitCode.ENVIRONMENT
    err = capsys.readouterr().err
    assert "ZeroDivisionError" in err
    assert "LANDING_LOADER_DEBUG=1" in err
    assert "Traceback" not in err
    assert "4711" not in err


def test_debug_shows_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    token = debug.set(True)
    try:
        assert _raising(ZeroDivisionError("x")) == ExitCode.ENVIRONMENT
    finally:
        debug.reset(token)
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    assert _raising(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("ending", [typer.Abort(), typer.BadParameter("x"), BrokenPipeError()])
def test_what_typer_handles_passes(ending: BaseException) -> None:
    @command
    def wrapped() -> None:
        raise ending

    with pytest.raises(type(ending)):
        wrapped()
