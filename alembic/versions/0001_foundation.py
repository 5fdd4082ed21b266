"""foundation"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


class Xid8(sa.types.UserDefinedType):
    """PostgreSQL's 64-bit transaction id, as hub.audit.tables has it."""

    cache_ok = True

    def get_col_spec(self, **_):
        return "xid8"


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """foundation"""
    op.create_table(
        "agency",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("names", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("is_centre", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("county", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("suspended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'", name="ck_agency_code"),
        sa.CheckConstraint("jsonb_typeof(names) = 'object'", name="ck_agency_names"),
        sa.CheckConstraint("name <> ''", name="ck_agency_name"),
        sa.CheckConstraint(
            "network in ('centre', 'social_affairs', 'health', 'education', 'labour', 'police', 'justice', 'immigration', 'culture', 'communications', 'household_registration', 'civil_affairs', 'news', 'ngo')",
            name="ck_agency_network",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", name="uq_agency_code"),
    )
    op.create_index("ix_agency_county", "agency", ["county", "network"], unique=False)
    op.create_index("ix_agency_organization", "agency", ["organization_id"], unique=False)
    op.create_table(
        "area",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column(
            "names", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.CheckConstraint("kind IN ('country', 'state', 'county', 'township', 'city')", name="ck_area_kind"),
        sa.CheckConstraint("code <> parent", name="ck_area_parent"),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="ck_area_place"),
        sa.ForeignKeyConstraint(
            ["parent"],
            ["area.code"],
        ),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("ix_area_parent", "area", ["parent"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("case_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_entry_agency", "audit_entry", ["agency_id", "id"], unique=False)
    op.create_index("ix_audit_entry_cases", "audit_entry", ["case_ids"], unique=False, postgresql_using="gin")
    op.create_index("ix_audit_entry_xid", "audit_entry", ["xid"], unique=False)
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("upto", Xid8(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("entry_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "busy_time",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name="ck_busy_time_order"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_busy_time_owner", "busy_time", ["owner_id", "ends_at", "starts_at"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("centre_id", sa.Uuid(), nullable=False),
        sa.Column("coordinator_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("acts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("risk_level", sa.Text(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("risk_level in ('unassessed', 'standard', 'medium', 'high')", name="ck_case_file_risk"),
        sa.CheckConstraint("state in ('open', 'closed')", name="ck_case_file_state"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="uq_case_file_number"),
    )
    op.create_index("ix_case_file_centre", "case_file", ["centre_id", "state"], unique=False)
    op.create_index("ix_case_file_coordinator", "case_file", ["coordinator_id", "state"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("grantor", sa.Text(), nullable=False),
        sa.Column("capacity", sa.Boolean(), nullable=False),
        sa.Column("categories", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("purposes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("recipient_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.Column("notice_version", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "grantor in ('victim', 'custodian', 'legal_representative', 'opposite')", name="ck_consent_grantor"
        ),
        sa.CheckConstraint("cardinality(categories) > 0 and cardinality(purposes) > 0", name="ck_consent_something"),
        sa.CheckConstraint("cardinality(recipient_ids) > 0", name="ck_consent_somebody"),
        sa.CheckConstraint("ends_at > starts_at", name="ck_consent_period"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consent_case", "consent", ["case_id"], unique=False)
    op.create_table(
        "deadline",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_fire_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "stage",
            sa.Enum(
                "waiting",
                "warned",
                "overdue",
                "escalated",
                "ended",
                name="ck_deadline_stage",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("warned", sa.SmallInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "met",
                "cancelled",
                "ended",
                name="ck_deadline_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_error", sa.String(length=100), nullable=True),
        sa.CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name="ck_deadline_met"),
        sa.CheckConstraint("state = 'running' OR next_fire_at IS NULL", name="ck_deadline_quiet"),
        sa.CheckConstraint("due_at >= starts_at", name="ck_deadline_order"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_deadline_next_fire",
        "deadline",
        ["next_fire_at", "id"],
        unique=False,
        postgresql_where=sa.text("next_fire_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deadline_owner",
        "deadline",
        ["owner_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("ix_deadline_subject", "deadline", ["subject_id", "clock"], unique=False)
    op.create_table(
        "done_once",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor_id", "key"),
    )
    op.create_table(
        "kept_row",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "entity", "source_id", name="uq_kept_row_source"),
    )
    op.create_table(
        "meeting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "risk",
                "coordination",
                "advisory_shpa",
                "advisory_dvpa",
                "case",
                name="ck_meeting_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tz", sa.String(length=64), nullable=False),
        sa.Column(
            "place_kind",
            sa.Enum(
                "onsite",
                "online",
                "hybrid",
                name="ck_meeting_place_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "confirmed", "cancelled", name="ck_meeting_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.CheckConstraint("ends_at > starts_at", name="ck_meeting_order"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid", name="uq_meeting_uid"),
    )
    op.create_index("ix_meeting_starts", "meeting", ["starts_at"], unique=False)
    op.create_table(
        "organization",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "name_i18n", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("alternate_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("network", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("website", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "network IN ('centre', 'social_affairs', 'health', 'education', 'labour', 'police', 'justice', 'immigration', 'culture', 'communications', 'household_registration', 'civil_affairs', 'news', 'ngo')",
            name="ck_organization_network",
        ),
        sa.CheckConstraint("status IN ('active', 'suspended', 'closed')", name="ck_organization_status"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_organization_source"),
    )
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("from_agency_id", sa.Uuid(), nullable=False),
        sa.Column("to_agency_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state in ('rejected', 'returned')) = (reason is not null)", name="ck_referral_reason"),
        sa.CheckConstraint(
            "state in ('requested', 'accepted', 'rejected', 'returned', 'completed', 'cancelled')",
            name="ck_referral_state",
        ),
        sa.CheckConstraint("urgency in ('immediate', 'urgent', 'normal')", name="ck_referral_urgency"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_referral_case", "referral", ["case_id", "sent_at"], unique=False)
    op.create_index(
        "ix_referral_inbox",
        "referral",
        ["to_agency_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('requested', 'accepted')"),
    )
    op.create_index("ix_referral_sender", "referral", ["sent_by", "state", "due_at"], unique=False)
    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("centre_id", sa.Uuid(), nullable=False),
        sa.Column("filed_by", sa.Uuid(), nullable=False),
        sa.Column("filed_agency_id", sa.Uuid(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("oral", sa.Boolean(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("acts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("reporter", sa.LargeBinary(), nullable=False),
        sa.Column("victim_index", sa.LargeBinary(), nullable=False),
        sa.Column("opposite_index", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(state = 'opened') = (case_id is not null)", name="ck_report_case"),
        sa.CheckConstraint("state in ('received', 'opened', 'closed')", name="ck_report_state"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("receipt", name="uq_report_receipt"),
    )
    op.create_index("ix_report_centre", "report", ["centre_id", "state", "received_at"], unique=False)
    op.create_index("ix_report_reporter", "report", ["filed_by"], unique=False)
    op.create_table(
        "seat",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True, maxvalue=137438953471), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="uq_seat_number"),
    )
    op.create_table(
        "standing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("treatment", sa.Boolean(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('assigned','same_centre','referred_to','invited','applicant','enforcer','conflict')",
            name="ck_standing_kind",
        ),
        sa.CheckConstraint("agency_id is not null or staff_id is not null", name="ck_standing_somebody"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_standing_case", "standing", ["case_id", "agency_id"], unique=False)
    op.create_index(
        "ix_standing_conflict",
        "standing",
        ["staff_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'conflict' and ended_at is null"),
    )
    op.create_index("ix_standing_source", "standing", ["source_id"], unique=False)
    op.create_index(
        "uq_standing_live",
        "standing",
        ["case_id", "kind", "agency_id", "staff_id", "source_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "taxonomy_term",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("taxonomy", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("parent_code", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("need", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "need IN ('protection_assistance', 'safety_planning', 'case_management', 'hotline', 'rescue', 'medical_accompaniment', 'emergency_placement', 'shelter', 'housing', 'financial_aid', 'legal_aid', 'medical_treatment', 'counselling', 'child_counselling', 'injury_certificate', 'evidence_collection', 'offender_assessment', 'offender_treatment', 'schooling', 'school_counselling', 'workplace_safety', 'occupational_counselling', 'vocational_training', 'employment', 'police_protection', 'written_warning', 'order_enforcement', 'prosecution', 'protection_order', 'release_notice', 'residence_permit', 'household_record', 'image_removal', 'visitation', 'court_companion', 'court_desk', 'prevention_education', 'interpretation')",
            name="ck_taxonomy_term_need",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_taxonomy_term_source"),
    )
    op.create_table(
        "working_hours",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("from_minute", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("to_minute", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "0 <= from_minute AND from_minute < to_minute AND to_minute <= 1440", name="ck_working_hours_day"
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_working_hours_weekday"),
        sa.PrimaryKeyConstraint("owner_id", "weekday", "from_minute"),
    )
    op.create_table(
        "booking",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("seat", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_minute", sa.BigInteger(), nullable=False),
        sa.Column("to_minute", sa.BigInteger(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.literal_column("int8range((seat << 26) + from_minute, (seat << 26) + to_minute)"), "&&"),
            using="gist",
            name="ex_booking_twice",
        ),
        sa.CheckConstraint("0 < seat AND seat < 137438953472", name="ck_booking_seat"),
        sa.CheckConstraint(
            "0 <= from_minute AND from_minute < to_minute AND to_minute < 67108864", name="ck_booking_order"
        ),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["seat"],
            ["seat.number"],
        ),
        sa.PrimaryKeyConstraint("meeting_id", "seat"),
    )
    op.create_index("ix_booking_seat", "booking", ["seat", "to_minute"], unique=False)
    op.create_table(
        "conference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("centre_id", sa.Uuid(), nullable=False),
        sa.Column("called_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state in ('called', 'held', 'final', 'cancelled')", name="ck_conference_state"),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("meeting_id", name="uq_conference_meeting"),
    )
    op.create_index("ix_conference_called_by", "conference", ["called_by"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("attendee_id", sa.Uuid(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column(
            "rsvp",
            sa.Enum(
                "needs-action",
                "accepted",
                "tentative",
                "declined",
                name="ck_invitation_rsvp",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("responded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("meeting_id", "attendee_id"),
    )
    op.create_index("ix_invitation_attendee", "invitation", ["attendee_id"], unique=False)
    op.create_table(
        "location",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("location_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "name_i18n", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("transportation", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("url", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "location_type <> 'confidential' OR (latitude IS NULL AND longitude IS NULL AND area_code IS NULL AND transportation = '' AND description = '' AND url = '' AND extra = '{}'::jsonb)",
            name="ck_location_confidential",
        ),
        sa.CheckConstraint(
            "location_type IN ('physical', 'postal', 'virtual', 'confidential')", name="ck_location_type"
        ),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="ck_location_place"),
        sa.ForeignKeyConstraint(
            ["area_code"],
            ["area.code"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("id", "location_type", name="uq_location_type"),
        sa.UniqueConstraint("source", "source_id", name="uq_location_source"),
    )
    op.create_index("ix_location_organization", "location", ["organization_id"], unique=False)
    op.create_table(
        "party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('victim', 'child', 'witness', 'opposite', 'associated')", name="ck_party_kind"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_party_case", "party", ["case_id"], unique=False)
    op.create_index("ix_party_person", "party", ["person_index"], unique=False)
    op.create_table(
        "risk_assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("by_judgement", sa.Boolean(), nullable=False),
        sa.Column("judgement", sa.LargeBinary(), nullable=False),
        sa.Column("assessed_by", sa.Uuid(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level in ('standard', 'medium', 'high')", name="ck_risk_assessment_level"),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["case_file.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_risk_assessment_case", "risk_assessment", ["case_id", "assessed_at"], unique=False)
    op.create_table(
        "service",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "name_i18n", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("alternate_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("url", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("application_process", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("fees_description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("eligibility_description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("maximum_age", sa.Integer(), nullable=True),
        sa.Column("genders", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("assured_date", sa.Date(), nullable=True),
        sa.CheckConstraint("genders <@ ARRAY['female', 'male', 'other']::text[]", name="ck_service_genders"),
        sa.CheckConstraint(
            "status IN ('active', 'inactive', 'defunct', 'temporarily closed')", name="ck_service_status"
        ),
        sa.CheckConstraint(
            "minimum_age >= 0 AND maximum_age >= 0 AND minimum_age <= maximum_age", name="ck_service_ages"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_service_source"),
    )
    op.create_index("ix_service_organization", "service", ["organization_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'person'"), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("locale", sa.Text(), server_default=sa.text("'zh-Hant'"), nullable=False),
        sa.Column("claims_managed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("suspended", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("issuer <> '' and subject <> ''", name="ck_staff_account"),
        sa.CheckConstraint("kind = 'machine' or scopes = '{}'", name="ck_staff_scopes"),
        sa.CheckConstraint("kind in ('person', 'machine')", name="ck_staff_kind"),
        sa.CheckConstraint("locale in ('zh-Hant', 'en', 'ko')", name="ck_staff_locale"),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("issuer", "subject", name="uq_staff_issuer_subject"),
    )
    op.create_index("ix_staff_agency", "staff", ["agency_id"], unique=False)
    op.create_table(
        "accessibility",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_accessibility_source"),
    )
    op.create_index("ix_accessibility_location", "accessibility", ["location_id"], unique=False)
    op.create_table(
        "address",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("location_type", sa.Text(), nullable=False),
        sa.Column("address_type", sa.Text(), nullable=False),
        sa.Column("attention", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("address_1", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("address_2", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("city", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("region", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state_province", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("postal_code", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("country", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("address_type IN ('physical', 'postal', 'virtual')", name="ck_address_type"),
        sa.CheckConstraint("location_type <> 'confidential'", name="ck_address_confidential"),
        sa.ForeignKeyConstraint(
            ["location_id", "location_type"],
            ["location.id", "location.location_type"],
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_address_source"),
    )
    op.create_index("ix_address_location", "address", ["location_id", "location_type"], unique=False)
    op.create_table(
        "agenda_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conference_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conference_id"],
            ["conference.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conference_id", "case_id", name="uq_agenda_item_case"),
        sa.UniqueConstraint("conference_id", "position", name="uq_agenda_item_position"),
    )
    op.create_index("ix_agenda_item_case", "agenda_item", ["case_id"], unique=False)
    op.create_table(
        "attendance",
        sa.Column("conference_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conference_id"],
            ["conference.id"],
        ),
        sa.PrimaryKeyConstraint("conference_id", "agency_id"),
    )
    op.create_table(
        "attribute",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("taxonomy_term_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["taxonomy_term_id"], ["taxonomy_term.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_attribute_source"),
    )
    op.create_index("ix_attribute_service", "attribute", ["service_id"], unique=False)
    op.create_index("ix_attribute_term", "attribute", ["taxonomy_term_id"], unique=False)
    op.create_table(
        "language",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.CheckConstraint("num_nonnulls(service_id, location_id) > 0", name="ck_language_owner"),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_language_source"),
    )
    op.create_index("ix_language_location", "language", ["location_id"], unique=False)
    op.create_index("ix_language_service", "language", ["service_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_fire_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"],
            ["agency.id"],
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_outbox_agency", "outbox", ["agency_id", "created_at"], unique=False)
    op.create_index(
        "ix_outbox_next_fire",
        "outbox",
        ["next_fire_at", "id"],
        unique=False,
        postgresql_where=sa.text("next_fire_at is not null"),
    )
    op.create_table(
        "phone",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("type", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("num_nonnulls(service_id, organization_id, location_id) > 0", name="ck_phone_owner"),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_phone_source"),
    )
    op.create_index("ix_phone_location", "phone", ["location_id"], unique=False)
    op.create_index("ix_phone_organization", "phone", ["organization_id"], unique=False)
    op.create_index("ix_phone_service", "phone", ["service_id"], unique=False)
    op.create_table(
        "schedule",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("byday", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("opens_at", sa.Time(), nullable=True),
        sa.Column("closes_at", sa.Time(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("byday ~ '^((MO|TU|WE|TH|FR|SA|SU)(,|$))*$'", name="ck_schedule_byday"),
        sa.CheckConstraint("num_nonnulls(service_id, location_id) > 0", name="ck_schedule_owner"),
        sa.CheckConstraint("valid_from <= valid_to", name="ck_schedule_valid"),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_schedule_source"),
    )
    op.create_index("ix_schedule_location", "schedule", ["location_id"], unique=False)
    op.create_index("ix_schedule_service", "schedule", ["service_id"], unique=False)
    op.create_table(
        "service_area",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("derived", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["area_code"],
            ["area.code"],
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_service_area_source"),
    )
    op.create_index("ix_service_area_area", "service_area", ["area_code"], unique=False)
    op.create_index("ix_service_area_service", "service_area", ["service_id"], unique=False)
    op.create_table(
        "service_at_location",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id", name="uq_service_at_location_source"),
    )
    op.create_index("ix_service_at_location_location", "service_at_location", ["location_id"], unique=False)
    op.create_index("ix_service_at_location_service", "service_at_location", ["service_id"], unique=False)
    op.create_table(
        "service_capacity",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("seen", sa.Uuid(), nullable=True),
        sa.Column(
            "extra", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("available", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("available >= 0", name="ck_service_capacity_available"),
        sa.CheckConstraint("updated <= expires", name="ck_service_capacity_expires"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("service_id", "unit", name="uq_service_capacity_unit"),
        sa.UniqueConstraint("source", "source_id", name="uq_service_capacity_source"),
    )
    op.create_table(
        "service_route",
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("mandated", sa.Boolean(), nullable=False),
        sa.Column("closed", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hours", postgresql.INT4MULTIRANGE(), nullable=True),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("accessibility", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("minimum_age", sa.SmallInteger(), nullable=True),
        sa.Column("maximum_age", sa.SmallInteger(), nullable=True),
        sa.Column("genders", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
    )
    op.create_index(
        "ix_service_route_need_area",
        "service_route",
        ["need", "area", "service_id"],
        unique=True,
        postgresql_include=[
            "organization_id",
            "mandated",
            "closed",
            "latitude",
            "longitude",
            "available",
            "updated",
            "expires",
            "hours",
            "languages",
            "accessibility",
            "minimum_age",
            "maximum_age",
            "genders",
        ],
    )
    op.create_index("ix_service_route_organization", "service_route", ["organization_id"], unique=False)
    op.create_index("ix_service_route_service", "service_route", ["service_id"], unique=False)
    op.create_table(
        "service_search",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("haystack", sa.Text(), nullable=False),
        sa.Column("areas", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("document", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("service_id"),
    )
    op.create_index(
        "ix_service_search_document",
        "service_search",
        ["document"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index("ix_service_search_organization", "service_search", ["organization_id"], unique=False)
    op.create_table(
        "staff_relation",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('is', 'lives_with', 'close_to')", name="ck_staff_relation_kind"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", "person_index", "kind"),
    )
    op.create_index("ix_staff_relation_person", "staff_relation", ["person_index"], unique=False)
    op.create_table(
        "staff_role",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("pending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role in ('coordinator', 'intake_officer', 'agency_worker', 'agency_manager', 'auditor', 'administrator', 'reporter', 'machine')",
            name="ck_staff_role_role",
        ),
        sa.ForeignKeyConstraint(
            ["granted_by"],
            ["staff.id"],
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", "role"),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("csrf", sa.LargeBinary(), nullable=False),
        sa.Column("user_agent_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step_up_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("expires_at > created_at", name="ck_web_session_life"),
        sa.CheckConstraint("octet_length(csrf) = 32", name="ck_web_session_csrf"),
        sa.CheckConstraint("octet_length(id) = 32", name="ck_web_session_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_web_session_expires", "web_session", ["expires_at"], unique=False)
    op.create_index("ix_web_session_staff", "web_session", ["staff_id"], unique=False)
    op.create_table(
        "action_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agenda_item_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(done_at is null) = (done_by is null)", name="ck_action_item_done"),
        sa.ForeignKeyConstraint(
            ["agenda_item_id"],
            ["agenda_item.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_action_item_agency",
        "action_item",
        ["agency_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("done_at is null"),
    )
    op.create_index("ix_action_item_item", "action_item", ["agenda_item_id"], unique=False)


def downgrade() -> None:
    """Undo it, for rehearsals; a release is rolled back by the code, not by the data."""
    op.drop_index("ix_action_item_item", table_name="action_item")
    op.drop_index("ix_action_item_agency", table_name="action_item", postgresql_where=sa.text("done_at is null"))
    op.drop_table("action_item")
    op.drop_index("ix_web_session_staff", table_name="web_session")
    op.drop_index("ix_web_session_expires", table_name="web_session")
    op.drop_table("web_session")
    op.drop_table("staff_role")
    op.drop_index("ix_staff_relation_person", table_name="staff_relation")
    op.drop_table("staff_relation")
    op.drop_index("ix_service_search_organization", table_name="service_search")
    op.drop_index(
        "ix_service_search_document",
        table_name="service_search",
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.drop_table("service_search")
    op.drop_index("ix_service_route_service", table_name="service_route")
    op.drop_index("ix_service_route_organization", table_name="service_route")
    op.drop_index(
        "ix_service_route_need_area",
        table_name="service_route",
        postgresql_include=[
            "organization_id",
            "mandated",
            "closed",
            "latitude",
            "longitude",
            "available",
            "updated",
            "expires",
            "hours",
            "languages",
            "accessibility",
            "minimum_age",
            "maximum_age",
            "genders",
        ],
    )
    op.drop_table("service_route")
    op.drop_table("service_capacity")
    op.drop_index("ix_service_at_location_service", table_name="service_at_location")
    op.drop_index("ix_service_at_location_location", table_name="service_at_location")
    op.drop_table("service_at_location")
    op.drop_index("ix_service_area_service", table_name="service_area")
    op.drop_index("ix_service_area_area", table_name="service_area")
    op.drop_table("service_area")
    op.drop_index("ix_schedule_service", table_name="schedule")
    op.drop_index("ix_schedule_location", table_name="schedule")
    op.drop_table("schedule")
    op.drop_index("ix_phone_service", table_name="phone")
    op.drop_index("ix_phone_organization", table_name="phone")
    op.drop_index("ix_phone_location", table_name="phone")
    op.drop_table("phone")
    op.drop_index("ix_outbox_next_fire", table_name="outbox", postgresql_where=sa.text("next_fire_at is not null"))
    op.drop_index("ix_outbox_agency", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_language_service", table_name="language")
    op.drop_index("ix_language_location", table_name="language")
    op.drop_table("language")
    op.drop_index("ix_attribute_term", table_name="attribute")
    op.drop_index("ix_attribute_service", table_name="attribute")
    op.drop_table("attribute")
    op.drop_table("attendance")
    op.drop_index("ix_agenda_item_case", table_name="agenda_item")
    op.drop_table("agenda_item")
    op.drop_index("ix_address_location", table_name="address")
    op.drop_table("address")
    op.drop_index("ix_accessibility_location", table_name="accessibility")
    op.drop_table("accessibility")
    op.drop_index("ix_staff_agency", table_name="staff")
    op.drop_table("staff")
    op.drop_index("ix_service_organization", table_name="service")
    op.drop_table("service")
    op.drop_index("ix_risk_assessment_case", table_name="risk_assessment")
    op.drop_table("risk_assessment")
    op.drop_index("ix_party_person", table_name="party")
    op.drop_index("ix_party_case", table_name="party")
    op.drop_table("party")
    op.drop_index("ix_location_organization", table_name="location")
    op.drop_table("location")
    op.drop_index("ix_invitation_attendee", table_name="invitation")
    op.drop_table("invitation")
    op.drop_index("ix_conference_called_by", table_name="conference")
    op.drop_table("conference")
    op.drop_index("ix_booking_seat", table_name="booking")
    op.drop_table("booking")
    op.drop_table("working_hours")
    op.drop_table("taxonomy_term")
    op.drop_index(
        "uq_standing_live",
        table_name="standing",
        postgresql_where=sa.text("ended_at is null"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("ix_standing_source", table_name="standing")
    op.drop_index(
        "ix_standing_conflict",
        table_name="standing",
        postgresql_where=sa.text("kind = 'conflict' and ended_at is null"),
    )
    op.drop_index("ix_standing_case", table_name="standing")
    op.drop_table("standing")
    op.drop_table("seat")
    op.drop_index("ix_report_reporter", table_name="report")
    op.drop_index("ix_report_centre", table_name="report")
    op.drop_table("report")
    op.drop_index("ix_referral_sender", table_name="referral")
    op.drop_index(
        "ix_referral_inbox", table_name="referral", postgresql_where=sa.text("state in ('requested', 'accepted')")
    )
    op.drop_index("ix_referral_case", table_name="referral")
    op.drop_table("referral")
    op.drop_table("organization")
    op.drop_index("ix_meeting_starts", table_name="meeting")
    op.drop_table("meeting")
    op.drop_table("kept_row")
    op.drop_table("done_once")
    op.drop_index("ix_deadline_subject", table_name="deadline")
    op.drop_index("ix_deadline_owner", table_name="deadline", postgresql_where=sa.text("state = 'running'"))
    op.drop_index("ix_deadline_next_fire", table_name="deadline", postgresql_where=sa.text("next_fire_at IS NOT NULL"))
    op.drop_table("deadline")
    op.drop_index("ix_consent_case", table_name="consent")
    op.drop_table("consent")
    op.drop_index("ix_case_file_coordinator", table_name="case_file")
    op.drop_index("ix_case_file_centre", table_name="case_file")
    op.drop_table("case_file")
    op.drop_index("ix_busy_time_owner", table_name="busy_time")
    op.drop_table("busy_time")
    op.drop_table("audit_seal")
    op.drop_index("ix_audit_entry_xid", table_name="audit_entry")
    op.drop_index("ix_audit_entry_cases", table_name="audit_entry", postgresql_using="gin")
    op.drop_index("ix_audit_entry_agency", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_index("ix_area_parent", table_name="area")
    op.drop_table("area")
    op.drop_index("ix_agency_organization", table_name="agency")
    op.drop_index("ix_agency_county", table_name="agency")
    op.drop_table("agency")
