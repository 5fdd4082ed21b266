"""The template environment of each language: our templates, govuk-frontend's macros, texts, dates and terms."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import ChainableUndefined, Environment, FileSystemLoader, PackageLoader, PrefixLoader, select_autoescape
from jinja2.exceptions import UndefinedError
from jinja2.loaders import ChoiceLoader
from markupsafe import Markup, escape

from hub.base import settings
from hub.base.texts import LANGUAGES, catalogue, message, term
from hub.base.time import now

from . import dates, static

TEMPLATES = Path(__file__).with_name("templates")
OWN_NAME = {"zh-Hant": "中文", "en": "English", "ko": "한국어"}
"""Each language as its speakers call it."""


class Printed(ChainableUndefined):
    """A name a template was not given: false in a condition, an error when it would be printed as an empty gap."""

    def __str__(self) -> str:
        """Raises UndefinedError."""
        raise UndefinedError(self._undefined_message)

    __html__ = __str__


@cache
def environment(lang: str) -> Environment:
    """The environment of one language, made once a process. Everything printed is escaped."""
    env = Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader(TEMPLATES),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=select_autoescape(("html", "svg"), default=True),
        undefined=Printed,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    texts = catalogue(lang)
    zone = ZoneInfo(settings.settings().timezone)

    def _(sentence: str, **values: object) -> Markup:
        return escape(texts.gettext(sentence)) % values if values else escape(texts.gettext(sentence))

    def ngettext(one: str, many: str, n: int, **values: object) -> Markup:
        return escape(texts.ngettext(one, many, n)) % {"n": n, **values}

    env.globals.update(
        _=_,
        ngettext=ngettext,
        term=lambda kind, value: term(kind, value, lang),
        message=lambda code: message(code, lang),
        lang=lang,
        languages_known=[{"tag": tag, "name": OWN_NAME[tag]} for tag in LANGUAGES],
        asset=static.url,
        now=now,
    )
    filters: dict[str, Any] = {
        "day": lambda value: _time(value, dates.day(value, lang, zone)),
        "moment": lambda value: _time(value, dates.moment(value, lang, zone)),
        "short": lambda value: _time(value, dates.short(value, lang, zone)),
        "due": lambda value: dates.due(value, now(), lang),
        "iso": _iso,
        "field_id": lambda path: path.replace(".", "-"),
    }
    env.filters.update(filters)
    return env


def _iso(value: str | date) -> str:
    return value if isinstance(value, str) else value.isoformat()


def _time(value: str | date, text: str) -> Markup:
    """A time element; the ROC year in its brackets stays on one line."""
    first, bracket, rest = text.partition("（")
    year = Markup('<span class="hub-nowrap">{}</span>').format(bracket + rest) if bracket else Markup("")
    return Markup('<time datetime="{}">{}{}</time>').format(_iso(value), first, year)
