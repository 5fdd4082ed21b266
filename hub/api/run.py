"""Run one operation in one transaction: find who asks, let fields answer, commit with ledger and audit, answer."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute

from hub.audit.ledger import watch
from hub.base.crypto import Keys
from hub.base.db import Database, Session
from hub.base.errors import FieldError, InvalidInput, Refusal
from hub.base.ids import new_id
from hub.base.outages import outage
from hub.base.settings import Settings
from hub.base.texts import message
from hub.identity.provider import Oidc
from hub.policy.terms import Actor

from .context import Context
from .documents import Document, Documents, is_mutation
from .executor import PlannedExecutor

log = structlog.get_logger("hub.api")

_VARIABLE = re.compile(
    r"Variable '\$(\w+)'(?: has invalid value(?: at ([\w.\[\]]+))?: "
    r"(?:Expected value of type '[\w!\[\]]+' to include required field '(\w+)')?)?"
)
"""What may be repeated of graphql-core's complaint, all of it of the schema's words: variable, place in it, the field
that is missing there. The rest of it repeats the value."""

WhoAsks = Callable[[Session], Awaitable[Actor | None]]


@dataclass(slots=True)
class Hub:
    """What a process needs to run operations."""

    db: Database
    settings: Settings
    keys: Keys
    schema: GraphQLSchema
    documents: Documents
    oidc: Oidc
    headers: dict[tuple[str, str], list[tuple[bytes, bytes]]] = field(default_factory=dict)
    """What every answer of the API carries, by its content type and language: made once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Data and worded errors of one operation; `refused` when nothing but a refusal came of it."""

    data: dict[str, Any] | None
    errors: tuple[dict[str, Any], ...] = ()

    @property
    def body(self) -> dict[str, Any]:
        """The GraphQL response."""
        return {"data": self.data, "errors": self.errors} if self.errors else {"data": self.data}


class _UndoError(Exception):
    """Roll the transaction back: a field failed in a way it does not answer for."""

    def __init__(self, cause: Exception, path: Any) -> None:
        self.cause, self.path = cause, path


async def run(
    hub: Hub, document: Document, name: str | None, variables: dict[str, Any] | None, who: WhoAsks, lang: str
) -> Answer:
    """Execute; commit; answer. Raises what `who` refuses, and nothing else.

    A fault of ours, in a field or around them, rolls everything back and shows nothing but an opaque number.
    """
    if _unwritable(variables):
        refused = {"message": message("control_characters", lang), "extensions": {"code": "control_characters"}}
        return Answer(None, (refused,))
    try:
        operation = document.operation(name)
        async with hub.db.work(reading=operation is not None and not is_mutation(operation)) as session:
            actor = await who(session)
            if actor is not None:
                watch(session, actor, name or "")
            assert document.node is not None
            assert document.plans is not None
            context = Context(session, actor, hub.keys, hub.settings, document.plans, lang, name or "")
            result = execute(
                hub.schema,
                document.node,
                context_value=context,
                variable_values=variables,
                operation_name=name,
                executor_class=PlannedExecutor,
                hide_suggestions=hub.settings.mode == "production",
            )
            if inspect.isawaitable(result):
                result = await result
            return _answer(result, lang)
    except Refusal:
        raise
    except _UndoError as undo:
        return _failed(undo.cause, lang, undo.path)
    except Exception as error:  # who asks, the ledger, the commit
        return _failed(error, lang)


def _unwritable(value: Any) -> bool:
    """Whether a NUL is anywhere in it: PostgreSQL cannot hold one, and no person types one."""
    left = [value]  # as deep as a body may be: no recursion
    while left:
        part = left.pop()
        if isinstance(part, str):
            if "\x00" in part:
                return True
        elif isinstance(part, dict):
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)
    return False


def _answer(result: ExecutionResult, lang: str) -> Answer:
    if not result.errors:
        return Answer(result.data)
    worded = []
    for error in result.errors:
        cause = error.original_error
        if isinstance(cause, Refusal):
            worded.append(_worded(error, cause, lang))
        elif (variable := _VARIABLE.match(error.message)) is not None:
            # graphql-core repeats the value, in English: a report's names would stand in whoever's log.
            name, place, missing = variable.groups("")
            path = f"{name}{place}.{missing}" if missing else name + place
            where = FieldError(path, "required") if missing else FieldError(path, "wrong_type")
            extensions = {"code": "bad_request", "variable": name, "fields": [_field(where, lang)]}
            worded.append({"message": message("bad_request", lang), "path": error.path, "extensions": extensions})
        elif cause is None or isinstance(cause, GraphQLError):
            worded.append({"message": error.message, "path": error.path, "extensions": {"code": "bad_request"}})
        else:
            raise _UndoError(cause, error.path)
    return Answer(result.data, tuple(worded))


def _worded(error: GraphQLError, refusal: Refusal, lang: str) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": refusal.code}
    if isinstance(refusal, InvalidInput):
        extensions["fields"] = [_field(field, lang) for field in refusal.fields]
    return {"message": message(refusal.code, lang), "path": error.path, "extensions": extensions}


def _field(field: FieldError, lang: str) -> dict[str, str]:
    """As the contract's `FieldProblem`."""
    return {"path": field.path, "code": field.code, "message": message(field.code, lang)}


def _failed(error: Exception, lang: str, path: Any = None) -> Answer:
    """Nothing happened: it can be tried again, or it is a fault of ours, found in the log by its number."""
    passing = outage(error)
    if passing is not None:
        log.warning("outage", kind=type(error).__name__, code=passing.code)
        return Answer(None, ({"message": message(passing.code, lang), "extensions": {"code": passing.code}},))
    number = str(new_id())
    log.error("fault", fault=number, kind=type(error).__name__, path=path, exc_info=error)
    return Answer(None, ({"message": message("fault", lang), "extensions": {"code": "fault", "fault": number}},))
