"""Names that are anything but names, through every command and everything that Airflow carries."""

from __future__ import annotations

import json
import os
import unicodedata
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from airflow_landing_loader.codec import received, sendable
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.moves.sidecar import Sidecar, parse_sidecar, sidecar_bytes
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.lanes import lane_label
from airflow_landing_loader.runs.report import RunReport, as_table, failures, summary
from airflow_landing_loader.runs.wording import outcome_text
from airflow_landing_loader.safe_text import delivered, shown, shown_name, storable

NAMES = (
    *("--help", "-", "--", "--json", "-q", "~", "~root", "*", "*.csv", "?[a]{b}", "'", '"', "`id`"),
    *(
        "$(id)",
        "$HOME",
        "%00",
        r"\0",
        r"a\n",
        "a\nb",
        "a\tb",
        "\r",
        " ",
        " a ",
        "\x1b[31mred",
        "\x7f",
    ),
    *("\u202efdp.csv", "\u2028", "\x85", "\udcff\udcfe", r"\xff\xfe", "$'a\\nb'", "::group::a"),
    *("::endgroup::", "[bold]a", "{{ a }}", "{% a %}", "a|b", "#", "&", "gs:", "a:b", "NUL"),
    *("a.error.json", "a.held.json", "deadbeef", "None", "\U0001f986", "\u65e5\u672c", "=1+1"),
    *(unicodedata.normalize(form, "\u00e9") for form in ("NFC", "NFD")),
    *("x" * 255, "\u00e9" * 127, "\udcff" * 200, "a.csv", "A.csv"),
)
MAPPING = '"*": {table: raw_any, settle_seconds: 0, grace_seconds: 0}\n'


def printed(ran: Any, code: int = 0) -> Any:
    """A command that ended so, and whose output anything can show."""
    assert ran.code == code, (ran.out, ran.err)
    for line in (*ran.out.split("\n"), *ran.err.split("\n")):
        assert line.isprintable(), line
    return ran


def test_every_command_takes_shows_and_gives_back_any_name(cli: Any) -> None:
    (cli.zones.tables / "tables.yaml").write_text(MAPPING)
    wrong = set(NAMES[::4])
    for name in NAMES:
        cli.land(name, "a,a\n1,2\n" if name in wrong else f"a\n{NAMES.index(name)}\n")
    good = [name for name in NAMES if name not in wrong]
    taken_back = good[::2]
    to_landing = set(taken_back[::2])

    assert {f["name"] for f in printed(cli("list", "--json")).json()["files"]} == set(NAMES)
    shown = printed(cli("list")).out
    assert [name for name in NAMES if shown_name(name) not in shown] == []
    for name in NAMES[::2]:
        found = printed(cli("check", "--json", "--", name), name in wrong).json()
        assert (found["error"]["file"] if "error" in found else found["file"]) == name
    said = printed(cli("run", "--once"), 1)
    assert len(said.err.splitlines()) < 3 * len(NAMES) + 20

    status = printed(cli("status", "--json", "--limit", "1000")).json()
    assert {delivered(load["filename"]) for load in status["loads"]} == set(good)
    assert {failure["name"] for failure in status["open_failures"]} == wrong
    shown = printed(cli("status", "--limit", "1000")).out
    assert [name for name in NAMES if shown_name(name) not in shown] == []

    for number, load in enumerate(status["loads"]):
        for chosen in {load["filename"], delivered(load["filename"])}:
            proof = printed(cli("verify", "--json", "--", chosen)).json()
            assert proof["load_id"] == load["load_id"]
        if number % 5 == 0:
            told = printed(cli("verify", "--", load["filename"]))
            assert shown_name(delivered(load["filename"])) in told.out
    for name in taken_back:
        to = "landing" if name in to_landing else "failed"
        back = printed(cli("unload", "--json", "--to", to, "--", name)).json()
        assert back["uri"] == str(getattr(cli.zones, to) / name)
    failed = [*wrong, *(name for name in taken_back if name not in to_landing)]
    back = printed(cli("replay", "--json", "--", *failed)).json()
    assert {Path(entry["data"]).name for entry in back["replayed"]} == set(failed)
    assert {path.name for path in cli.zones.landing.iterdir()} == {*failed, *to_landing}
    printed(cli("run", "--once"), 1)
    rows = {
        load["filename"]: load["row_count"]
        for load in printed(cli("status", "--json")).json()["loads"]
    }
    assert set(rows.values()) == {1}
    gone = printed(cli("discard", "--json", "--reason", "tried", "--", *wrong)).json()
    assert {Path(entry["data"]).name for entry in gone["discarded"]} == set(wrong)
    assert not any(path.is_file() for path in cli.zones.failed.iterdir())


any_name = st.one_of(
    st.sampled_from(NAMES),
    st.binary(min_size=1, max_size=255)
    .map(os.fsdecode)
    .filter(lambda n: "/" not in n and "\0" not in n),
)


@given(any_name, any_name)
@example("a\n2024-01-15 loaded", "\udcff")
def test_what_airflow_carries_is_text_and_comes_back(name: str, other: str) -> None:
    """XCom, labels, reports, logs, assets and sidecars: together, as one run has them."""
    error = ErrorDetail(code="csv.ragged", message=f"{name} is bad", hint=f"see {other}", file=name)
    outcome = Outcome(
        name=name,
        table="t",
        status="failed",
        uri=f"/failed/{name}",
        rows=0,
        rejected=0,
        error=error,
    )
    sent = json.dumps(sendable(asdict(outcome)), ensure_ascii=False).encode("utf-8")
    assert received(json.loads(sent)) == json.loads(json.dumps(asdict(outcome)))

    report = RunReport(outcomes=(outcome,), new_notices=(f"{shown(other)} matches nothing",))
    said = [
        lane_label([name]),
        lane_label([name, other]),
        outcome_text(outcome),
        *as_table(report).split("\n"),
        *(line for cause in failures(report, fail_on_files=True) for line in cause.split("\n")),
        *error.lines(),
    ]
    assert [line for line in said if not line.isprintable() or "::group::" in line] == []
    json.dumps(sendable(summary(report)), ensure_ascii=False).encode("utf-8")
    assert (
        (shown_name(name) == shown_name(other))
        == (storable(name) == storable(other))
        == (name == other)
    )

    sidecar = Sidecar(
        error=error,
        data_name=name,
        data_token="1",
        go_name=other,
        sha256=None,
        table="t",
        mapping="m",
        time="2026-01-01T00:00:00+00:00",
    )
    assert parse_sidecar(sidecar_bytes(sidecar), name="x") == sidecar
