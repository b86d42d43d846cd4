"""Folders below a zone: which one an ``archive_layout`` stands for."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns.template import Template
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.storage.names import bad_subfolder, subfolder_parts
from airflow_landing_loader.storage.zone import Zone

_LONGEST = 100  # characters of a part; a folder's name may have more than one


def archive_folder(mapping: TableMapping, name: str, when: datetime) -> str:
    """The subfolder that a mapping's ``archive_layout`` stands for.

    :param name: of the file; what its named parts say is written so that it is one folder, and no
        hidden one: in the characters that a URL has, 100 of them at most, ``_`` for nothing.
    :param when: the load's time, aware; its UTC date is taken.
    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, another placeholder, or a folder that leaves
        the zone or is hidden.
    """
    layout = mapping.archive_layout
    if not layout:
        return ""
    utc = when.astimezone(UTC)
    known = {
        "table": mapping.table,
        "yyyy": f"{utc.year:04}",
        "mm": f"{utc.month:02}",
        "dd": f"{utc.day:02}",
    }
    known |= {part.name: _as_folder(part.value) for part in mapping.parts_of(name)}
    template = Template.parse(layout)
    if not known.keys() >= set(template.names):
        raise bad_subfolder(layout, "has an unknown placeholder")
    folder = template.filled(known).strip("/")
    subfolder_parts(folder)
    return folder


def _as_folder(text: str) -> str:
    quoted = quote(text, safe=" +,=@", errors="surrogatepass")
    hidden = quoted.startswith(".")
    return (f"%2E{quoted[1:]}" if hidden else quoted)[:_LONGEST] or "_"


def archive_path(archive: Zone, delivery: Delivery, when: datetime) -> str:
    """Where a delivery's data file will lie in the archive if its name is free there.

    :param when: the load's time, aware.
    """
    name = delivery.data.name
    folder = archive_folder(delivery.mapping, name, when)
    return "/".join(part for part in (archive.path, folder, name) if part)
