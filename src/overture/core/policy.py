"""Policy: whom an account may write to. Platform rules are data, with a date and a source."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from overture.core.words import ContactPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule a platform has published, and what a team does to keep it; `since` is when it was last seen so."""

    platform: str
    code: str
    rule: str
    remedy: str
    since: date
    source: str


RULES = (
    Rule(
        platform="twitter",
        code="inboundOrConsent",
        rule="Automated direct messages only to people who wrote first or agreed to it, with an easy way out.",
        remedy='Record consent for those who gave it; whoever answers "stop" is never written to again by itself.',
        since=date(2026, 8, 22),
        source="https://docs.x.com/developer-guidelines",
    ),
    Rule(
        platform="twitter",
        code="noAutomatedLikes",
        rule="Likes must be directly initiated by a person; the API takes none on self-serve tiers.",
        remedy="Leave like steps out; they are skipped.",
        since=date(2026, 4, 16),
        source="https://docs.x.com/changelog",
    ),
    Rule(
        platform="twitter",
        code="automatedLabel",
        rule='An account that acts by itself carries the label "automated" and names the person who runs it.',
        remedy="In the account's settings on X, under Your account, choose Automation and link your own account.",
        since=date(2026, 8, 22),
        source="https://docs.x.com/developer-guidelines",
    ),
    Rule(
        platform="twitter",
        code="disclosure",
        rule="People must be able to see that an account is automated, and whose it is.",
        remedy="Say so in the account's bio, and say in the first message how to get no more.",
        since=date(2026, 8, 22),
        source="https://docs.x.com/developer-guidelines",
    ),
    Rule(
        platform="twitter",
        code="noIdenticalTexts",
        rule="The same or nearly the same text must not be sent in bulk, or from several accounts.",
        remedy="Use variables and variations, and another text for each account's campaigns.",
        since=date(2026, 8, 22),
        source="https://docs.x.com/developer-terms/policy",
    ),
)


def rules_of(platforms: Collection[str]) -> list[Rule]:
    """Return the rules of these platforms."""
    return [rule for rule in RULES if rule.platform in platforms]


def may_contact(contact_policy: str, *, has_inbound: bool, has_consent: bool) -> bool:
    """Tell whether an account may write first to somebody.

    `has_inbound`: the person has written to this account; `has_consent`: consent is recorded for the person.
    """
    return contact_policy == ContactPolicy.ANYONE_REACHABLE or has_inbound or has_consent
