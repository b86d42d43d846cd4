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
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.generating.deliveries import Sender

EXAMPLES = Path(__file__).parents[3] / "include/config/tables"


def mapping_of(text: str) -> TableMapping:
    ((pattern, keys),) = yaml.safe_load(text).items()
    return TableMapping.model_validate({"pattern": pattern, **keys})


OF_THE_PAGE = {title: mapping_of(feed.mapping) for title, feed in feeds().items()}
SHIPPED = {mapping.table: mapping for mapping in read_mappings(EXAMPLES).mappings}


EVERY = OF_THE_PAGE | SHIPPED
UNKNOWN = {
    name
    for name, mapping in EVERY.items()
    if '"totals":{' in mapping.model_dump_json() or (mapping.go_file and mapping.go_file.lists)
}


@pytest.mark.parametrize("of", sorted(UNKNOWN))
def test_what_cannot_be_made_is_said(of: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sender(EVERY[of], rows=6, seed=1)
    assert caught.value.code is ErrorCode.GENERATE_NO_EXAMPLE


@pytest.mark.parametrize("of", [name for name in EVERY if name not in UNKNOWN])
def test_deliveries_of_a_mapping_become_what_they_are_said_to(of: str, tmp_path: Path) -> None:
    mapping = EVERY[of]
    parcels = assert_became_as_expected(tmp_path, mapping, seed=1)
    assert {"right", "duplicate", "restatement"} <= {one.kind for one in parcels}


@given(mappings())
@settings(max_examples=12, deadline=None, phases=[Phase.generate])
def test_so_do_those_of_any_mapping(mapping: TableMapping) -> None:
    with TemporaryDirectory() as folder:
        assert_became_as_expected(Path(folder), mapping, seed=2)
