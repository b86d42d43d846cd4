"""Archives with one file in them."""

from __future__ import annotations

import io
import zipfile


def zipped(content: bytes, name: str = "a_1.csv") -> bytes:
    """A ZIP archive of one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()
