"""Lint: every template compiles, and every text exists in every language. Run by `make lint`."""

from __future__ import annotations

import sys

from hub.base.texts import LANGUAGES
from hub.console import texts
from hub.console.environment import environment


def main() -> int:
    """0 if pages can be made."""
    for lang in LANGUAGES:
        pages = environment(lang)
        for name in pages.list_templates():
            pages.get_template(name)
    print(f"templates: {len(environment(LANGUAGES[0]).list_templates())} compile in {len(LANGUAGES)} languages")
    return texts.main(["check"])


if __name__ == "__main__":
    sys.exit(main())
