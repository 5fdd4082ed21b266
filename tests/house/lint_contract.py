"""Lint: graphql/schema.graphql is the export, and every operation is valid. Run by `make lint`."""

from __future__ import annotations

import sys
from pathlib import Path

from hub.api.documents import Documents
from hub.api.schema import core, export

HOUSE = Path(__file__).resolve().parents[2]


def main() -> int:
    """0 if the contract stands."""
    kept = (HOUSE / "graphql" / "schema.graphql").read_text("utf-8")
    if kept != export():
        print("graphql/schema.graphql is not the export: run `hub export-schema > graphql/schema.graphql`")
        return 1
    print(f"contract: {len(Documents(core(), introspection=False).trusted)} operations valid, SDL as exported")
    return 0


if __name__ == "__main__":
    sys.exit(main())
