"""What every command starts from: settings, mappings, pipeline."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.channels.reader import read_channels
from airflow_landing_loader.config.mapping.mapping_set import MappingSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.config.yaml.files import walk
from airflow_landing_loader.loading.model import RunContext
from airflow_landing_loader.settings import Settings, from_environment
from airflow_landing_loader.storage.content import nothing

if TYPE_CHECKING:
    from airflow_landing_loader.pipeline.pipeline import Pipeline

Fingerprint = tuple[tuple[str, int, int, int], ...]


def _from_environment() -> Settings:
    return from_environment(os.environ, base=Path.cwd())


settings_source: ContextVar[Callable[[], Settings]] = ContextVar(
    "settings_source", default=_from_environment
)
"""Where settings come from: the environment, or Airflow's configuration under `airflow`."""


def program() -> str:
    """How this command line is called here, for a command that somebody shall type."""
    own = settings_source.get() is _from_environment
    return "landing-loader" if own else "airflow landing-loader"


def read_settings() -> Settings:
    """Read the settings.

    :raises ConfigurationError: a setting is missing, wrong, or contradicts another one.
    """
    return settings_source.get()()


def mappings_of(settings: Settings) -> MappingSet:
    """Read all mappings; what is wrong with them is in the result, not raised."""
    return read_mappings(Path(settings.table_config_path), channels_of(settings).names)


def channels_of(settings: Settings) -> ChannelSet:
    """Read all channels; what is wrong with them is in the result, not raised."""
    return read_channels(settings.channels_path)


def open_pipeline(
    settings: Settings,
    mappings: Sequence[TableMapping],
    *,
    on_wait: Callable[[str], None] | None = None,
    on_block: Callable[[], None] = nothing,
) -> Pipeline:
    """Make a pipeline whose zones are there.

    :param on_wait: told who holds the database while we wait for it.
    :param on_block: as :class:`~airflow_landing_loader.pipeline.pipeline.Pipeline` takes it.
    :raises TransientError: ``ZONE_UNAVAILABLE``.
    """
    # Imported here: whoever only reads mappings does not pay for the inspection.
    from airflow_landing_loader.pipeline.pipeline import Pipeline

    run = RunContext(events=channels_of(settings).event_plan)
    pipeline = Pipeline(settings, mappings, run=run, on_wait=on_wait, on_block=on_block)
    for zone in (pipeline.zones.landing, pipeline.zones.archive, pipeline.zones.failed):
        zone.require()
    return pipeline


def fingerprint(settings: Settings) -> Fingerprint:
    """What changes when a mapping or a channel changes, without reading one."""
    found = []
    channels = settings.channels_path
    for entry in chain(
        walk(Path(settings.table_config_path)), walk(channels) if channels.is_dir() else ()
    ):
        try:
            status = entry.path.stat()
        except OSError:
            continue
        found.append((entry.shown, status.st_ino, status.st_mtime_ns, status.st_size))
    return tuple(found)
