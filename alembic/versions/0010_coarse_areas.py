"""What is derived from addresses tells of them no more than a town, and a place that is confidential stays so (DVPA 56)

The middles of derived areas are rounded to a twentieth of a degree, and services that stood there for want of a place
of their own have none until they are next written; derived areas nobody uses go. An index lets them go without reading
every place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COARSE = "CAST(round(round(CAST({0} AS numeric), 6) * 20) / 20 AS float8)"
_ELSEWHERE = """
q.latitude IS NOT NULL AND NOT EXISTS (SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id
  WHERE k.service_id = q.service_id AND l.latitude IS NOT NULL)"""
# The tokens that begin so are the cells of the grid a position lies in.
_ROWS = (
    f"UPDATE service_route q SET latitude = NULL, longitude = NULL WHERE q.area LIKE '~%' AND {_ELSEWHERE}",
    "UPDATE service_search q SET latitude = NULL, longitude = NULL, document = ts_delete(document, "
    "ARRAY(SELECT t FROM unnest(tsvector_to_array(document)) AS t WHERE left(t, 1) = '|')) "
    f"WHERE q.areas[1] LIKE '~%' AND {_ELSEWHERE}",
)
_UNUSED = """
DELETE FROM area t WHERE t.code LIKE '~%' AND NOT EXISTS (SELECT FROM area c WHERE c.parent = t.code)
AND NOT EXISTS (SELECT FROM service_area x WHERE x.area_code = t.code)
AND NOT EXISTS (SELECT FROM location l WHERE l.area_code = t.code)"""
_STAY = """
CREATE FUNCTION directory_stay_hidden() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'ck_location_stays_confidential: what was confidential once stays so'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_location_stays_confidential', TABLE = 'location';
END $$"""


def upgrade() -> None:
    """Rounded, emptied, forgotten; then the law."""
    op.create_index(
        "ix_location_area_code",
        "location",
        ["area_code"],
        unique=False,
        postgresql_where=sa.text("area_code IS NOT NULL"),
    )
    for rows in _ROWS:
        op.execute(rows)
    op.execute(
        f"UPDATE area SET latitude = {_COARSE.format('latitude')}, longitude = {_COARSE.format('longitude')} "
        "WHERE code LIKE '~%' AND latitude IS NOT NULL"
    )
    for _ in range(3):  # a city, its state, its country
        op.execute(_UNUSED)
    op.execute(_STAY)
    op.execute(
        'CREATE TRIGGER "A_stays_hidden" BEFORE UPDATE OF location_type ON location FOR EACH ROW '
        "WHEN (OLD.location_type = 'confidential' AND NEW.location_type <> 'confidential') "
        "EXECUTE FUNCTION directory_stay_hidden()"
    )


def downgrade() -> None:
    """The middles stay rounded: the next import of the older version makes them anew."""
    op.execute('DROP TRIGGER "A_stays_hidden" ON location')
    op.execute("DROP FUNCTION directory_stay_hidden()")
    op.drop_index("ix_location_area_code", table_name="location")
