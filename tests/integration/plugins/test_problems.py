"""Whatever goes wrong, the answer is problem JSON, and tells no more than it should."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from tests.support.api import ETL, ROOT, Api

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, TransientError
from airflow_landing_loader.plugins.api.problems import MEDIA_TYPE


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["title"]
    return told


@pytest.mark.parametrize(
    "path", ["/x", "/api/v1", "/api/v1/etl/", "/api/v1/etl/executions/", "/%00", "/%e2%80%ae"]
)
def test_an_unknown_route_is_not_found(api: Api, path: str) -> None:
    told = problem(api.asking("viewer").get(f"{ROOT}{path}"), 404)
    assert told["type"] == "about:blank"
    assert told["instance"].isprintable()


@pytest.mark.parametrize(("method", "path"), [("PUT", "executions"), ("GET", "trigger")])
def test_a_method_that_there_is_not_is_told_with_those_that_there_are(
    api: Api, method: str, path: str
) -> None:
    answer = api.asking("admin").request(method, f"{ETL}/{path}")
    problem(answer, 405)
    assert answer.headers["allow"] in ("GET", "POST")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"{" * 100_000, b'{"a": NaN}']
)
def test_a_body_that_is_no_object_is_refused(api: Api, content: bytes) -> None:
    answer = api.asking("admin").post(
        f"{ETL}/trigger", content=content, headers={"content-type": "application/json"}
    )
    assert problem(answer, answer.status_code)["status"] in (400, 422)


def test_what_was_sent_is_not_repeated(api: Api) -> None:
    body = {"pipeline_id": "raw_a", "parameters": {"force": "pa55word"}}
    answer = api.asking("admin").post(f"{ETL}/trigger", json=body)
    problem(answer, 422)
    assert "pa55word" not in answer.text


def test_half_a_sign_breaks_no_answer(api: Api) -> None:
    answer = api.asking("admin").post(
        f"{ETL}/trigger",
        content=b'{"pipeline_id": "raw_a", "\\ud83d": 1}',
        headers={"content-type": "application/json"},
    )
    assert problem(answer, 422)["errors"]


def breaking(api: Api, error: Exception) -> None:
    """Let the books break."""

    def executions(_: Sequence[str]) -> Any:
        raise error

    api.books.executions = executions
    api.asking("user").post(f"{ETL}/trigger", json={"pipeline_id": "raw_a"})


def test_an_error_that_nobody_foresaw_tells_nothing_of_itself(api: Api) -> None:
    breaking(api, KeyError("SECRET of somebody"))
    told = problem(api.asking("viewer").get(f"{ETL}/executions"), 500)
    assert told["code"] == "internal.unexpected"
    text = json.dumps(told)
    assert "SECRET" not in text
    assert "Traceback" not in text
    assert "KeyError" not in text


def test_an_error_that_passes_says_so(api: Api) -> None:
    error = TransientError(ErrorCode.WAREHOUSE_UNAVAILABLE, "the disk is full", hint="Try again.")
    breaking(api, error)
    answer = api.asking("viewer").get(f"{ETL}/executions")
    assert problem(answer, 503) == {
        "type": "urn:landing-loader:error:warehouse.unavailable",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "the disk is full",
        "instance": "/landing-loader/api/v1/etl/executions",
        "code": "warehouse.unavailable",
        "hint": "Try again.",
    }
    assert answer.headers["retry-after"] == "5"


def test_who_holds_the_database_is_not_told_to_everybody(api: Api) -> None:
    breaking(api, TransientError(ErrorCode.WAREHOUSE_LOCKED, "held by a load of secret.csv"))
    answer = api.asking("viewer").get(f"{ETL}/executions")
    told = problem(answer, 503)
    assert told["code"] == "warehouse.locked"
    assert told["detail"].startswith("The database is held by somebody")
    assert answer.headers["retry-after"] == "5"


def test_an_error_of_the_installation_is_no_callers(api: Api) -> None:
    breaking(api, ConfigurationError(ErrorCode.SETTINGS_MISSING, "archive_path is not set"))
    answer = api.asking("viewer").get(f"{ETL}/executions")
    assert problem(answer, 500)["code"] == "settings.missing"
