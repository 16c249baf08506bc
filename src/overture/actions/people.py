"""Who is meant: from ids and usernames to profiles."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from overture.actions.context import Actor, Context
from overture.channels.port import Channel, ChannelError
from overture.core import identifiers as forms
from overture.core.identifiers import Identifier, IdentifierKind
from overture.core.lookup import Lookup
from overture.core.words import CostKind, ReadEndpoint
from overture.engine import askers
from overture.engine.keyring import Keyring
from overture.errors import Unprocessable
from overture.store import awaited, costs, people
from overture.store.pool import Connection

_log = logging.getLogger(__name__)
LOOKUP_PATIENCE_SECONDS = 10.0
_TRIES = 3

INVALID = "invalid"
NOT_FOUND = "notFound"
SUSPENDED = "suspended"
NOT_LOOKED_UP = "notLookedUp"
MESSAGES: Mapping[str, str] = {
    INVALID: "This cannot be an identifier on this platform; check it.",
    NOT_FOUND: "There is no such profile.",
    SUSPENDED: "The platform has suspended this profile.",
    NOT_LOOKED_UP: "The platform could not be asked in time, or no active account can ask it. Try again later.",
}
"""Why an identifier led to no profile, in words for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """One lead as a request names it: by what, with which column values, and where in the body it stands."""

    identifier: Identifier
    data: Mapping[str, object]
    path: tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """What became of each identifier: the id of its profile, or why it has none (see `MESSAGES`).

    `awaited` are profiles of which perhaps nothing but a username is known: they may be merged into others
    until they are held (see `hold`), which is done before they are put anywhere.
    """

    found: Mapping[Identifier, str]
    failed: Mapping[Identifier, str]
    awaited: frozenset[str] = frozenset()


async def resolve(
    context: Context, actor: Actor, *, identifiers: Sequence[Identifier], may_wait: bool = False
) -> Resolved:
    """Find or make the profiles that `identifiers` name.

    Ids of the platform get a profile straight away. Usernames the team does not know are looked up on the
    platform, for up to ten seconds in all. Those it has not told of by then fail; where they `may_wait` they get a
    profile too, and are looked up in the background. Call it outside any transaction: it opens short ones of its own.

    Raises:
        Unprocessable: `platformNotSupported`.
    """
    found: dict[Identifier, str] = {}
    failed: dict[Identifier, str] = {}
    waiting: frozenset[str] = frozenset()
    for platform in dict.fromkeys(one.platform for one in identifiers):
        of_platform = list(dict.fromkeys(one for one in identifiers if one.platform == platform))
        resolved = await _resolve_on(context, actor, require_channel(context, platform), of_platform, may_wait)
        found.update(resolved.found)
        failed.update(resolved.failed)
        waiting |= resolved.awaited
    return Resolved(found=found, failed=failed, awaited=waiting)


async def hold(connection: Connection, actor: Actor, resolved: Resolved) -> bool:
    """Keep profiles as they were resolved to the end of the transaction; False: they are not, resolve them anew.

    Call it before any other lock.
    """
    if not resolved.awaited:
        return True
    return await awaited.hold(connection, team_id=actor.team_id, profile_ids=sorted(resolved.awaited))


async def find(connection: Connection, actor: Actor, *, identifiers: Sequence[Identifier]) -> dict[Identifier, str]:
    """Return the profile ids of those `identifiers` the team knows; the platform is not asked."""
    found: dict[Identifier, str] = {}
    for platform in dict.fromkeys(one.platform for one in identifiers):
        keys = {one: key for one in identifiers if one.platform == platform and (key := _key(one)) is not None}
        known = await _known(connection, actor, platform, keys, living=False)
        found.update({one: known[one.kind][key] for one, key in keys.items() if key in known[one.kind]})
    return found


def require_channel(context: Context, platform: str) -> Channel:
    """Return the channel of a platform.

    Raises:
        Unprocessable: `platformNotSupported`, this program has none for it.
    """
    channel = context.channels.get(platform)
    if channel is None:
        supported = context.channels.platforms()
        raise Unprocessable(
            f"The platform {platform!r} is not supported; use one of {', '.join(supported)}.",
            code="platformNotSupported",
            details={"platform": platform, "supported": supported},
        )
    return channel


async def _resolve_on(
    context: Context, actor: Actor, channel: Channel, identifiers: Sequence[Identifier], may_wait: bool
) -> Resolved:
    platform, now = channel.platform, await context.clock.now()
    keys = {one: key for one in identifiers if (key := _key(one)) is not None}
    async with context.pool.acquire() as connection:
        profiles = await _known(connection, actor, platform, keys, living=True)
        wanted = {kind: [key for one, key in keys.items() if one.kind is kind] for kind in IdentifierKind}
        usernames = profiles[IdentifierKind.USERNAME]
        unknown = [key for key in dict.fromkeys(wanted[IdentifierKind.USERNAME]) if key not in usernames]
        waiting: dict[str, str] = {}
        if may_wait and unknown:
            waiting = await awaited.known(connection, team_id=actor.team_id, platform=platform, usernames=unknown)
            unknown = [key for key in unknown if key not in waiting]
    shown: Counter[str] = Counter()
    answers = await _look_up(context, actor, channel, unknown, shown)
    met = [person for answer in answers for person in answer.people]
    absent = {one.identifier.lower(): one.reason for answer in answers for one in answer.absent}
    if shown:
        # Billed whether or not the call succeeds.
        async with context.pool.acquire() as connection:
            await costs.count(connection, team_id=actor.team_id, kind=CostKind.PROFILE_READ, units=shown, now=now)
    async with context.pool.acquire() as connection, connection.transaction():
        # Placeholders before the profiles they stand for: whoever finds them locks them in that order.
        names = {person.username.lower() for person in met}
        if names:
            await awaited.wait_again(
                connection, team_id=actor.team_id, platform=platform, usernames=sorted(names), now=now
            )
        if may_wait:
            late = [key for key in unknown if key not in absent and key not in names]
            waiting |= await awaited.save(connection, team_id=actor.team_id, platform=platform, usernames=late, now=now)
        saved, profiles[IdentifierKind.PLATFORM_ID] = await people.save_all(
            connection,
            team_id=actor.team_id,
            platform=platform,
            people=met,
            platform_ids=wanted[IdentifierKind.PLATFORM_ID],
            now=now,
        )
    usernames |= waiting
    usernames |= {person.username.lower(): saved[person.platform_id] for person in met}
    found: dict[Identifier, str] = {}
    failed: dict[Identifier, str] = {}
    for one in identifiers:
        key = keys.get(one)
        if key is None:
            failed[one] = INVALID
        elif key in profiles[one.kind]:
            found[one] = profiles[one.kind][key]
        elif one.kind is IdentifierKind.USERNAME:
            failed[one] = absent.get(key, NOT_LOOKED_UP)
        else:
            failed[one] = NOT_FOUND
    return Resolved(
        found=found, failed=failed, awaited=frozenset(waiting.values()).union(profiles[IdentifierKind.EXTERNAL_ID])
    )


async def _known(
    connection: Connection, actor: Actor, platform: str, keys: Mapping[Identifier, str], *, living: bool
) -> dict[IdentifierKind, dict[str, str]]:
    """Return the known profiles by kind and key; `living` leaves out usernames of profiles that are gone."""
    wanted = {kind: [key for one, key in keys.items() if one.kind is kind] for kind in IdentifierKind}
    own = await people.find_profiles(
        connection,
        team_id=actor.team_id,
        platform=platform,
        profile_ids=wanted[IdentifierKind.EXTERNAL_ID],
    )
    return {
        IdentifierKind.PLATFORM_ID: await people.find_ids(
            connection,
            team_id=actor.team_id,
            platform=platform,
            platform_ids=wanted[IdentifierKind.PLATFORM_ID],
        ),
        IdentifierKind.USERNAME: await people.find_usernames(
            connection,
            team_id=actor.team_id,
            platform=platform,
            usernames=wanted[IdentifierKind.USERNAME],
            living=living,
        ),
        IdentifierKind.EXTERNAL_ID: {profile_id: profile_id for profile_id in own},
    }


def _key(identifier: Identifier) -> str | None:
    """Return what the identifier is kept under; None when it cannot be one."""
    match identifier.kind:
        case IdentifierKind.PLATFORM_ID:
            return forms.platform_id(identifier.platform, identifier.value)
        case IdentifierKind.USERNAME:
            return forms.username(identifier.platform, identifier.value)
        case IdentifierKind.EXTERNAL_ID:
            return identifier.value


async def _look_up(
    context: Context, actor: Actor, channel: Channel, usernames: Sequence[str], shown: Counter[str]
) -> list[Lookup]:
    """Ask the platform for `usernames`; what it has not answered in time is in no answer.

    `shown` counts, by account, the people it answered with.
    """
    free = await _free_askers(context, actor, channel.platform) if usernames else []
    if not free:
        return []
    size = channel.capabilities.lookup_batch
    batches = [usernames[start : start + size] for start in range(0, len(usernames), size)]
    tasks = [
        asyncio.create_task(_look_up_batch(channel, free, number, batch, shown)) for number, batch in enumerate(batches)
    ]
    try:
        done, late = await asyncio.wait(tasks, timeout=LOOKUP_PATIENCE_SECONDS)
    finally:
        for task in tasks:
            task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [answer for task in done if (answer := task.result()) is not None]


async def _look_up_batch(
    channel: Channel, free: Sequence[askers.Asker], number: int, usernames: Sequence[str], shown: Counter[str]
) -> Lookup | None:
    """Ask with one account, then with the next where the platform refuses; None when none got an answer."""
    for attempt in range(min(_TRIES, len(free))):
        asker = free[(number + attempt) % len(free)]
        try:
            answer = await channel.look_up(asker.credentials, usernames=usernames)
        except ChannelError as error:
            _log.warning("a look-up of %d usernames was refused: %s", len(usernames), error.kind)
            continue
        shown[asker.account_id] += len(answer.people)
        return answer
    return None


async def _free_askers(context: Context, actor: Actor, platform: str) -> list[askers.Asker]:
    now = await context.clock.now()
    keyring = Keyring(pool=context.pool, channels=context.channels, sealer=context.sealer)
    known = await askers.linked(
        context.pool, keyring, team_id=actor.team_id, platform=platform, endpoint=ReadEndpoint.USERNAMES
    )
    return [asker for asker in known if asker.may_ask(now)]
