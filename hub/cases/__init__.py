"""Reports, cases, parties (encrypted) and risk."""
