"""search"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Rows written before stay findable: their runs, their cells, and nothing said of the rest. What else search knows of
# them comes when they are next refreshed.
_FIND_ALREADY_WRITTEN = """
UPDATE service_search q SET
  closed = x.closed,
  facets = ARRAY(SELECT t FROM unnest(tsvector_to_array(q.document)) AS t WHERE left(t, 1) IN ('!', '#', '@', '*'))
    || ARRAY['&?', '$?', '+?', '~?'],
  document = q.document || array_to_tsvector(array_remove(ARRAY['.', '&?', '$?', '+?', '~?',
    '=0:' || q.place / 1024, '=1:' || q.place / 16384, '=2:' || q.place / 262144,
    '|0:' || floor(q.latitude / 0.01) || ':' || mod(CAST(floor(q.longitude / 0.01) AS integer) + 36000, 36000),
    '|1:' || floor(q.latitude / 0.05) || ':' || mod(CAST(floor(q.longitude / 0.05) AS integer) + 7200, 7200),
    '|2:' || floor(q.latitude / 0.25) || ':' || mod(CAST(floor(q.longitude / 0.25) AS integer) + 1440, 1440),
    '|3:' || floor(q.latitude / 1.25) || ':' || mod(CAST(floor(q.longitude / 1.25) AS integer) + 288, 288)], NULL))
FROM (SELECT s.id, s.status <> 'active' OR o.status <> 'active' AS closed
  FROM service s JOIN organization o ON o.id = s.organization_id) x WHERE x.id = q.service_id
"""


def upgrade() -> None:
    """search"""
    op.add_column("service_search", sa.Column("place", sa.BigInteger(), sa.Identity(), nullable=False))
    op.add_column("service_search", sa.Column("closed", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(
        "service_search", sa.Column("facets", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("service_search", sa.Column("hours", postgresql.INT4MULTIRANGE()))
    op.add_column("service_search", sa.Column("minimum_age", sa.SmallInteger()))
    op.add_column("service_search", sa.Column("maximum_age", sa.SmallInteger()))
    op.execute(_FIND_ALREADY_WRITTEN)
    for column in ("closed", "facets"):
        op.alter_column("service_search", column, server_default=None)
    op.create_table(
        "search_word",
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("variants", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("word"),
    )
    op.create_index(
        "ix_search_word_variants",
        "search_word",
        ["variants"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )


def downgrade() -> None:
    """search"""
    op.drop_table("search_word")
    for column in ("maximum_age", "minimum_age", "hours", "facets", "closed", "place"):
        op.drop_column("service_search", column)
