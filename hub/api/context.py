"""What a GraphQL operation runs in: one transaction, the person asking, their language."""

from __future__ import annotations

from dataclasses import dataclass

from strawberry.types import Info as StrawberryInfo

from hub.base.crypto import Keys
from hub.base.db import Session
from hub.base.errors import NotPermitted
from hub.base.settings import Settings
from hub.policy.terms import Actor

from .plans import Plans


@dataclass(slots=True)
class Context:
    """One operation's surroundings. Root fields run one after another, so that they can share the session."""

    session: Session
    actor: Actor | None
    keys: Keys
    settings: Settings
    plans: Plans
    lang: str = "zh-Hant"
    operation: str = ""

    @property
    def person(self) -> Actor:
        """Whoever is signed in; NotPermitted if nobody is."""
        if self.actor is None:
            raise NotPermitted("sign_in_first")
        return self.actor


Info = StrawberryInfo[Context, None]
