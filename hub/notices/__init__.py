"""Outbox to e-mail; never any personal data."""
