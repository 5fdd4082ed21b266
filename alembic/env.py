"""How Alembic reaches the database: on the connection it is given, or on its own for the `alembic` command."""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from hub.audit.tables import Xid8
from hub.base.db import as_asyncpg
from hub.base.migrate import load_tables, take_turn
from hub.base.settings import settings

load_tables()
ischema_names["xid8"] = Xid8  # so that comparing knows the type


def run(connection: Connection) -> None:
    """Run what was asked for inside the connection's transaction."""
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        compare_server_default=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone(url: str) -> None:
    """For `alembic upgrade`, `check` and `revision`: a connection of our own, one at a time, never waiting long."""
    engine = create_async_engine(as_asyncpg(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await take_turn(connection)
            await connection.run_sync(run)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("migrations run on a database only: the hub writes no SQL scripts")
given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    chosen = context.get_x_argument(as_dictionary=True).get("url") or settings().database_url
    if not chosen:
        raise SystemExit("no database: set HUB_DATABASE_URL, or run `alembic -x url=postgresql://... COMMAND`")
    asyncio.run(run_alone(chosen))
