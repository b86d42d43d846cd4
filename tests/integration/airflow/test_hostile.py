"""File names that are made for Airflow: its templates, its log page, its grid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab
    from tests.support.zones import Zones

SECRET = "hunter2-of-a-connection"
NAMES = sorted(
    (
        "a_{{ conn.evil_db.password }}.csv",
        "a_{% raw %}{{ 7 * 7 }}.csv",
        "a_{{ ti.xcom_push('x', 'y') }}.csv",
        'a_["x.csv"].csv',
        "a_::group::fold ::endgroup::.csv",
        "a_<img src=x onerror=alert(1)>.csv",
        "a_=1+1 @SUM(A1) %(name)s {0} %s.csv",
        "a_[bold]\x1b[31m\n\u202e.csv",
    )
)


def test_no_name_is_taken_for_a_template(
    lab: Lab, zones: Zones, capfd: pytest.CaptureFixture[str]
) -> None:
    lab.environ("AIRFLOW_CONN_EVIL_DB", f"postgres://user:{SECRET}@host/db")
    lab.mapping("a_*.csv: {table: raw_hostile, settle_seconds: 0, grace_seconds: 0}")
    for name in NAMES[1:]:
        lab.deliver(name)
    lab.deliver(NAMES[0], 'id\n"1\n')
    run = lab.run("raw_hostile")
    assert run.state == "failed"
    assert zones.names() == {
        "landing": [],
        "archive": NAMES[1:],
        "failed": [NAMES[0], f"{NAMES[0]}.error.json"],
    }
    with duckdb.connect(lab.settings.duckdb_path, read_only=True) as con:
        loaded = con.execute("SELECT filename FROM load_metadata").fetchall()
    assert sorted(name for (name,) in loaded) == NAMES[1:]
    said = "".join(capfd.readouterr()) + json.dumps([*run.xcoms.values(), run.labels], default=str)
    assert SECRET not in said
    assert "a_49" not in said
    assert "\x1b[31m\n" not in said
    assert all("::group::" not in label for label in run.labels.values())
