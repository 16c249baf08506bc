"""Whom rules that are not stored would let in and keep out: decided by the statements that bring leads in line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overture.store import scopes
from overture.store.pool import Connection
from overture.store.scopes import Rules


@dataclass(frozen=True, kw_only=True, slots=True)
class Lists:
    """The lists that rules name; of those `unlinked` people stay, as if added by hand."""

    synced: Sequence[str]
    excluded: Sequence[str]
    unlinked: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreseen:
    """What would become of a campaign: how many leads in scope, how many of them new, and how many would leave it.

    `kept_out`: how many people by reason, of all whom the lists bring or who are leads already.
    """

    in_scope: int
    joining: int
    leaving: int
    kept_out: Mapping[str, int]


# Named as the table of the stored rules is, which these stand for.
_RULES = """
    campaign_list AS (
        SELECT $1::text AS team_id, $2::text AS campaign_id, v.list_id, v.role
          FROM (SELECT unnest($7::text[]), 'synced'
                UNION ALL SELECT unnest($8::text[]), 'excluded') AS v (list_id, role)
    )
"""

# A lead stays that lists brought which let go of it, as the rules are changed.
_DIRECT = """(coalesce(l.is_direct, false) OR l.state <> 'removed' AND EXISTS (
    SELECT FROM list_lead m WHERE m.team_id = $1 AND m.profile_id = l.profile_id AND m.list_id = ANY ($3::text[])))"""

_STATEMENT = f"""
    WITH {_RULES}, affected AS ({scopes.EVERYBODY}), facts AS MATERIALIZED ({scopes.FACTS}), decided AS (
        {scopes.DECIDED.format(direct=_DIRECT)}
    ), placed AS (
        SELECT d.kept_out, d.contacted_at IS NOT NULL AS is_contacted,
               coalesce(d.state IN ('assessing', 'ready', 'inSequence', 'held'), false) AS is_open,
               d.id IS NULL OR {scopes.BY_SCOPE} AS comes_or_stays_out,
               d.id IS NULL OR {scopes.BY_SCOPE}
                   OR d.state IN ('assessing', 'ready', 'inSequence', 'held', 'unreachable') AS is_decided_here
          FROM decided d
    )
    SELECT count(*) FILTER (WHERE is_contacted OR kept_out IS NULL AND (is_open OR comes_or_stays_out)) AS in_scope,
           count(*) FILTER (WHERE kept_out IS NULL AND comes_or_stays_out) AS joining,
           count(*) FILTER (WHERE kept_out IS NOT NULL AND is_open) AS leaving,
           (SELECT coalesce(jsonb_object_agg(reason, people), '{{}}') FROM (
               SELECT kept_out AS reason, count(*) AS people FROM placed
                WHERE kept_out NOT IN ('deletedByHand', 'leftLists') AND is_decided_here
                GROUP BY kept_out) k) AS kept_out
      FROM placed
"""


async def read(connection: Connection, *, team_id: str, campaign_id: str, rules: Rules, lists: Lists) -> Foreseen:
    """Return what these rules would make of a campaign. Call it in a transaction."""
    # As where leads are brought in line: the sets may be of ten or of a million.
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL work_mem = '64MB'")
    row = await connection.fetchrow(
        _STATEMENT,
        team_id,
        campaign_id,
        list(lists.unlinked),
        rules.exclude_contacted,
        rules.exclude_mutuals,
        rules.needs_consent,
        list(lists.synced),
        list(lists.excluded),
    )
    assert row is not None
    return Foreseen(**row)
