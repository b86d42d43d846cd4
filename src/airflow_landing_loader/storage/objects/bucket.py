"""What the buckets of all stores have in common."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Bucket:
    """The name of a bucket, and the client by which it is reached.

    :param scheme: of its URI.
    :param name: its name.
    :param open_client: makes the client; asked once, when the first request is made.
    """

    # An object appears when it is complete, and never changes.
    settles = False

    def __init__(self, scheme: str, name: str, open_client: Callable[[], Any]) -> None:
        self._scheme = scheme
        self._name = name
        self._open_client = open_client
        self._opened: Any = None
        self._opening = threading.Lock()

    @property
    def uri(self) -> str:
        return f"{self._scheme}://{self._name}"

    def _client(self) -> Any:
        with self._opening:
            if self._opened is None:
                self._opened = self._open_client()
        return self._opened
