"""A sender replaces an object between the commit of its rows and its move; nothing is held."""

from __future__ import annotations

from typing import Any

from airflow_landing_loader.pipeline.finishing import LOST


def test_that_its_content_is_not_kept_is_said_and_recorded(cloud: Any) -> None:
    cloud.map()
    cloud.deliver("a_1.csv", "x\nfirst\n")
    pipeline = cloud.pipeline
    verdicts = pipeline.load(pipeline.validate_batch(["a_1.csv"]))
    cloud.deliver_again("a_1.csv", "x\nsecond\n")
    (outcome,) = pipeline.finish(verdicts)
    assert (outcome.status, outcome.rows, outcome.uri) == ("loaded", 1, "")
    assert LOST in outcome.notes
    (again,) = cloud.run().values()
    assert again.status == "loaded"
    uris = cloud.sql("select archive_uri from load_metadata order by sequence")
    assert uris == [("",), (again.uri,)]
    assert cloud.content("archive", "a_1.csv") == b"x\nsecond\n"
    recorded = cloud.sql("select code, final_uri from load_deliveries order by recorded_at")
    assert ("landing.changed", None) in recorded
    assert cloud.sql("select x from raw_a order by 1") == [("first",), ("second",)]
