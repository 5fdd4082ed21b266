"""packages sent to the directory, and files of it

A package has its state and report, its sealed parts, its remarks, and how far the worker is; a file its parts. Code
that is still running knows of none of them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _part(table: str, *columns: sa.Column) -> None:
    """A table of rows of an import."""
    op.create_table(
        table,
        sa.Column("import_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["import_id"], ["directory_import.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", *(["number"] if columns[0].name == "number" else [])),
    )


def upgrade() -> None:
    """Six tables."""
    op.create_table(
        "directory_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("staged_by", sa.Uuid(), nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "state in ('receiving', 'waiting', 'tried', 'confirmed', 'written', 'refused', 'failed', 'discarded', 'expired')",
            name="ck_directory_import_state",
        ),
        sa.CheckConstraint(
            "(key is not null) = (state in ('receiving', 'waiting', 'tried', 'confirmed'))",
            name="ck_directory_import_key",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_directory_import_staged", "directory_import", ["staged_at", "id"])
    op.create_index(
        "ix_directory_import_open",
        "directory_import",
        ["staged_at", "id"],
        postgresql_where=sa.text("key is not null"),
    )
    _part(
        "directory_import_part",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    _part(
        "directory_import_remark",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )
    _part(
        "directory_import_progress",
        sa.Column("begun", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("step", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("share", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_by", sa.Uuid(), nullable=True),
    )
    op.create_table(
        "directory_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("begun", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("size", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'ready', 'failed')", name="ck_directory_export_state"),
        sa.CheckConstraint(
            "form in ('hsds', 'json', 'xlsx', 'beyond_csv', 'beyond_json')", name="ck_directory_export_form"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("form", name="uq_directory_export_form"),
    )
    op.create_table(
        "directory_export_part",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["directory_export.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("export_id", "number"),
    )


def downgrade() -> None:
    """Packages not yet written are lost, and the reports of those that were."""
    op.drop_table("directory_export_part")
    op.drop_table("directory_export")
    for part in ("progress", "remark", "part"):
        op.drop_table(f"directory_import_{part}")
    op.drop_table("directory_import")
