"""From text to settings: where an option is looked up, and what is refused.

One option has up to three places, the first that is set wins:

1. ``AIRFLOW__LANDING_LOADER__<OPTION>``
2. the option in section ``[landing_loader]`` of ``airflow.cfg``
3. the bare variable ``<OPTION>``, for the options marked as ``seed``

An empty value counts as not set.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import chain, permutations
from pathlib import Path
from typing import Any

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.safe_text import masked
from airflow_landing_loader.settings.airflow_cfg import FILE_NAME, airflow_home, read_airflow_cfg
from airflow_landing_loader.settings.backends import BACKENDS
from airflow_landing_loader.settings.model import (
    PREFIX,
    SECTION,
    ZONES,
    Option,
    Settings,
    options,
)

OBJECT_STORES = ("gs", "s3", "az")
FILE = f"{FILE_NAME} [{SECTION}]"
"""The place of an option that the file has set, as people see it."""


def from_environment(environ: Mapping[str, str], *, base: Path) -> Settings:
    """Build settings from environment variables and ``airflow.cfg``, as the command line does.

    A relative path in the file means what it means to Airflow. So does the default database of
    somebody who writes settings there: both look for one and the same.

    :param environ: the environment; it also says where ``airflow.cfg`` is.
    :param base: absolute folder that relative paths start from: the working directory.
    :raises ConfigurationError: as :func:`from_airflow_conf`; ``settings.bad_value`` for an
        ``airflow.cfg`` that cannot be read.
    """
    cfg = read_airflow_cfg(environ)
    section = dict(cfg.options) if cfg else {}
    file_base = airflow_home(environ) if section else None
    section |= {
        name.removeprefix(PREFIX).lower(): text
        for name, text in environ.items()
        if name.startswith(PREFIX)
    }
    section = {name: _expanded(text, environ) for name, text in section.items()}
    return from_airflow_conf(section, environ, base=base, file_base=file_base)


def from_airflow_conf(
    section: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    base: Path,
    overrides: Mapping[str, str] | None = None,
    file_base: Path | None = None,
) -> Settings:
    """Build settings from section ``[landing_loader]`` and, below it, the bare variables.

    :param section: the options that somebody has set, by file or ``AIRFLOW__`` variable; never
        Airflow's defaults, which would hide the bare variables.
    :param environ: the environment.
    :param base: absolute folder that relative paths start from: ``AIRFLOW_HOME``.
    :param overrides: options that win over every place, such as arguments of an operator.
    :param file_base: folder that relative paths of ``airflow.cfg`` and of defaults start from, if
        not ``base``.
    :raises ConfigurationError: ``settings.missing`` naming every required option that is not set,
        ``settings.bad_value`` naming every unknown option or every bad value,
        ``settings.zones_overlap`` when zones or database lie in one another.
    """
    overrides = overrides or {}
    _refuse_unknown({*section, *overrides})
    texts, places = {}, {}
    for option in options():
        found = _look_up(option, overrides, section, environ)
        if found is not None:
            texts[option.name], places[option.name] = found
    if "config_path" in texts and "table_config_path" not in texts:
        texts["table_config_path"] = f"{texts['config_path']}/tables"
        places["table_config_path"] = places["config_path"]
    _refuse_missing(texts)
    bases = {o.name: base for o in options()}
    if file_base is not None:
        bases |= {o.name: file_base for o in options() if places.get(o.name, FILE) == FILE}
    values = _converted(texts, places, bases)
    origins = tuple((o.name, places.get(o.name, "default")) for o in options())
    settings = Settings(**values, origins=origins)
    _refuse_overlap(settings)
    return settings


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    """``$NAME`` and ``${NAME}`` as Airflow expands them in its own variables; unknown ones stay."""
    return re.sub(r"\$(?:(\w+)|\{(\w+)\})", lambda m: environ.get(m[1] or m[2], m[0]), text)


def _look_up(
    option: Option,
    overrides: Mapping[str, str],
    section: Mapping[str, str],
    environ: Mapping[str, str],
) -> tuple[str, str] | None:
    """Text of an option and the place that set it, or None if nobody did."""
    if text := overrides.get(option.name, "").strip():
        return text, "argument"
    variable, *bare = option.variables
    if text := section.get(option.name, "").strip():
        return text, variable if variable in environ else FILE
    for name in bare:
        if text := environ.get(name, "").strip():
            return text, name
    return None


def _refuse_unknown(names: Set[str]) -> None:
    """A misspelt option would otherwise be ignored without a word."""
    known = [option.name for option in options()]
    unknown = sorted(names - set(known))
    if not unknown:
        return
    guesses = [difflib.get_close_matches(name, known, n=1) for name in unknown]
    choice = "" if all(guesses) else f" Options are: {', '.join(known)}."
    raise ConfigurationError(
        ErrorCode.SETTINGS_BAD_VALUE,
        f"Section [{SECTION}] has no option {' and no option '.join(unknown)}.",
        hint=_of_secrets(unknown, known)
        + _did_you_mean(chain.from_iterable(guesses))
        + f"Options are set as {PREFIX}<OPTION> or in [{SECTION}] of airflow.cfg.{choice}",
        key_path=unknown[0],
    )


def _of_secrets(unknown: Iterable[str], known: Sequence[str]) -> str:
    """Airflow follows such a spelling only for options that it knows as secrets."""
    if any(re.sub("_(cmd|secret)$", "", name) in known for name in unknown):
        return "No option is a secret, so _cmd and _secret are not followed: write the value. "
    return ""


def _refuse_missing(texts: Mapping[str, str]) -> None:
    missing = [o for o in options() if o.required and o.name not in texts]
    reason = ""
    needs: dict[str, tuple[str, ...]] = {name: backend.needs for name, backend in BACKENDS.items()}
    named = texts.get("loader_backend", "")
    if needed := [o for o in options() if o.name in needs.get(named, ()) and o.name not in texts]:
        missing += needed
        reason = f" (loader_backend is {named})"
    if texts.get("dbt_mode") in ("per_table", "shared") and "dbt_project_path" not in texts:
        missing += [o for o in options() if o.name == "dbt_project_path"]
        reason = f" (dbt_mode is {texts['dbt_mode']}, which needs dbt_project_path)"
    if not missing:
        return
    examples = " ".join(f"{o.variables[-1]}={o.example}" for o in missing)
    raise ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        f"Required settings are missing: {', '.join(o.name for o in missing)}{reason}.",
        hint=f"Set environment variables, for example {examples}; or write the options into"
        f" section [{SECTION}] of airflow.cfg.",
        key_path=missing[0].name,
    )


def _converted(
    texts: Mapping[str, str], places: Mapping[str, str], bases: Mapping[str, Path]
) -> dict[str, Any]:
    """Typed values of all options; every bad one is named at once."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for option in options():
        text = texts.get(option.name, option.default)
        try:
            base = bases[option.name]
            values[option.name] = _value(option, text, base) if isinstance(text, str) else text
        except ValueError as problem:
            problems[option.name] = masked(f"{places[option.name]}: {problem}")
    if problems:
        raise ConfigurationError(
            ErrorCode.SETTINGS_BAD_VALUE,
            f"Settings have bad values. {' '.join(problems.values())}",
            hint="Correct each setting where the message says it was set.",
            key_path=next(iter(problems)),
        )
    return values


def _value(option: Option, text: str, base: Path) -> str | int | float | bool:
    """The typed value of an option's text. Raises ValueError with a sentence for people."""
    if option.path:
        return _path(option, text, base)
    if option.type_ == "boolean":
        return _boolean(option.name, text)
    if option.type_ != "string":
        return _number(option, text)
    if option.choices:
        return _choice(option, text)
    if option.form and not re.fullmatch(option.form, text, re.IGNORECASE | re.ASCII):
        raise ValueError(f"{option.name} is {text!r}; write it like {option.example}.")
    return text


def _path(option: Option, text: str, base: Path) -> str:
    name = option.name
    if is_object_uri(text):
        if option.uri:
            return _object_prefix(name, text)
        raise ValueError(f"{name} is {text!r}; it must be a local path, written without a scheme.")
    if name == "duckdb_path" and re.match(r"(:|md:|motherduck:)", text, re.IGNORECASE):
        raise ValueError(f"{name} is {text!r}; loads must outlive a process, so name a local file.")
    try:
        path = base / Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"{name} is {text!r}; that home folder is not known.") from None
    # Taken out only where there are any: a symlink in the path must stay one, because what it
    # points to may be swapped while we run (a Kubernetes ConfigMap mount does that).
    return os.path.realpath(path) if ".." in path.parts else str(path)


def is_object_uri(text: str) -> bool:
    """Whether a path names a place in an object store."""
    return re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE) is not None


def _object_prefix(name: str, text: str) -> str:
    """``scheme://bucket/prefix`` without a slash at its end."""
    scheme, _, rest = text.partition("://")
    if scheme.lower() not in OBJECT_STORES:
        raise ValueError(
            f"{name} is {text!r}; write a local folder without a scheme, or one of "
            f"{', '.join(f'{known}://bucket/prefix' for known in OBJECT_STORES)}."
        )
    bucket, *folders = rest.rstrip("/").split("/")
    if "@" in bucket:
        raise ValueError(
            f"{name} is {text!r}; credentials do not belong into a path: use the cloud's own "
            "variables, or a connection in Airflow."
        )
    if not bucket or any(part in ("", ".", "..") for part in folders):
        raise ValueError(f"{name} is {text!r}; write it like {scheme.lower()}://bucket/prefix.")
    return f"{scheme.lower()}://{'/'.join([bucket, *folders])}"


def _boolean(name: str, text: str) -> bool:
    """The spellings that Airflow accepts."""
    lowered = text.lower()
    if lowered in ("t", "true", "1"):
        return True
    if lowered in ("f", "false", "0"):
        return False
    raise ValueError(f"{name} is {text!r}; allowed are true and false.")


def _number(option: Option, text: str) -> int | float:
    minimum, whole = option.minimum or 0, option.type_ == "integer"
    problem = (
        f"{option.name} is {text!r}; allowed is a {'whole ' if whole else ''}number"
        f" of {minimum} or more."
    )
    if not re.fullmatch(r"[+-]?\d{1,9}" if whole else r"[+-]?(\d+\.?\d*|\.\d+)", text, re.ASCII):
        raise ValueError(problem)
    number = int(text) if whole else float(text)
    if number < minimum or math.isinf(number):
        raise ValueError(problem)
    return number


def _choice(option: Option, text: str) -> str:
    if text not in option.choices:
        guess = _did_you_mean(difflib.get_close_matches(text.lower(), option.choices, n=1))
        raise ValueError(
            f"{option.name} is {text!r}; allowed are {', '.join(option.choices)}. {guess}"
        )
    return text


def _did_you_mean(guesses: Iterable[str]) -> str:
    names = ", ".join(guesses)
    return f"Did you mean {names}? " if names else ""


def _refuse_overlap(settings: Settings) -> None:
    """A file must be in exactly one zone, and the database is no delivery."""
    for inner, outer in permutations(ZONES, 2):
        if _lies_in(getattr(settings, inner), getattr(settings, outer)):
            raise ConfigurationError(
                ErrorCode.SETTINGS_ZONES_OVERLAP,
                f"{inner} {getattr(settings, inner)!r} is the same folder as {outer}"
                f" {getattr(settings, outer)!r} or lies in it.",
                hint="Give landing, archive and failed zone folders side by side.",
                key_path=inner,
            )
    for zone in ZONES:
        if _lies_in(settings.duckdb_path, getattr(settings, zone)):
            raise ConfigurationError(
                ErrorCode.SETTINGS_ZONES_OVERLAP,
                f"duckdb_path {settings.duckdb_path!r} lies in the zone {zone}.",
                hint="Put the database beside the zones.",
                key_path="duckdb_path",
            )


def _lies_in(inner: str, outer: str) -> bool:
    """Whether ``inner`` is ``outer`` or lies below it, whatever links lead there."""
    if is_object_uri(inner) or is_object_uri(outer):
        return f"{inner}/".startswith(f"{outer}/")
    place, folder = Path(os.path.realpath(inner)), Path(os.path.realpath(outer))
    return any(_same(candidate, folder) for candidate in (place, *place.parents))


def _same(one: Path, other: Path) -> bool:
    # Equal inodes catch what names do not: bind mounts, file systems that ignore case.
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False
