"""Problems: expected failures as types of the contract, each with a code and a message in the reader's language."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Union

import strawberry

from hub.base import errors
from hub.base.clocks import zone
from hub.base.texts import message


@strawberry.interface(description="Something expected that stopped the operation. Nothing was changed.")
class Problem:
    """Base of all problems."""

    code: str = strawberry.field(description="Stable code to program against.")
    message: str = strawberry.field(description="What happened and what to do, in the language of the request.")


@strawberry.type(description="One field of the input that cannot be used.")
class FieldProblem:
    """A field and its message."""

    path: str = strawberry.field(description="Dotted path in the input.")
    code: str = strawberry.field(description="Stable code to program against.")
    message: str = strawberry.field(description="What to do about it.")


@strawberry.type(description="The input cannot be used; `fields` say which parts and what to do.")
class InvalidInput(Problem):
    """Bad input."""

    fields: list[FieldProblem] = strawberry.field(description="Each part that cannot be used.")


@strawberry.type(description="You may not do this, whatever the object. Sign in, or ask for the role.")
class NotPermitted(Problem):
    """Wrong role, or nobody signed in."""


@strawberry.type(description="No such thing, or nothing you may see: the two look the same.")
class NotFound(Problem):
    """Absent or hidden."""


@strawberry.type(description="It has changed meanwhile, or is in a state that does not allow this. Read it again.")
class Conflict(Problem):
    """Changed or closed."""


@strawberry.type(description="This can be done later, not now.")
class TooSoon(Problem):
    """Not yet."""

    not_before: datetime | None = strawberry.field(default=None, description="From when it can be, if that is known.")


@strawberry.type(description="The service asked for takes no referrals now; choose another.")
class OutOfService(Problem):
    """Closed or full."""


PROBLEMS: dict[type[errors.Refusal], type[Problem]] = {
    errors.NotPermitted: NotPermitted,
    errors.NotFound: NotFound,
    errors.Conflict: Conflict,
    errors.TooSoon: TooSoon,
    errors.OutOfService: OutOfService,
}


def problem_of(refusal: errors.Refusal, lang: str) -> Problem:
    """The contract's problem for a refusal."""
    if isinstance(refusal, errors.InvalidInput):
        return InvalidInput(
            code=refusal.code,
            message=message(refusal.code, lang),
            fields=[FieldProblem(path=f.path, code=f.code, message=message(f.code, lang)) for f in refusal.fields],
        )
    if isinstance(refusal, errors.TooSoon) and refusal.not_before is not None:
        when = f"{refusal.not_before.astimezone(zone()):%Y-%m-%d %H:%M}"
        said = f"{message(refusal.code, lang)} {message('not_before', lang).replace('{when}', when)}"
        return TooSoon(code=refusal.code, message=said, not_before=refusal.not_before)
    kind = next(PROBLEMS[known] for known in type(refusal).__mro__ if known in PROBLEMS)
    return kind(code=refusal.code, message=message(refusal.code, lang))


def outcome(name: str, *success: Any) -> Any:
    """The result union of a mutation: its success types and every problem."""
    members = (*success, InvalidInput, NotPermitted, NotFound, Conflict, TooSoon, OutOfService)
    return Annotated[Union[members], strawberry.union(name, description=f"What `{name}` can answer.")]  # noqa: UP007 - of a tuple
