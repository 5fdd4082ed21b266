"""Packages sent to the directory: kept sealed, tried, and written once whoever sent them confirms what was tried."""
