"""JSON Schema of a document in ``channels/``, for editors; types and bounds are the models'."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from airflow_landing_loader.config.channels.model import MODELS, ForAll
from airflow_landing_loader.config.yaml.schema import tidied

Schema = dict[str, Any]


def channel_json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of one document; equal at every call."""
    definitions: Schema = {}
    choices = []
    models: tuple[type[BaseModel], ...] = (*MODELS.values(), ForAll)
    for model in models:
        schema = tidied(model.model_json_schema())
        definitions |= schema.pop("$defs", {})
        if model is not ForAll:
            schema["required"] = [key for key in schema["required"] if key != "name"]
        definitions[model.__name__] = schema
        choices.append({"$ref": f"#/$defs/{model.__name__}"})
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "Channel",
        "description": "Where messages and events go; or, in _all.yaml, who is told of all tables.",
        "type": "object",
        "anyOf": choices,
        "$defs": definitions,
    }


def channel_json_schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(channel_json_schema(), indent=2) + "\n"
