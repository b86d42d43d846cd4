"""What can be wrong with a delivery of a mapping, and what has to become of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from airflow_landing_loader.config.mapping.model import COUNTS, TableMapping
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.generating.draft import Draft, Expected, Layer
from airflow_landing_loader.generating.packing import compression_for
from airflow_landing_loader.generating.records import field_of, record_of
from airflow_landing_loader.generating.totals import proofs_with_totals

_OTHER_STATUS = "INCOMPLETE"
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00"


@dataclass(frozen=True, slots=True)
class Faulty:
    """A delivery with a fault.

    :param kind: a word for it.
    """

    kind: str
    draft: Draft
    expected: Expected


@dataclass(frozen=True)
class _Ground:
    """A right delivery, on which faults are made."""

    draft: Draft

    @property
    def mapping(self) -> TableMapping:
        return self.draft.mapping

    @property
    def is_packed(self) -> bool:
        return compression_for(self.mapping, self.draft.named.data) != "none"

    @property
    def ragged(self) -> ErrorCode:
        """What a record is refused by that has another number of fields than the first."""
        return ErrorCode.CSV_NO_DIALECT if self.mapping.csv.auto else ErrorCode.CSV_RAGGED

    @property
    def totalled(self) -> bool:
        """Whether totals are promised by anything."""
        return bool(proofs_with_totals(self.mapping))

    @property
    def rejects(self) -> bool:
        return self.mapping.on_bad_row == "reject"

    def promised(self, place: str) -> bool:
        """Whether the go file promises something: ``count``, ``size``, ``checksum``."""
        go = self.mapping.go_file
        if go is None:
            return False
        if place == "checksum":
            return go.format == "checksum" or go.checksum is not None
        return (go.count_place if place == "count" else go.size) is not None

    @property
    def counted(self) -> bool:
        """Whether a count is promised by anything."""
        mapping = self.mapping
        own = mapping.trailer or mapping.header_record or mapping.name_count
        return self.promised("count") or own is not None

    def failed(self, code: ErrorCode) -> Expected:
        return Expected(status="failed", code=code.value)

    def spoiled(self, code: ErrorCode) -> Expected:
        """What becomes of bytes that are not those of which the go file speaks."""
        return self.failed(ErrorCode.SIZE_WRONG if self.promised("size") else code)


def faults_of(right: Callable[[], Draft]) -> Iterator[Faulty]:
    """One of each fault that a mapping can meet.

    :param right: makes a right delivery under a new name.
    """
    ground = _Ground(right())
    for make in _FAULTS:
        found = make(ground)
        if found is not None:
            yield found
            ground = _Ground(right())


def _records(draft: Draft) -> list[str]:
    return [record_of(row, draft.mapping.csv) for row in draft.rows]


def _cut(at: _Ground) -> Faulty | None:
    """The last records are missing, and all that follows them."""
    draft = at.draft
    if at.is_packed:
        half = replace(draft, spoil=lambda content: content[: len(content) // 2], go_of=draft)
        # A dialect is looked for before anything is held against the go file.
        judged = at.failed if at.mapping.csv.auto else at.spoiled
        return Faulty("cut", half, judged(ErrorCode.COMPRESSION_CUT))
    count = len(draft.rows)
    code = _of_cut(at, kept=count // 2)
    if code is None or (at.mapping.csv.auto and not at.promised("size")):
        return None
    rest: frozenset[Layer] = frozenset(("data_end", "trailer", "footer"))
    short = replace(
        draft,
        records=tuple(_records(draft)[: count // 2]),
        own_count=count,
        go_count=count,
        without=rest,
        go_of=draft,
    )
    return Faulty("cut", short, at.spoiled(code))


def _of_cut(at: _Ground, *, kept: int) -> ErrorCode | None:
    """What a file shows that ends behind a record.

    :param kept: records that it still has.
    """
    mapping = at.mapping
    proofs = [getattr(mapping, key) for key in COUNTS]
    if mapping.csv.data_end is not None:
        return ErrorCode.CSV_DATA_END_MISSING
    if mapping.csv.footer_rows:
        # The lines that are taken for the footer may begin within a record.
        return ErrorCode.CSV_FOOTER_MISSING if not any(proofs) else None
    if mapping.trailer is not None:
        return ErrorCode.TRAILER_MISSING
    if at.promised("checksum"):
        return ErrorCode.CHECKSUM_WRONG
    if at.counted:
        return ErrorCode.COUNT_TOO_FEW
    less = replace(at.draft, rows=at.draft.rows[:kept])
    return ErrorCode.TOTALS_DIFFER if less.go_totals != at.draft.go_totals else None


def _cut_in_a_record(at: _Ground) -> Faulty | None:
    """The last record ends in its first field; nothing but that tells it."""
    draft, csv = at.draft, at.mapping.csv
    below = csv.data_end or at.mapping.trailer or csv.footer_rows
    proofs = at.counted or at.totalled or at.promised("checksum") or at.promised("size")
    if at.is_packed or below or proofs or at.rejects or len(draft.header) < _SEVERAL:
        return None
    if csv.encoding != "utf-8" or csv.excel_formulas:
        return None
    mark = (draft.rows[-1][0] or "").encode()
    cut = replace(draft, edit=lambda text: text[: text.rindex(mark) + _SEVERAL])
    return Faulty("cut_in_a_record", cut, at.failed(at.ragged))


_SEVERAL = 2


def _wrong_count(at: _Ground) -> Faulty | None:
    """The go file promises one more than there are."""
    if not at.promised("count"):
        return None
    more = replace(at.draft, go_count=len(at.draft.rows) + 1)
    return Faulty("wrong_count", more, at.failed(ErrorCode.COUNT_TOO_FEW))


def _wrong_count_below(at: _Ground) -> Faulty | None:
    """Trailer or header record promise one less than there are."""
    own = at.mapping.trailer or at.mapping.header_record
    if own is None:
        return None
    less = replace(at.draft, own_count=len(at.draft.rows) - 1)
    return Faulty("wrong_own_count", less, at.failed(ErrorCode.COUNT_TOO_MANY))


def _wrong_name_count(at: _Ground) -> Faulty | None:
    """The name promises one more than there are."""
    rules = at.mapping.name_count
    if rules is None:
        return None
    named, data, go = at.draft.named, at.mapping.data_pattern, at.mapping.go_pattern
    texts = list(data.match(named.data) or ())
    index = data.names.index(rules.part)
    texts[index] = str(int(texts[index]) + 1).rjust(len(texts[index]), "0")
    if go is not None and at.mapping.go_file is not None and not at.mapping.go_file.lists:
        named = replace(named, go=go.counterpart(data, texts))
    other = replace(at.draft, named=replace(named, data=data.fill(texts)))
    return Faulty("wrong_name_count", other, at.failed(ErrorCode.COUNT_TOO_FEW))


def _wrong_size(at: _Ground) -> Faulty | None:
    if not at.promised("size"):
        return None
    other = replace(at.draft, size=len(at.draft.content()) + 1)
    return Faulty("wrong_size", other, at.failed(ErrorCode.SIZE_WRONG))


def _wrong_checksum(at: _Ground) -> Faulty | None:
    if not at.promised("checksum"):
        return None
    digits = 32 if (at.draft.named.go or "").endswith(("md5", "md5sum")) else 64
    other = replace(at.draft, hexdigest="0" * digits)
    return Faulty("wrong_checksum", other, at.failed(ErrorCode.CHECKSUM_WRONG))


def _wrong_total(at: _Ground) -> Faulty | None:
    """The first total that is given is one too much."""
    if not at.totalled:
        return None
    (proof, *_) = proofs_with_totals(at.mapping)
    other = replace(at.draft, wrong_total=proof)
    return Faulty("wrong_total", other, at.failed(ErrorCode.TOTALS_DIFFER))


def _bad_status(at: _Ground) -> Faulty | None:
    go = at.mapping.go_file
    if go is None or go.status_place is None or _OTHER_STATUS in go.status_ok:
        return None
    other = replace(at.draft, status=_OTHER_STATUS)
    return Faulty("bad_status", other, at.failed(ErrorCode.GO_FILE_BAD_STATUS))


def _missing_go_file(at: _Ground) -> Faulty | None:
    if at.mapping.go_file is None:
        return None
    return Faulty("missing_go_file", replace(at.draft, has_go=False), Expected(status="waiting"))


def _orphan(at: _Ground) -> Faulty | None:
    if at.mapping.go_file is None:
        return None
    return Faulty("orphan_go_file", replace(at.draft, has_data=False), Expected(status="orphan"))


def _ragged(at: _Ground) -> Faulty | None:
    """A record has more fields than the header."""
    draft, csv = at.draft, at.mapping.csv
    records = _records(draft)
    middle = len(records) // 2
    records[middle] += f"{csv.delimiter}x{csv.delimiter}x"
    more = replace(draft, records=tuple(records))
    if not at.rejects or csv.auto:
        return Faulty("ragged_record", more, at.failed(at.ragged))
    if at.mapping.max_rejected * len(records) < 1 or len(records) == 1:
        return Faulty("ragged_record", more, at.failed(ErrorCode.CSV_TOO_MANY_REJECTED))
    quality = at.mapping.quality
    good = 100 * (1 - 1 / len(records))
    if quality is not None and quality.fail_below is not None and good < quality.fail_below:
        return Faulty("ragged_record", more, at.failed(ErrorCode.QUALITY_TOO_LOW))
    rows = (*draft.rows[:middle], *draft.rows[middle + 1 :])
    return Faulty("ragged_record", more, Expected(status="loaded", rows=rows, rejected=1))


def _unclosed_quote(at: _Ground) -> Faulty | None:
    """A quote is opened and never closed."""
    draft, csv = at.draft, at.mapping.csv
    if not csv.quote or len(draft.header) < _SEVERAL or csv.auto:
        return None
    records = _records(draft)
    first = draft.rows[-1][0]
    opened = csv.delimiter + csv.quote + "open"
    records[-1] = record_of((first,), csv).removesuffix(csv.delimiter) + opened
    broken = replace(draft, records=tuple(records))
    lines = broken.lines()
    if any(csv.quote in line for line in lines[lines.index(records[-1]) + 1 :]):
        return None  # a trailer closes it
    return Faulty("unclosed_quote", broken, at.failed(ErrorCode.CSV_UNCLOSED_QUOTE))


def _bad_encoding(at: _Ground) -> Faulty | None:
    """A byte that is none of the character set."""
    encoding = at.mapping.csv.encoding
    if encoding not in _BAD_BYTES:
        return None
    return _with_byte(at, "bad_encoding", _BAD_BYTES[encoding], ErrorCode.ENCODING_INVALID)


_BAD_BYTES = {"utf-8": b"\xff", "ascii": b"\xff", "windows-1252": b"\x81", "windows-1250": b"\x81"}


def _nul(at: _Ground) -> Faulty | None:
    if at.mapping.csv.encoding not in _BAD_BYTES:
        return None
    return _with_byte(at, "nul_character", b"\0", ErrorCode.ENCODING_NUL_BYTE)


def _with_byte(at: _Ground, kind: str, byte: bytes, code: ErrorCode) -> Faulty:
    """A byte in place of the first character of the last record."""
    mark = at.draft.rows[-1][0] or ""
    before = mark.encode()
    after = byte + before[1:]
    return Faulty(
        kind, replace(at.draft, edit=lambda text: text.replace(before, after)), at.failed(code)
    )


def _mixed_line_ends(at: _Ground) -> Faulty | None:
    csv = at.mapping.csv
    if csv.mixed_line_ends or csv.encoding not in _BAD_BYTES or csv.auto:
        return None
    mark = field_of(at.draft.rows[-1][0], csv).encode()
    end = at.draft.line_end.encode()
    other = b"\r\n" if end == b"\n" else b"\n"
    edited = replace(at.draft, edit=lambda text: text.replace(end + mark, other + mark))
    return Faulty("mixed_line_ends", edited, at.failed(ErrorCode.CSV_MIXED_LINE_ENDS))


def _empty(at: _Ground) -> Faulty | None:
    if at.is_packed:
        return None
    nothing = replace(at.draft, spoil=lambda _: b"", go_of=at.draft)
    return Faulty("no_bytes", nothing, at.spoiled(ErrorCode.FILE_EMPTY))


def _binary(at: _Ground) -> Faulty | None:
    if at.is_packed or at.mapping.csv.encoding != "utf-8":
        return None
    picture = replace(at.draft, spoil=lambda _: _PNG * 20)
    return Faulty("picture", picture, at.failed(ErrorCode.FILE_BINARY))


def _plain_under_packed_name(at: _Ground) -> Faulty | None:
    if not at.is_packed:
        return None
    text = at.draft.text()
    plain = replace(at.draft, spoil=lambda _: text)
    return Faulty("not_compressed", plain, at.failed(ErrorCode.COMPRESSION_WRONG_NAME))


def _missing_layer(layer: Layer, code: ErrorCode) -> Callable[[_Ground], Faulty | None]:
    def make(at: _Ground) -> Faulty | None:
        csv, mapping = at.mapping.csv, at.mapping
        there = {
            "trailer": mapping.trailer,
            "header_record": mapping.header_record,
            "data_start": csv.data_start,
            "data_end": csv.data_end,
        }
        if there[layer] is None or csv.auto:
            return None
        # A trailer behind the line that ends the data is no record; without that line it is one.
        gone: frozenset[Layer] = frozenset((layer, "trailer") if layer == "data_end" else (layer,))
        return Faulty(f"missing_{layer}", replace(at.draft, without=gone), at.failed(code))

    return make


def _header_changed(at: _Ground) -> Faulty | None:
    """Names that are promised, or renamed, are not there."""
    csv = at.mapping.csv
    if not csv.header or (csv.columns is None and not csv.rename) or csv.auto:
        return None
    other = replace(at.draft, header=tuple(f"{name}_new" for name in at.draft.header))
    return Faulty("other_header", other, at.failed(ErrorCode.HEADER_NOT_AS_PROMISED))


def _name_twice(at: _Ground) -> Faulty | None:
    csv, header = at.mapping.csv, at.draft.header
    if not csv.header or csv.columns is not None or csv.rename or csv.auto:
        return None
    if len(header) < _SEVERAL:
        return None
    twice = replace(at.draft, header=(header[1], *header[1:]))
    return Faulty("name_twice", twice, at.failed(ErrorCode.HEADER_DUPLICATE_NAME))


def _header_again(at: _Ground) -> Faulty | None:
    """The header stands among the records, too."""
    draft, csv = at.draft, at.mapping.csv
    if not csv.header or csv.repeated_header != "refuse" or at.rejects or csv.auto:
        return None
    records = _records(draft)
    records.insert(len(records) // 2, record_of(draft.header, csv))
    again = replace(draft, records=tuple(records))
    return Faulty("header_again", again, at.failed(ErrorCode.CSV_REPEATED_HEADER))


_FAULTS: tuple[Callable[[_Ground], Faulty | None], ...] = (
    _cut,
    _cut_in_a_record,
    _wrong_count,
    _wrong_count_below,
    _wrong_name_count,
    _wrong_size,
    _wrong_checksum,
    _wrong_total,
    _bad_status,
    _missing_go_file,
    _orphan,
    _ragged,
    _unclosed_quote,
    _bad_encoding,
    _nul,
    _mixed_line_ends,
    _empty,
    _binary,
    _plain_under_packed_name,
    _missing_layer("trailer", ErrorCode.TRAILER_MISSING),
    _missing_layer("header_record", ErrorCode.HEADER_RECORD_MISSING),
    _missing_layer("data_start", ErrorCode.CSV_DATA_START_MISSING),
    _missing_layer("data_end", ErrorCode.CSV_DATA_END_MISSING),
    _header_changed,
    _name_twice,
    _header_again,
)
