"""What the competent authority reads: audit, coverage, statistics."""
