"""Whether a lead belongs to a campaign: its memberships against the campaign's rules, with the reason.

Sync decides this for all leads of a campaign at once, in SQL. These are the same rules for a single lead: the
measure that the statement is held to, and the words in which a lead's place is explained.
"""

from dataclasses import dataclass
from enum import StrEnum

from overture.core.words import LeadState


class Reason(StrEnum):
    """Why a lead is out of scope."""

    DELETED_BY_HAND = "deletedByHand"
    LEFT_LISTS = "leftLists"
    SUPPRESSED = "suppressed"
    EXCLUDED_LIST = "excludedList"
    CONTACTED = "contacted"
    MUTUAL = "mutual"
    CONSENT_MISSING = "consentMissing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """What is known of one person towards one campaign.

    synced: on at least one of the lists that feed the campaign.
    excluded_list: on at least one of the user lists that the campaign excludes.
    direct: added to the campaign itself, or kept as if, when its list was unlinked.
    contacted_by_team: on the system list Contacted, whichever campaign or person wrote.
    mutual: on the system list Mutual.
    contacted_here: this campaign itself has written to the person.
    deleted_by_hand: taken out of this campaign by a person, and not added again by one since.
    consent_missing: the contact policy asks for consent, and nothing of what it accepts is there.
    suppressed: nobody of the team writes to the person.
    """

    synced: bool
    excluded_list: bool
    direct: bool
    contacted_by_team: bool
    mutual: bool
    contacted_here: bool
    deleted_by_hand: bool
    consent_missing: bool
    suppressed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """The switches of a campaign's rules; which lists feed and exclude is already in the membership."""

    exclude_contacted: bool
    exclude_mutuals: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Inside the scope, or outside with the state the lead takes and why."""

    inside: bool
    state: LeadState | None
    reason: Reason | None


INSIDE = Verdict(inside=True, state=None, reason=None)


def decide(membership: Membership, rules: Rules) -> Verdict:
    """Return whether the lead is in scope; if several reasons keep it out, the first of these:

    1. `deletedByHand` (removed): a person's decision, which no list undoes; only adding by hand does.
    2. `leftLists` (removed): nothing brings the lead, so what would keep it out does not matter.
    3. `suppressed` (excluded): always wins over the campaign's own rules. Not for whom this campaign has contacted:
       they stay targets, and their sequence is canceled.
    4. `excludedList` (excluded): before synced lists and adding by hand, and even when contacted here.
    5. `contacted`, 6. `mutual` (excluded): not for whom this campaign itself has contacted, or it would throw
       out everybody after their first message. Contacted comes first, as every mutual is contacted.
    7. `consentMissing` (excluded): last, as it alone ends by itself, the day consent is recorded; whoever
       reads it knows that consent is all that is missing. Not for whom this campaign has contacted: they stay
       targets, and the claim sees that nothing more is sent to them.
    """
    reason = _reason(membership, rules)
    if reason is None:
        return INSIDE
    removed = reason in (Reason.DELETED_BY_HAND, Reason.LEFT_LISTS)
    state = LeadState.REMOVED if removed else LeadState.EXCLUDED
    return Verdict(inside=False, state=state, reason=reason)


def _reason(membership: Membership, rules: Rules) -> Reason | None:
    """Return the first reason that keeps the lead out, None if there is none."""
    new_here = not membership.contacted_here
    reasons = (
        (membership.deleted_by_hand, Reason.DELETED_BY_HAND),
        (not (membership.synced or membership.direct), Reason.LEFT_LISTS),
        (membership.suppressed and new_here, Reason.SUPPRESSED),
        (membership.excluded_list, Reason.EXCLUDED_LIST),
        (rules.exclude_contacted and membership.contacted_by_team and new_here, Reason.CONTACTED),
        (rules.exclude_mutuals and membership.mutual and new_here, Reason.MUTUAL),
        (membership.consent_missing and new_here, Reason.CONSENT_MISSING),
    )
    return next((reason for applies, reason in reasons if applies), None)
