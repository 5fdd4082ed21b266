"""Needs sent to whoever owes them, and what came of it."""
