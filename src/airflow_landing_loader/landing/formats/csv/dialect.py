"""A dialect as the bytes of a text in UTF-8, and what it has besides RFC 4180."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.once import once

BACKSLASH = 0x5C
NULL_SEQUENCE = "\\N"
"""What NULL is where backslashes begin sequences: an empty field is an empty text there."""

_BLANKS = b" \t"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Delimiter, quote, escape and the rest; the mapping's rules keep them apart.

    :param delimiter: one character, or up to four ASCII ones.
    :param quote: ``None``: no quoting at all.
    :param escape: the character that takes a quote's meaning away inside quotes; ``None``: the
        quote doubled.
    :param lenient: the escape before anything but a quote or an escape is text, as Spark reads it.
    :param sequences: whose backslash sequences have a meaning everywhere; ``None``: nobody's.
    :param trailing: a delimiter may stand behind the last field.
    :param blanks: bytes that may stand between a delimiter and a quote.
    :param formulas: ``="text"`` is that text.
    :param comment: how a line begins that is no record; empty: no line is a comment.
    :param mixed: all kinds of line ends end a record.
    """

    delimiter: bytes
    quote: int | None
    escape: int | None
    lenient: bool = False
    sequences: Literal["mysql", "postgres"] | None = None
    trailing: bool = False
    blanks: bytes = b""
    formulas: bool = False
    comment: bytes = b""
    mixed: bool = False

    @staticmethod
    @once
    def of(csv: CsvDialect) -> Dialect:
        """Return the dialect that a mapping names."""
        spark = csv.escape_sequences == "spark"
        escape = BACKSLASH if spark else ord(csv.escape) if csv.escape else None
        quote = ord(csv.quote) if csv.quote else None
        delimiter = csv.delimiter.encode()
        blanks = bytes(byte for byte in _BLANKS if byte not in delimiter)
        return Dialect(
            delimiter,
            quote,
            escape if escape != quote else None,
            lenient=spark,
            sequences=None if csv.escape_sequences == "spark" else csv.escape_sequences,
            trailing=csv.trailing_delimiter == "ignore",
            blanks=blanks if csv.blank_around_quotes and csv.quote else b"",
            formulas=csv.excel_formulas and csv.quote == '"',
            comment=(csv.comments or "").encode(),
            mixed=csv.mixed_line_ends,
        )

    def is_comment(self, line: bytes) -> bool:
        """Whether a line is a comment, where a record could begin."""
        return bool(self.comment) and line.startswith(self.comment)

    @property
    def is_disguised(self) -> bool:
        """Whether the text has to be brought to RFC 4180 before its structure is looked at."""
        return bool(self.sequences or self.blanks or self.formulas or self.comment)

    @property
    def is_readable(self) -> bool:
        """Whether an engine that knows RFC 4180 and escapes reads the text as it stands."""
        return not (self.is_disguised or self.lenient or self.trailing or self.mixed)

    @property
    def has_own_fields(self) -> bool:
        """Whether fields are written in other ways than RFC 4180 and escapes know."""
        return bool(self.sequences or self.blanks or self.formulas or self.lenient)


def null_texts(csv: CsvDialect) -> tuple[str, ...]:
    """The unquoted fields that are NULL; the first one is NULL for everybody."""
    sequences = csv.escape_sequences in ("mysql", "postgres")
    return (NULL_SEQUENCE if sequences else "", *csv.null_values)
