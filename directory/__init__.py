"""What help exists. Knows nothing of cases, people or consent."""
