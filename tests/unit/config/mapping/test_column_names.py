"""Names of columns, as the sender means them."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.column_names import UNSEEN, clean_name

_BLANK = [*map(chr, range(0x21)), "\x7f", "\x85", "\xa0", "\u3000"]
_CHARACTERS = st.sampled_from([*_BLANK, *UNSEEN[:20], *"aeZ_#\xe9\u0301"])


@given(st.text(_CHARACTERS, max_size=8))
@example(" \x1f a\t")
@example("\ufeff \xada\u200b ")
def test_a_name_has_at_its_edges_nothing_that_cannot_be_seen(name: str) -> None:
    seen = [at for at, char in enumerate(name) if not char.isspace() and char not in UNSEEN]
    bare = name[seen[0] : seen[-1] + 1] if seen else ""
    assert clean_name(name) == unicodedata.normalize("NFC", bare)
