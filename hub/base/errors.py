"""Refusals: what a use case answers instead of doing it. Each becomes a typed, translated problem at the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of the input and the message code that says what to do. `path` is dotted, as in the input."""

    path: str
    code: str


class NotFit(Exception):
    """The hub does not start or work like this; the message is one line that says why and what to do."""


class Refusal(Exception):
    """Base of all refusals. `code` is the message to translate; nothing in it may hint at what is hidden."""

    code = "refused"

    def __init__(self, code: str | None = None) -> None:
        self.code = code or type(self).code
        super().__init__(self.code)


class InvalidInput(Refusal):
    """The input cannot be used; `fields` say which parts and what to do."""

    code = "invalid_input"

    def __init__(self, *fields: FieldError, code: str | None = None) -> None:
        super().__init__(code)
        self.fields: Sequence[FieldError] = fields


class NotPermitted(Refusal):
    """The person may not do this, whatever the object."""

    code = "not_permitted"


class NotFound(Refusal):
    """No such thing, or a hidden one: the two look the same."""

    code = "not_found"


class Conflict(Refusal):
    """The thing has changed, or is not in a state that allows this."""

    code = "conflict"


class TooSoon(Refusal):
    """It can be done later, not now; `not_before` says from when, where that is known."""

    code = "too_soon"

    def __init__(self, code: str | None = None, not_before: datetime | None = None) -> None:
        super().__init__(code)
        self.not_before = not_before


class OutOfService(Refusal):
    """The service asked for does not take referrals now."""

    code = "out_of_service"
