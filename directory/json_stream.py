"""The objects of a JSON text one by one: a list, one object, NDJSON, a page of the API, or an object of lists.

Only one object at a time is in memory. The standard library decodes it whole; this finds where it ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

LONGEST = 1 << 24
"""Characters an object of a list may have; one that stands alone may be longer if it holds lists."""
_CHUNK = 1 << 18


class Doubled(dict[str, Any]):
    """An object in which a key stands twice."""


class NotANumber(str):
    """NaN or an infinity, which JSON does not know."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(found)


# Numbers stay as they are written: no digit is lost, and none costs more than the text it is.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=NotANumber, object_pairs_hook=_object)
_SPACE = " \t\r\n"

Object = tuple[int, str, Any]
"""The number of an object in its list (in NDJSON: of all), the key of the list or '', and the value."""


class BrokenJson(Exception):
    """The text is no JSON, or an object is longer than LONGEST (`code`), at line `line`."""

    def __init__(self, code: str, line: int) -> None:
        self.code, self.line = code, line
        super().__init__(code, line)


def objects(read: Callable[[int], str], lists: Callable[[str], bool], longest: int = LONGEST) -> Iterator[Object]:
    """The objects of a text. `lists` says whether a list under that key of a lone object is one of a table.

    Raises BrokenJson, and what `read` raises.
    """
    text = _Text(read, longest)
    number = 0
    while one := text.peek():
        if one == "[":
            yield from text.array("")
        elif one != "{":
            raise text.broken()
        else:
            number += 1
            yield from _alone(text, lists, number)


def _alone(text: _Text, lists: Callable[[str], bool], number: int) -> Iterator[Object]:
    """An object at the top: itself, or a page or the lists it stands for; too long for one, it is read key by key."""
    try:
        value = text.value()
    except BrokenJson as error:
        if error.code != "object_too_long":
            raise
        yield from text.members(lists)
        return
    several = {key: inside for key, inside in value.items() if isinstance(inside, list) and _several(key, lists)}
    if not several or (("id" in value or "name" in value) and "contents" not in several):
        yield number, "", value
        return
    if isinstance(value, Doubled):  # a list would be lost
        raise text.broken("key_twice")
    for key, inside in several.items():
        for at, item in enumerate(inside, 1):
            yield at, "" if key == "contents" else key, item


def _several(key: str, lists: Callable[[str], bool]) -> bool:
    return key == "contents" or lists(key)


class _Text:
    """The text as far as it has been read and not yet used."""

    def __init__(self, read: Callable[[int], str], longest: int) -> None:
        self.read, self.longest = read, longest
        self.text, self.at, self.line = "", 0, 1

    def more(self) -> bool:
        """Read on, each time as much again as is there: an object that needs many reads is not parsed many times."""
        self.line += self.text.count("\n", 0, self.at)
        rest = self.text[self.at :]
        chunk = self.read(max(_CHUNK, len(rest)))
        self.text, self.at = rest + chunk, 0
        return bool(chunk)

    def broken(self, code: str = "bad_json", at: int | None = None) -> BrokenJson:
        """What to raise for the text at `at`, or here."""
        return BrokenJson(code, self.line + self.text.count("\n", 0, self.at if at is None else at))

    def peek(self) -> str:
        """The next character that is not blank, not taken; '' at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in _SPACE:
                    return self.text[self.at]
                self.at += 1
            if not self.more():
                return ""

    def take(self, one: str) -> None:
        """Take the character that must come next."""
        if self.peek() != one:
            raise self.broken()
        self.at += 1

    def value(self) -> Any:
        """The next value whole."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if len(self.text) - self.at > self.longest:
                    raise self.broken("object_too_long") from None
                if not self.more():
                    raise self.broken(at=error.pos) from None
            except RecursionError:
                raise self.broken() from None
            else:
                length, cut = end - self.at, end == len(self.text)
                if length > self.longest:
                    raise self.broken("object_too_long")
                if cut and self.more():  # a number at the end may go on
                    continue
                self.at += length
                return value

    def array(self, key: str) -> Iterator[Object]:
        """The items of the list that begins here."""
        self.take("[")
        number = 0
        while self.peek() != "]":
            if number:
                self.take(",")
            number += 1
            yield number, key, self.value()
        self.take("]")

    def members(self, lists: Callable[[str], bool]) -> Iterator[Object]:
        """The items of the lists of the object that begins here, which is too long to be held."""
        self.take("{")
        first = True
        while self.peek() != "}":
            if not first:
                self.take(",")
            first = False
            key = self.value()
            self.take(":")
            if isinstance(key, str) and self.peek() == "[" and _several(key, lists):
                yield from self.array("" if key == "contents" else key)
            else:
                self.value()
        self.take("}")
