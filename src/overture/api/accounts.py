"""Account links: the platform accounts a team sends from."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from fastapi import Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field, model_validator

from overture.actions import accounts, capabilities, linking
from overture.actions import budgets as stands
from overture.actions.context import Actor, Context
from overture.api import bodies, budgets, callbacks, platforms, refusals, routing, tables
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.budgets import BudgetAnswer
from overture.api.paging import CurrentPage, Page
from overture.core import instants, rights
from overture.core.budget import Standing
from overture.core.cells import Cell
from overture.core.grants import Grant, Keys
from overture.core.rights import Scope
from overture.core.words import AccountStatus, AnswerWay, Capability
from overture.store import listening
from overture.store.accounts import Account

router = routing.router("Account links")
_TABLE = (
    "id",
    "platform",
    "platformId",
    "username",
    "displayName",
    "status",
    "pauseReasons",
    "hourlyLimit",
    "dailyLimit",
    "createdAt",
)


_Token = Annotated[str, Field(pattern=r"^[!-~]{1,4096}$")]


class Tokens(bodies.Body):
    """What opens the account on its platform: a token of OAuth 2.0, or a token of OAuth 1.0a with its three keys."""

    access_token: _Token = Field(
        description="The user token of the account, printable ASCII without spaces.", examples=["sandbox-ana"]
    )
    access_token_secret: _Token | None = Field(
        default=None,
        description="The secret of an access token of OAuth 1.0a; null for one of OAuth 2.0.",
        examples=["sandbox-secret-ana"],
    )
    consumer_key: _Token | None = Field(
        default=None,
        description="The API key (consumer key) of the app such a token was made for.",
        examples=["sandbox-consumer-key"],
    )
    consumer_secret: _Token | None = Field(
        default=None, description="The secret of that API key.", examples=["sandbox-consumer-secret"]
    )

    @model_validator(mode="after")
    def _are_whole(self) -> Self:
        keys = (self.access_token_secret, self.consumer_key, self.consumer_secret)
        if any(key is None for key in keys) and any(key is not None for key in keys):
            raise ValueError(
                "OAuth 1.0a takes accessTokenSecret, consumerKey and consumerSecret together; OAuth 2.0 none of them."
            )
        return self

    def grant(self) -> Grant:
        """Return what these let Overture do."""
        keys = None
        if self.access_token_secret is not None and self.consumer_key is not None and self.consumer_secret is not None:
            keys = Keys(
                consumer_key=self.consumer_key,
                consumer_secret=self.consumer_secret,
                token_secret=self.access_token_secret,
            )
        return Grant(access_token=self.access_token, keys=keys)


class LinkAccount(bodies.Body):
    """Which account to link."""

    platform: str = Field(description="Key of the platform.", examples=["twitter"], max_length=64)
    tokens: Tokens | None = Field(
        default=None, description="Tokens of the account; without them its holder agrees in a browser."
    )


class ChangeAccount(bodies.Body):
    """What to change of an account link; what is left out stays."""

    hourly_limit: int = bodies.unset(
        ge=1, le=25, description="Messages in any 60 minutes, over all campaigns.", examples=[25]
    )
    daily_limit: int = bodies.unset(
        ge=1, le=500, description="Messages in any 24 hours, over all campaigns.", examples=[200]
    )
    status: Literal["active", "paused"] = bodies.unset(
        description="`paused` stops sending until it is `active` again.", examples=["paused"]
    )


class MissingScopeAnswer(bodies.Answer):
    """A scope the account was asked for and has not granted."""

    scope: str = Field(description="Name of the scope at the platform.", examples=["follows.read"])
    costs: str = Field(
        description="What the account cannot do without it, in words.",
        examples=["without follows.read nobody's followers and followed accounts can be imported through it"],
    )


class OfflineReasonAnswer(bodies.Answer):
    """Why an account must be authorised again, and how."""

    code: str = Field(
        description="What the platform said, for programs: `unauthorized`, `scopeMissing`, `accountSuspended`, ...",
        examples=["unauthorized"],
    )
    message: str = Field(
        description="The same for people, with the way back.",
        examples=["X takes the access of @ana no more: it has ended, or was taken back there. Link it again: ..."],
    )
    since: bodies.Instant | None = Field(description="Since when; null: not known.")


class HearingAnswer(bodies.Answer):
    """Which way answers to an account come in."""

    way: AnswerWay = Field(
        description="`webhook` and `stream`: the platform tells of them by itself, and the inbox is read beside that; "
        "`poll`: the inbox is read alone.",
        examples=["webhook"],
    )
    since: bodies.Instant | None = Field(description="Since when the platform tells of them; null where it does not.")
    received_at: bodies.Instant | None = Field(description="When it last told of one; null: never.")
    delay_seconds: float | None = Field(
        description="How long after it was written that one came; null: none came.", examples=[0.8]
    )
    read_at: bodies.Instant | None = Field(
        description="When the inbox was last read to its newest message; null: not yet."
    )
    problem: str | None = Field(
        description="Why the platform does not tell of all though the app has a token of its own; null where it does.",
        examples=["The platform does not tell all by itself: CrcValidationFailed"],
    )


class AccountAnswer(bodies.Answer):
    """One account link."""

    id: str = Field(description="Id of the account link.", examples=["a0mdbz3k91yq0c8f4w2n7xhs"])
    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    platform_id: str = Field(description="The platform's id of the account.", examples=["1900000000000000001"])
    username: str | None = Field(description="Username, without @.", examples=["ana"])
    display_name: str | None = Field(description="Shown name.", examples=["Ana Ruiz"])
    avatar_url: str | None = Field(
        description="Address of the picture.", examples=["https://example.com/pictures/ana.jpg"]
    )
    status: AccountStatus = Field(
        description="`offline` must be authorised again; `paused` is held back.", examples=["active"]
    )
    pause_reasons: list[str] = Field(
        description="Why it is paused: `manual`, or what Overture found.", examples=[["manual"]]
    )
    offline_reason: OfflineReasonAnswer | None = Field(
        description="Why it is `offline`, and the way back; null unless it is."
    )
    capabilities: list[Capability] = Field(
        description="What Overture does by this account: what the platform can, less what was not granted.",
        examples=[["message:send", "import:followers"]],
    )
    scopes: list[str] | None = Field(
        description="What it has granted; null where the platform does not tell, as of tokens handed over.",
        examples=[["dm.read", "dm.write", "tweet.read", "users.read", "offline.access"]],
    )
    missing_scopes: list[MissingScopeAnswer] = Field(
        description="What was asked for and not granted, and what that costs; linking again asks once more."
    )
    hourly_limit: int = Field(description="Messages in any 60 minutes, over all campaigns.", examples=[25])
    daily_limit: int = Field(description="Messages in any 24 hours, over all campaigns.", examples=[200])
    history_from: bodies.Instant | None = Field(description="How far back its messages are known.")
    synced_at: bodies.Instant | None = Field(description="When its messages were first read to the end.")
    created_at: bodies.Instant = Field(description="When it was linked.")
    hearing: HearingAnswer | None = Field(
        description="Which way answers come in, and how late; null where an account comes with something else "
        "(`expand`)."
    )
    budgets: list[BudgetAnswer] | None = Field(
        description="How much it may do now: by the team's limits, by the platform's windows, and by those of its app; "
        "null where an account comes with something else (`expand`)."
    )


class LinkBegun(bodies.Answer):
    """A link that a person ends in a browser."""

    authorize_url: str = Field(
        description="The page on which the account's holder agrees; it serves once.",
        examples=["https://x.com/i/oauth2/authorize?response_type=code&client_id=abc&state=def"],
    )
    ends_at: bodies.Instant = Field(description="Until when it serves.")


@router.get("/account-links", summary="List account links")
async def list_account_links(
    context: CurrentContext,
    actor: CurrentActor,
    paging: CurrentPage,
    platform: Annotated[list[str], Query(description="Only these platforms.", examples=[["twitter"]])] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[list[AccountStatus], Query(description="Only these states.", examples=[["offline"]])] = [],  # noqa: B006 - the same
) -> Page[AccountAnswer]:
    """Return the team's account links in the order they were linked."""
    rows = await accounts.read_page(
        context,
        actor,
        platforms=platform,
        statuses=status,
        after=paging.after_id,
        count=paging.fetch,
    )
    shown, cursor = paging.cut(rows, lambda account: (account.id,))
    return Page(data=await _answers(context, actor, shown), next_cursor=cursor)


@router.get(
    "/account-links.csv",
    summary="Download all account links",
    response_class=StreamingResponse,
    responses=tables.DOCUMENTED,
)
async def download_account_links(
    context: CurrentContext,
    actor: CurrentActor,
    platform: Annotated[list[str], Query(description="Only these platforms.", examples=[["twitter"]])] = [],  # noqa: B006 - FastAPI copies it
    status: Annotated[list[AccountStatus], Query(description="Only these states.", examples=[["offline"]])] = [],  # noqa: B006 - the same
) -> StreamingResponse:
    """Return the team's account links as CSV. What a spreadsheet would calculate gets a `'`."""

    async def read(after: str | None) -> Sequence[Account]:
        return await accounts.read_page(
            context, actor, platforms=platform, statuses=status, after=after, count=tables.AT_ONCE
        )

    rows = ([_cells(account) for account in piece] async for piece in tables.pieces(read, lambda account: account.id))
    return tables.answer("account-links.csv", _TABLE, rows)


@router.get("/account-links/{account_link_id}", summary="Get an account link")
async def get_account_link(context: CurrentContext, actor: CurrentActor, account_link_id: str) -> AccountAnswer:
    """Return one account link: its state, its budgets, and which way answers to it come in."""
    return await _answer(context, actor, await accounts.get(context, actor, account_id=account_link_id))


@router.post(
    "/account-links",
    summary="Link an account, or authorise it again",
    openapi_extra=refusals.of(
        "accountLinkTaken", "capabilityNotSupported", "platformNotSupported", "platformUnavailable"
    ),
)
async def link_account(
    context: CurrentContext, actor: CurrentActor, body: LinkAccount, request: Request
) -> AccountAnswer | LinkBegun:
    """Link the account that the tokens belong to; the same account once more takes the new tokens.

    Without `tokens`, the answer is the page on which a person lets the team's registered app act for their account;
    it is linked once they have agreed.
    """
    base_url = platforms.address(request, body.platform)
    if body.tokens is None:
        page, ends_at = await linking.begin(
            context,
            actor,
            platform=body.platform,
            base_url=base_url,
            redirect_uri=callbacks.address(request, body.platform),
        )
        return LinkBegun(authorize_url=page, ends_at=ends_at)
    account, _ = await accounts.link(
        context,
        actor,
        platform=body.platform,
        grant=body.tokens.grant(),
        base_url=base_url,
    )
    return await _answer(context, actor, account)


@router.patch(
    "/account-links/{account_link_id}",
    summary="Set limits, pause or resume",
    openapi_extra=refusals.of("accountLinkDisconnected"),
)
async def change_account_link(
    context: CurrentContext, actor: CurrentActor, account_link_id: str, body: ChangeAccount
) -> AccountAnswer:
    """Set limits, pause or resume an account link."""
    given = body.given()
    changed = await accounts.change(
        context,
        actor,
        account_id=account_link_id,
        hourly_limit=given.get("hourly_limit"),
        daily_limit=given.get("daily_limit"),
        status=AccountStatus(given["status"]) if "status" in given else None,
    )
    return await _answer(context, actor, changed)


@router.delete(
    "/account-links/{account_link_id}",
    status_code=204,
    summary="Disconnect an account",
    openapi_extra=refusals.of("accountLinkInUse"),
)
async def disconnect_account(context: CurrentContext, actor: CurrentActor, account_link_id: str) -> None:
    """Disconnect an account: its token is forgotten, what it sent stays."""
    await accounts.disconnect(context, actor, account_id=account_link_id)


async def _answer(context: Context, actor: Actor, account: Account) -> AccountAnswer:
    (shown,) = await _answers(context, actor, [account])
    return shown


async def _answers(context: Context, actor: Actor, found: Sequence[Account]) -> list[AccountAnswer]:
    standings = await stands.of_accounts(context, actor, accounts=found)
    heard = await accounts.hearing(context, actor, account_ids=[account.id for account in found])
    return [answer(context, account, standings[account.id], heard.get(account.id)) for account in found]


def answer(
    context: Context,
    account: Account,
    standings: Sequence[Standing] | None = None,
    heard: listening.Standing | None = None,
) -> AccountAnswer:
    """Put an account link into its wire form, with its budgets and ways where they were read."""
    return AccountAnswer(
        id=account.id,
        platform=account.platform,
        platform_id=account.platform_id,
        username=account.username,
        display_name=account.display_name,
        avatar_url=account.avatar_url,
        status=AccountStatus(account.status),
        pause_reasons=list(account.pause_reasons),
        offline_reason=_offline(capabilities.offline(context, account)),
        capabilities=capabilities.of_account(context, account),
        scopes=None if account.scopes is None else list(account.scopes),
        missing_scopes=[_missing(scope) for scope in capabilities.lacking(context, account)],
        hourly_limit=account.hourly_limit,
        daily_limit=account.daily_limit,
        history_from=account.history_from,
        synced_at=account.synced_at,
        created_at=account.created_at,
        hearing=None if heard is None else _hearing(heard),
        budgets=None if standings is None else [budgets.answer(standing) for standing in standings],
    )


def _offline(found: capabilities.Offline | None) -> OfflineReasonAnswer | None:
    if found is None:
        return None
    return OfflineReasonAnswer(code=found.code, message=found.message, since=found.since)


def _hearing(heard: listening.Standing) -> HearingAnswer:
    return HearingAnswer(
        way=AnswerWay.POLL if heard.way is None else AnswerWay(heard.way),
        since=heard.since,
        received_at=heard.received_at,
        delay_seconds=None if heard.delay_ms is None else heard.delay_ms / 1000,
        read_at=heard.read_at,
        problem=heard.problem,
    )


def _missing(scope: Scope) -> MissingScopeAnswer:
    return MissingScopeAnswer(scope=scope.name, costs=rights.told([scope]))


def _cells(account: Account) -> list[Cell]:
    return [
        account.id,
        account.platform,
        account.platform_id,
        account.username,
        account.display_name,
        account.status,
        ", ".join(account.pause_reasons),
        account.hourly_limit,
        account.daily_limit,
        instants.written(account.created_at),
    ]
