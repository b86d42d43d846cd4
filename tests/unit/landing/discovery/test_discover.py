"""Which files become deliveries, when, and what is left alone and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError, TransientError
from airflow_landing_loader.landing.discovery.discover import discover, find_delivery, still_same
from airflow_landing_loader.landing.discovery.model import Discovery, Look
from airflow_landing_loader.landing.discovery.rest import LOOK_INTERVAL
from airflow_landing_loader.storage.local.zone import LocalZone

NOW = 1_700_000_000.0


def mapping(pattern: str, go: str | None = None, **keys: Any) -> TableMapping:
    if go is not None:
        keys["go_file"] = {"pattern": go, "format": "properties", "row_count_key": "n"}
    return TableMapping.model_validate({"pattern": pattern, "table": "t", **keys})


def put(folder: Path, *names: str, age: float = 100.0, content: str = "x") -> None:
    for name in names:
        (folder / name).write_text(content)
        os.utime(folder / name, (NOW - age, NOW - age))


def settled(folder: Path, *mappings: TableMapping) -> Discovery:
    """What is found when everything has been seen once before."""
    zone = LocalZone(str(folder))
    first = discover(zone, mappings, now=NOW)
    assert first.ready == ()
    return discover(zone, mappings, now=NOW + LOOK_INTERVAL, previous=first.look)


def names(found: Discovery) -> list[str]:
    return [delivery.data.name for delivery in found.ready]


def test_files_become_deliveries_in_name_order(tmp_path: Path) -> None:
    put(tmp_path, "b_2.csv", "a_2.csv", "a_1.csv", "readme.txt", ".hidden.csv", "a_3.csv.tmp")
    one, two = mapping("a_*.csv"), mapping("b_*.csv")

    found = settled(tmp_path, two, one)

    assert names(found) == ["a_1.csv", "a_2.csv", "b_2.csv"]
    assert [delivery.mapping for delivery in found.ready] == [one, one, two]
    assert list(found.unmatched) == ["readme.txt"]
    assert found.waiting == found.orphans == found.refused == found.unsettled == ()


def test_a_data_file_waits_for_the_go_file_with_the_same_text(tmp_path: Path) -> None:
    put(tmp_path, "trades_1.csv", "trades_1.go", "trades_2.csv", "trades_3.go", "trades_2.go.part")
    rules = mapping("trades_*.csv", "trades_*.go")

    found = settled(tmp_path, rules)

    (ready,) = found.ready
    assert ready.go is not None
    assert (ready.data.name, ready.go.name) == ("trades_1.csv", "trades_1.go")
    assert [(w.name, w.go_name) for w in found.waiting] == [("trades_2.csv", "trades_2.go")]
    assert [(o.name, o.data_name) for o in found.orphans] == [("trades_3.go", "trades_3.csv")]
    assert found.unmatched == ()


def test_several_stars_are_equal_one_by_one(tmp_path: Path) -> None:
    rules = mapping("*_*.csv", "*-*.go")
    # Filled into the go pattern, x-1 and 2 give a name that reads as x and 1-2.
    put(tmp_path, "x-1_2.csv", "x-1-2.go", "x_1-2.csv")

    found = settled(tmp_path, rules)

    assert names(found) == ["x_1-2.csv"]
    assert [waiting.name for waiting in found.waiting] == ["x-1_2.csv"]
    assert found.orphans == ()


def test_a_go_pattern_may_begin_with_the_data_files_name(tmp_path: Path) -> None:
    put(tmp_path, "trades_1.csv", "trades_1.csv.done")
    assert names(settled(tmp_path, mapping("trades_*.csv", "trades_*.csv.done"))) == [
        "trades_1.csv"
    ]


def test_a_name_that_two_patterns_match_is_refused_with_both_mappings_named(
    tmp_path: Path,
) -> None:
    put(tmp_path, "a_b.csv", "a_c.csv")
    one = mapping("a_*.csv").model_copy(update={"origin": "one.yaml:3"})
    two = mapping("*_b.csv").model_copy(update={"origin": "two.yaml:7"})

    found = settled(tmp_path, one, two)

    assert names(found) == ["a_c.csv"]
    (refused,) = found.refused
    assert (refused.name, [use.mapping for use in refused.uses]) == ("a_b.csv", [two, one])
    assert refused.error.code == ErrorCode.LANDING_TWO_PATTERNS
    assert "one.yaml:3" in refused.error.message
    assert "two.yaml:7" in refused.error.message
    with pytest.raises(TerminalError) as caught:
        find_delivery(LocalZone(str(tmp_path)), (one, two), "a_b.csv")
    assert caught.value.code is ErrorCode.LANDING_TWO_PATTERNS


def test_an_exclude_settles_who_owns_a_name(tmp_path: Path) -> None:
    put(tmp_path, "a_b.csv")
    owner = mapping("*_b.csv")
    found = settled(tmp_path, mapping("a_*.csv", exclude=["a_b.csv"]), owner)
    assert [delivery.mapping for delivery in found.ready] == [owner]


def test_what_is_no_plain_file_is_refused_only_if_a_pattern_matches(tmp_path: Path) -> None:
    put(tmp_path, "real.txt", "t_4.csv")
    (tmp_path / "t_1.csv").mkdir()
    (tmp_path / "t_2.csv").symlink_to(tmp_path / "real.txt")
    os.mkfifo(tmp_path / "t_3.csv")
    (tmp_path / "t_4.go").symlink_to(tmp_path / "real.txt")
    (tmp_path / "processed").mkdir()

    found = settled(tmp_path, mapping("t_*.csv", "t_*.go"))

    assert [file.name for file in found.refused] == ["t_1.csv", "t_2.csv", "t_3.csv", "t_4.go"]
    assert {file.error.code for file in found.refused} == {ErrorCode.LANDING_NOT_A_FILE.value}
    assert [waiting.name for waiting in found.waiting] == ["t_4.csv"]
    assert list(found.unmatched) == ["real.txt"]
    assert found.ready == found.orphans == ()


HOSTILE_STARS = [
    "with space",
    "'\"",
    "\N{SNOWMAN}é",
    "100%",
    "new\nline",
    "[a]",
    "*",
    "?",
    "{a,b}",
    "\udcff\udcfe",
    "",
    "..",
]


@pytest.mark.parametrize("text", HOSTILE_STARS)
def test_a_hostile_name_is_matched_as_itself_beside_a_decoy(tmp_path: Path, text: str) -> None:
    put(tmp_path, f"t_{text}.csv", "t_a.csv", "t_a.go", f"t_{text}.go")

    found = settled(tmp_path, mapping("t_*.csv", "t_*.go"))

    pairs = {delivery.data.name: delivery.go and delivery.go.name for delivery in found.ready}
    assert pairs == {f"t_{text}.csv": f"t_{text}.go", "t_a.csv": "t_a.go"}


def test_a_file_is_ready_after_a_second_look_and_its_settle_time(tmp_path: Path) -> None:
    zone, rules = LocalZone(str(tmp_path)), (mapping("*.csv", settle_seconds=2),)
    put(tmp_path, "a.csv", age=0.5)

    first = discover(zone, rules, now=NOW)
    early = discover(zone, rules, now=NOW + 1.0, previous=first.look)
    done = discover(zone, rules, now=NOW + 1.5, previous=early.look)

    assert [names(found) for found in (first, early, done)] == [[], [], ["a.csv"]]
    assert [len(found.unsettled) for found in (first, early, done)] == [1, 1, 0]


def test_an_old_file_needs_two_looks_all_the_same(tmp_path: Path) -> None:
    zone, rules = LocalZone(str(tmp_path)), (mapping("*.csv"),)
    put(tmp_path, "a.csv", age=86400)

    first = discover(zone, rules, now=NOW)
    too_soon = discover(zone, rules, now=NOW + 0.9, previous=first.look)
    done = discover(zone, rules, now=NOW + 1.0, previous=too_soon.look)

    assert [names(found) for found in (first, too_soon, done)] == [[], [], ["a.csv"]]


def test_a_file_that_changes_between_looks_starts_anew(tmp_path: Path) -> None:
    zone, rules = LocalZone(str(tmp_path)), (mapping("*.csv"),)
    put(tmp_path, "a.csv", age=100)
    first = discover(zone, rules, now=NOW)
    put(tmp_path, "a.csv", age=99)  # written again, with an old time as some copiers set it

    changed = discover(zone, rules, now=NOW + 5, previous=first.look)
    done = discover(zone, rules, now=NOW + 6, previous=changed.look)

    assert [names(found) for found in (changed, done)] == [[], ["a.csv"]]


def test_a_go_file_must_come_to_rest_too(tmp_path: Path) -> None:
    zone, rules = LocalZone(str(tmp_path)), (mapping("*.csv", "*.go"),)
    put(tmp_path, "a.csv")
    first = discover(zone, rules, now=NOW)
    put(tmp_path, "a.go")

    second = discover(zone, rules, now=NOW + 10, previous=first.look)
    done = discover(zone, rules, now=NOW + 11, previous=second.look)

    assert [names(found) for found in (first, second, done)] == [[], [], ["a.csv"]]
    assert (len(first.waiting), len(second.unsettled)) == (1, 1)


def test_settle_zero_takes_a_file_at_once(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", age=-1000)
    found = discover(LocalZone(str(tmp_path)), [mapping("*.csv", settle_seconds=0)], now=NOW)
    assert names(found) == ["a.csv"]


def test_a_modification_time_in_the_future_delays_but_does_not_block(tmp_path: Path) -> None:
    zone, rules = LocalZone(str(tmp_path)), (mapping("*.csv", settle_seconds=10),)
    put(tmp_path, "a.csv", age=-86400)

    look, ready_at = None, None
    for second in range(20):
        found = discover(zone, rules, now=NOW + second, previous=look)
        look = found.look
        if found.ready and ready_at is None:
            ready_at = second
    assert ready_at == 10


def test_a_clock_that_is_set_back_does_not_block(tmp_path: Path) -> None:
    zone, rules = LocalZone(str(tmp_path)), (mapping("*.csv", settle_seconds=2),)
    put(tmp_path, "a.csv", age=7200)
    first = discover(zone, rules, now=NOW)

    back = discover(zone, rules, now=NOW - 3600, previous=first.look)
    done = discover(zone, rules, now=NOW - 3599, previous=back.look)

    assert [names(found) for found in (back, done)] == [[], ["a.csv"]]


def test_one_unsettled_file_holds_up_no_other(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", age=0)
    put(tmp_path, "b.csv", age=100)
    found = settled(tmp_path, mapping("*.csv", settle_seconds=60))
    assert names(found) == ["b.csv"]
    assert [delivery.data.name for delivery in found.unsettled] == ["a.csv"]


def test_a_file_that_leaves_and_comes_back_starts_anew(tmp_path: Path) -> None:
    zone, rules = LocalZone(str(tmp_path)), (mapping("*.csv"),)
    put(tmp_path, "a.csv")
    first = discover(zone, rules, now=NOW)
    (tmp_path / "a.csv").rename(tmp_path / ".kept")
    gone = discover(zone, rules, now=NOW + 5, previous=first.look)
    (tmp_path / ".kept").rename(tmp_path / "a.csv")

    back = discover(zone, rules, now=NOW + 6, previous=gone.look)

    assert gone.look == Look()
    assert names(back) == []


def test_a_missing_zone_is_transient(tmp_path: Path) -> None:
    with pytest.raises(TransientError) as caught:
        discover(LocalZone(str(tmp_path / "none")), [mapping("*.csv")], now=NOW)
    assert caught.value.code is ErrorCode.ZONE_UNAVAILABLE


star = st.text(st.sampled_from("ab_-."), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    files=st.sets(
        st.builds("{}{}{}".format, st.sampled_from(["a_", "b", ""]), star, st.just(".csv"))
        | st.builds("{}{}{}".format, st.sampled_from(["a_", "b", ""]), star, st.just(".go")),
        max_size=12,
    ),
    patterns=st.lists(
        st.sampled_from(
            [("a_*.csv", "a_*.go"), ("b*.csv", None), ("a_*_*.csv", None), ("*.csv", "*.go")]
        ),
        max_size=3,
        unique=True,
    ),
)
def test_every_file_is_found_exactly_once(
    tmp_path_factory: pytest.TempPathFactory,
    files: set[str],
    patterns: list[tuple[str, str | None]],
) -> None:
    folder = tmp_path_factory.mktemp("zone")
    put(folder, *files)
    rules = [mapping(pattern, go, settle_seconds=0) for pattern, go in patterns]

    found = discover(LocalZone(str(folder)), rules, now=NOW)

    visible = {name for name in files if not name.startswith(".")}
    data = [delivery.data.name for delivery in found.ready]
    go = [delivery.go.name for delivery in found.ready if delivery.go]
    left = [
        *(waiting.name for waiting in found.waiting),
        *(orphan.name for orphan in found.orphans),
        *found.unmatched,
        *(file.name for file in found.refused),
    ]
    refused = {file.name for file in found.refused}
    # A go file beside its refused data file needs no report of its own.
    beside = {name for name in visible if name.replace(".go", ".csv") in refused - {name}}
    assert set(data) | set(go) | set(left) | beside == visible
    assert len(data + go + left) == len({*data, *go, *left})
    # A naive reading of the rules gives the same.
    for name in visible:
        takers = [rule for rule in rules if rule.matches(name)]
        takers += [rule for rule in rules if rule.go_pattern and rule.go_pattern.match(name)]
        assert (name in refused) == (len(takers) > 1)
        assert (name in found.unmatched) == (not takers)


def test_ten_thousand_files_meet_few_of_fifty_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        put(tmp_path, f"feed{number % 50:02}_{number}.csv")
    rules = [mapping(f"feed{number:02}_*.csv", settle_seconds=0) for number in range(50)]
    asked = 0
    real = TableMapping.matches

    def counting(self: TableMapping, name: str) -> bool:
        nonlocal asked
        asked += 1
        return real(self, name)

    monkeypatch.setattr(TableMapping, "matches", counting)

    assert len(discover(LocalZone(str(tmp_path)), rules, now=NOW).ready) == 200
    assert asked == 200


def test_find_delivery_gives_one_file_with_its_go_file_settled_or_not(tmp_path: Path) -> None:
    put(tmp_path, "t_1.csv", "t_1.go", age=-50)
    zone, rules = LocalZone(str(tmp_path)), (mapping("t_*.csv", "t_*.go"), mapping("u.csv"))

    found = find_delivery(zone, rules, "t_1.csv")

    assert (found.mapping, found.data, found.go) == (
        rules[0],
        zone.stat("t_1.csv"),
        zone.stat("t_1.go"),
    )


@pytest.mark.parametrize(
    ("name", "code", "transient"),
    [
        ("t_2.csv", ErrorCode.LANDING_DISAPPEARED, True),
        ("t_3.csv", ErrorCode.LANDING_DISAPPEARED, True),
        ("t_1.go", ErrorCode.LANDING_UNKNOWN_FILE, False),
        ("other.csv", ErrorCode.LANDING_UNKNOWN_FILE, False),
        ("t_4.csv", ErrorCode.LANDING_NOT_A_FILE, False),
        ("../t_1.csv", ErrorCode.LANDING_UNKNOWN_FILE, False),
        ("t_/../t_1.csv", ErrorCode.LANDING_UNKNOWN_FILE, False),
        ("/t_1.csv", ErrorCode.LANDING_UNKNOWN_FILE, False),
        ("..", ErrorCode.LANDING_UNKNOWN_FILE, False),
        ("", ErrorCode.LANDING_UNKNOWN_FILE, False),
    ],
)
def test_find_delivery_says_why_not(
    tmp_path: Path, name: str, code: ErrorCode, transient: bool
) -> None:
    put(tmp_path, "t_1.csv", "t_1.go", "t_3.csv", "other.csv")
    (tmp_path / "t_4.csv").mkdir()
    with pytest.raises((TerminalError, TransientError)) as caught:
        find_delivery(LocalZone(str(tmp_path)), [mapping("t_*.csv", "t_*.go")], name)
    assert caught.value.code is code
    assert caught.value.transient is transient
    assert caught.value.detail.hint


@pytest.mark.parametrize("which", ["t_1.csv", "t_1.go"])
def test_still_same_notices_every_change(tmp_path: Path, which: str) -> None:
    put(tmp_path, "t_1.csv", "t_1.go")
    zone = LocalZone(str(tmp_path))
    seen = find_delivery(zone, [mapping("t_*.csv", "t_*.go")], "t_1.csv")
    still_same(zone, seen)

    put(tmp_path, which, content="longer")  # same inode and time, other size
    with pytest.raises(TransientError) as caught:
        still_same(zone, seen)
    assert (caught.value.code, caught.value.detail.file) == (ErrorCode.LANDING_CHANGED, which)

    put(tmp_path, which, age=5)  # same size, other time
    with pytest.raises(TransientError):
        still_same(zone, seen)

    (tmp_path / which).unlink()
    with pytest.raises(TransientError) as caught:
        still_same(zone, seen)
    assert caught.value.code is ErrorCode.LANDING_DISAPPEARED
