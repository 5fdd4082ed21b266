"""Who may see what: closed terms, the disclosure tables, one pure decision."""
