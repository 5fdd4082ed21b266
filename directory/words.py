"""How text is searched without an extension: words and their stems, Chinese and Korean by pairs of characters.

A run of Chinese, Japanese or Korean characters becomes its overlapping pairs. Two characters asked for are one pair:
exact. Longer runs are pairs that make them up and then a LIKE on the text. A single character is looked for in names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add

_CJK = "㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff぀-ヿ가-힣ᄀ-ᇿ〇々"
_RUN = re.compile(f"([{_CJK}]+)|((?:(?![{_CJK}_])\\w)+)")
_GAP = re.compile(f"(?<=[{_CJK}]) (?=[{_CJK}])")
_ACCENTED = re.compile("[À-ɏḀ-ỿ]")
_LONGEST_WORD = 60
_MOST_TERMS = 12
NAME = ":"
"""Marks a token that stands in a name; no word holds it."""

# The same character written differently in Taiwan: folded to the more common form on both sides.
_VARIANTS = str.maketrans(
    "臺檯颱裏着羣峯牀啓恆衞綫産温説双証鷄麪祕佈週菸", "台台台裡著群峰床啟恒衛線產溫說雙證雞麵秘布周煙"
)
# Forms the stemmer does not bring together.
_IRREGULAR = {"women": "woman", "children": "child", "men": "man", "wives": "wife", "people": "person", "feet": "foot"}


def _bare(match: re.Match[str]) -> str:
    return "d" if match[0] == "đ" else unicodedata.normalize("NFD", match[0])[0]


def _folded(text: str) -> str:
    said = unicodedata.normalize("NFKC", text).casefold().translate(_VARIANTS)
    return " ".join(_ACCENTED.sub(_bare, said).split())


def normal(text: str) -> str:
    """Text as it is compared: width, case, accents and variants folded; no space between Chinese or Korean characters.

    Korean writes compounds with and without spaces; Chinese has none that mean anything.
    """
    return _GAP.sub("", _folded(text))


@lru_cache(4096)
def _runs(text: str) -> list[tuple[str, str]]:
    """The runs and words of a text; asked for several times of each while an import makes its rows."""
    return _RUN.findall(text)


def words(text: str) -> set[str]:
    """The words of a normalised text that have stems and spellings: letters alone, three and more."""
    return {word for _, word in _runs(text) if 2 < len(word) <= _LONGEST_WORD and word.isalpha()}


def stem_base(word: str) -> str:
    """What to give the stemmer for a word."""
    return _IRREGULAR.get(word, word)


def tokens(text: str, stems: Mapping[str, str] | None = None) -> set[str]:
    """The search tokens of a normalised text: its words, the stems known of them, and its pairs of characters."""
    found: set[str] = set()
    for run, word in _runs(text):
        if word:
            found.add(word[:_LONGEST_WORD])
            if stems and word in stems:
                found.add(stems[word])
        elif len(run) == 1:
            found.add(run)
        else:
            found.update(map(add, run, run[1:]))
    return found


def name_tokens(text: str, stems: Mapping[str, str] | None = None) -> set[str]:
    """The tokens of a normalised name, marked as such, and its single characters."""
    found = {NAME + token for token in tokens(text, stems)}
    return found.union(*(map(NAME.__add__, run) for run, _ in _runs(text)))


def quoted(token: str) -> str:
    """A token as a tsquery takes it."""
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


def any_of(found: Iterable[str]) -> str:
    """A tsquery for any of these tokens."""
    parts = sorted(set(found))
    return quoted(parts[0]) if len(parts) == 1 else f"({' | '.join(map(quoted, parts))})"


@dataclass(frozen=True, slots=True)
class Term:
    """One run of characters or one word of what was typed, folded."""

    text: str
    spelled: bool
    """A word of letters, which may have other forms and may be misspelled."""
    run: bool


def terms(text: str) -> list[Term]:
    """What is looked for in a typed text, in its order, cut to the first few."""
    found = _RUN.findall(_folded(text[:200]))[:_MOST_TERMS]
    return [Term(run or word[:_LONGEST_WORD], bool(words(word)), bool(run)) for run, word in found]


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A text as a tsquery over `tokens`, another over `name_tokens`, and the longer runs that LIKE must confirm."""

    tsquery: str
    patterns: tuple[str, ...]
    first: str
    """The first term as a LIKE pattern."""
    named: str


def loosened(text: str) -> str | None:
    """The text with its long runs of characters cut into pairs, or None if there are none.

    What is one word to the one who asks is often two in the text: 심리상담 where it says 심리 치료 및 상담.
    """
    cut = [
        " ".join(t.text[i : i + 2] for i in range(0, len(t.text) - 1, 2)) if t.run and len(t.text) > 3 else t.text
        for t in terms(text)
    ]
    return " ".join(cut) if cut != [t.text for t in terms(text)] else None


def text_query(text: str, forms: Mapping[str, Sequence[str]] | None = None) -> TextQuery | None:
    """What to ask of the index for a text, or None when nothing in it can be searched.

    `forms` gives the tokens that stand for a word; none at all drops it, if something else is left to look for.
    """
    found = terms(text)
    kept = [t for t in found if forms is None or forms.get(t.text, (t.text,))] or found
    if not kept:
        return None
    anywhere: dict[str, None] = {}
    named: dict[str, None] = {}
    for term in kept:
        if term.run and len(term.text) > 1:
            # Pairs that do not overlap: LIKE confirms the run, and each token asked for costs the index.
            last = len(term.text) - 2
            pairs = [term.text[i : i + 2] for i in sorted({*range(0, last + 1, 2), last})]
            anywhere.update(dict.fromkeys(map(quoted, pairs)))
            named.update(dict.fromkeys(quoted(NAME + pair) for pair in pairs))
        else:
            stand = (forms or {}).get(term.text) or (term.text,)
            anywhere[any_of([*stand, NAME + term.text] if term.run else stand)] = None
            named[any_of(NAME + form for form in stand)] = None
    patterns = tuple(dict.fromkeys(f"%{t.text}%" for t in kept if t.run and len(t.text) > 2))
    return TextQuery(" & ".join(anywhere), patterns, f"%{kept[0].text}%", " & ".join(named))


def shortened(word: str) -> tuple[str, ...]:
    """A word and what remains of it when one letter is left out: two words one slip apart share one of these."""
    return tuple(dict.fromkeys([word, *(word[:i] + word[i + 1 :] for i in range(len(word)))]))


def slips(typed: str, meant: str) -> int:
    """How many letters were left out, added, mistaken or swapped with their neighbour between two words."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(typed, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(meant, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and typed[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
