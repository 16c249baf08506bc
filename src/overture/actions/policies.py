"""Contact policies: an owner's choice of whom the accounts of a platform may write to first."""

from collections.abc import Sequence
from datetime import datetime

from overture.actions import audit, people
from overture.actions.context import Actor, Context
from overture.core.words import AuditAction, ContactPolicy, MemberRole, ObjectType
from overture.errors import Forbidden, InvalidRequest, NotFound
from overture.store import accounts, apps, duties, gates
from overture.store.apps import App
from overture.store.pool import Connection

_LONGEST_NOTE = 1000


async def get(context: Context, actor: Actor, *, platform: str) -> App | None:
    """Return the team's app on a platform whose policy lets most in; None before the first account is linked.

    Raises:
        Unprocessable: `platformNotSupported`.
    """
    people.require_channel(context, platform)
    async with context.pool.acquire() as connection:
        found = await apps.of_platform(connection, team_id=actor.team_id, platform=platform)
    open_first = sorted(found, key=lambda app: app.contact_policy != ContactPolicy.ANYONE_REACHABLE)
    return next(iter(open_first), None)


async def choose(
    context: Context, actor: Actor, *, platform: str, base_url: str, policy: ContactPolicy, note: str | None
) -> App:
    """Choose the policy of all the team's apps on a platform; the first is made, at `base_url`, if there is none.

    Raises:
        Unprocessable: `platformNotSupported`.
        Forbidden: whoever asks does not act for an owner.
        InvalidRequest: a note is missing where one is needed, or is longer than 1000 characters.
    """
    channel = people.require_channel(context, platform)
    checked = _checked(actor, policy, note)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        found = await apps.lock_platform(connection, team_id=actor.team_id, platform=platform)
        if not found:
            await accounts.ensure_app(
                connection,
                team_id=actor.team_id,
                platform=platform,
                base_url=base_url,
                daily_cap=channel.capabilities.app_daily_sends,
                now=now,
            )
            found = await apps.lock_platform(connection, team_id=actor.team_id, platform=platform)
        await _set(connection, actor, found, policy, checked, now)
        chosen = await apps.of_platform(connection, team_id=actor.team_id, platform=platform)
    context.wake()
    return chosen[0]


async def choose_at(
    context: Context, actor: Actor, *, platform: str, base_url: str, policy: ContactPolicy, note: str
) -> None:
    """Choose the policy of one app alone, the one at `base_url`.

    Raises:
        NotFound: the team has no app there; linking its first account makes one.
        Forbidden: whoever asks does not act for an owner.
        InvalidRequest: the note is missing or longer than 1000 characters.
    """
    checked = _checked(actor, policy, note)
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        app = await apps.find(connection, team_id=actor.team_id, platform=platform, base_url=base_url)
        if app is None:
            raise NotFound("app")
        await _set(connection, actor, [app], policy, checked, now)
    context.wake()


def _checked(actor: Actor, policy: ContactPolicy, note: str | None) -> str | None:
    if actor.role is not MemberRole.OWNER:
        raise Forbidden("Only an owner of the team may choose whom it writes to first; use a token of an owner.")
    cleaned = (note or "").strip() or None
    if cleaned is None and policy is ContactPolicy.ANYONE_REACHABLE:
        raise InvalidRequest([(("note",), f"Say why, in 1 to {_LONGEST_NOTE} characters.")])
    if cleaned is not None and len(cleaned) > _LONGEST_NOTE:
        raise InvalidRequest([(("note",), f"Must have at most {_LONGEST_NOTE} characters.")])
    return cleaned


async def _set(
    connection: Connection,
    actor: Actor,
    found: Sequence[App],
    policy: ContactPolicy,
    note: str | None,
    now: datetime,
) -> None:
    """Record the choice with its note, its name and its time; the campaigns look at their leads anew.

    The gate of the team is touched last: what was claimed under the former policy has its intent by then, or none.
    """
    for app in found:
        if (app.contact_policy, app.policy_note) == (policy, note) and app.policy_changed_at is not None:
            continue
        await apps.set_policy(
            connection,
            team_id=actor.team_id,
            app_id=app.id,
            policy=policy,
            note=note,
            chosen_by=actor.name,
            now=now,
        )
        campaign_ids = await apps.review_campaigns(connection, team_id=actor.team_id, app_id=app.id)
        await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=campaign_ids, due_at=now)
        await audit.record(
            connection,
            actor,
            action=AuditAction.POLICY_CHANGED,
            object_type=ObjectType.PLATFORM_APP,
            object_id=app.id,
            now=now,
            before={"contactPolicy": app.contact_policy, "note": app.policy_note},
            after={"contactPolicy": policy, "note": note},
        )
    await gates.touch_team(connection, team_id=actor.team_id)
