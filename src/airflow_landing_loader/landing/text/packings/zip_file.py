"""A ZIP archive that holds one file, read from its first byte to its last, in one pass.

An archive says everything twice: in front of each member, and in the directory at its end; readers
believe one of the two, and a hostile archive shows each of them another content. Here every byte is
accounted for in its place and both must say what was found, so that nothing can lie in between,
behind or twice. Names of members are compared, and used for nothing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.text.packings import faults
from airflow_landing_loader.landing.text.packings.faults import PIECE_BYTES
from airflow_landing_loader.landing.text.packings.members import inflate
from airflow_landing_loader.landing.text.packings.taking import Input

ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"

_MEMBER, _DIRECTORY = ZIP_MAGIC, b"PK\x01\x02"
_DESCRIPTOR = b"PK\x07\x08"
_END, _END_64, _LOCATOR_64 = EMPTY_ZIP_MAGIC, b"PK\x06\x06", b"PK\x06\x07"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_STREAMED = 1 << 3  # checksum and sizes stand behind the member
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_EXTRA_64 = 1
_MAX_MEMBERS = 100
_MAX_BESIDE_BYTES = 1024 * 1024
_MAX_END_64_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class _Member:
    """What was found of one member; the directory must say the same."""

    offset: int
    name: bytes
    method: int
    crc: int
    packed: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    """What stands in front of a member."""

    offset: int
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    name: bytes

    @property
    def is_folder(self) -> bool:
        return self.name.endswith(b"/")

    @property
    def is_beside(self) -> bool:
        """Whether it is no file: a folder, or what macOS packs beside files."""
        return self.is_folder or self.name.startswith(b"__MACOSX/")


class _Sum:
    """Checksum and size of what has come out of a member."""

    def __init__(self) -> None:
        self.crc = self.size = 0

    def of(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.crc = zlib.crc32(piece, self.crc)
            self.size += len(piece)
            yield piece


def unzip(source: Input, name: str) -> Iterator[bytes]:
    """Unpack the one file of an archive, and prove the whole archive.

    Folders, and what macOS packs beside files (``__MACOSX/``), do not count as files.

    :param source: the archive from its first byte.
    :param name: file name, for errors.
    :raises TerminalError: ``COMPRESSION_CUT``, ``COMPRESSION_CORRUPT``,
        ``COMPRESSION_TRAILING_BYTES``; ``COMPRESSION_NOT_ONE_FILE``;
        ``COMPRESSION_UNSUPPORTED``: encrypted, or packed by another method than deflate.
    """
    members: list[_Member] = []
    files = 0
    while (mark := source.take(4)) == _MEMBER:
        head = _head(source, name)
        files += not head.is_beside
        if files > 1 or len(members) == _MAX_MEMBERS:
            raise _not_one_file(name, "several files")
        found = _Sum()
        start = source.position
        pieces = found.of(_unpacked(source, head, name))
        if head.is_beside:
            _pass_over(pieces, head, name)
        else:
            yield from pieces
        member = _Member(
            offset=head.offset,
            name=head.name,
            method=head.method,
            crc=found.crc,
            packed=source.position - start,
            size=found.size,
        )
        _check_head(source, head, member, name)
        members.append(member)
    _check_directory(source, mark, members, name)
    if not files:
        raise _not_one_file(name, "no file")


def _head(source: Input, name: str) -> _Head:
    offset = source.position - len(_MEMBER)
    fields = struct.unpack("<HHHHHIIIHH", source.take(26))
    _, flags, method, _, _, crc, packed, size, name_size, extra_size = fields
    own, extra = source.take(name_size), source.take(extra_size)
    size, packed = _sizes_64(extra, [size, packed])
    if flags & _ENCRYPTED:
        raise _unsupported(name, "it is encrypted")
    if method not in (_STORED, _DEFLATED):
        raise _unsupported(name, f"it is packed by method {method}, not by deflate")
    return _Head(
        offset=offset, flags=flags, method=method, crc=crc, packed=packed, size=size, name=own
    )


def _sizes_64(extra: bytes, values: list[int]) -> list[int]:
    """Values of 32 bits, those that are full replaced by what an extra field says in 64 bits."""
    wide = b""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == _EXTRA_64:
            wide = extra[at + 4 : at + 4 + size]
        at += 4 + size
    read = iter([value for (value,) in struct.iter_unpack("<Q", wide[: len(wide) // 8 * 8])])
    return [next(read, value) if value == _MAX_32 else value for value in values]


def _unpacked(source: Input, head: _Head, name: str) -> Iterator[bytes]:
    if head.method == _STORED:
        rest = head.packed
        while rest:
            piece = source.take(min(rest, PIECE_BYTES))
            rest -= len(piece)
            yield piece
        return
    yield from inflate(source, -zlib.MAX_WBITS, name, "zip")


def _pass_over(pieces: Iterator[bytes], head: _Head, name: str) -> None:
    limit = 0 if head.is_folder else _MAX_BESIDE_BYTES
    for piece in pieces:
        limit -= len(piece)
        if limit < 0:
            raise _not_one_file(name, "more than one file")


def _check_head(source: Input, head: _Head, found: _Member, name: str) -> None:
    """What stands in front of a member, or behind it, must say what was found."""
    if not head.flags & _STREAMED:
        if (head.crc, head.packed, head.size) != (found.crc, found.packed, found.size):
            raise faults.corrupt(name, "zip", "a checksum or a size is wrong")
        return
    forms = [
        mark + struct.pack(form, found.crc, found.packed, found.size)
        for form in ("<IQQ", "<III")
        if form == "<IQQ" or max(found.packed, found.size) <= _MAX_32
        for mark in (_DESCRIPTOR, b"")
    ]
    # Neither its mark nor the width of its sizes is sure; what follows it is.
    behind = source.take(len(forms[0]) + 4)
    for form in forms:
        next_mark = behind[len(form) : len(form) + 4]
        if behind.startswith(form) and next_mark in (_MEMBER, _DIRECTORY):
            source.put_back(behind[len(form) :])
            return
    if head.method == _STORED:
        raise _unsupported(name, "it is stored without saying its size in front")
    raise faults.corrupt(name, "zip", "a checksum or a size is wrong")


def _check_directory(source: Input, mark: bytes, members: list[_Member], name: str) -> None:
    start = source.position - 4
    for member in members:
        if mark != _DIRECTORY:
            raise faults.corrupt(name, "zip", "its directory does not list what it holds")
        if _listed(source) != member:
            raise faults.corrupt(name, "zip", "its directory contradicts what it holds")
        mark = source.take(4)
    end = source.position - 4
    totals = [len(members), len(members), end - start, start]
    wide = mark == _END_64
    if wide:
        _check_end_64(source, totals, end, name)
        mark = source.take(4)
    if mark != _END:
        raise faults.corrupt(name, "zip", "its directory does not end where it should")
    *disks, listed_here, listed, size, offset, comment = struct.unpack("<4H2IH", source.take(18))
    said = [listed_here, listed, size, offset]
    full = [_MAX_16, _MAX_16, _MAX_32, _MAX_32]
    agrees = all(
        one == total or (wide and one == most)
        for one, total, most in zip(said, totals, full, strict=True)
    )
    if not agrees or any(disk not in ((0, _MAX_16) if wide else (0,)) for disk in disks):
        raise faults.corrupt(name, "zip", "its end does not describe its directory")
    source.take(comment)
    if rest := source.take_some(1):
        raise faults.after_end(name, "zip", rest, b"")


def _listed(source: Input) -> _Member:
    """An entry of the directory, read behind its mark."""
    fields = struct.unpack("<HHHHHHIIIHHHHHII", source.take(42))
    method, crc, packed, size = fields[3], *fields[6:9]
    name_size, extra_size, comment_size = fields[9:12]
    own, extra = source.take(name_size), source.take(extra_size)
    source.take(comment_size)
    size, packed, offset = _sizes_64(extra, [size, packed, fields[15]])
    return _Member(offset=offset, name=own, method=method, crc=crc, packed=packed, size=size)


def _check_end_64(source: Input, totals: list[int], start: int, name: str) -> None:
    (size,) = struct.unpack("<Q", source.take(8))
    if not 44 <= size <= _MAX_END_64_BYTES:
        raise faults.corrupt(name, "zip", "its end has an impossible size")
    *_, disk, other_disk, listed_here, listed, sized, offset = struct.unpack(
        "<HHIIQQQQ", source.take(44)
    )
    source.take(size - 44)
    mark, where_disk, where, _ = struct.unpack("<4sIQI", source.take(20))
    if (
        [listed_here, listed, sized, offset] != totals
        or (disk, other_disk, where_disk) != (0, 0, 0)
        or (mark, where) != (_LOCATOR_64, start)
    ):
        raise faults.corrupt(name, "zip", "its end does not describe its directory")


def _not_one_file(name: str, found: str) -> TerminalError:
    return TerminalError(
        ErrorCode.COMPRESSION_NOT_ONE_FILE,
        f"The zip archive holds {found}; it must hold one.",
        hint="Ask the sender for one file in each archive, or for the files themselves.",
        file=name,
    )


def _unsupported(name: str, why: str) -> TerminalError:
    return TerminalError(
        ErrorCode.COMPRESSION_UNSUPPORTED,
        f"The zip archive cannot be read: {why}.",
        hint="Ask the sender for an archive without a password, packed by deflate as every tool "
        "does by default; or for gzip or zstd.",
        file=name,
    )
