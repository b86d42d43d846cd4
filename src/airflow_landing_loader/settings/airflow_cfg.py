"""Section ``[landing_loader]`` of ``airflow.cfg``, read without importing Airflow.

Found as Airflow finds it: ``AIRFLOW_CONFIG``, else ``airflow.cfg`` in ``AIRFLOW_HOME``, else in
``~/airflow``. Nobody needs one: where there is none, environment variables say everything.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings.model import SECTION, options

FILE_NAME = "airflow.cfg"


@dataclass(frozen=True, kw_only=True)
class AirflowCfg:
    """What the file says of us.

    :param options: the options that somebody has set there, as text.
    """

    path: Path
    options: Mapping[str, str]


def airflow_home(environ: Mapping[str, str]) -> Path:
    """The folder that Airflow's relative paths start from, found as Airflow finds it."""
    home = os.path.expandvars(environ.get("AIRFLOW_HOME", "~/airflow"))
    return Path(home).expanduser().absolute()


def airflow_cfg_path(environ: Mapping[str, str]) -> Path | None:
    """Where ``airflow.cfg`` lies; ``None`` if there is none."""
    if not environ.keys() & {"AIRFLOW_CONFIG", "AIRFLOW_HOME", "HOME"}:
        return None
    named = environ.get("AIRFLOW_CONFIG")
    path = Path(os.path.expandvars(named)).expanduser() if named else None
    path = path or airflow_home(environ) / FILE_NAME
    try:
        return path.absolute() if path.is_file() else None
    except PermissionError:
        return path.absolute()  # opening it says so


def read_airflow_cfg(environ: Mapping[str, str]) -> AirflowCfg | None:
    """Read our section of ``airflow.cfg``; ``None`` if there is no such file.

    :raises ConfigurationError: ``settings.bad_value`` for a file that cannot be read.
    """
    path = airflow_cfg_path(environ)
    if path is None:
        return None
    parser = configparser.ConfigParser()
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
        section = dict(parser[SECTION]) if parser.has_section(SECTION) else {}
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise _unreadable(path, error) from error
    return AirflowCfg(path=path, options=set_by_somebody(section))


def set_by_somebody(section: Mapping[str, str]) -> dict[str, str]:
    """The options of a section without those that the file only repeats.

    The ``airflow.cfg`` that Airflow writes by itself spells out every default, which would hide the
    bare variables.
    """
    defaults = {option.name: str(option.default) for option in options()}
    return {name: text for name, text in section.items() if text != defaults.get(name)}


def _unreadable(
    path: Path, error: OSError | UnicodeDecodeError | configparser.Error
) -> ConfigurationError:
    """Why it cannot be read; without its text, which may hold secrets of Airflow."""
    line, hint = getattr(error, "lineno", None), "Correct it; Airflow cannot read it either."
    if isinstance(error, configparser.DuplicateSectionError):
        what = f"has a second section [{error.section}]"
        hint = f"Airflow writes every section itself: put both into one [{error.section}]."
    elif isinstance(error, configparser.DuplicateOptionError):
        what = f"has option {error.option} twice in section [{error.section}]"
    elif isinstance(error, configparser.InterpolationError):
        what = f"has a % in option {error.option} that stands for nothing"
        hint = "Write %% for a percent sign."
    elif isinstance(error, OSError):
        what = f"cannot be read: {error.strerror}"
        hint = "Give this user read access to it, or set AIRFLOW_CONFIG to another file."
    elif isinstance(error, UnicodeDecodeError):
        what = "is not UTF-8"
    else:
        what = "is not made of sections with lines like name = value"
        line = line or next((number for number, _ in getattr(error, "errors", ())), None)
    return ConfigurationError(
        ErrorCode.SETTINGS_BAD_VALUE, f"{FILE_NAME} {what}.", hint=hint, file=str(path), line=line
    )
