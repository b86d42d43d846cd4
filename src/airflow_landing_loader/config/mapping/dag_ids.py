"""The ids of the tables' DAGs, and which files may hold the mappings of one."""

from __future__ import annotations

import re

UNMATCHED_DAG_ID = "landing_unmatched"
"""Id of the DAG that tells what no mapping matches, where nobody has named it otherwise."""

_PREFIX = "landing__"
_DEFAULT_SCHEMA = "main__"
# The DAG of a broken mapping file that names no table has the file's name, which has a dot.
_OF_A_TABLE = re.compile(f"{_PREFIX}[A-Za-z0-9_]+")


def dag_id_of(table: str) -> str:
    """``landing__<table>``, or ``landing__<schema>__<table>``.

    :param table: ``table`` or ``schema.table``.
    """
    return _PREFIX + table.replace(".", "__")


def is_table_dag(dag_id: str) -> bool:
    """Whether a DAG of this id is a table's."""
    return _OF_A_TABLE.fullmatch(dag_id) is not None


def dag_id_meant(text: str) -> str:
    """The id of a table's DAG from what people write: that id, or the name of the table."""
    return text if is_table_dag(text) else dag_id_of(text)


def table_shown(dag_id: str) -> str:
    """What to call the table of a DAG where only the id is known: a dot in its name stays ``__``.

    :param dag_id: id of a table's DAG.
    """
    return dag_id.removeprefix(_PREFIX)


def words_of(dag_id: str) -> tuple[bytes, ...]:
    """The words that stand in every file with a mapping of this DAG, for :func:`may_feed`.

    A dot of the table's name is ``__`` in the id, as two underscores are. The default schema is
    left out, so that another spelling of the same table has the same words.

    :param dag_id: id of a table's DAG.
    """
    name = dag_id.removeprefix(_PREFIX).lower().removeprefix(_DEFAULT_SCHEMA)
    return tuple(word.encode() for word in re.split("__+", name))


def may_feed(data: bytes, words: tuple[bytes, ...]) -> bool:
    r"""Whether a file may hold a mapping of the DAG; told without reading it as YAML.

    Names of tables are ASCII, and so stand in the file as they are: in quotes or not, behind a tag
    or an anchor, in any case. Only an escape in double quotes (``"raw\x5ftrades"``) can spell them
    otherwise, so where there is a backslash the answer is yes.

    :param data: the whole file.
    :param words: of the DAG, from :func:`words_of`.
    """
    text = data.lower()
    return b"\\" in data or all(word in text for word in words)
