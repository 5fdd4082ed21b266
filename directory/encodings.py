"""How a file of text is written: its encoding by its marks, by its bytes or as declared; what separates its cells."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

from .unpacking import PackageRefused

Chunks = Callable[[], Iterator[bytes]]
"""Gives the bytes of a file from its beginning."""


def marked(start: bytes) -> str:
    """The encoding told by a byte order mark or by the zeros of UTF-16, or ''; ValueError for UTF-32."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise ValueError("UTF-32")
    return next((name for mark, name in _MARKS if start.startswith(mark)), "") or _wide(start)


def encoding_of(chunks: Chunks, path: str, declared: str) -> str:
    """The encoding of a file, by its byte order mark, its strict UTF-8, or (declared or beyond doubt) Big5.

    Western encodings fit any bytes at all, so they are believed only where the descriptor declares them. Raises
    PackageRefused where none fits.
    """
    try:
        if name := marked(next(chunks(), b"")):
            return name
    except ValueError as error:
        raise PackageRefused("encoding", path) from error
    declared = re.sub(r"[^a-z0-9]", "", declared.lower())
    if declared in {"big5", "cp950", "ms950", "windows950"}:
        return "cp950"
    if _all_decode(chunks, "utf-8"):
        return "utf-8"
    if declared in {"latin1", "iso88591", "windows1252", "cp1252"}:
        return "cp1252"
    # Latin-1 text may pass for Big5 by accident; then its "characters" are mostly rare ones.
    if _all_decode(chunks, "cp950"):
        pairs = common = 0
        for chunk in chunks():
            found = re.findall(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]", chunk)
            pairs += len(found)
            common += sum(1 for pair in found if 0xA1 <= pair[0] <= 0xC6)
        if pairs >= 2 and common >= 0.8 * pairs:
            return "cp950"
    raise PackageRefused("encoding", path, _line_of_first_odd(chunks))


def _line_of_first_odd(chunks: Chunks) -> int:
    """The line of the first byte that is no UTF-8."""
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    for chunk in chunks():
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        line += chunk.count(b"\n")
    return line


def _all_decode(chunks: Chunks, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    return all(_decodes(decoder, chunk) for chunk in chunks()) and _decodes(decoder, b"", final=True)


def separator(header: str) -> str:
    """What stands between the cells of a header: a comma, or the semicolon or tab of some spreadsheets."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=lambda one: (bare.count(one), one == ","))


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def _wide(start: bytes) -> str:
    """UTF-16 without its mark, told by the zeros beside the letters of a header; '' if it is not."""
    end = start.find(b"\n")
    even, odd = start[0 : end - end % 2 : 2], start[1 : end - end % 2 : 2]
    if end < 2 or any(even) == any(odd):
        return ""
    return "utf-16-le" if all(even) else "utf-16-be" if all(odd) else ""


class Stream(io.RawIOBase):
    """An iterator of chunks as a raw stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
