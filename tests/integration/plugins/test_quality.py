"""Data quality over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.api import ETL, Api

from airflow_landing_loader.monitoring.quality import QualityFigures


def test_it_looks_as_promised(api: Api) -> None:
    api.books.figures = {
        "raw_a": QualityFigures(
            total_records=100_000, valid_records=99_950, missing_fields=50, invalid_types=12
        ),
        "raw_b": QualityFigures(
            total_records=25_000, valid_records=24_900, missing_fields=50, invalid_types=38
        ),
    }
    answer = api.asking("viewer").get(f"{ETL}/data-quality")
    assert answer.json() == {
        "quality_metrics": {
            "last_24h": {
                "total_records": 125000,
                "valid_records": 124850,
                "quality_score": 99.88,
                "issues": {"missing_fields": 100, "invalid_types": 50, "duplicates": 0},
            }
        },
        "by_pipeline": [
            {
                "pipeline_id": "landing__raw_a",
                "pipeline_name": "raw_a",
                "quality_score": 99.95,
                "issues": 62,
            },
            {
                "pipeline_id": "landing__raw_b",
                "pipeline_name": "raw_b",
                "quality_score": 99.6,
                "issues": 88,
            },
        ],
    }


def test_without_records_there_is_no_score(api: Api) -> None:
    answer = api.asking("viewer").get(f"{ETL}/data-quality").json()
    assert answer["quality_metrics"]["last_24h"]["quality_score"] is None
    assert answer["by_pipeline"] == []


def test_tables_that_have_no_dag_are_nobodys(api: Api) -> None:
    api.books.figures = {"raw_gone": QualityFigures(total_records=1, valid_records=0)}
    answer = api.asking("admin").get(f"{ETL}/data-quality").json()
    assert answer["quality_metrics"]["last_24h"]["total_records"] == 0
    assert answer["by_pipeline"] == []


def test_a_day_is_asked_for(api: Api) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    api.asking("viewer").get(f"{ETL}/data-quality")
    (since,) = api.books.asked_since
    assert before - timedelta(days=1) <= since <= before - timedelta(days=1) + timedelta(minutes=5)
