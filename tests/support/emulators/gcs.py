"""Starts the GCS emulator: `python gcs.py ARGUMENT...`, in its environment.

The emulator ignores generations, preconditions and the metadata of a rewrite, and gives every
listing in one page. The loader's promises rest on these, so they are added here, as the JSON API
documents them: 412 for a precondition that does not hold, 404 for a generation that is gone. The
emulator serves one request at a time, so that check and work are one step.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from gcp_storage_emulator import server
from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers import objects

Handler = Callable[..., Any]
_PAGE = 1000


def checked(handler: Handler) -> Handler:
    """The handler, behind the generations and preconditions that its request names."""

    def handle(request: Any, response: Any, storage: Any, *rest: Any, **keys: Any) -> Any:
        refusal = _refusal(request, storage)
        if refusal is not None:
            response.status = refusal
            response.json({"error": {"code": refusal.value, "message": refusal.phrase}})
            return None
        return handler(request, response, storage, *rest, **keys)

    return handle


def paged(handler: Handler) -> Handler:
    """The listing in pages of at most ``maxResults``; a page's token is the name it begins with."""

    def handle(request: Any, response: Any, storage: Any, *rest: Any, **keys: Any) -> None:
        handler(request, response, storage, *rest, **keys)
        if response.status != HTTPStatus.OK:
            return
        found = json.loads(response._content)
        size = min(int(_first(request, "maxResults") or _PAGE), _PAGE)
        token = _first(request, "pageToken") or ""
        items = sorted(found.get("items") or [], key=lambda item: str(item["name"]))
        items = [item for item in items if item["name"] >= token]
        found["items"] = items[:size]
        if len(items) > size:
            found["nextPageToken"] = items[size]["name"]
        response.json(found)

    return handle


def with_metadata(handler: Handler) -> Handler:
    """The rewrite, with the metadata that the request has for the target."""

    def handle(request: Any, response: Any, storage: Any, *rest: Any, **keys: Any) -> None:
        handler(request, response, storage, *rest, **keys)
        metadata = (request.data or {}).get("metadata")
        if response.status != HTTPStatus.OK or metadata is None:
            return
        done = json.loads(response._content)
        resource = {**done["resource"], "metadata": metadata}
        storage.patch_object(resource["bucket"], resource["name"], resource)
        response.json({**done, "resource": resource})

    return handle


def _refusal(request: Any, storage: Any) -> HTTPStatus | None:
    params = request.params
    source = _generation(storage, params["bucket_name"], _name(request))
    if "dest_object_id" in params:
        target = _generation(storage, params["dest_bucket_name"], params["dest_object_id"])
        wanted = _first(request, "sourceGeneration")
        if wanted is not None and wanted != source:
            return HTTPStatus.NOT_FOUND
        if not _holds(_first(request, "ifSourceGenerationMatch"), source):
            return HTTPStatus.PRECONDITION_FAILED
    else:
        target = source
        wanted = _first(request, "generation")
        if wanted is not None and wanted != source:
            return HTTPStatus.NOT_FOUND
    if not _holds(_first(request, "ifGenerationMatch"), target):
        return HTTPStatus.PRECONDITION_FAILED
    return None


def _holds(wanted: str | None, generation: str | None) -> bool:
    """``0`` stands for an object that is not there."""
    return wanted is None or wanted == (generation or "0")


def _name(request: Any) -> str:
    if "object_id" in request.params:
        return str(request.params["object_id"])
    name = _first(request, "name")
    if name is not None or "upload_id" in request.query:
        return name or ""
    data = request.data
    meta = data.get("meta", data) if isinstance(data, dict) else {}
    return str(meta.get("name", ""))


def _generation(storage: Any, bucket: str, name: str) -> str | None:
    try:
        return str(storage.get_file_obj(bucket, name)["generation"])
    except NotFound:
        return None


def _first(request: Any, key: str) -> str | None:
    values = request.query.get(key)
    return str(values[0]) if values else None


_WRAPPED: dict[Handler, Handler] = {
    objects.ls: paged(objects.ls),
    **{
        handler: checked(handler)
        for handler in (
            *(objects.insert, objects.upload_partial, objects.copy),
            *(objects.get, objects.download, objects.delete),
        )
    },
    objects.rewrite: checked(with_metadata(objects.rewrite)),
}

if __name__ == "__main__":
    server.HANDLERS = tuple(
        (pattern, {method: _WRAPPED.get(h, h) for method, h in handlers.items()})
        for pattern, handlers in server.HANDLERS
    )
    from gcp_storage_emulator.__main__ import main

    main()
