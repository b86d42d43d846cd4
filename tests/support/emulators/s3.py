"""Starts the S3 emulator: `python s3.py PORT IGNORED...`, in its environment.

The emulator does not look at the conditions of copies, nor at checksums, and serves requests side
by side. The loader's promises rest on these, so they are added here, as the S3 API documents them:
412 for a condition that does not hold, 400 for content of another checksum. One request is served
at a time, so that check and work are one step.

Each IGNORED is a condition that is ignored, as some servers of the protocol do: the method, or
COPY, and the header, such as `DELETE:If-Match`.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from moto.moto_server import werkzeug_app
from moto.s3.exceptions import PreconditionFailed, S3ClientError
from moto.s3.responses import S3Response
from werkzeug.serving import run_simple

Handler = Callable[[S3Response], Any]


def from_the_source(handler: Handler) -> Handler:
    """The copy, if its source is the one that is meant."""

    def handle(request: S3Response) -> Any:
        wanted = request.headers.get("x-amz-copy-source-if-match")
        bucket, key = unquote(request.headers["x-amz-copy-source"]).lstrip("/").split("/", 1)
        found = request.backend.get_object(bucket, key)
        if wanted is not None and found is not None and found.etag != wanted:
            raise PreconditionFailed("x-amz-copy-source-If-Match")
        return handler(request)

    return handle


def to_a_free_key(handler: Handler) -> Handler:
    """The copy, if its target has to be free, and is."""

    def handle(request: S3Response) -> Any:
        key = request.parse_key_name()
        taken = request.backend.get_object(request.bucket_name, key) is not None
        if request.headers.get("If-None-Match") == "*" and taken:
            raise PreconditionFailed("If-None-Match")
        return handler(request)

    return handle


def undamaged(handler: Handler) -> Handler:
    """The upload, if its content has the checksum that it comes with."""

    def handle(request: S3Response) -> Any:
        wanted = request.headers.get("x-amz-checksum-sha256")
        found = base64.b64encode(hashlib.sha256(request.body or b"").digest()).decode()
        if wanted is not None and found != wanted:
            raise S3ClientError("BadDigest", "The SHA256 you specified did not match.")
        return handler(request)

    return handle


class AnyCharacter(werkzeug_app.RegexConverter):
    """The part of a path that is a key, line feeds too."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.regex = f"(?s:{self.regex})"


class OneByOne:
    """The emulator, one request at a time, without the conditions that are ignored."""

    def __init__(self, ignored: Iterable[str]) -> None:
        self._emulator = werkzeug_app.DomainDispatcherApplication(werkzeug_app.create_backend_app)
        self._lock = threading.Lock()
        self._ignored = [each.split(":") for each in ignored]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        copies = "HTTP_X_AMZ_COPY_SOURCE" in environ
        done = "COPY" if copies else environ["REQUEST_METHOD"]
        for method, header in self._ignored:
            if done == method:
                environ.pop(f"HTTP_{header.upper().replace('-', '_')}", None)
        with self._lock:
            return self._emulator(environ, start_response)


if __name__ == "__main__":
    werkzeug_app.RegexConverter = AnyCharacter
    S3Response.copy_object = to_a_free_key(from_the_source(S3Response.copy_object))
    S3Response.upload_part_copy = from_the_source(S3Response.upload_part_copy)
    S3Response.put_object = undamaged(S3Response.put_object)
    S3Response.upload_part = undamaged(S3Response.upload_part)
    run_simple(
        "127.0.0.1",
        int(sys.argv[1]),
        OneByOne(sys.argv[2:]),
        threaded=True,
        request_handler=werkzeug_app.MotoRequestHandler,
    )
