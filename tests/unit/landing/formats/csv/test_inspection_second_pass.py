"""The second pass, which finds ragged records and those of given numbers."""

from __future__ import annotations

import gzip

import pytest
from tests.support.hostile.delivered import source_at
from tests.support.inspecting import Landing, mapping

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.landing.formats.csv.inspection import inspect, locate, ragged_records
from airflow_landing_loader.landing.model import Inspection


class TestSecondPass:
    DATA = b'id,a\n1,x\n2\n\n"3\n\n",y\n4,z,\n5,w\nEND,5,x\n'

    def prepare(self, landing: Landing) -> tuple[str, TableMapping, Inspection]:
        path = landing.put(self.DATA)
        rules = mapping(on_bad_row="reject", trailer={"row_count_column": 1, "tag": "END"})
        return path, rules, inspect(source_at(path), rules)

    def test_ragged_records(self, landing: Landing) -> None:
        path, rules, found = self.prepare(landing)
        assert (found.records, found.ragged) == (5, 2)
        ragged = list(ragged_records(source_at(path), rules, found))
        assert [(r.record, r.line, r.fields) for r in ragged] == [(2, 3, 1), (4, 8, 3)]
        assert [self.DATA[r.start : r.end] for r in ragged] == [b"2\n", b"4,z,\n"]

    def test_locate(self, landing: Landing) -> None:
        path, rules, found = self.prepare(landing)
        places = list(locate(source_at(path), rules, found, [1, 3, 3, 5]))
        assert [(p.record, p.line, p.fields) for p in places] == [
            (1, 2, 2),
            (3, 5, 2),
            (3, 5, 2),
            (5, 9, 2),
        ]
        assert self.DATA[places[1].start : places[1].end] == b'"3\n\n",y\n'
        assert list(locate(source_at(path), rules, found, [])) == []

    @pytest.mark.parametrize("numbers", [[0], [6], [3, 2], [-1]])
    def test_records_that_are_not_there(self, landing: Landing, numbers: list[int]) -> None:
        path, rules, found = self.prepare(landing)
        with pytest.raises(ValueError, match=r"record -?\d"):
            list(locate(source_at(path), rules, found, numbers))

    def test_of_a_transcoded_and_compressed_file(self, landing: Landing) -> None:
        text = "id,ä\n1\n2,é\n3,ü,\n"
        path = landing.put(gzip.compress(text.encode("latin-1")), "t.csv.gz")
        rules = mapping(on_bad_row="reject", csv={"encoding": "latin-1"})
        found = inspect(source_at(path), rules)
        ragged = list(ragged_records(source_at(path), rules, found))
        assert [(r.record, r.line) for r in ragged] == [(1, 2), (3, 4)]
        assert text.encode()[ragged[1].start : ragged[1].end] == "3,ü,\n".encode()

    @pytest.mark.parametrize(
        "data",
        [DATA[:-25], DATA.replace(b",y", b'"y'), b"id,a\n" * 20, DATA.replace(b",x\n2", b"\n\n2")],
    )
    def test_a_file_that_has_changed(self, landing: Landing, data: bytes) -> None:
        path, rules, found = self.prepare(landing)
        landing.put(data)
        with pytest.raises(TransientError) as caught:
            list(ragged_records(source_at(path), rules, found))
        assert caught.value.code is ErrorCode.LANDING_CHANGED
