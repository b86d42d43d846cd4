"""What a sender promises of a file is not so."""

from __future__ import annotations

from dataclasses import replace

from airflow_landing_loader.config.mapping.model import COUNTS
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.generating.draft import Expected, Layer
from airflow_landing_loader.generating.faults.ground import SEVERAL, Faulty, Ground, records_of
from airflow_landing_loader.generating.totals import proofs_with_totals

_OTHER_STATUS = "INCOMPLETE"


def cut(at: Ground) -> Faulty | None:
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
        records=tuple(records_of(draft)[: count // 2]),
        own_count=count,
        go_count=count,
        without=rest,
        go_of=draft,
    )
    return Faulty("cut", short, at.spoiled(code))


def _of_cut(at: Ground, *, kept: int) -> ErrorCode | None:
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


def cut_in_a_record(at: Ground) -> Faulty | None:
    """The last record ends in its first field; nothing but that tells it."""
    draft, csv = at.draft, at.mapping.csv
    below = csv.data_end or at.mapping.trailer or csv.footer_rows
    proofs = at.counted or at.totalled or at.promised("checksum") or at.promised("size")
    if at.is_packed or below or proofs or at.rejects or len(draft.header) < SEVERAL:
        return None
    if csv.encoding != "utf-8" or csv.excel_formulas:
        return None
    mark = (draft.rows[-1][0] or "").encode()
    cut = replace(draft, edit=lambda text: text[: text.rindex(mark) + SEVERAL])
    return Faulty("cut_in_a_record", cut, at.failed(at.ragged))


def wrong_count(at: Ground) -> Faulty | None:
    """The go file promises one more than there are."""
    if not at.promised("count"):
        return None
    more = replace(at.draft, go_count=len(at.draft.rows) + 1)
    return Faulty("wrong_count", more, at.failed(ErrorCode.COUNT_TOO_FEW))


def wrong_count_below(at: Ground) -> Faulty | None:
    """Trailer or header record promise one less than there are."""
    own = at.mapping.trailer or at.mapping.header_record
    if own is None:
        return None
    less = replace(at.draft, own_count=len(at.draft.rows) - 1)
    return Faulty("wrong_own_count", less, at.failed(ErrorCode.COUNT_TOO_MANY))


def wrong_name_count(at: Ground) -> Faulty | None:
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


def wrong_size(at: Ground) -> Faulty | None:
    if not at.promised("size"):
        return None
    other = replace(at.draft, size=len(at.draft.content()) + 1)
    return Faulty("wrong_size", other, at.failed(ErrorCode.SIZE_WRONG))


def wrong_checksum(at: Ground) -> Faulty | None:
    if not at.promised("checksum"):
        return None
    digits = 32 if (at.draft.named.go or "").endswith(("md5", "md5sum")) else 64
    other = replace(at.draft, hexdigest="0" * digits)
    return Faulty("wrong_checksum", other, at.failed(ErrorCode.CHECKSUM_WRONG))


def wrong_total(at: Ground) -> Faulty | None:
    """The first total that is given is one too much."""
    if not at.totalled:
        return None
    (proof, *_) = proofs_with_totals(at.mapping)
    other = replace(at.draft, wrong_total=proof)
    return Faulty("wrong_total", other, at.failed(ErrorCode.TOTALS_DIFFER))


def bad_status(at: Ground) -> Faulty | None:
    go = at.mapping.go_file
    if go is None or go.status_place is None or _OTHER_STATUS in go.status_ok:
        return None
    other = replace(at.draft, status=_OTHER_STATUS)
    return Faulty("bad_status", other, at.failed(ErrorCode.GO_FILE_BAD_STATUS))


def missing_go_file(at: Ground) -> Faulty | None:
    if at.mapping.go_file is None:
        return None
    return Faulty("missing_go_file", replace(at.draft, has_go=False), Expected(status="waiting"))


def orphan(at: Ground) -> Faulty | None:
    if at.mapping.go_file is None:
        return None
    return Faulty("orphan_go_file", replace(at.draft, has_data=False), Expected(status="orphan"))
