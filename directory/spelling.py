"""The words the directory holds: their stems, what a beginning may become, and what a misspelling may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .hot import Hot, fetch
from .sql import sql
from .words import shortened, slips, stem_base

SHORTEST_MISSPELT = 5
"""Words with fewer letters have too many neighbours to guess what was meant."""
_LONGEST_MISSPELT = 20
_MOST_KEPT = 200_000
_MOST_MEANT = 3

_STEMS = text(
    "SELECT w.word, (ts_lexize('english_stem', w.base))[1] "
    "FROM unnest(CAST(:words AS text[]), CAST(:bases AS text[])) AS w(word, base)"
)
# Only what is missing is written, in one order: two writers meet on few rows, and never crosswise in one statement.
# Each is looked up by itself, however many are held.
_LEARN = text(
    "INSERT INTO search_word AS t (word, variants) "
    "SELECT s.word, string_to_array(s.variants, ' ') FROM unnest(CAST(:words AS text[]), CAST(:variants AS text[])) "
    "AS s(word, variants) WHERE (SELECT k.variants <> '{}' OR s.variants = '' FROM search_word k "
    'WHERE k.word = s.word) IS NOT TRUE ORDER BY s.word COLLATE "C" '
    "ON CONFLICT (word) DO UPDATE SET variants = excluded.variants WHERE t.variants = '{}'"
)
_LOOK_UP = Hot(
    sql(
        """
SELECT a.word, 'stem' AS kind, (ts_lexize('english_stem', a.base))[1] AS found
FROM unnest(CAST(:words AS text[]), CAST(:bases AS text[])) AS a(word, base)
UNION ALL
SELECT a.word, 'form', k.word FROM unnest(CAST(:spelled AS text[])) AS a(word) CROSS JOIN LATERAL (
  SELECT s.word FROM search_word s WHERE s.word >= a.word AND s.word < a.word || chr(1114111)
  ORDER BY s.word LIMIT 60) k
UNION ALL
SELECT a.word, 'stem_known', k.word
FROM unnest(CAST(:words AS text[]), CAST(:bases AS text[])) AS a(word, base)
JOIN search_word k ON k.word = (ts_lexize('english_stem', a.base))[1]"""
    )
)
_MEANT = text(
    "SELECT a.word, s.word FROM unnest(CAST(:words AS text[]), CAST(:variants AS text[])) AS a(word, variants) "
    "JOIN search_word s ON s.variants && string_to_array(a.variants, ' ')"
)

# Whoever writes search rows waits meanwhile, so that no word is forgotten that one of them has just used.
_HOLD_SEARCH = text("LOCK TABLE service_search IN SHARE MODE")
_FORGET = text(
    "WITH gone AS (DELETE FROM search_word w WHERE NOT EXISTS (SELECT FROM "
    "ts_stat('SELECT document FROM service_search') t WHERE t.word = w.word) RETURNING w.word) "
    "SELECT count(*) FROM gone"
)

_FORGET_THESE = text(
    "DELETE FROM search_word w WHERE w.word = ANY(CAST(:words AS text[])) AND NOT EXISTS (SELECT FROM service_search q "
    "WHERE q.document @@ CAST(quote_literal(w.word) AS tsquery))"
)

_known: dict[str, str] = {}
"""Stems already asked for: a pure function of the word, kept for the life of the process."""


async def stems(session: AsyncSession, words: Iterable[str]) -> Mapping[str, str]:
    """The English stem of each word; a stop word has none."""
    if missing := [word for word in words if word not in _known]:
        if len(_known) + len(missing) > _MOST_KEPT:
            _known.clear()
            missing = list(words)
        given = {"words": missing, "bases": [stem_base(word) for word in missing]}
        _known.update((word, stem or "") for word, stem in (await session.execute(_STEMS, given)).all())
    return {word: _known[word] for word in words if _known[word]}


async def learn(session: AsyncSession, words: Iterable[str]) -> None:
    """Keep these words and their stems, so that beginnings and misspellings of them are understood."""
    spelled = set(words)
    found = sorted(spelled | set((await stems(session, spelled)).values()))
    variants = [
        " ".join(shortened(word))
        if word in spelled and SHORTEST_MISSPELT <= len(word) <= _LONGEST_MISSPELT
        else ""
        for word in found
    ]  # fmt: skip
    await session.execute(_LEARN, {"words": found, "variants": variants})


async def forget_words(session: AsyncSession) -> int:
    """Forget the words no service says any more, lest what was corrected be proposed to others; how many those were.

    Nobody can write a service until the transaction ends: give it one of its own.
    """
    await session.execute(_HOLD_SEARCH)
    return int((await session.execute(_FORGET)).scalar_one())


async def forget_these(session: AsyncSession, words: Iterable[str]) -> None:
    """Forget those of these words, and of their stems, that no service says any more. As `forget_words`."""
    found = set(words)
    found |= set((await stems(session, found)).values())
    if found:
        await session.execute(_HOLD_SEARCH)
        await session.execute(_FORGET_THESE, {"words": sorted(found)})


@dataclass(frozen=True, slots=True)
class Understood:
    """What stands for each word asked for, and what was put in the place of a misspelling."""

    forms: dict[str, tuple[str, ...]]
    corrections: tuple[tuple[str, str], ...]


async def understand(session: AsyncSession, asked: Sequence[str], spelled: Iterable[str]) -> Understood:
    """The tokens that stand for each of the words `asked`: the word, its stem, and words that begin with it.

    Short words that the directory holds stand for themselves alone (`car` is not `care`); stop words for nothing. A
    word of SHORTEST_MISSPELT letters or more that occurs nowhere stands for those one slip away.
    """
    if not asked:
        return Understood({}, ())
    letters = list(spelled)
    given = {"words": list(asked), "bases": [stem_base(word) for word in asked], "spelled": letters}
    forms: dict[str, set[str]] = {word: {word} for word in asked}
    beginnings: dict[str, list[str]] = {word: [] for word in asked}
    held: set[str] = set()
    for word, kind, found in await fetch(session, _LOOK_UP, given):
        if kind == "form":
            beginnings[word].append(found)
        elif kind == "stem_known":
            held.add(word)
        elif found is None:
            forms[word] = set()
        else:
            forms[word].add(found)
    for word, starting in beginnings.items():
        if word in starting:
            held.add(word)
        if starting and (word not in held or len(word) >= SHORTEST_MISSPELT):
            forms[word].update(starting)
            held.add(word)
    lost = [w for w in letters if w not in held and forms[w] and SHORTEST_MISSPELT <= len(w) <= _LONGEST_MISSPELT]
    corrections: list[tuple[str, str]] = []
    for word, meant in (await _meant(session, lost)).items():
        forms[word] = {token for other in meant for token in (other, _known.get(other, "")) if token}
        corrections += [(word, other) for other in meant]
    return Understood({word: tuple(sorted(found)) for word, found in forms.items()}, tuple(corrections))


async def _meant(session: AsyncSession, lost: Sequence[str]) -> dict[str, list[str]]:
    if not lost:
        return {}
    given = {"words": list(lost), "variants": [" ".join(shortened(word)) for word in lost]}
    found: dict[str, list[str]] = {}
    for word, other in (await session.execute(_MEANT, given)).all():
        if slips(word, other) == 1:
            found.setdefault(word, []).append(other)
    best = {word: _likely(word, others) for word, others in found.items()}
    await stems(session, {other for others in best.values() for other in others})
    return best


def _likely(typed: str, others: Sequence[str]) -> list[str]:
    """The likelier first: the first letter is seldom wrong."""
    return sorted(others, key=lambda other: (other[0] != typed[0], other))[:_MOST_MEANT]
