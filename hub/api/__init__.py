"""The GraphQL contract; Strawberry lives only here."""
