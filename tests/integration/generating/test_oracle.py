"""What the generator makes becomes what it says, in the real pipeline: one holds the other."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import Phase, given, settings
from tests.integration.test_feeds_page import feeds
from tests.support.made_deliveries import assert_became_as_expected
from tests.support.mapping_strategies import mappings

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.reader import read_mappings

EXAMPLES = Path(__file__).parents[3] / "include/config/tables"


def mapping_of(text: str) -> TableMapping:
    ((pattern, keys),) = yaml.safe_load(text).items()
    return TableMapping.model_validate({"pattern": pattern, **keys})


OF_THE_PAGE = {title: mapping_of(feed.mapping) for title, feed in feeds().items()}
SHIPPED = {mapping.table: mapping for mapping in read_mappings(EXAMPLES).mappings}


EVERY = OF_THE_PAGE | SHIPPED


@pytest.mark.parametrize("of", list(EVERY))
def test_deliveries_of_a_mapping_become_what_they_are_said_to(of: str, tmp_path: Path) -> None:
    mapping = EVERY[of]
    parcels = assert_became_as_expected(tmp_path, mapping, seed=1)
    kinds = {one.kind for one in parcels}
    assert {"right", "duplicate", "restatement"} <= kinds
    assert ("wrong_total" in kinds) is ('"totals":{' in mapping.model_dump_json())
    assert ("missing_member" in kinds) is bool(mapping.go_file and mapping.go_file.lists)


@given(mappings())
@settings(max_examples=12, deadline=None, phases=[Phase.generate])
def test_so_do_those_of_any_mapping(mapping: TableMapping) -> None:
    with TemporaryDirectory() as folder:
        assert_became_as_expected(Path(folder), mapping, seed=2)
