"""The one table of what may become of a campaign and of a lead. Anything else is impossible."""

from overture.core.words import CampaignStatus, LeadState

_C = CampaignStatus
CAMPAIGN: dict[CampaignStatus, frozenset[CampaignStatus]] = {
    _C.DRAFT: frozenset({_C.ACTIVE, _C.PAUSED}),
    _C.ACTIVE: frozenset({_C.PAUSED, _C.COMPLETED}),
    _C.PAUSED: frozenset({_C.ACTIVE, _C.COMPLETED}),
    _C.COMPLETED: frozenset({_C.ACTIVE, _C.PAUSED}),
}

_L = LeadState
_OUT_OF_SCOPE = frozenset({_L.EXCLUDED, _L.REMOVED, _L.CANCELED})
LEAD: dict[LeadState, frozenset[LeadState]] = {
    # A message whose outcome was unknown may turn out accepted whatever the lead has become meanwhile.
    _L.ASSESSING: frozenset({_L.READY, _L.UNREACHABLE, _L.HELD, _L.IN_SEQUENCE, _L.FINISHED}) | _OUT_OF_SCOPE,
    _L.READY: frozenset(
        {_L.ASSESSING, _L.IN_SEQUENCE, _L.FINISHED, _L.REPLIED, _L.UNREACHABLE, _L.HELD, _L.FAILED} | _OUT_OF_SCOPE
    ),
    _L.IN_SEQUENCE: frozenset({_L.FINISHED, _L.REPLIED, _L.HELD, _L.FAILED} | _OUT_OF_SCOPE),
    _L.FINISHED: frozenset({_L.REPLIED}),
    # What the person wrote was no answer, a member says.
    _L.REPLIED: frozenset({_L.IN_SEQUENCE}),
    _L.HELD: frozenset(
        {_L.ASSESSING, _L.READY, _L.IN_SEQUENCE, _L.FINISHED, _L.REPLIED, _L.UNREACHABLE, _L.FAILED} | _OUT_OF_SCOPE
    ),
    _L.FAILED: frozenset({_L.REPLIED}),
    _L.CANCELED: frozenset({_L.ASSESSING, _L.READY, _L.IN_SEQUENCE, _L.REPLIED, _L.FINISHED}),
    _L.UNREACHABLE: frozenset({_L.ASSESSING, _L.IN_SEQUENCE, _L.FINISHED, _L.REPLIED} | _OUT_OF_SCOPE),
    _L.EXCLUDED: frozenset(
        {_L.ASSESSING, _L.READY, _L.IN_SEQUENCE, _L.HELD, _L.REPLIED, _L.FINISHED, _L.REMOVED, _L.CANCELED}
    ),
    _L.REMOVED: frozenset(
        {_L.ASSESSING, _L.READY, _L.IN_SEQUENCE, _L.HELD, _L.REPLIED, _L.FINISHED, _L.EXCLUDED, _L.CANCELED}
    ),
}

OPEN_STATES = frozenset({_L.ASSESSING, _L.READY, _L.IN_SEQUENCE, _L.HELD})
"""States in which something is still to happen; a campaign with such a lead is not complete."""

SENDABLE_STATES = frozenset({_L.READY, _L.IN_SEQUENCE})
"""States from which a message may leave."""

OUT_OF_SCOPE_STATES = frozenset({_L.EXCLUDED, _L.REMOVED, _L.CANCELED, _L.UNREACHABLE})
"""States that do not count as targets, unless the lead was contacted before."""

ENDED_STATES = frozenset({_L.FINISHED, _L.REPLIED, _L.FAILED, _L.CANCELED, _L.REMOVED, _L.EXCLUDED})
"""States in which a contacted lead gets nothing more."""


def lead_may_become(before: LeadState, after: LeadState) -> bool:
    """Tell whether a lead may pass from `before` to `after`; staying is always allowed."""
    return before == after or after in LEAD[before]


def campaign_may_become(before: CampaignStatus, after: CampaignStatus) -> bool:
    """Tell whether a campaign may pass from `before` to `after`; staying is always allowed."""
    return before == after or after in CAMPAIGN[before]
