"""A mover dies at each request that changes a store; the next finishes: nothing lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.landing.moves.sidecar import parse_sidecar
from airflow_landing_loader.maintenance.discarding import Discarder
from airflow_landing_loader.maintenance.replaying import bring_back

GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}
FILES = {
    "a_1.csv": b"id\n1\n",
    "a_1.go": b"n=1\n",
    "a_2.csv": b"id\n2\n",
    "a_2.go": b"n=9\n",
}
# A death at a request that only reads leaves what one at the next of these leaves.
REQUESTS = ("create", "replace", "copy", "delete")
MOST_REQUESTS = 40
SET_GO = {"pattern": "day_*.ctl", "format": "csv", "lists_files": 1, "row_count_column": 2}
SET = {"a_1.csv": b"id\n1\n", "b_1.csv": b"id\n2\n", "day_1.ctl": b"a_1.csv,1\nb_1.csv,9\n"}


class Death(BaseException):
    """Stands for SIGKILL: nothing of ours handles it."""


def die_at(
    number: int, store: type, *, after: bool, patch: pytest.MonkeyPatch
) -> Callable[[], int]:
    """Let the store die at its request of this number, before or after it is done; counts them."""
    made = 0

    def dying(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keys: Any) -> Any:
            nonlocal made
            made += 1
            if made == number and not after:
                raise Death
            result = method(*arguments, **keys)
            if made == number and after:
                raise Death
            return result

        return call

    for name in REQUESTS:
        patch.setattr(store, name, dying(getattr(store, name)))
    return lambda: made


def everything(cloud: Any, local: dict[str, Path]) -> dict[str, dict[str, bytes]]:
    """All files of all zones, sidecars by name only."""
    found: dict[str, dict[str, bytes]] = {}
    for zone in ("landing", "archive", "failed"):
        if zone in local:
            files = {
                path.name: path.read_bytes() for path in local[zone].iterdir() if path.is_file()
            }
        else:
            files = {name: cloud.content(zone, name) for name in cloud.names(zone)}
        found[zone] = {n: b"" if n.endswith(".error.json") else c for n, c in files.items()}
    return found


@pytest.mark.parametrize("local_zone", [None, "landing", "archive"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_death_at_any_request(
    cloud: Any, tmp_path: Path, local_zone: str | None, after: bool
) -> None:
    local = {}
    if local_zone is not None:
        local[local_zone] = tmp_path / "zone"
        cloud.locally(local_zone, local[local_zone])
    cloud.map(go_file=GO, settle_seconds=0)
    deaths = 0
    for number in range(1, MOST_REQUESTS):
        empty(cloud, local)
        Path(cloud.settings.duckdb_path).unlink(missing_ok=True)
        for name, content in FILES.items():
            if "landing" in local:
                (local["landing"] / name).write_bytes(content)
            else:
                cloud.deliver(name, content)
        with pytest.MonkeyPatch.context() as patch:
            made = die_at(number, cloud.bucket.store, after=after, patch=patch)
            try:
                cloud.run()
            except Death:
                deaths += 1
            if made() < number:
                break
        cloud.run()
        assert everything(cloud, local) == {
            "landing": {},
            "archive": {"a_1.csv": b"id\n1\n", "a_1.go": b"n=1\n"},
            "failed": {"a_2.csv": b"id\n2\n", "a_2.csv.error.json": b"", "a_2.go": b"n=9\n"},
        }, f"request {number}"
        assert cloud.sql("SELECT id FROM raw_a") == [("1",)]
        assert cloud.sql("SELECT filename, outcome FROM load_deliveries ORDER BY 1") == [
            ("a_1.csv", "loaded"),
            ("a_2.csv", "failed"),
        ]
    else:
        pytest.fail(f"more than {MOST_REQUESTS} requests")
    assert deaths > 5


def discard(cloud: Any, reason: str) -> None:
    pipeline = cloud.pipeline
    ledger = pipeline.warehouse
    Discarder(pipeline.zones, lambda: ledger, by="ann", reason=reason).discard("a_1.csv")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_discard_that_dies_at_any_request(cloud: Any, after: bool) -> None:
    let_discards_die(cloud, {}, after=after)


@pytest.mark.parametrize("zone", ["failed", "archive"])
def test_a_discard_from_or_to_a_folder_that_dies(
    cloud_on_s3: Any, tmp_path: Path, zone: str
) -> None:
    cloud_on_s3.locally(zone, tmp_path / "zone")
    let_discards_die(cloud_on_s3, {zone: tmp_path / "zone"}, after=True)


def let_discards_die(cloud: Any, local: dict[str, Path], *, after: bool) -> None:
    for letter in "ab":
        cloud.map(f"{letter}_*.csv", f"raw_{letter}", go_file=SET_GO, settle_seconds=0)
    deaths = 0
    for number in range(1, MOST_REQUESTS):
        empty(cloud, local)
        Path(cloud.settings.duckdb_path).unlink(missing_ok=True)
        for name, content in SET.items():
            cloud.deliver(name, content)
        assert {outcome.status for outcome in cloud.run().values()} == {"failed"}
        with pytest.MonkeyPatch.context() as patch:
            made = die_at(number, cloud.bucket.store, after=after, patch=patch)
            try:
                discard(cloud, "the first")
            except Death:
                deaths += 1
            if made() < number:
                break
        if every_file(cloud, local, "failed"):
            discard(cloud, "the second")
        found = every_file(cloud, local, "archive")
        sidecars = [found.pop(f"{letter}_1.csv.error.json") for letter in "ab"]
        assert found == SET, f"request {number}"
        assert every_file(cloud, local, "failed") == {}
        assert all(parse_sidecar(content, name="").discarded_by == "ann" for content in sidecars)
        rows = cloud.sql("SELECT filename, outcome, final_uri LIKE '%/_discarded/%' "
                         "FROM load_deliveries ORDER BY 1")  # fmt: skip
        assert rows == [("a_1.csv", "discarded", True), ("b_1.csv", "discarded", True)]
    else:
        pytest.fail(f"more than {MOST_REQUESTS} requests")
    assert deaths > 3


def replay(cloud: Any) -> None:
    pipeline = cloud.pipeline
    ledger = pipeline.warehouse
    bring_back(["a_1.csv"], zones=pipeline.zones, ledger=lambda: ledger)


@pytest.mark.parametrize(
    ("after", "meanwhile"), [(True, False), (False, True)], ids=["at once", "after a run"]
)
def test_a_replay_that_dies_at_any_request(cloud: Any, after: bool, meanwhile: bool) -> None:
    let_replays_die(cloud, {}, after=after, meanwhile=meanwhile)


@pytest.mark.parametrize("zone", ["failed", "landing"])
def test_a_replay_from_or_to_a_folder_that_dies(
    cloud_on_s3: Any, tmp_path: Path, zone: str
) -> None:
    cloud_on_s3.locally(zone, tmp_path / "zone")
    let_replays_die(cloud_on_s3, {zone: tmp_path / "zone"}, after=True, meanwhile=True)


def let_replays_die(cloud: Any, local: dict[str, Path], *, after: bool, meanwhile: bool) -> None:
    """The third column of the go file has the right counts, and is looked at from then on."""
    deaths = 0
    files = SET | {"day_1.ctl": b"a_1.csv,1,1\nb_1.csv,9,1\n"}
    for number in range(1, MOST_REQUESTS):
        empty(cloud, local)
        Path(cloud.settings.duckdb_path).unlink(missing_ok=True)
        look_at(cloud, 2)
        for name, content in files.items():
            if "landing" in local:
                (local["landing"] / name).write_bytes(content)
            else:
                cloud.deliver(name, content)
        assert {outcome.status for outcome in cloud.run().values()} == {"failed"}
        look_at(cloud, 3)
        with pytest.MonkeyPatch.context() as patch:
            made = die_at(number, cloud.bucket.store, after=after, patch=patch)
            try:
                replay(cloud)
            except Death:
                deaths += 1
            if made() < number:
                break
        if meanwhile:
            cloud.run()
        if every_file(cloud, local, "failed"):
            replay(cloud)
        cloud.run()
        left = every_file(cloud, local, "failed")
        # Copied back, and not yet removed: nobody can say any more that it is a copy.
        assert not left or (meanwhile and left == {"day_1.ctl": files["day_1.ctl"]}), number
        assert every_file(cloud, local, "landing") == {}, f"request {number}"
        rows = cloud.sql("SELECT filename, outcome FROM load_deliveries")
        # S3 tells arrivals of equal content in one second from each other by nothing.
        replayed = {(n, "replayed") for n in ("a_1.csv", "b_1.csv")}
        loaded = {(n, "loaded") for n, _ in replayed}
        assert loaded <= set(rows) <= loaded | replayed, number
        assert replayed <= set(rows) or cloud.bucket.uri.startswith("s3:"), number
        assert cloud.sql("SELECT id FROM raw_a UNION ALL SELECT id FROM raw_b ORDER BY 1") == [
            ("1",),
            ("2",),
        ]
    else:
        pytest.fail(f"more than {MOST_REQUESTS} requests")
    assert deaths >= 3


def look_at(cloud: Any, column: int) -> None:
    """Let the counts of go files stand in this column."""
    cloud.mappings.clear()
    for letter in "ab":
        go_file = SET_GO | {"row_count_column": column}
        cloud.map(f"{letter}_*.csv", f"raw_{letter}", go_file=go_file, settle_seconds=0)


def every_file(cloud: Any, local: dict[str, Path], zone: str) -> dict[str, bytes]:
    """All files at any depth of a zone, but what movers write down."""
    if zone in local:
        files = {str(path): path.read_bytes() for path in local[zone].rglob("*") if path.is_file()}
    else:
        files = {name: cloud.content(zone, name) for name in cloud.names(zone)}
    return {n.rpartition("/")[2]: c for n, c in files.items() if ".landing-loader" not in n}


def empty(cloud: Any, local: dict[str, Path]) -> None:
    """Begin anew."""
    cloud.bucket.clear()
    for folder in local.values():
        for path in folder.rglob("*"):
            if path.is_file():
                path.unlink()
