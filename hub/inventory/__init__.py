"""The inventory of what help exists, kept: who may change it, rounds of stock-taking, coverage and gaps."""
