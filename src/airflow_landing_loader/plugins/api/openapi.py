"""The API described for programs, as it is: errors are problem JSON, paths have the prefix."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from airflow_landing_loader.plugins.api.datamodels.problem import ProblemBody
from airflow_landing_loader.plugins.api.problems import MEDIA_TYPE

_REFERENCE = {"$ref": "#/components/schemas/ProblemBody"}
# What FastAPI believes that a bad request is answered with.
_FASTAPIS_OWN = ("HTTPValidationError", "ValidationError")


def problems(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """``responses`` of a route: which problems it may answer with, beside those that all may."""
    always = (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    return {
        status.value: {
            "description": status.phrase,
            "content": {MEDIA_TYPE: {"schema": _REFERENCE}},
        }
        for status in sorted({*always, *statuses})
    }


async def answer(request: Request) -> Response:
    """The description, with the paths as this request has reached them."""
    schema = _schema_of(request.app)
    return JSONResponse({**schema, "servers": [{"url": request.scope.get("root_path", "")}]})


def _schema_of(app: FastAPI) -> dict[str, Any]:
    schema = app.openapi()
    models = schema.setdefault("components", {}).setdefault("schemas", {})
    if "ProblemBody" not in models:
        ours = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        models.update(ours.pop("$defs"))
        models["ProblemBody"] = ours
        for name in _FASTAPIS_OWN:
            models.pop(name, None)
    return schema
