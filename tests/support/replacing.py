"""A sender who puts another content in the place of a file whose rows are being committed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.warehouses.duckdb.kept_summary import ARCHIVE_NAME
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.storage.names import HELD_FOLDER, WORK_FOLDER

PLAIN = {"pattern": "a_*.csv", "table": "raw_a", "settle_seconds": 0, "grace_seconds": 0}
GO = {"go_file": {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}}
FIRST, SECOND = "x\nfirst\n", "x\nsecond\n"
HIDDEN = f"{WORK_FOLDER}/{HELD_FOLDER}"
"""Where in landing a file has its second name while it is held."""


@dataclass
class World:
    """Local zones, a database, one mapping; each :meth:`pipeline` is a new process's.

    :param with_go: whether a delivery has a go file.
    """

    landing: Path
    archive: Path
    settings: Any
    with_go: bool

    def pipeline(self) -> Pipeline:
        """A new pipeline, as a new process makes one."""
        fields = {**PLAIN, **(GO if self.with_go else {})}
        return Pipeline(self.settings, [TableMapping.model_validate(fields)])

    def put(self, name: str, content: str) -> None:
        """As senders do: written aside, renamed over whatever is there."""
        aside = self.landing.parent / "aside"
        aside.write_text(content)
        aside.rename(self.landing / name)

    def deliver(self, content: str) -> None:
        """Put a delivery into landing, over an earlier one if there is one."""
        self.put("a_1.csv", content)
        if self.with_go:
            self.put("a_1.go", f"n=1\n# {content.split()[1]}\n")

    def load(self) -> tuple[Pipeline, Any]:
        """Everything up to the move."""
        pipeline = self.pipeline()
        names = [delivery.data.name for delivery in pipeline.discover().ready]
        return pipeline, pipeline.load(pipeline.validate_batch(names))

    def run(self) -> list[Outcome]:
        """One poll."""
        pipeline = self.pipeline()
        return list(pipeline.run_batch(pipeline.discover().ready))

    def sql(self, statement: str) -> list[Any]:
        """Rows of a query."""
        with duckdb.connect(self.settings.duckdb_path) as con:
            return con.execute(statement).fetchall()

    def both_are_kept(self) -> None:
        """Both contents are in the table and in the archive, each load with its own file."""
        assert [row for (row,) in self.sql("select x from raw_a order by 1")] == ["first", "second"]
        loads = self.sql("select archive_uri from load_metadata order by sequence")
        assert [Path(uri).read_text() for (uri,) in loads] == [FIRST, SECOND]
        finals = self.sql(
            "select final_uri from load_deliveries where outcome = 'loaded' order by recorded_at"
        )
        assert sorted(finals) == sorted(loads)
        if self.with_go:
            kept = [p.read_text() for p in self.archive.glob("*.go")]
            assert sorted(kept) == ["n=1\n# first\n", "n=1\n# second\n"]
        self.is_tidy()

    def each_load_has_its_file(self, last: str) -> None:
        """Each content once at most, the last one surely; nothing but them is kept."""
        loads = self.sql("select archive_uri from load_metadata order by sequence")
        contents = [Path(uri).read_text() for (uri,) in loads]
        assert contents in ([last], [FIRST, last])
        assert sorted(p.read_text() for p in self.archive.glob("*.csv")) == sorted(contents)
        assert len(list(self.archive.glob("*.go"))) == self.with_go * len(contents)
        rows = [f"x\n{x}\n" for (x,) in self.sql("select x from raw_a")]
        assert sorted(rows) == sorted(contents)
        self.is_tidy()

    def serve(self, monkeypatch: pytest.MonkeyPatch, zones: Any) -> None:
        """Let the command line find this world."""
        fields = {**PLAIN, **(GO if self.with_go else {})}
        (zones.tables / "a.yaml").write_text(json.dumps({fields.pop("pattern"): fields}))
        names = ("landing_path", "archive_path", "failed_path", "table_config_path", "duckdb_path")
        for name in names:
            monkeypatch.setenv(name.upper(), str(getattr(self.settings, name)))

    def is_tidy(self) -> None:
        """Nothing is left in landing, and no second name anywhere."""
        assert list(self.landing.iterdir()) == []
        files = [p for p in self.archive.rglob("*") if p.is_file() and p.name != "lock"]
        assert all(p.stat().st_nlink == 1 for p in files)
        assert not [p for p in files if WORK_FOLDER in p.parts and p.name != ARCHIVE_NAME]


def replace_all(world: World) -> None:
    """As the sender does: the whole delivery anew, of :data:`SECOND`."""
    world.deliver(SECOND)


def held_names(world: World) -> list[str]:
    """Names of what is held in landing, and of the notes on it."""
    return [p.name for p in (world.landing / HIDDEN).glob("*")]
