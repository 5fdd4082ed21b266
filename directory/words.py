"""How text is searched without an extension: words as prefixes, Chinese and Korean by pairs of characters.

A run of Chinese, Japanese or Korean characters becomes its overlapping pairs and its last character; any other word is
kept whole. Two characters asked for are one pair: exact. Longer runs are all their pairs and then a LIKE on the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_CJK = "㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff぀-ヿ가-힣ᄀ-ᇿ〇々"
_RUN = re.compile(f"([{_CJK}]+)|((?:(?![{_CJK}_])\\w)+)")
_LONGEST_WORD = 60
_MOST_TERMS = 12


def normal(text: str) -> str:
    """Text as it is compared: compatibility forms folded, no case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def tokens(text: str) -> set[str]:
    """The search tokens of a normalised text."""
    found: set[str] = set()
    for run, word in _RUN.findall(text):
        if word:
            found.add(word[:_LONGEST_WORD])
        else:
            found.update(run[i : i + 2] for i in range(len(run) - 1))
            found.add(run[-1])
    return found


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A text as a tsquery over `tokens`, and the longer runs that LIKE must confirm (as patterns)."""

    tsquery: str
    patterns: tuple[str, ...]
    first: str
    """The first term, whose presence in a name ranks a service higher; as a LIKE pattern."""


def text_query(text: str) -> TextQuery | None:
    """What to ask of the index for a text, or None when nothing in it can be searched."""
    parts: list[str] = []
    patterns: list[str] = []
    found = _RUN.findall(normal(text[:200]))[:_MOST_TERMS]
    for run, word in found:
        if word:
            parts.append(f"'{word[:_LONGEST_WORD]}':*")
        elif len(run) == 1:
            parts.append(f"'{run}':*")
        else:
            parts.extend(f"'{run[i : i + 2]}'" for i in range(len(run) - 1))
            if len(run) > 2:
                patterns.append(f"%{run}%")
    if not parts:
        return None
    return TextQuery(" & ".join(dict.fromkeys(parts)), tuple(patterns), f"%{''.join(found[0])}%")
