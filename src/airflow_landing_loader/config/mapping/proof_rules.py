"""What a mapping may not say of its proofs beside what it says of the records.

All raise ``PydanticCustomError``: ``mapping.contradiction``, or ``mapping.missing_key``.
"""

from __future__ import annotations

from collections.abc import Iterable

from airflow_landing_loader.config.mapping.counted_lines import HeaderRecord, Trailer
from airflow_landing_loader.config.mapping.dialect import CsvDialect
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.proof import GoFile
from airflow_landing_loader.config.mapping.sequence import GO_NUMBER, Sequence
from airflow_landing_loader.config.yaml.values import refusal
from airflow_landing_loader.exceptions import ErrorCode


def check_counted(trailer: Trailer | None, go_file: GoFile | None) -> None:
    """A trailer that is counted must be there."""
    if trailer is None and go_file and "trailer" in go_file.count_includes:
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            "The go file's count includes a trailer, but the mapping has none.",
            hint="Add trailer, or remove it from count_includes.",
            at=("go_file", "count_includes"),
        )


def check_no_comment(csv: CsvDialect, trailer: Trailer | None) -> None:
    """A trailer must not begin as comments do."""
    tag = trailer.expected_tag if trailer else None
    if csv.comments and (tag or "").startswith(csv.comments):
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            f"The trailer's tag {tag!r} begins like a comment, which is no record.",
            hint="Let comments begin with more than the tag does, or leave csv.comments out.",
            at=("csv", "comments"),
        )


def check_trailer_told(trailer: Trailer | None) -> None:
    """Where records of any number of fields are rejected, a trailer needs its tag."""
    if trailer and trailer.tag is False:
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            "Where data records may have any number of fields, nothing tells a trailer "
            "without a tag from the last record of a file that was cut.",
            hint="Ask the sender for a trailer with a tag, or remove on_bad_row: reject.",
            at=("trailer", "tag"),
        )


def check_footer_told(csv: CsvDialect | None, *, proved: bool) -> None:
    """Where such records are rejected, a footer needs a count, or a beginning of its own.

    :param proved: something gives the count of the records.
    """
    if csv and csv.footer_rows and not proved:
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            "Where data records may have any number of fields and nothing gives their count, "
            "nothing tells a footer from the last records of a file that was cut.",
            hint="Say by csv.data_end how the footer begins, or remove on_bad_row: reject.",
            at=("csv", "footer_rows"),
        )


def check_no_such_part(go_file: GoFile, pattern: Pattern) -> None:
    """A number of the go file is the part of this name."""
    if go_file.sequence_number is not None and GO_NUMBER in pattern.names:
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            f"The pattern has a part called {GO_NUMBER}, and the go file has such a number, too.",
            hint="Call the part of the pattern something else.",
            at=("go_file", GO_NUMBER),
        )


def check_counted_once(sequence: Sequence | None, go_file: GoFile | None) -> None:
    """Files are counted by a part of their names, or by a number of their go files."""
    numbered = go_file is not None and go_file.sequence_number is not None
    if sequence is None:
        if numbered:
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "go_file.sequence_number says where a number stands, but nothing counts by it.",
                hint="Add sequence: {}, or {on_gap: report}; or remove it.",
                at=("go_file", GO_NUMBER),
            )
        return
    if numbered and sequence.part is not None:
        raise refusal(
            ErrorCode.MAPPING_CONTRADICTION,
            "The files are counted by a part of their names, and by go_file.sequence_number.",
            hint="Remove one of them.",
            at=("sequence", "part"),
        )
    if not numbered and sequence.part is None:
        raise refusal(
            ErrorCode.MAPPING_MISSING_KEY,
            "Nothing says which number counts the files.",
            hint="Add part, a part of the pattern: {part: seq}; or say by go_file.sequence_number "
            "where it stands in the go file.",
            at=("sequence",),
        )


def check_numbers_read(proofs: Iterable[GoFile | Trailer | HeaderRecord | None]) -> None:
    """The form of numbers is said where some are read."""
    if not any(proof and proof.totals for proof in proofs):
        raise refusal(
            ErrorCode.MAPPING_MISSING_KEY,
            "numbers says how numbers are written, but nothing reads any.",
            hint="Remove it, or add totals to go_file, trailer or header_record.",
        )
