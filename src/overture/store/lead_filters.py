"""Filters of the leads of a campaign, and what they are in SQL: `l` is the lead, $1 the team, $2 the campaign."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from overture.core.words import LeadStage, LeadState
from overture.store.pool import Connection

_MANY = 2001
"""So many people of a name, or leads of an account, are not looked up one by one."""

_L = LeadState

_CONTACTED = frozenset(LeadState) - {_L.ASSESSING, _L.READY, _L.UNREACHABLE}
"""Where a lead may stand that was written to; the table's constraints hold it."""

_POSSIBLE = {
    LeadStage.IN_SCOPE: frozenset(LeadState) - {_L.UNREACHABLE},
    LeadStage.REACHABLE: frozenset(LeadState) - {_L.ASSESSING, _L.UNREACHABLE},
    LeadStage.CONTACTED: _CONTACTED,
    LeadStage.FOLLOWED_UP: _CONTACTED,
    LeadStage.REPLIED: _CONTACTED,
}

# As the database counts them, see `campaign_counter` and `lead_result`.
_IN_SCOPE = "(l.contacted_at IS NOT NULL OR l.state NOT IN ('excluded', 'removed', 'canceled', 'unreachable'))"
_REACHED = {
    LeadStage.IN_SCOPE: _IN_SCOPE,
    LeadStage.REACHABLE: f"{_IN_SCOPE} AND l.state <> 'assessing'",
    LeadStage.CONTACTED: "l.contacted_at IS NOT NULL",
    LeadStage.FOLLOWED_UP: "l.followed_up_at IS NOT NULL",
    LeadStage.REPLIED: "l.replied_at IS NOT NULL",
}

_NEXT = frozenset({_L.ASSESSING, _L.READY, _L.IN_SEQUENCE, _L.HELD})
"""Where a lead stands that has a next step."""

NO_STATUS = "none"
"""Stands for people without a status where statuses are asked for; no id reads so."""

KIND = "split_part(l.reason, ':', 1)"
"""The kind of a lead's reason, as its index has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A step that was sent to a lead, with one option (segment, option) of it or any, and was `is_answered` or not."""

    step_id: str
    option: tuple[int, int] | None = None
    is_answered: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Which leads are meant: empty or None for all. `prefix`: of username or display name.

    `reasons`: a kind stands for all of its kind, `variableMissing` for `variableMissing:bio`. `step_ids`: what comes
    next. `sent`: what they have got already. `status_ids`: of the person; `NO_STATUS` for those who have none.
    """

    states: Sequence[str] = field(default=())
    reasons: Sequence[str] = field(default=())
    account_ids: Sequence[str] = field(default=())
    step_ids: Sequence[str] = field(default=())
    stage: LeadStage | None = None
    sent: Sent | None = None
    status_ids: Sequence[str] = field(default=())
    prefix: str | None = None

    @property
    def kinds(self) -> list[str]:
        """The kinds of reasons that are let through."""
        return sorted({reason.partition(":")[0] for reason in self.reasons})

    @property
    def possible_states(self) -> list[str]:
        """The states that leads can be in which are let through."""
        possible = frozenset(LeadState) if self.stage is None else _POSSIBLE[self.stage]
        if self.sent is not None:
            possible &= _CONTACTED
        if self.step_ids:
            possible &= _NEXT
        return sorted(possible & set(self.states) if self.states else possible)

    @property
    def is_answered(self) -> bool:
        """Whether only leads that have answered are let through."""
        return self.stage is LeadStage.REPLIED or (self.sent is not None and self.sent.is_answered)


@dataclass(frozen=True, kw_only=True, slots=True)
class Few:
    """Of a filter that few leads can pass: whose profiles, or which leads, those are; None where it lets many pass.

    `are_named`: the profiles are those whose names begin as asked for.
    """

    profile_ids: Sequence[str] | None = None
    lead_ids: Sequence[str] | None = None
    are_named: bool = False

    def __bool__(self) -> bool:
        return self.profile_ids is not None or self.lead_ids is not None


class Arguments:
    """The arguments of a statement in the order in which its text names them."""

    def __init__(self, *, team_id: str, campaign_id: str) -> None:
        self.values: list[object] = [team_id, campaign_id]

    def given(self, value: object, kind: str) -> str:
        """Take a value in, and return how the text names it."""
        self.values.append(value)
        return f"${len(self.values)}::{kind}"


async def few(connection: Connection, *, team_id: str, campaign_id: str, filters: Filters) -> Few:
    """Look for the filter's name, statuses or accounts by keys of their own: nothing else finds few among many.

    Where they are many, reading the leads in their order soon finds enough of them.
    """
    named = await _named_so(connection, team_id, filters.prefix)
    if named is not None:
        return Few(profile_ids=named, are_named=True)
    if filters.status_ids and NO_STATUS not in filters.status_ids:
        marked = await _of_statuses(connection, team_id, filters.status_ids)
        if marked is not None:
            return Few(profile_ids=marked)
    if filters.account_ids:
        return Few(lead_ids=await _served(connection, team_id, campaign_id, filters.account_ids))
    return Few()


def conditions(filters: Filters, few: Few, arguments: Arguments) -> list[str]:
    """Return all that a lead must be."""
    found = []
    if filters.states or filters.step_ids:
        found.append(f"l.state = ANY({arguments.given(filters.possible_states, 'text[]')})")
    if few.lead_ids is not None:
        found.append(f"l.id = ANY({arguments.given(few.lead_ids, 'text[]')})")
    if few.profile_ids is not None:
        found.append(f"l.profile_id = ANY({arguments.given(few.profile_ids, 'text[]')})")
    if filters.prefix is not None and not few.are_named:
        found.append(_begins(arguments.given(filters.prefix, "text")))
    if filters.status_ids:
        found.append(_has_status(arguments.given(list(filters.status_ids), "text[]")))
    if filters.account_ids:
        found.append(_of_account(arguments.given(list(filters.account_ids), "text[]")))
    if filters.reasons:
        given = arguments.given(list(filters.reasons), "text[]")
        found.append(f"l.reason IS NOT NULL AND (l.reason = ANY({given}) OR {KIND} = ANY({given}))")
    if filters.step_ids:
        found.append(_before(arguments.given(list(filters.step_ids), "text[]")))
    if filters.stage is not None:
        found.append(_REACHED[filters.stage])
    if filters.sent is not None:
        found.append(_sent(filters.sent, arguments))
    return found


async def _served(
    connection: Connection, team_id: str, campaign_id: str, account_ids: Sequence[str]
) -> list[str] | None:
    """Return the leads that are planned on these accounts or were tried from them, where those are few."""
    rows = await connection.fetch(
        """
        (SELECT lead_id FROM lead_due
          WHERE team_id = $1 AND account_id = ANY($3::text[]) AND campaign_id = $2 LIMIT $4)
        UNION
        (SELECT lead_id FROM lead_parked
          WHERE team_id = $1 AND account_id = ANY($3::text[]) AND campaign_id = $2 LIMIT $4)
        UNION
        (SELECT lead_id FROM attempt
          WHERE team_id = $1 AND account_id = ANY($3::text[]) AND campaign_id = $2 AND state <> 'notSent' LIMIT $4)
        """,
        team_id,
        campaign_id,
        list(account_ids),
        _MANY,
    )
    return [row["lead_id"] for row in rows] if len(rows) < _MANY else None


async def _named_so(connection: Connection, team_id: str, prefix: str | None) -> list[str] | None:
    """Return the profiles whose names begin so, where those are few."""
    if prefix is None:
        return None
    rows = await connection.fetch(
        """
        (SELECT id FROM profile WHERE team_id = $1 AND starts_with(lower(username), lower($2)) LIMIT $3)
        UNION
        (SELECT id FROM profile WHERE team_id = $1 AND starts_with(lower(display_name) COLLATE "C", lower($2))
            AND display_name IS NOT NULL LIMIT $3)
        """,
        team_id,
        prefix,
        _MANY,
    )
    return [row["id"] for row in rows] if len(rows) < _MANY else None


async def _of_statuses(connection: Connection, team_id: str, status_ids: Sequence[str]) -> list[str] | None:
    """Return the profiles of people with one of these statuses, where those are few."""
    rows = await connection.fetch(
        """
        SELECT p.id
          FROM (SELECT id FROM contact WHERE team_id = $1 AND status_id = ANY($2::text[]) LIMIT $3) c
         CROSS JOIN LATERAL (
            SELECT id FROM profile WHERE team_id = $1 AND contact_id = c.id
            UNION
            SELECT id FROM profile WHERE team_id = $1 AND id = 'u' || substr(c.id, 2) AND contact_id IS NULL
         ) p LIMIT $3
        """,
        team_id,
        list(status_ids),
        _MANY,
    )
    return [row["id"] for row in rows] if len(rows) < _MANY else None


def _has_status(status_ids: str) -> str:
    return f"""coalesce((SELECT o.status_id FROM profile p
        JOIN contact o ON o.team_id = p.team_id AND o.id = coalesce(p.contact_id, 'o' || substr(p.id, 2))
        WHERE p.team_id = l.team_id AND p.id = l.profile_id), '{NO_STATUS}') = ANY({status_ids})"""


def _of_account(accounts: str) -> str:
    return f"""(l.account_id = ANY({accounts}) OR (l.account_id IS NULL AND coalesce(
        (SELECT d.account_id FROM lead_due d WHERE d.team_id = l.team_id AND d.lead_id = l.id),
        (SELECT k.account_id FROM lead_parked k
          WHERE k.team_id = l.team_id AND k.profile_id = l.profile_id AND k.lead_id = l.id)) = ANY({accounts})))"""


def _begins(prefix: str) -> str:
    return f"""EXISTS (
        SELECT FROM profile p WHERE p.team_id = l.team_id AND p.id = l.profile_id
           AND (starts_with(lower(p.username), lower({prefix}))
                OR starts_with(lower(p.display_name), lower({prefix}))))"""


def _before(step_ids: str) -> str:
    return f"""(coalesce(l.sequence_version, (SELECT sequence_version FROM campaign WHERE team_id = $1 AND id = $2)),
                l.rank) IN (SELECT s.version, s.rank FROM sequence_step s
                             WHERE s.team_id = $1 AND s.campaign_id = $2 AND s.id = ANY({step_ids}))"""


def _sent(sent: Sent, arguments: Arguments) -> str:
    """Return that the step was sent; who has answered a message, or got another after it, is found sooner by that."""
    answered = "AND a.answered_at IS NOT NULL" if sent.is_answered else ""
    picked = ""
    if sent.option is not None:
        # Compared as a whole: to contain [0, 1] is also to contain [1, 0].
        pick = arguments.given(list(sent.option), "jsonb")
        picked = f"AND EXISTS (SELECT FROM jsonb_array_elements(a.choices) p (pick) WHERE p.pick = {pick})"
    return f"""{"l.replied_at" if sent.is_answered else "l.contacted_at"} IS NOT NULL AND EXISTS (
        SELECT FROM attempt a
         WHERE a.team_id = l.team_id AND a.lead_id = l.id AND a.step_id = {arguments.given(sent.step_id, "text")}
           AND a.state = 'accepted' {answered} {picked})"""
