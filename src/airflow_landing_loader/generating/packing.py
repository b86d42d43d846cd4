"""Bytes, compressed as a mapping or a name says."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import zstandard

from airflow_landing_loader.config.mapping.fields import Compression
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.text.compression import compression_by_name


def compression_for(mapping: TableMapping, name: str) -> Compression:
    """How a file of this name is to be compressed."""
    said = mapping.compression
    return compression_by_name(name) if said == "auto" else said


def packed(content: bytes, compression: Compression) -> bytes:
    """Bytes, compressed; the same bytes become the same."""
    match compression:
        case "gzip":
            return gzip.compress(content, mtime=0)
        case "zstd":
            return zstandard.ZstdCompressor(write_checksum=True).compress(content)
        case "bzip2":
            return bz2.compress(content)
        case "xz":
            return lzma.compress(content)
        case "zip":
            return _zipped(content)
        case _:
            return content


def _zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("data.csv"), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()
