"""How X takes a team: its app, what accounts have granted, limits, credit, its hook, and a message between its own."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import httpx

from overture.actions import accounts as account_links
from overture.actions import budgets, capabilities, costs
from overture.actions.context import Actor, Context
from overture.channels import port
from overture.channels.port import Channel, ChannelError, Credentials
from overture.channels.x.checkup import CHALLENGE, Checkup
from overture.core import rights
from overture.core.budget import Standing, Window
from overture.core.words import AccountStatus, BudgetSource, CostKind, Endpoint, OutcomeKind
from overture.doctor.finding import Finding, problem
from overture.engine import keyring
from overture.engine.keyring import Keyring
from overture.secrets import SealBroken
from overture.store import apps, budget_windows, clients, gates, grants, suppressions
from overture.store.accounts import Account
from overture.store.apps import App
from overture.store.clients import Client

PLATFORM = "twitter"
MOST_ACCOUNTS = 100
CORRESPONDENTS = 3
"""Among how many accounts a pair is looked for that may write to each other: X bills each profile it shows."""

MESSAGE = "A message between two of our own accounts, to see that it arrives (Overture, doctor)."
_TRIES, _PAUSE_SECONDS = 4, 2.0
_GRACE = timedelta(minutes=2)
_HOOK_SECONDS = 10.0
_SPANS = {900: "15 minutes", 3_600: "an hour", 86_400: "24 hours"}

Ask = Callable[[str], bool]
"""Asks the operator a question of yes or no."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What stands around the looks at X: how this installation is called, and whether it delivers anything.

    `hook` has a place for each of platform, team and app in the path of an app's hook, `callback` for the platform.
    """

    public_url: str | None
    hook: str
    callback: str
    is_dry: bool
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """An account X knows: what opens it, and to which other accounts of the team X lets it write."""

    account: Account
    credentials: Credentials
    may_write_to: frozenset[str]


class Examination:
    """One look at how X takes a team. It costs a look-up for each account, a few more, and a message if one is sent."""

    def __init__(self, context: Context, actor: Actor, *, checkup: Checkup, around: Around, ask: Ask) -> None:
        channel = context.channels.get(PLATFORM)
        assert channel is not None
        self._channel: Channel = channel
        self._context = context
        self._actor = actor
        self._checkup = checkup
        self._around = around
        self._ask = ask
        self._keyring = Keyring(pool=context.pool, channels=context.channels, sealer=context.sealer)

    async def findings(self) -> AsyncIterator[Finding]:
        """Yield findings as they are made; what rests on something broken is left out."""
        async with self._context.pool.acquire() as connection:
            found = await apps.of_platform(connection, team_id=self._actor.team_id, platform=PLATFORM)
        if not found:
            text = "Nothing is linked yet. Register the app (PUT /platforms/twitter/app), then POST /account-links."
            yield problem("x app", text)
        for app in found:
            async for finding in self._of_app(app):
                yield finding

    async def _of_app(self, app: App) -> AsyncIterator[Finding]:
        async with self._context.pool.acquire() as connection:
            client = await clients.find(
                connection, team_id=self._actor.team_id, platform=PLATFORM, base_url=app.base_url
            )
        async for finding in self._app(app, client):
            yield finding
        every = await account_links.read_page(
            self._context, self._actor, platforms=[PLATFORM], statuses=[], after=None, count=MOST_ACCOUNTS
        )
        linked = [account for account in every if account.app_id == app.id]
        known: list[_Known] = []
        for account in linked:
            one, findings = await self._account(app, account, linked)
            known += [] if one is None else [one]
            for finding in findings:
                yield finding
        if known:
            yield await self._credit()
            for finding in await self._limits([one.account for one in known]):
                yield finding
        yield await self._hook(app, client)
        yield await self._message(known)

    async def _app(self, app: App, client: Client | None) -> AsyncIterator[Finding]:
        if client is None:
            text = "None is registered: accounts are linked by tokens alone (PUT /platforms/twitter/app registers one)."
            yield Finding(place="x app", text=text)
            return
        try:
            wrong = await self._checkup.app(
                port.App(
                    base_url=client.base_url,
                    client_id=client.client_id,
                    client_secret=self._opened(app, client.sealed_secret),
                )
            )
            yield _judged_app(wrong, self._around.callback.format(platform=PLATFORM))
            bearer = self._opened(app, client.sealed_bearer_token)
            if bearer is not None:
                wrong = await self._checkup.bearer_token(base_url=app.base_url, token=bearer)
                yield _judged_bearer(wrong)
        except ChannelError as error:
            yield problem("x app", f"X at {app.base_url} cannot be asked now ({error}). Try again in a minute.")
        except SealBroken as error:
            yield problem("x app", f"{error} Register the app anew (PUT /platforms/twitter/app).")

    def _opened(self, app: App, sealed: bytes | None) -> str | None:
        place = keyring.place(self._actor.team_id, app.id)
        return None if sealed is None else self._context.sealer.open(sealed, context=place)

    async def _account(
        self, app: App, account: Account, linked: Sequence[Account]
    ) -> tuple[_Known | None, list[Finding]]:
        """Ask X about one account; return it if X knows it."""
        place = f"x @{account.username}"
        offline = capabilities.offline(self._context, account)
        if offline is not None:
            return None, [problem(place, offline.message)]
        try:
            credentials = await self._credentials(app, account)
            await self._channel.identify(credentials)
            others = await self._others(credentials, account, linked[:CORRESPONDENTS])
        except SealBroken as error:
            return None, [problem(place, f"{error} Link the account again.")]
        except ChannelError as error:
            return None, [_refused(place, error)]
        known = _Known(account=account, credentials=credentials, may_write_to=others)
        return known, [self._granted(place, account)]

    async def _others(
        self, credentials: Credentials, account: Account, correspondents: Sequence[Account]
    ) -> frozenset[str]:
        """Return whom of a few accounts one of them may write to, by X's word."""
        ids = [one.platform_id for one in correspondents if one.id != account.id]
        if account not in correspondents or not ids:
            return frozenset()
        seen = await self._channel.look_up(credentials, platform_ids=ids)
        await self._keep(account, Endpoint.PROFILES, seen.windows)
        return frozenset(person.platform_id for person in seen.people if person.may_receive is not False)

    async def _keep(self, account: Account, endpoint: Endpoint, windows: Sequence[Window]) -> None:
        now = await self._context.clock.now()
        async with self._context.pool.acquire() as connection:
            await budget_windows.keep(
                connection, team_id=self._actor.team_id, endpoint=endpoint, told={account.id: windows}, now=now
            )

    def _granted(self, place: str, account: Account) -> Finding:
        if account.scopes is None:
            text = "X knows its token. What a token that was handed over may do shows when it is used."
            return Finding(place=place, text=text)
        lacking = capabilities.lacking(self._context, account)
        text = f"X knows it; granted: {', '.join(account.scopes)}."
        if not lacking:
            return Finding(place=place, text=text)
        text = f"{text} It is lacking: {rights.told(lacking)}. Linking it again asks for these."
        return Finding(place=place, text=text, is_problem=any(scope.is_needed for scope in lacking))

    async def _credentials(self, app: App, account: Account) -> Credentials:
        async with self._context.pool.acquire() as connection:
            held = await grants.read(connection, team_id=self._actor.team_id, account_id=account.id)
        if held is None:
            raise ChannelError("authLost", "it was disconnected a moment ago")
        return await self._keyring.credentials(
            team_id=self._actor.team_id, account_id=account.id, base_url=app.base_url, sealed_grant=held.sealed_grant
        )

    async def _credit(self) -> Finding:
        spent = await costs.spent(self._context, self._actor, platform=PLATFORM, days=1)
        text = f"There is some: X answers. Overture has counted {_money(spent.cost, spent.price_list.currency)} so far."
        return Finding(place="x credit", text=text)

    async def _limits(self, found: Sequence[Account]) -> list[Finding]:
        standings = await budgets.of_accounts(self._context, self._actor, accounts=found)
        told = {account.username: "; ".join(map(_left, _of_sends(standings[account.id]))) for account in found}
        return [Finding(place="x limits", text=f"@{name} may send {text}.") for name, text in told.items()]

    async def _hook(self, app: App, client: Client | None) -> Finding:
        """Ask the app's hook, by its public address, for the proof X would ask it for."""
        place, url = "x webhook", self._around.public_url
        push = self._channel.push
        if client is None or client.sealed_consumer_secret is None or push is None:
            text = (
                "The app's consumer secret is not registered, so X cannot tell of answers by itself: inboxes are read."
            )
            return Finding(place=place, text=text)
        address = urlsplit(url or "")
        if url is None or address.scheme != "https" or address.port is not None:
            text = "X calls https addresses without a port alone, and OVERTURE_PUBLIC_URL is none: inboxes are read."
            return Finding(place=place, text=text)
        path = self._around.hook.format(platform=PLATFORM, team_id=self._actor.team_id, app_id=app.id)
        query = {CHALLENGE: secrets.token_urlsafe(16)}
        try:
            secret = self._opened(app, client.sealed_consumer_secret)
            assert secret is not None
            async with httpx.AsyncClient(transport=self._around.transport, timeout=_HOOK_SECONDS) as asking:
                answer = await asking.get(f"{url}{path}", params=query)
                told = answer.json() if answer.is_success else None
        except SealBroken as error:
            return problem(place, f"{error} Register the app anew (PUT /platforms/twitter/app).")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            text = f"{url}{path} does not answer from here ({type(error).__name__}). Lead that address to Overture."
            return problem(place, text)
        if told != push.answer(secret, query):
            text = (
                f"{url}{path} answers {answer.status_code}, and not as the app's hook. Lead that address to Overture."
            )
            return problem(place, text)
        return Finding(place=place, text=f"{url}{path} answers as the app's hook, called from here.")

    async def _message(self, known: Sequence[_Known]) -> Finding:
        """Offer one message between two of the team's own accounts, and see whether it arrives."""
        place = "x message"
        if self._around.is_dry:
            return Finding(place=place, text="A dry run delivers nothing, so none is tried.")
        pair = await self._pair(known)
        if pair is None:
            text = "None is tried: that takes two active accounts, one of which may write to the other."
            return Finding(place=place, text=text)
        one, other = pair
        prices = self._channel.capabilities.price_list
        cost = _money(prices.cost({CostKind.MESSAGE_SENT: 1, CostKind.MESSAGE_READ: 1}), prices.currency)
        question = (
            f"Send one direct message on X from @{one.account.username} to @{other.account.username}, to see it "
            f'arrive? It reads: "{MESSAGE}" X bills about {cost}.'
        )
        if not self._ask(question):
            return Finding(place=place, text="None was sent. (`overture doctor --x --yes` sends one without asking.)")
        return await self._try(one, other)

    async def _pair(self, known: Sequence[_Known]) -> tuple[_Known, _Known] | None:
        """Return two accounts one of which may write to the other, by X's word and by the team's."""
        async with self._context.pool.acquire() as connection, connection.transaction():
            if not await gates.is_team_open(connection, team_id=self._actor.team_id):
                return None
            suppressed = await suppressions.among(
                connection,
                team_id=self._actor.team_id,
                platform=PLATFORM,
                platform_ids=[one.account.platform_id for one in known],
            )
        for one in known:
            for other in known:
                its_id = other.account.platform_id
                is_open = its_id in one.may_write_to and its_id not in suppressed
                if is_open and one.account.status == AccountStatus.ACTIVE:
                    return one, other
        return None

    async def _try(self, one: _Known, other: _Known) -> Finding:
        place, account = "x message", one.account
        began = await self._context.clock.now()
        outcome = await self._channel.send(
            one.credentials, recipient_id=other.account.platform_id, text=MESSAGE, now=began
        )
        await self._keep(account, Endpoint.SEND, outcome.windows)
        words = f"{outcome.kind} ({outcome.reason or 'no reason'}): {outcome.detail or 'X says no more'}"
        if outcome.kind is OutcomeKind.UNKNOWN:
            text = f"Nobody knows whether it left: {words}. Look into the conversation before trying again."
            return problem(place, text)
        if outcome.kind is not OutcomeKind.ACCEPTED:
            return problem(place, f"X refused it: {words}. See docs/how-to/classify-refusals.md.")
        try:
            if await self._has_arrived(one, other, began):
                text = f"Left @{account.username}, and stands in the inbox of @{other.account.username}."
                return Finding(place=place, text=text)
        except ChannelError as error:
            return problem(place, f"X took it, but does not show the inbox of @{other.account.username}: {error}.")
        text = f"X took it, and does not show it to @{other.account.username}: look among its message requests."
        return problem(place, text)

    async def _has_arrived(self, one: _Known, other: _Known, began: datetime) -> bool:
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_PAUSE_SECONDS)
            read = await self._channel.read_conversation(
                other.credentials,
                with_id=one.account.platform_id,
                since=began - _GRACE,
                own_id=other.account.platform_id,
            )
            if any(message.is_inbound and message.text == MESSAGE for message in read.messages):
                return True
        return False


def _judged_app(wrong: str | None, callback: str) -> Finding:
    if wrong is not None:
        text = (
            f"X does not take its client id or secret ({wrong}). Copy both from X's developer console into "
            "PUT /platforms/twitter/app."
        )
        return problem("x app", text)
    return Finding(
        place="x app", text=f"X takes its client id and secret. Its callback address there must be {callback}"
    )


def _judged_bearer(wrong: str | None) -> Finding:
    if wrong is not None:
        text = f"X does not take its bearer token ({wrong}). Copy it anew into PUT /platforms/twitter/app."
        return problem("x app", text)
    return Finding(place="x app", text="X takes its bearer token.")


def _refused(place: str, error: ChannelError) -> Finding:
    match error.kind:
        case "outOfCredit":
            text = (
                f"The app has no credit, or not the plan for this ({error.detail}). Mend that in X's developer console."
            )
            return problem("x credit", text)
        case "rateLimited":
            when = "in 15 minutes" if error.retry_at is None else f"after {error.retry_at:%H:%M} UTC"
            return Finding(place=place, text=f"X takes no more look-ups of it now; ask again {when}.")
        case "authLost" if error.reason == "scopeMissing":
            return problem(
                place, "It has not granted what this needs. Let the app read and write messages; link it again."
            )
        case "authLost":
            return problem(place, f"X does not take its token ({error.detail}). Link it again (POST /account-links).")
    return problem(place, f"X cannot be asked about it now ({error}). Try again in a minute.")


def _of_sends(standings: Sequence[Standing]) -> list[Standing]:
    shown = (BudgetSource.TOLD, BudgetSource.PUBLISHED)
    return [one for one in standings if one.endpoint is Endpoint.SEND and one.source in shown]


def _left(one: Standing) -> str:
    whose = "over all accounts of the app " if one.scope == "app" else ""
    known = "" if one.source is BudgetSource.TOLD else ", as published"
    return f"{one.left} of {one.limit} more {whose}in {_SPANS.get(one.seconds, f'{one.seconds} s')}{known}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount.normalize():f} {currency}"
