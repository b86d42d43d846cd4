"""The API is as its own description says, whatever is sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks
from tests.support.api import ROOT, Api

from airflow_landing_loader.plugins.api.app import make_app

OPERATIONS = [
    (method, path) for path, methods in make_app().openapi()["paths"].items() for method in methods
]


@pytest.fixture
def described(api: Api) -> Any:
    """The description, as somebody reads it who may do everything."""
    headers = {"authorization": f"Bearer {api.token('admin')}"}
    return schemathesis.openapi.from_asgi(f"{ROOT}/openapi.json", api.airflow, headers=headers)


# Which text is a cursor, which dates are a range, which digits a type: more than a schema can say.
MORE_THAN_IS_SAID = (
    *("executions", "logs", "trigger", "promote"),
    *("tables", "loads", "deliveries", "failures"),
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_as_described(
    api: Api, described: Any, method: str, path: str, mode: GenerationMode
) -> None:
    headers = {"authorization": f"Bearer {api.token('admin')}"}
    # It leaves the token in what it sends as without one; test_rights.py does not.
    left_out = [checks.ignored_auth]
    if path.endswith(MORE_THAN_IS_SAID):
        left_out.append(checks.positive_data_acceptance)

    @settings(
        max_examples=10, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=described[path][method].as_strategy(generation_mode=mode))
    def answers(case: Any) -> None:
        # Airflow's routes do not match a line end, so this is not answered by ours.
        assume("\n" not in unquote(str(case.path_parameters)))
        # Of a parameter that is there twice FastAPI takes the last.
        assume(not any(isinstance(value, list) for value in case.query.values()))
        case.call_and_validate(headers=headers, excluded_checks=left_out)

    answers()
