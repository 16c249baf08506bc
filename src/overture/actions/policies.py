"""Contact policies: an owner's choice, for one platform app, of whom its accounts may write to first."""

from overture.actions.context import Actor, Context
from overture.core.words import ContactPolicy
from overture.errors import InvalidRequest, NotFound
from overture.store import apps, duties

_LONGEST_NOTE = 1000


async def choose(
    context: Context, actor: Actor, *, platform: str, base_url: str, policy: ContactPolicy, note: str
) -> None:
    """Record the choice with its note, the actor's name and the time; its campaigns look at their leads anew.

    Raises:
        NotFound: the team has no app there; linking its first account makes one.
        InvalidRequest: the note is empty or longer than 1000 characters.
    """
    if not 1 <= len(note.strip()) <= _LONGEST_NOTE:
        raise InvalidRequest([(("note",), f"Say why, in 1 to {_LONGEST_NOTE} characters.")])
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        app = await apps.find(connection, team_id=actor.team_id, platform=platform, base_url=base_url)
        if app is None:
            raise NotFound("app")
        await apps.set_policy(
            connection,
            team_id=actor.team_id,
            app_id=app.id,
            policy=policy,
            note=note.strip(),
            chosen_by=actor.name,
            now=now,
        )
        for campaign_id in await apps.review_campaigns(connection, team_id=actor.team_id, app_id=app.id):
            await duties.want(connection, team_id=actor.team_id, kind="sync", key=campaign_id, due_at=now)
    context.wake()
