"""A dbt project as we see it: where it lies, and what its manifest says about the raw tables.

Free of Airflow, Cosmos and dbt itself: the manifest is plain JSON. Both sides need it, the command
line to leave out what cannot be built yet, the DAGs to know what belongs to which table.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import TemplateError
from jinja2.sandbox import SandboxedEnvironment

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import Settings

_SELECTED = 10
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # every parse of every DAG reads them


@dataclass(frozen=True, kw_only=True)
class DbtProject:
    """Where a dbt project lies and which of its profiles it runs with.

    :param path: folder of ``dbt_project.yml``.
    :param profiles_path: folder of ``profiles.yml``.
    :param profile: name of the profile in it.
    :param target: name of the output of that profile.
    :param manifest_path: where ``dbt parse`` writes the manifest that Cosmos reads.
    """

    path: Path
    profiles_path: Path
    profile: str
    target: str
    manifest_path: Path


def read_project(settings: Settings) -> DbtProject:
    """Find the project and its profile.

    :raises ConfigurationError: ``SETTINGS_MISSING`` without ``dbt_project_path``;
        ``SETTINGS_BAD_VALUE`` if there is no readable project or profile.
    """
    if settings.dbt_project_path is None:
        raise ConfigurationError(
            ErrorCode.SETTINGS_MISSING,
            "dbt_project_path is not set, so there is no dbt project to run",
            hint="Set [landing_loader] dbt_project_path, or dbt_mode = off.",
        )
    path = Path(settings.dbt_project_path)
    profiles_path = Path(settings.dbt_profiles_path or path)
    project = _yaml_mapping(path / "dbt_project.yml")
    environ = {**os.environ, **settings.dbt_environment()}
    profile = _rendered(project.get("profile"), environ)
    profiles = _yaml_mapping(profiles_path / "profiles.yml")
    if not isinstance(profiles.get(profile), dict):
        raise _bad(profiles_path / "profiles.yml", f"it has no profile {profile!r}")
    target_path = _rendered(project.get("target-path", "target"), environ)
    return DbtProject(
        path=path,
        profiles_path=profiles_path,
        profile=profile,
        target=_rendered(profiles[profile].get("target", "default"), environ),
        manifest_path=path / target_path / "manifest.json",
    )


def how_to_mend(settings: Settings, project: DbtProject, nodes: Sequence[str] = ()) -> str:
    """The hint of ``DBT_FAILED``: the command that shows more, and how to try again at once.

    :param nodes: names of what failed, of which the first few are selected; none: unknown.
    """
    names = list(dict.fromkeys(nodes))[:_SELECTED]
    variables = [f"{k}={shlex.quote(v)}" for k, v in settings.dbt_environment().items()]
    words = ["dbt", "--debug", "build", *(["--select", *names] if names else [])]
    words += ["--project-dir", str(project.path), "--profiles-dir", str(project.profiles_path)]
    words += ["--profile", project.profile, "--target", project.target]
    return (
        f"Mend the model or the data; `{' '.join([*variables, shlex.join(words)])}` shows all that"
        " dbt does. The loads are kept, and dbt runs for them again in ten minutes, or at once by"
        " `landing-loader run --once` (beside Airflow: `airflow landing-loader run --once`)."
    )


def _yaml_mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_bytes(), _LOADER)  # noqa: S506 - a safe loader, see above
    except FileNotFoundError:
        raise _bad(path, "it is not there") from None
    except OSError as error:
        raise _bad(path, f"it cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise _bad(path, "it is not YAML") from error
    if not isinstance(content, dict):
        raise _bad(path, "it is empty or not a mapping")
    return content


def _rendered(value: object, environ: Mapping[str, str]) -> str:
    """A value of a dbt YAML file; of dbt's Jinja the usual ``env_var`` is understood."""

    def env_var(name: str, default: str | None = None) -> str:
        return environ[name] if default is None else environ.get(name, default)

    try:
        return SandboxedEnvironment().from_string(str(value)).render(env_var=env_var)
    except (TemplateError, LookupError, TypeError) as error:
        raise ConfigurationError(
            ErrorCode.SETTINGS_BAD_VALUE,
            f"the dbt project uses {value!r}, which cannot be worked out: {error}",
            hint="Of Jinja, `profile`, `target` and `target-path` may use env_var() only.",
        ) from error


def _bad(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_BAD_VALUE,
        f"There is no usable dbt project, because of {path}: {reason}. Files are loaded all the"
        " same.",
        hint="Set [landing_loader] dbt_project_path to the folder of dbt_project.yml, and"
        " dbt_profiles_path to that of profiles.yml if it lies elsewhere; if you do not use dbt,"
        " set neither.",
    )
