"""What a mapping says, in sentences for people; names are code spans, as Markdown has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.config.mapping.model import (
    COUNTS,
    PROOFS,
    CsvDialect,
    GoFile,
    HeaderRecord,
    TableMapping,
    Trailer,
)
from airflow_landing_loader.config.mapping.quality import Quality
from airflow_landing_loader.config.mapping.sets import SetKey, first_table, set_key
from airflow_landing_loader.config.mapping.totals import NAMES, places_of
from airflow_landing_loader.safe_text import counted, shown

_PROOFS = {"go_file": "go file", "trailer": "trailer", "header_record": "header record"}
_NEGATIVE = {"minus": "-5", "trailing_minus": "5-", "parentheses": "(5)"}
_DUPLICATE = {
    "skip": "is archived and not loaded again",
    "load": "is loaded again",
    "fail": "is refused",
}
_FORMULA = '="text"'
_SEQUENCES = {"mysql": "MySQL", "postgres": "Postgres", "spark": "Spark"}
_REDELIVERY = {
    "append": "is loaded beside the earlier rows, and reported",
    "replace": "replaces the earlier rows, in one transaction",
    "fail": "is refused",
}


def rules_in_words(mapping: TableMapping) -> Iterator[str]:
    """What a mapping asks of files, and does with them: one sentence each."""
    if mapping.exclude:
        yield f"Names that match {_list(mapping.exclude)} are left to others."
    if mapping.go_file is not None:
        yield from _go_file(mapping.go_file)
    if mapping.trailer is not None:
        yield from _trailer(mapping.trailer)
    if mapping.header_record is not None:
        yield from _header_record(mapping.header_record)
    if mapping.name_count is not None:
        count = mapping.name_count
        yield f"The part {code(count.part)} of a file's name holds the number of its records."
        yield from _included(count.count_includes)
    yield from _totals(mapping)
    if not any(getattr(mapping, key) for key in COUNTS):
        yield "Nothing says how many records a file must have."
    yield f"A file is taken when it has not changed for {mapping.settle_seconds:g} seconds."
    if mapping.compression != "auto":
        yield f"Files are read as {code(mapping.compression)}, whatever their names say."
    yield from _csv(mapping.csv)
    if mapping.on_bad_row == "fail":
        yield "One bad record fails its file."
    else:
        yield (
            f"Bad records are put aside in {code('load_rejects')}; more than"
            f" {mapping.max_rejected:.4g} of the file, or all of it, fail the file."
        )
    yield from _identity(mapping)
    yield from (f"{shown(sentence)}." for sentence in _arrivals(mapping))
    yield from _columns(mapping)
    yield from _quality(mapping.quality or Quality())


def _header_record(header_record: HeaderRecord) -> Iterator[str]:
    yield (
        f"A line above the data that matches {code(header_record.match)} holds the number of"
        " records."
    )
    yield from _included(header_record.count_includes)


def _columns(mapping: TableMapping) -> Iterator[str]:
    for column, text in mapping.add_columns.items():
        yield f"Each row has {code(text)} in the column {code(column)}."
    for column, type_ in mapping.types.items():
        yield f"The column {code(column)} takes values of type {code(type_)}."


def _quality(quality: Quality) -> Iterator[str]:
    for sentence in quality.sentences():
        yield f"Counted for its quality: records of which {code(sentence)} does not hold."
    if quality.fail_below is not None:
        yield f"Less than {quality.fail_below:g} % of good records fail the file."


def _arrivals(mapping: TableMapping) -> Iterator[str]:
    if mapping.sequence is not None:
        yield mapping.sequence.in_words
    if mapping.expect is not None:
        yield from mapping.expect.in_words


def _identity(mapping: TableMapping) -> Iterator[str]:
    key = mapping.identity.key
    of = f"of the same {' and '.join(map(code, key))}" if key else "of a known name"
    same = "content, under any name, is" if mapping.identity.content else "name and content are"
    if key:
        same = f"content, {of}, is"
    yield f"A file whose {same} loaded already {_DUPLICATE[mapping.on_duplicate]}."
    yield f"A file {of} with new content {_REDELIVERY[mapping.on_redelivery]}."


def _go_file(go: GoFile) -> Iterator[str]:
    if go.lists:
        yield (
            f"A file waits for a go file {code(go.pattern)} that names it, in {_listed_in(go)};"
            " all that it names is loaded together, or nothing."
        )
    else:
        star = f"each {code('*')} is the same text"
        yield f"A file waits for its go file {code(go.pattern)}; {star}."
    if go.format == "presence":
        yield "That the go file is there is all it says."
    if go.format == "checksum":
        yield "The go file holds a checksum of the file as it was delivered."
    where = {"properties": "key", "csv": "column", "json": "path"}.get(go.format, "")
    for place, what in (
        (go.count_place, "the number of records"),
        (go.checksum, "a checksum of the file as it was delivered"),
        (go.size, "the number of bytes of the file as it was delivered"),
        (go.business_date, "the business date"),
        (go.sequence_number, "the number of its sequence"),
    ):
        if place is not None:
            yield f"The go file's {where} {code(str(place))} holds {what}."
    if go.status_place is not None:
        yield f"Its status, in {code(str(go.status_place))}, must be {_list(go.status_ok)}."
    yield from _included(go.count_includes)


def set_in_words(
    mapping: TableMapping, sets: Mapping[SetKey, Sequence[TableMapping]]
) -> Iterator[str]:
    """Which other tables' files its go files name.

    :param sets: mappings of all tables, those whose files the same go files name together.
    """
    key = set_key(mapping)
    together = () if key is None else sets.get(key, ())
    tables = sorted({other.table for other in together})
    if len(tables) > 1:
        yield (
            f"Its go files name files for {_list(tables)}. What they name is loaded by one DAG, "
            f"{code(dag_id_of(first_table(together)))}."
        )


def _listed_in(go: GoFile) -> str:
    if go.format == "checksum":
        return "its lines"
    return f"{'column' if go.format == 'csv' else 'path'} {code(str(go.lists_files))}"


def _trailer(trailer: Trailer) -> Iterator[str]:
    if trailer.match is not None:
        yield (
            f"A line behind the data that matches {code(trailer.match)} is the trailer and not"
            " loaded; it holds the number of records."
        )
        yield from _included(trailer.count_includes)
        return
    known = [f"begins with {code(trailer.expected_tag)}"] if trailer.expected_tag else []
    if not isinstance(trailer.tag, str):
        known.append("has a number of fields that no other record has")
    yield (
        f"The last record, which {' or '.join(known)}, is a trailer and not loaded; its column"
        f" {code(str(trailer.row_count_column))} holds the number of records."
    )
    yield from _included(trailer.count_includes)


def _totals(mapping: TableMapping) -> Iterator[str]:
    for proof in PROOFS:
        rules = getattr(mapping, proof)
        for place in places_of(rules.totals if rules is not None else None):
            of = f"{NAMES[place.kind]} of the column {code(place.column)}"
            if place.width is not None:
                of += f", its last {counted(place.width, 'digit')},"
            yield f"The {of} must be the one in {code(str(place.place))} of the {_PROOFS[proof]}."
    if mapping.numbers is not None:
        group = mapping.numbers.group
        groups = f"groups of three digits parted by {code(repr(group))}" if group else "no groups"
        yield (
            f"Numbers are written with {code(mapping.numbers.decimal)} before the fraction,"
            f" {groups}, and less than zero as {code(_NEGATIVE[mapping.numbers.negative])}."
        )


def _included(count_includes: Sequence[str]) -> Iterator[str]:
    if count_includes:
        yield f"That number includes the {' and the '.join(count_includes)}."


def _csv(csv: CsvDialect) -> Iterator[str]:
    default = CsvDialect()
    if csv.auto:
        yield (
            "The dialect is detected for each file; a file that can be read in two ways is refused."
        )
    changed = [
        f"{name} {code(repr(getattr(csv, name)))}"
        for name in ("delimiter", "quote", "escape", "encoding", "skip_rows", "null_values")
        if getattr(csv, name) != getattr(default, name)
    ]
    if changed:
        yield f"Written as CSV with {', '.join(changed)}."
    for mark, where in (
        (csv.data_start, "The data begin behind the line"),
        (csv.skip_lines, "No records, right above or below the header, are lines"),
        (csv.data_end, "The data end before the line, without which a file is not complete,"),
    ):
        if mark is not None:
            said = "that matches" if mark.line is None else "that reads"
            yield f"{where} {said} {code(mark.line or mark.match or '')}."
    if csv.footer_rows:
        yield f"The last {counted(csv.footer_rows, 'line')} of a file are no records."
    yield from _writing(csv)
    if not csv.header:
        yield f"Without header; the columns are {_list(csv.columns or ())}."


def _writing(csv: CsvDialect) -> Iterator[str]:
    """What the files may have besides RFC 4180."""
    if csv.trailing_delimiter == "ignore":
        yield "A delimiter behind the last field is ignored."
    if csv.blank_around_quotes:
        yield "Blanks between delimiters and quotes are dropped."
    if csv.excel_formulas:
        yield f"{code(_FORMULA)} is that text."
    if csv.comments is not None:
        yield f"Lines that begin with {code(csv.comments)} are comments."
    if csv.mixed_line_ends:
        yield "All kinds of line ends end a record."
    if csv.escape_sequences is not None:
        yield f"Backslash sequences are those of {_SEQUENCES[csv.escape_sequences]}."


def _list(texts: Sequence[str]) -> str:
    return ", ".join(code(text) for text in texts)


def code(raw: str) -> str:
    """Text as Markdown shows it literally, whatever it holds: a blank line would end the code."""
    text = shown(raw)
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
