"""What every command shares: the terminal, the settings, the database, and how a command fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

if TYPE_CHECKING:
    from hub.base.db import Database
    from hub.base.settings import Settings

out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)


def given_settings() -> Settings:
    """The settings; a wrong one is a line on the terminal and exit code 2."""
    from hub.base.settings import settings

    try:
        return settings()
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):  # an input may be a secret
            field = "_".join(str(part) for part in one["loc"])
            err.print(f"HUB_{field.upper()}: {_advised(field, one['msg'])}", style="red", markup=False)
        raise typer.Exit(2) from None


def _advised(field: str, said: str) -> str:
    """What is wrong with a setting, and what it is for: its documentation's first sentence."""
    from hub.base.settings import Settings

    known = Settings.model_fields.get(field)
    meant = (known.description or "").partition(". ")[0].rstrip(".") if known else ""
    return f"{said.removeprefix('Value error, ')} ({meant}; see docs/operations.md)"


def warn_of_unknown() -> None:
    """A line for each variable `HUB_*` that is no setting, for commands whose terminal people read."""
    from hub.base.fitness import unknown_settings

    for found in unknown_settings():
        err.print(f"{found.what}: {found.advice}", style="yellow", markup=False)


@asynccontextmanager
async def opened(made: Settings) -> AsyncIterator[Database]:
    """The database as the application's role; it must have been migrated."""
    from hub.base.databases import databases
    from hub.base.db import Database

    async with databases(made) as urls:
        database = Database(urls.app, pool=2)
        try:
            yield database
        finally:
            await database.close()


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what went wrong, and end with `code`."""
    err.print(message, style="red", markup=False)
    raise typer.Exit(code)
