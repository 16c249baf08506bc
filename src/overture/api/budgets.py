"""Budgets in their wire form."""

from pydantic import Field

from overture.api import bodies
from overture.core.budget import Standing
from overture.core.words import BudgetScope, BudgetSource, Endpoint


class BudgetAnswer(bodies.Answer):
    """How much of one kind of call is allowed in a window of time, and how much of that is used."""

    endpoint: Endpoint = Field(
        description="The kind of call: `send`, reading the `inbox` or a `conversation`, looking up `profiles` or "
        "`usernames`, listing `followers`, `following` or who `likes` a post.",
        examples=["send"],
    )
    scope: BudgetScope = Field(
        description="Whose calls are counted: the `account`'s, or those of all accounts of the `app`.",
        examples=["account"],
    )
    window_seconds: int = Field(description="How long the window is.", examples=[900])
    limit: int = Field(description="Calls it allows.", examples=[15])
    used: int = Field(description="Calls used, as far as Overture knows.", examples=[3])
    left: int = Field(description="Calls it still allows.", examples=[12])
    frees_at: bodies.Instant | None = Field(
        description="When used ones come back, or the first of them; null where none is used, or it is not known."
    )
    source: BudgetSource = Field(
        description="`told`: by the platform, beside an answer. `published`: the platform's table, until it has told "
        "more. `ceiling`: the most it lets an account send by all its clients together. `limit`: the team's own.",
        examples=["told"],
    )
    told_at: bodies.Instant | None = Field(description="When the platform told it; null for the other sources.")


def answer(standing: Standing) -> BudgetAnswer:
    """Put a budget into its wire form."""
    return BudgetAnswer(
        endpoint=standing.endpoint,
        scope=standing.scope,
        window_seconds=standing.seconds,
        limit=standing.limit,
        used=standing.used,
        left=standing.left,
        frees_at=standing.frees_at,
        source=standing.source,
        told_at=standing.told_at,
    )
