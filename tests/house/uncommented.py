"""SQL without its comments, as PostgreSQL reads it."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"--[^\n]*|/\*|'(?:[^']|'')*'|\"[^\"]*\"|.", re.DOTALL)
_EDGE = re.compile(r"/\*|\*/")


def uncommented(said: str) -> str:
    """The same statements, a space for each comment, one within another too; what is quoted is left as it is."""
    kept, at = list[str](), 0
    while found := _TOKEN.match(said, at):
        token, at = found[0], found.end()
        if token == "/*":
            depth = 1
            while depth and (edge := _EDGE.search(said, at)):
                depth, at = depth + (1 if edge[0] == "/*" else -1), edge.end()
            at = len(said) if depth else at
        kept.append(" " if token.startswith(("--", "/*")) else token)
    return "".join(kept)
