"""Platform apps: where the platform answers that a team's accounts belong to."""

from collections.abc import Sequence

from overture.actions import audit
from overture.actions.context import Actor, Context
from overture.core.words import AuditAction, ObjectType
from overture.store import apps


async def linked(context: Context, actor: Actor, *, platform: str, platform_ids: Sequence[str]) -> dict[str, apps.App]:
    """Return the app of each account the team has or had among these, by the platform's id of the account."""
    async with context.pool.acquire() as connection:
        return await apps.of_accounts(connection, team_id=actor.team_id, platform=platform, platform_ids=platform_ids)


async def readdress(context: Context, actor: Actor, *, app_id: str, base_url: str) -> None:
    """Note that the same platform answers at another address: its accounts and all they sent stay as they are."""
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        former = await apps.set_address(connection, team_id=actor.team_id, app_id=app_id, base_url=base_url)
        if former != base_url:
            await audit.record(
                connection,
                actor,
                action=AuditAction.APP_READDRESSED,
                object_type=ObjectType.PLATFORM_APP,
                object_id=app_id,
                now=now,
                before={"baseUrl": former},
                after={"baseUrl": base_url},
            )
    context.wake()
