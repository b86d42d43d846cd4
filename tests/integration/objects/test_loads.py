"""Deliveries in a bucket, through the whole pipeline."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.emulators.buckets import Bucket, GcsBucket, lasting

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import ConfigurationError, LandingError, TransientError
from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.landing.replay.replay import replay
from airflow_landing_loader.storage.opening import open_zone, open_zones

GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}


def test_a_file_is_loaded_at_once_and_archived(cloud: Any) -> None:
    cloud.map()
    cloud.deliver("a_1.csv", "id,x\n1,a\n2,b\n")
    outcome = cloud.run()["a_1.csv"]
    assert (outcome.status, outcome.rows) == ("loaded", 2)
    assert outcome.uri == f"{cloud.settings.archive_path}/a_1.csv"
    assert cloud.names("landing") == []
    assert cloud.content("archive", "a_1.csv") == b"id,x\n1,a\n2,b\n"
    assert cloud.sql("SELECT id, x FROM raw_a ORDER BY id") == [("1", "a"), ("2", "b")]
    assert cloud.sql("SELECT uri, archive_uri FROM load_metadata") == [
        (f"{cloud.settings.landing_path}/a_1.csv", outcome.uri)
    ]


def test_go_file_and_archive_layout(cloud: Any) -> None:
    cloud.map(go_file=GO, archive_layout="{table}")
    cloud.deliver("a_1.csv", "id\n1\n")
    assert cloud.run() == {}
    cloud.deliver("a_1.go", "n=1\n")
    assert cloud.run()["a_1.csv"].status == "loaded"
    assert cloud.names("archive") == ["raw_a/a_1.csv", "raw_a/a_1.go"]
    assert cloud.names("landing") == []


def test_names_in_any_case_and_what_they_say(cloud: Any) -> None:
    go = {**GO, "pattern": "a_{region}.go"}
    cloud.map(
        "a_{region}.csv",
        go_file=go,
        ignore_case=True,
        add_columns={"region": "{region}"},
        archive_layout="{region}",
    )
    cloud.deliver("A_eu.Csv", "id\n1\n")
    assert cloud.run() == {}
    cloud.deliver("a_EU.go", "n=1\n")
    assert cloud.run() == {}
    cloud.deliver("A_eu.GO", "n=1\n")
    assert cloud.run()["A_eu.Csv"].status == "loaded"
    assert cloud.names("archive") == ["eu/A_eu.Csv", "eu/A_eu.GO"]
    assert cloud.sql("SELECT id, region FROM raw_a") == [("1", "eu")]


def test_a_checksum_of_the_next_delivery_is_waited_for(cloud: Any) -> None:
    """A sender who sends both files anew, one after the other."""
    rules = {"pattern": "a_*.csv.md5", "format": "checksum"}
    cloud.map(go_file=rules, grace_seconds=3600)
    new = "id\n2\n"
    cloud.deliver("a_1.csv", new)
    for text in ("id\n1\n", new):
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        cloud.deliver_again("a_1.csv.md5", digest)
        outcome = cloud.run()["a_1.csv"]
        expected = ("loaded", None) if text is new else ("left", Code.CHECKSUM_WRONG)
        assert (outcome.status, outcome.error and outcome.error.code) == expected
    assert cloud.names("archive") == ["a_1.csv", "a_1.csv.md5"]


def test_objects_share_no_names_with_folders(cloud: Any) -> None:
    if isinstance(cloud.bucket, GcsBucket):
        pytest.skip("its emulator keeps objects as files in folders")
    cloud.map("raw_*", "raw_dump")
    cloud.map("t_*.csv", "raw_trades", archive_layout="{table}")
    cloud.deliver("raw_trades", "id\n1\n")
    cloud.deliver("t_1.csv", "id\n2\n")
    assert {o.status for o in cloud.run().values()} == {"loaded"}
    assert cloud.content("archive", "raw_trades") == b"id\n1\n"
    assert cloud.content("archive", "raw_trades/t_1.csv") == b"id\n2\n"


def test_a_bad_file_is_quarantined_with_its_reason_and_comes_back(cloud: Any, zones: Any) -> None:
    cloud.map(go_file=GO)
    cloud.deliver("a_1.csv", "id\n1\n")
    cloud.deliver("a_1.go", "n=2\n")
    assert cloud.run()["a_1.csv"].error.code == Code.COUNT_TOO_FEW
    assert cloud.names("failed") == ["a_1.csv", "a_1.csv.error.json", "a_1.go"]
    sidecar = json.loads(cloud.content("failed", "a_1.csv.error.json"))
    assert (sidecar["code"], sidecar["data_name"]) == ("count.too_few", "a_1.csv")

    (back,) = replay(zones.failed, zones.landing, ["a_1.csv"])

    assert back.data == f"{cloud.settings.landing_path}/a_1.csv"
    assert cloud.names("failed") == []
    assert cloud.names("landing") == ["a_1.csv", "a_1.go"]
    cloud.deliver("a_1.go", "n=1\n")
    assert cloud.run()["a_1.csv"].status == "loaded"


def test_a_replay_overwrites_nothing(cloud: Any, zones: Any) -> None:
    cloud.map()
    cloud.deliver("a_1.csv", "")
    assert cloud.run()["a_1.csv"].error.code == Code.FILE_EMPTY
    cloud.deliver("a_1.csv", "id\n1\n")
    with pytest.raises(LandingError, match="not overwritten") as caught:
        replay(zones.failed, zones.landing, ["a_1.csv"])
    assert caught.value.code is Code.REPLAY_NAME_TAKEN
    assert cloud.content("landing", "a_1.csv") == b"id\n1\n"
    assert cloud.names("failed") == ["a_1.csv", "a_1.csv.error.json"]


def test_what_a_replay_brings_from_a_bucket_into_a_folder_is_a_new_arrival(
    cloud: Any, tmp_path: Path
) -> None:
    landing = tmp_path / "landing"
    cloud.locally("landing", landing)
    cloud.map(settle_seconds=0)
    (landing / "a_1.csv").write_text('id\n"1\n')
    assert cloud.run()["a_1.csv"].status == "failed"
    before = time.time_ns()

    zones = open_zones(cloud.settings)
    replay(zones.failed, zones.landing, ["a_1.csv"])

    assert cloud.names("failed") == []
    assert (landing / "a_1.csv").stat().st_mtime_ns >= before


def test_a_replay_into_a_bucket_that_died_over_its_source_is_finished(
    cloud: Any, tmp_path: Path
) -> None:
    failed = tmp_path / "failed"
    cloud.locally("failed", failed)
    cloud.map()
    cloud.deliver("a_1.csv", 'id\n"1\n')
    assert cloud.run()["a_1.csv"].status == "failed"
    content = (failed / "a_1.csv").read_bytes()
    cloud.deliver("a_1.csv", content)  # the copy is there, and its source put aside
    (failed / "a_1.csv").rename(failed / ".a_1.csv.replay.landing-tmp")

    zones = open_zones(cloud.settings)
    replay(zones.failed, zones.landing, ["a_1.csv"])

    assert [path.name for path in failed.iterdir() if path.is_file()] == []
    assert cloud.content("landing", "a_1.csv") == content


def test_the_same_again_is_a_duplicate_and_other_content_takes_a_suffix(cloud: Any) -> None:
    cloud.map()
    cloud.deliver("a_1.csv", "id\n1\n")
    cloud.run()
    cloud.deliver_again("a_1.csv", "id\n1\n")
    assert cloud.run()["a_1.csv"].status == "duplicate"
    assert cloud.names("archive") == ["a_1.csv"]
    cloud.deliver("a_1.csv", "id\n2\n")
    again = cloud.run()["a_1.csv"]
    assert again.status == "loaded"
    assert cloud.names("archive") == ["a_1.csv", f"a_1~{again.load_id[:8]}.csv"]
    assert cloud.content("archive", "a_1.csv") == b"id\n1\n"
    assert cloud.sql("SELECT archive_uri FROM load_metadata ORDER BY sequence DESC LIMIT 1") == [
        (again.uri,)
    ]


def test_an_object_overwritten_after_the_load_is_neither_lost_nor_deleted(cloud: Any) -> None:
    cloud.map()
    cloud.deliver("a_1.csv", "id\n1\n")
    pipeline = cloud.pipeline
    (delivery,) = pipeline.discover().ready
    verdicts = pipeline.load([pipeline.validate(delivery)])
    cloud.deliver("a_1.csv", "id\n2\n")
    (outcome,) = pipeline.finish(verdicts)
    assert (outcome.status, outcome.rows) == ("loaded", 1)
    assert outcome.notes  # the store has its first content no more
    assert cloud.content("landing", "a_1.csv") == b"id\n2\n"
    assert cloud.run()["a_1.csv"].status == "loaded"
    assert cloud.sql("SELECT id FROM raw_a ORDER BY id") == [("1",), ("2",)]


def test_an_object_overwritten_before_the_load_is_looked_at_again(cloud: Any) -> None:
    cloud.map()
    cloud.deliver("a_1.csv", "id\n1\n")
    pipeline = cloud.pipeline
    validated = pipeline.validate(pipeline.discover().ready[0])
    cloud.deliver("a_1.csv", "id\n2\n3\n")
    (verdict,) = pipeline.load([validated])
    assert verdict.load.row_count == 2
    assert pipeline.finish([verdict])[0].status == "loaded"
    assert cloud.content("archive", "a_1.csv") == b"id\n2\n3\n"


def test_each_request_is_for_the_object_that_was_looked_at(cloud: Any, zones: Any) -> None:
    """Of equal size, in its place after it was opened, and in the middle of being read."""
    cloud.deliver("a_1.csv", "id\n1\n")
    file = zones.landing.stat("a_1.csv")
    content = zones.landing.source(file).open()
    cloud.deliver("a_1.csv", "id\n2\n")
    with pytest.raises(TransientError) as caught:
        content.read_at(file.size, 0)
    assert caught.value.code is Code.LANDING_CHANGED


def test_only_direct_children_are_deliveries(cloud: Any) -> None:
    cloud.map("*.csv")
    cloud.deliver("deep/a_1.csv", "id\n1\n")
    found = cloud.pipeline.discover()
    assert found.ready == ()
    assert found.unmatched == ()


def test_hostile_names_are_only_names(cloud: Any) -> None:
    names = ["a_[1].csv", "a_1.csv", "a_?#%.csv", "a_*{}.csv", "a_ü €.csv", "a_new\nline.csv"]
    names = [name for name in names if cloud.bucket.can_be_called(name)]
    cloud.map()
    for number, name in enumerate(names):
        cloud.deliver(name, f"id\n{number}\n")
    assert {o.status for o in cloud.run().values()} == {"loaded"}
    assert cloud.names("archive") == sorted(names)
    assert cloud.sql("SELECT count(DISTINCT id) FROM raw_a") == [(len(names),)]


def test_a_delivery_that_looks_like_a_sidecar_is_not_lost(cloud: Any, zones: Any) -> None:
    cloud.map("a_*")
    cloud.deliver("a_1.csv", 'id\n"1\n')
    assert cloud.run()["a_1.csv"].status == "failed"
    forged = cloud.content("failed", "a_1.csv.error.json")
    replay(zones.failed, zones.landing, ["a_1.csv"])
    cloud.deliver("a_1.csv.error.json", forged)
    pipeline = cloud.pipeline
    for name in ("a_1.csv.error.json", "a_1.csv"):
        (outcome,) = pipeline.run_batch([pipeline.delivery(name)])
        assert outcome.status == "failed"
    assert cloud.content("failed", "a_1.csv.error.json") == forged
    assert len(cloud.names("failed")) == 4

    replay(zones.failed, zones.landing, ["a_1.csv.error.json"])

    assert cloud.names("landing") == ["a_1.csv.error.json"]
    assert cloud.content("landing", "a_1.csv.error.json") == forged
    assert len(cloud.names("failed")) == 2


def test_compressed_encoded_and_larger_than_a_piece(
    cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_landing_loader.storage.objects.zone.CHUNK_BYTES", 1000)
    cloud.map("a_*", csv={"encoding": "latin-1"}, trailer={"row_count_column": 1, "tag": "T"})
    rows = "".join(f'{i},"é\n{i}"\n' for i in range(2000))
    text = f"id,x\n{rows}T,2000\n".encode("latin-1")
    cloud.deliver("a_1.csv", text)
    cloud.deliver("a_2.csv.gz", gzip.compress(text))
    assert [(o.status, o.rows) for o in cloud.run().values()] == [("loaded", 2000)] * 2
    assert cloud.content("archive", "a_1.csv") == text


@pytest.mark.parametrize("zone", ["landing", "archive", "failed"])
def test_one_of_the_zones_may_be_a_local_folder(cloud: Any, tmp_path: Path, zone: str) -> None:
    folder = tmp_path / "local"
    cloud.locally(zone, folder)
    cloud.map(go_file=GO, settle_seconds=0)
    files = {"a_1.csv": "id\n1\n", "a_1.go": "n=1\n", "a_2.csv": "id\n1\n", "a_2.go": "n=9\n"}
    for name, content in files.items():
        if zone == "landing":
            (folder / name).write_text(content)
        else:
            cloud.deliver(name, content)
    outcomes = cloud.run()
    assert [(o.name, o.status) for o in outcomes.values()] == [
        ("a_1.csv", "loaded"),
        ("a_2.csv", "failed"),
    ]
    there = {
        name: sorted(p.name for p in folder.iterdir() if p.name != ".landing-loader")
        if name == zone
        else cloud.names(name)
        for name in ("landing", "archive", "failed")
    }
    if zone != "landing":  # fetched: for owner and group, as nobody has said for whom else
        modes = {path.stat().st_mode & 0o777 for path in folder.glob("a_*")}
        assert modes == {0o640}
    assert there == {
        "landing": [],
        "archive": ["a_1.csv", "a_1.go"],
        "failed": ["a_2.csv", "a_2.csv.error.json", "a_2.go"],
    }
    if zone == "archive":
        assert (folder / "a_1.csv").read_text() == files["a_1.csv"]


def test_the_archive_may_be_in_another_cloud(cloud: Any, request: pytest.FixtureRequest) -> None:
    near = cloud.bucket
    other = {"gs": "s3_bucket", "s3": "azure_bucket", "az": "gcs_bucket"}
    far: Bucket = request.getfixturevalue(other[near.uri[:2]])
    cloud.settings = replace(cloud.settings, archive_path=f"{far.uri}/archive")
    cloud.map(go_file=GO)
    cloud.deliver("a_1.csv", "id\n1\n")
    cloud.deliver("a_1.go", "n=1\n")
    assert cloud.run()["a_1.csv"].status == "loaded"
    assert lasting(far) == ["archive/a_1.csv", "archive/a_1.go"]
    assert far.get("archive/a_1.csv") == b"id\n1\n"
    assert near.keys() == []


def test_a_missing_bucket_is_named(cloud: Any) -> None:
    cloud.map()
    cloud.bucket.destroy()
    with pytest.raises(LandingError, match=r"there is no such (bucket|container)") as caught:
        cloud.pipeline.discover()
    assert caught.value.code is Code.ZONE_UNAVAILABLE
    assert "Create it" in (caught.value.detail.hint or "")


@pytest.mark.parametrize(
    ("uri", "extra"), [("gs://b/p", "[google]"), ("s3://b/p", "[s3]"), ("az://b/p", "[azure]")]
)
def test_a_missing_library_is_named(uri: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gcs", "s3", "azure"):
        monkeypatch.setitem(sys.modules, f"airflow_landing_loader.storage.objects.{name}", None)
    with pytest.raises(ConfigurationError) as caught:
        open_zone(uri, DefaultClients())
    assert caught.value.code is Code.SETTINGS_MISSING
    assert extra in (caught.value.detail.hint or "")
