"""Consents, withdrawals and the ledger of disclosures."""
