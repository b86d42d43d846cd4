"""Bytes of data files and go files, written by rules of our own."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Iterator, Sequence

from chaos.model import GO_STEM, PROMISED, Cell, Record, Table

_WORDS = ("Ann", "Łódź", "naïve", "O'Neill", "a;b", "x,y", "50 %", "", "NULL", "-0.10", "日本")
_PROPERTIES = ("properties, row_count_key: record_count", "id_total")
_GO_FILES = {
    "csv": ("csv, row_count_column: 2", "4"),
    "checksum": ("checksum", ""),
    "csv list": ("csv, lists_files: 1, row_count: 2", "4"),
    "json list": (
        'json, lists_files: "$.files[*].name", row_count: "$.files[*].rows"',
        '"$.files[*].total"',
    ),
    "checksum list": ("checksum, lists_files: true", ""),
}
"""What a mapping says of go files, and where the total stands, by what they prove."""
_LINES = ("two\nlines", 'she said "no"', '"', "tab\there", " blank ")


def random_cell(random_: random.Random) -> Cell:
    """A value: mostly a number or a word, sometimes NULL, empty, quoted or of two lines."""
    kind = random_.random()
    if kind < 0.5:
        return str(random_.randrange(1_000_000))
    if kind < 0.6:
        return None
    return random_.choice(_WORDS if kind < 0.9 else _LINES)


def random_record(random_: random.Random, number: int, columns: int) -> Record:
    """A record whose first value is ``number``, so that no two files are equal by chance."""
    return (str(number), *(random_cell(random_) for _ in range(columns - 1)))


def csv_line(cells: Sequence[Cell], table: Table) -> str:
    """One record: quoted as RFC 4180 says, where NULL is an empty field and an empty text is
    quoted; or with backslashes, as MySQL writes it."""
    field = _with_backslashes if table.sequences else _field
    return table.delimiter.join(field(cell, table.delimiter) for cell in cells) + "\n"


def _with_backslashes(cell: Cell, delimiter: str) -> str:
    if cell is None:
        return "\\N"
    return "".join(f"\\{c}" if c in ("\\", "\n", delimiter) else c for c in cell)


def _field(cell: Cell, delimiter: str) -> str:
    if cell is None:
        return ""
    if cell == "" or cell != cell.strip() or any(c in cell for c in (delimiter, '"', "\n", "\r")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def total_of(table: Table, lines: Sequence[str]) -> int:
    """What the first column comes to, which holds whole numbers, in lines that are records."""
    first = (line.partition(table.delimiter)[0] for line in lines)
    return sum(int(cell) for cell in first if cell.isdigit())


def data_file(
    table: Table,
    header: Sequence[str],
    lines: Sequence[str],
    promised: int,
    total: int | None = None,
) -> bytes:
    """A whole data file.

    :param lines: the records as they stand in the file.
    :param promised: what the trailer says, if there is one.
    :param total: the sum that it gives, if the table has one; ``None``: the right one.
    """
    text = csv_line(header, table) + "".join(lines)
    given = str(total_of(table, lines) if total is None else total)
    if table.has_trailer:
        text += csv_line(("TRAILER", str(promised), *([given] if table.totalled else [])), table)
    if table.proof == "ends":
        more = f" {given}" if table.totalled else ""
        text += f'END-OF-DATA\nDATARECORDS={promised}{more}\n"\n'
    return packed(table, text.encode())


def packed(table: Table, content: bytes) -> bytes:
    """``content`` as the table's files hold it; equal texts give equal bytes."""
    if table.packing == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(zipfile.ZipInfo("export.csv"), content, zipfile.ZIP_DEFLATED)
        return archive.getvalue()
    return gzip.compress(content, mtime=0) if table.packing else content


def go_file(table: Table, name: str, content: bytes, promised: int, total: int) -> bytes:
    """The go file of a data file of this name and content; of a listed one, what it says of it."""
    if table.proof == "checksum list":
        return f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()
    if table.proof == "json list":
        return json.dumps({"name": name, "rows": promised, "total": total}).encode()
    if table.proof == "checksum":
        return f"{hashlib.sha256(content).hexdigest()}\n".encode()
    if table.proof in ("csv", "csv list"):
        return f"{name},{promised},SUCCESS,{total}.00\n".encode()
    return f"# sent by the back office\nrecord_count={promised}\nid_total={total}\n".encode()


def listing(table: Table, entries: Sequence[bytes]) -> bytes:
    """A go file that names several data files.

    :param table: of one of them.
    :param entries: what :func:`go_file` makes of each.
    """
    if table.proof == "json list":
        return b'{"files": [' + b",\n".join(entries) + b"]}\n"
    return b"".join(entries)


def mapping_yaml(table: Table) -> str:
    """The table's mapping as a person would write it."""
    lines = [
        f'"{table.stem}{table.parts}{table.ending}":',
        f"  table: {table.name}",
        "  settle_seconds: 0",
        "  grace_seconds: 0",
        f"  on_duplicate: {table.on_duplicate}",
        f"  on_redelivery: {table.on_redelivery}",
        f"  identity: {'{key: [number]}' if table.keyed else table.identity}",
        f"  csv: {{{', '.join(_dialect(table))}}}",
    ]
    if table.keyed:
        lines.append("  sequence: {part: number, on_gap: report}")
    if table.numbered:
        lines.append('  add_columns: {file_number: "no. {number}"}')
    if table.typed:
        lines.append(f"  types: {{{PROMISED}: VARCHAR}}")
    if table.measured:
        lines.append(f"  quality: {{required: [{table.columns[-1]}], unique: [id]}}")
    if table.reject:
        lines += ["  on_bad_row: reject", "  max_rejected: 0.5"]
    if table.layout:
        lines.append('  archive_layout: "{table}"')
    lines += _proofs(table)
    return "\n".join(lines) + "\n"


def _proofs(table: Table) -> Iterator[str]:
    """How its files prove that they are complete."""
    if table.has_go:
        pattern = f"{GO_STEM}*.go" if table.is_listed else f"{table.stem}{table.parts}.go"
        form, total = _GO_FILES.get(table.proof, _PROPERTIES)
        form += f", totals: {{id: {total}}}" if table.totalled else ""
        yield f'  go_file: {{pattern: "{pattern}", format: {form}}}'
    totals = ", totals: {id: 2}" if table.totalled else ""
    if table.has_trailer:
        yield (f"  trailer: {{row_count_column: 1, tag: TRAILER{totals}}}")
    if table.proof == "ends":
        group, totals = (r" (?P<sum>\d+)", ", totals: {id: sum}") if table.totalled else ("", "")
        yield (rf"  trailer: {{match: '^DATARECORDS=(?P<count>\d+){group}$'{totals}}}")


def _dialect(table: Table) -> list[str]:
    keys = [f'delimiter: "{table.delimiter}"', f"row_number: {str(table.row_number).lower()}"]
    if table.sequences:
        keys.append("quote: '', escape_sequences: mysql")
    if table.proof == "ends":
        keys.append("data_end: END-OF-DATA")
    return keys
