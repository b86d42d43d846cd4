"""From an exception to an exit code and a text that a person can act on; nowhere else."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from enum import IntEnum
from typing import NoReturn, ParamSpec

import typer

from airflow_landing_loader.cli import terminal
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorDetail,
    LandingError,
    TransientError,
    explained,
)

DEBUG_VARIABLE = "LANDING_LOADER_DEBUG"
debug: ContextVar[bool] = ContextVar("debug", default=False)
_P = ParamSpec("_P")


class ExitCode(IntEnum):
    """What the exit code says. Stopped by a signal, a command ends with 128 + its number."""

    GOOD = 0
    DATA = 1
    USAGE = 2
    ENVIRONMENT = 3
    INTERRUPTED = 130


def exit_code(error: LandingError) -> ExitCode:
    """Whose fault an error is: that of data or mappings (1), or of the environment (3)."""
    if isinstance(error, TransientError):
        return ExitCode.ENVIRONMENT
    written = error.detail.code.startswith(("config.", "mapping.", "generate."))
    if isinstance(error, ConfigurationError) and not written:
        return ExitCode.ENVIRONMENT
    return ExitCode.DATA


def command(function: Callable[_P, None]) -> Callable[_P, None]:
    """Make a command end with a text and an exit code whatever it raises.

    A command that was called with ``as_json=True`` also writes ``{"error": {...}}`` to standard
    output, so that a program that reads it always finds one JSON object.
    """

    @functools.wraps(function)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> None:
        as_json = bool(kwargs.get("as_json"))
        try:
            function(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except LandingError as error:
            _end(error.detail, exit_code(error), error, as_json)
        except KeyboardInterrupt:
            terminal.err().line("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            raise  # `landing-loader list | head`: typer ends it quietly
        except Exception as error:  # noqa: BLE001 - the last stop: nobody above could explain it
            _end(unexpected(error), ExitCode.ENVIRONMENT, error, as_json)

    return wrapper


def explain(detail: ErrorDetail, screen: terminal.Screen, *, snippet: str = "") -> None:
    """Write one error: code, where, what and why; what to do next. All errors look like this.

    :param snippet: lines that show the place.
    """
    screen.line(detail.sentence(), "red", hang=2)
    if snippet:
        screen.line(snippet)
    if detail.hint:
        screen.line(f"  Hint: {detail.hint}", hang=8)


def _end(detail: ErrorDetail, code: ExitCode, error: Exception, as_json: bool) -> NoReturn:
    if debug.get():
        traceback.print_exception(error, file=sys.stderr)
    explain(detail, terminal.err())
    if as_json:
        terminal.out().json({"error": detail.to_dict()})
    raise typer.Exit(code) from None


def unexpected(error: Exception) -> ErrorDetail:
    """An error that nobody translated: the system's own words, or that it is a defect of ours."""
    detail = explained(error).detail
    how = f"Set {DEBUG_VARIABLE}=1 (or use --debug) for the trace"
    if isinstance(error, OSError) and error.strerror:
        hint = f"Check rights, space and mounts with `landing-loader doctor`. {how}."
    else:
        hint = f"{how}, and report it. No file is lost: start again, and the work goes on."
    return replace(detail, hint=hint, transient=False)
