"""The chain of what happened: append, seal, verify, export."""
