"""What the first start of a data directory sets up: a team, its owner, a token, and the sandbox's accounts."""

import os
import secrets as randomness
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from overture import secrets
from overture.actions import accounts, apps, clients, policies, teams, tokens
from overture.actions.clients import Registration
from overture.actions.context import Actor, Context, operator
from overture.clock import wall_now
from overture.core.grants import Grant
from overture.core.words import ContactPolicy
from overture.errors import StartError
from overture.sandbox import activity, grants
from overture.sandbox.accounts import Account
from overture.store import tokens as stored_tokens

TEAM_NAME = "My team"
OWNER_NAME = "Owner"
TOKEN_NAME = "First start"  # noqa: S105 - the name of a token, not its secret
_SANDBOX_PLATFORM = "twitter"
_SANDBOX_NOTE = "Chosen by `overture up --sandbox`: on the sandbox platform nobody is a real person."


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Whose team the operator starts. `new_token` is the secret of a token made just now, else None."""

    actor: Actor
    new_token: str | None
    is_token_open: bool


async def enter(context: Context, token_file: Path) -> Entry:
    """Return the first team, made if there is none, with the token of `token_file`, made if there is none.

    A token that was revoked stays so: the file then opens nothing, and nothing is made in its place.

    Raises:
        StartError: the token file cannot be read or written.
    """
    known = await teams.read_all(context)
    team = known[0] if known else await teams.create(context, name=TEAM_NAME, owner_name=OWNER_NAME)
    try:
        kept = _read(token_file) if known else None
        if kept is not None:
            async with context.pool.acquire() as connection:
                found = await stored_tokens.find(
                    connection, digest=secrets.token_hash(kept), is_session=False, wall_now=wall_now()
                )
            actor = operator(team.id if found is None else found.team_id)
            return Entry(actor=actor, new_token=None, is_token_open=found is not None)
        _, secret = await tokens.create(context, operator(team.id), name=TOKEN_NAME)
        _write_private(token_file, secret + "\n")
    except (OSError, ValueError) as error:
        raise StartError(f"The token file {token_file} cannot be used: {error}.") from error
    return Entry(actor=operator(team.id), new_token=secret, is_token_open=True)


async def link_sandbox(
    context: Context, actor: Actor, *, base_url: str, sending: Sequence[Account], tells: bool
) -> None:
    """Link the sandbox's sending accounts, and let them write to anyone: the operator chose so by starting it.

    What a later start finds as the operator left it stays: disconnected accounts, a policy chosen since. Only the
    sandbox's address follows the port. `tells`: at first the sandbox's app is registered, so that it tells of answers.
    """
    known = await apps.linked(
        context, actor, platform=_SANDBOX_PLATFORM, platform_ids=[account.id for account in sending]
    )
    addresses = {app.id: app.base_url for app in known.values()}
    if base_url not in addresses.values() and len(addresses) == 1:
        await apps.readdress(context, actor, app_id=next(iter(addresses)), base_url=base_url)
    for account in sending:
        if account.id not in known:
            await accounts.link(
                context, actor, platform=_SANDBOX_PLATFORM, grant=Grant(access_token=account.token), base_url=base_url
            )
    if tells and not known:
        app = grants.DEFAULT[0]
        await clients.register(
            context,
            actor,
            platform=_SANDBOX_PLATFORM,
            base_url=base_url,
            registration=Registration(client_id=app.client_id, client_secret=app.secret, bearer_token=activity.BEARER),
        )
    if all(app.policy_changed_at is None for app in known.values()):
        await policies.choose_at(
            context,
            actor,
            platform=_SANDBOX_PLATFORM,
            base_url=base_url,
            policy=ContactPolicy.ANYONE_REACHABLE,
            note=_SANDBOX_NOTE,
        )


def _read(path: Path) -> str | None:
    return path.read_text(encoding="ascii").strip() if path.exists() else None


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: aside first, so that it appears whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{randomness.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
