"""The files that the page is made of."""

from __future__ import annotations

import os
from typing import Any

from fastapi import Response
from starlette.staticfiles import StaticFiles


class PageFiles(StaticFiles):
    """Scripts, styles and icons: the same for everybody, and without any data, so without a login.

    Browsers ask each time whether they are still the same: the version in their address is not
    another one after each change of ours.
    """

    def __init__(self, folder: os.PathLike[str]) -> None:
        super().__init__(directory=folder)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response
