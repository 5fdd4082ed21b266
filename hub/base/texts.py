"""Texts a person reads, in Traditional Chinese, English and Korean: catalogues, message codes, closed terms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

LANGUAGES = ("zh-Hant", "en", "ko")
DEFAULT = "zh-Hant"
FOLDER = Path(__file__).resolve().parent.parent / "locale"
PROBLEM = "problem"
"""Context of message codes: what a refusal (`hub.base.errors`) or a field error is called in the catalogues."""

_QUALITY = re.compile(r";\s*q=([^;]*)")


class Catalogue:
    """All texts of one language. A plain English sentence is its own key; codes and terms have a context."""

    def __init__(self, lang: str) -> None:
        """Reads every *.po of the language; the same key in two files is an error."""
        self.lang = lang
        self._texts: dict[tuple[str, str], tuple[str, ...]] = {}
        for catalog in files(lang):
            for message in catalog:
                if not message.id:
                    continue
                key = (message.context or "", _first(message.id))
                if key in self._texts:
                    raise ValueError(f"{lang}: {key} is in two catalogues")
                forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or [])
                if all(forms):
                    self._texts[key] = forms

    def text(self, key: str, context: str = "") -> str | None:
        """The text of a key, or None where the catalogue has none."""
        forms = self._texts.get((context, key))
        return forms[0] if forms else None

    def gettext(self, sentence: str) -> str:
        """The sentence in this language; the sentence itself where it has none (always so in English)."""
        return self.text(sentence) or sentence

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The sentence in the form that suits `n`. Chinese and Korean have one form."""
        forms = self._texts.get(("", one), (one, many) if self.lang == "en" else (many,))
        return forms[0] if n == 1 or len(forms) == 1 else forms[1]


def mark(sentence: str) -> str:
    """The sentence itself, marked for extraction where it stands in a table and is translated later."""
    return sentence


def mark_plural(one: str, many: str) -> tuple[str, str]:
    """Both forms of a counted sentence, marked for extraction."""
    return one, many


def folder(lang: str) -> Path:
    """Where the catalogues of a language are."""
    return FOLDER / lang.replace("-", "_")


def files(lang: str) -> Iterator[Catalog]:
    """The catalogue files of one language, as Babel reads them."""
    for path in sorted(folder(lang).glob("*.po")):
        with path.open("rb") as file:
            yield read_po(file, locale=lang.replace("-", "_"), abort_invalid=True)


@cache
def catalogue(lang: str) -> Catalogue:
    """The texts of a language, read once a process. ValueError for a language we do not speak."""
    if lang not in LANGUAGES:
        raise ValueError(f"no catalogue for {lang!r}")
    return Catalogue(lang)


def message(code: str, lang: str) -> str:
    """What a refusal's or field error's code says to a person. An unknown code says only that it was refused."""
    texts = catalogue(lang)
    return texts.text(code, PROBLEM) or texts.text("refused", PROBLEM) or code


def term(kind: str, value: str, lang: str) -> str:
    """A value of a closed list as a person calls it: `kind` is the GraphQL enum's name, `value` in either case."""
    return catalogue(lang).text(value.upper(), kind) or value.replace("_", " ").lower()


def understood(tag: str) -> str | None:
    """Our language for a BCP 47 tag, or None. Any Chinese is answered in Traditional Chinese."""
    primary = tag.strip().lower().replace("_", "-").split("-")[0]
    return {"zh": "zh-Hant", "en": "en", "ko": "ko"}.get(primary)


def negotiate(accept_language: str | None) -> str | None:
    """The best of our languages for an Accept-Language header, or None where it names none of them."""
    best, best_quality = None, 0.0
    for part in (accept_language or "")[:500].split(","):
        lang = understood(part.split(";")[0])
        found = _QUALITY.search(part)
        try:
            quality = float(found.group(1)) if found else 1.0
        except ValueError:
            continue
        if lang and quality > best_quality:
            best, best_quality = lang, quality
    return best


def _first(key: str | list[str] | tuple[str, ...]) -> str:
    return key if isinstance(key, str) else key[0]
