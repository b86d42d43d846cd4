"""Compressed files as streams that must end as they should.

Libraries are lenient where a landing zone must not be: the usual readers take a zstd file that was
cut in the middle for a short one, and ignore what follows the last gzip member. Here every stream
is followed to its last checksum, and its output comes in small pieces, so that a tiny file that
expands to gigabytes costs no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from airflow_landing_loader.config.mapping.fields import Compression, CompressionKey
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.text.packings import faults
from airflow_landing_loader.landing.text.packings.members import (
    BZIP2_MAGIC,
    GZIP_MAGIC,
    XZ_MAGIC,
    bunzip2,
    gunzip,
    unxz,
)
from airflow_landing_loader.landing.text.packings.taking import Input
from airflow_landing_loader.landing.text.packings.zip_file import EMPTY_ZIP_MAGIC, ZIP_MAGIC, unzip
from airflow_landing_loader.landing.text.packings.zstd import ZSTD_MAGIC, is_skippable, unzstd

MAGIC_BYTES = 6
"""How many of a file's first bytes tell its compression."""

_MAGICS: dict[Compression, bytes] = {
    "gzip": GZIP_MAGIC,
    "zstd": ZSTD_MAGIC,
    "bzip2": BZIP2_MAGIC,
    "xz": XZ_MAGIC,
    "zip": ZIP_MAGIC,
}
_TOLD_UNCLAIMED: frozenset[Compression] = frozenset({"none", "gzip", "zstd"})
"""Kinds that are told by their first bytes where nothing claims that a file is compressed."""

_UNPACK: dict[Compression, Callable[[Input, str], Iterator[bytes]]] = {
    "gzip": gunzip,
    "zstd": unzstd,
    "bzip2": bunzip2,
    "xz": unxz,
    "zip": unzip,
}
_SUFFIXES: dict[str, Compression] = {
    ".gz": "gzip",
    ".zst": "zstd",
    ".zstd": "zstd",
    ".bz2": "bzip2",
    ".xz": "xz",
    ".zip": "zip",
}


class Expansion(NamedTuple):
    """How far a compressed file may expand; refused is what passes both.

    :param ratio: decompressed bytes for each delivered one.
    :param free_bytes: decompressed bytes that are allowed whatever the ratio.
    """

    ratio: float
    free_bytes: int


def compression_of(name: str, head: bytes, said: CompressionKey = "auto") -> Compression:
    """How a file is compressed: what its mapping or its name says, and its first bytes, which must
    agree.

    :param name: file name; its ending counts, in any case, where the mapping says nothing.
    :param head: the first :data:`MAGIC_BYTES` as delivered, fewer only if the file is shorter; not
        empty.
    :param said: the mapping's ``compression``.
    :raises TerminalError: ``COMPRESSION_WRONG_NAME``, or ``COMPRESSION_CUT`` for a file that ends
        within the first bytes that it should have.
    """
    claimed = compression_by_name(name) if said == "auto" else said
    found = _found(head, claimed)
    if claimed == "none" and found not in _TOLD_UNCLAIMED:
        found = "none"  # if that is no text after all, it is told so
    if claimed == found:
        return claimed
    if claimed != "none" and _MAGICS[claimed].startswith(head):
        raise faults.cut(name, claimed)
    raise _contradicted(name, claimed, found, by_name=said == "auto")


def decompressed(blocks: Iterator[bytes], compression: Compression, name: str) -> Iterator[bytes]:
    """Decompress a stream of blocks, in pieces of bounded size.

    gzip may have several members, bzip2 and xz several streams, zstd several and skippable frames;
    a zip archive has one file. Nothing else may follow.

    :param blocks: the file as delivered, from its first byte; no block is empty.
    :param compression: what :func:`compression_of` found.
    :param name: file name, for errors.
    :raises TerminalError: ``COMPRESSION_CUT``, ``COMPRESSION_CORRUPT`` (bad data, checksum or
        length, or more memory than is granted), ``COMPRESSION_TRAILING_BYTES``; for zip as
        :func:`~airflow_landing_loader.landing.text.packings.zip_file.unzip`.
    """
    if compression == "none":
        return blocks
    return _UNPACK[compression](Input(blocks, name, compression), name)


def within(
    pieces: Iterator[bytes], expansion: Expansion, *, delivered: int, name: str
) -> Iterator[bytes]:
    """Hand on decompressed pieces until they are more than a file of this size may become.

    :param pieces: as :func:`decompressed` gives them.
    :param delivered: bytes of the file as delivered.
    :param name: file name, for the error.
    :raises TerminalError: ``COMPRESSION_BOMB``, before the piece that is too much is handed on.
    """
    limit = max(expansion.free_bytes, int(expansion.ratio * delivered))
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > limit:
            raise TerminalError(
                ErrorCode.COMPRESSION_BOMB,
                f"{delivered:,} bytes expand to more than {limit:,}: more than "
                f"{expansion.ratio:g} times their size, and more than "
                f"{expansion.free_bytes:,} bytes.",
                hint="Ask the sender whether the file is meant to be so large; if it is, raise "
                "max_expansion or free_expansion_bytes in the mapping.",
                file=name,
            )
        yield piece


def compression_by_name(name: str) -> Compression:
    """The compression that a file's name claims."""
    lower = name.lower()
    return next((found for end, found in _SUFFIXES.items() if lower.endswith(end)), "none")


def _found(head: bytes, claimed: Compression) -> Compression:
    """What a file's first bytes say; those of a skippable frame say zstd only where it is meant."""
    if claimed == "zstd" and is_skippable(head[:4]):
        return "zstd"
    if head.startswith(EMPTY_ZIP_MAGIC):
        return "zip"
    return next((kind for kind, magic in _MAGICS.items() if head.startswith(magic)), "none")


def _contradicted(
    name: str, claimed: Compression, found: Compression, *, by_name: bool
) -> TerminalError:
    says = "says nothing of compression" if by_name and claimed == "none" else f"says {claimed}"
    content = "not compressed" if found == "none" else found
    hint = (
        f"Correct compression in the mapping: {found}, or leave it out where the name says it; or "
        "ask the sender for what was agreed."
    )
    if by_name:
        hint = (
            "Have the sender name compressed files .gz, .zst, .bz2, .xz or .zip, and only those; "
            f"or write compression: {found} into the mapping."
        )
    return TerminalError(
        ErrorCode.COMPRESSION_WRONG_NAME,
        f"The {'name' if by_name else 'mapping'} {says}, but the content is {content}.",
        hint=hint,
        file=name,
    )
