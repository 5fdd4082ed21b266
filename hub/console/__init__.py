"""Pages; each runs one named operation and renders it."""
