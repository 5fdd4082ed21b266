"""Who may see what of whom, and the work itself."""
