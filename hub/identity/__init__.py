"""Who is asking: sign-in, token check, users, staff and their standing."""
