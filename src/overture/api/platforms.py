"""Platforms: what each can do, and whom the team may write to first on it."""

from collections.abc import Mapping

from fastapi import Request
from pydantic import Field

from overture.actions import capabilities, clients, people, policies
from overture.api import bodies, callbacks, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.channels.port import Channel
from overture.core.words import Capability, ContactPolicy
from overture.errors import Unprocessable
from overture.store.apps import App

router = routing.router("Platforms")


class MediaTypesAnswer(bodies.Answer):
    """Kinds of files a message may carry."""

    image: list[str] = Field(description="Media types of images.", examples=[["image/png"]])
    video: list[str] = Field(description="Media types of videos.", examples=[[]])
    gif: list[str] = Field(description="Media types of moving pictures.", examples=[[]])
    file: list[str] = Field(description="Media types of other files.", examples=[[]])
    audio: list[str] = Field(description="Media types of sound.", examples=[[]])


class LimitsAnswer(bodies.Answer):
    """How much a platform takes."""

    characters: int | None = Field(description="Characters in one message.", examples=[10_000])
    media_count: int = Field(description="Files in one message; 0: Overture sends none there.", examples=[0])
    media_bytes: int | None = Field(
        description="Bytes of one file; null where none is sent.", examples=[None, 5_242_880]
    )
    media_types: MediaTypesAnswer = Field(description="Which files a message may carry.")
    app_daily_messages: int | None = Field(
        description="Messages in any 24 hours over all accounts of the team's app; null: no ceiling.", examples=[1440]
    )
    account_daily_messages: int = Field(
        description="Messages in any 24 hours the platform lets one account send at most.", examples=[500]
    )


class ChangeAnswer(bodies.Answer):
    """Whether a state on the platform is seen from here, and set from here."""

    observe: bool = Field(description="Whether a change made on the platform is seen here.", examples=[False])
    mutate: bool = Field(description="Whether a change made here is made on the platform.", examples=[False])


class ThreadStateAnswer(bodies.Answer):
    """What of a conversation is kept in step with the platform."""

    archive: ChangeAnswer = Field(description="Whether it is archived.")
    read: ChangeAnswer = Field(description="Whether it is read.")


class PlatformAnswer(bodies.Answer):
    """One platform, as Overture uses it."""

    platform: str = Field(description="Key of the platform.", examples=["twitter"])
    name: str = Field(description="What people call it.", examples=["X"])
    username_prefix: str = Field(description="What stands before a username there.", examples=["@"])
    capabilities: list[Capability] = Field(
        description="What Overture does there; account links and threads only narrow it.",
        examples=[["message:send", "import:followers"]],
    )
    limits: LimitsAnswer = Field(description="How much it takes.")
    mutation_windows: dict[str, int] = Field(
        description="Seconds after which a message can be changed no more, by capability; empty: none can.",
        examples=[{}],
    )
    thread_state: ThreadStateAnswer = Field(description="What of a conversation is kept in step.")
    has_app: bool = Field(description="Whether the team has registered an app of its own there.", examples=[True])
    redirect_uri: str = Field(
        description="The callback address such an app must be registered with, letter by letter.",
        examples=["http://127.0.0.1:8080/oauth/twitter/callback"],
    )


class ChoosePolicy(bodies.Body):
    """Whom the team may write to first, and why."""

    contact_policy: bodies.Choice[ContactPolicy] = Field(
        description="`inboundOrConsent`: who wrote first or has agreed. `anyoneReachable`: whoever takes messages.",
        examples=["inboundOrConsent"],
    )
    note: str | None = Field(
        default=None,
        description="Why, for those who ask later; needed for `anyoneReachable`.",
        examples=["Agreed with counsel on 2 November."],
        max_length=1000,
    )


class PolicyAnswer(bodies.Answer):
    """Whom the team may write to first on a platform."""

    contact_policy: ContactPolicy = Field(
        description="`inboundOrConsent`: who wrote first or has agreed. `anyoneReachable`: whoever takes messages.",
        examples=["inboundOrConsent"],
    )
    note: str | None = Field(description="Why it was chosen.", examples=["Agreed with counsel on 2 November."])
    changed_at: bodies.Instant | None = Field(description="When it was chosen; null: it is the default.")
    changed_by: str | None = Field(
        description="Name of the token that chose it; null: it is the default.", examples=["Dashboard"]
    )


@router.get("/platforms", summary="List platforms")
async def list_platforms(context: CurrentContext, actor: CurrentActor, request: Request) -> list[PlatformAnswer]:
    """Return every platform this program serves, with what Overture can do there."""
    registered = await clients.registered(context, actor, urls=request.app.state.platform_urls)
    return [
        _platform(
            people.require_channel(context, platform),
            has_app=platform in registered,
            redirect_uri=callbacks.address(request, platform),
        )
        for platform in context.channels.platforms()
    ]


@router.get("/platforms/{platform}/policy", summary="Get the contact policy")
async def get_policy(context: CurrentContext, actor: CurrentActor, platform: str) -> PolicyAnswer:
    """Return whom the team may write to first on a platform."""
    return _policy(await policies.get(context, actor, platform=platform))


@router.put("/platforms/{platform}/policy", summary="Choose the contact policy", openapi_extra=refusals.of("forbidden"))
async def choose_policy(
    context: CurrentContext, actor: CurrentActor, platform: str, body: ChoosePolicy, request: Request
) -> PolicyAnswer:
    """Choose whom the team may write to first, as an owner; the leads of all campaigns follow in the background.

    It holds for every account of the team on the platform. Nothing leaves under the former choice once this returns.
    """
    people.require_channel(context, platform)
    chosen = await policies.choose(
        context,
        actor,
        platform=platform,
        base_url=address(request, platform),
        policy=body.contact_policy,
        note=body.note,
    )
    return _policy(chosen)


def address(request: Request, platform: str) -> str:
    """Return where the operator says a platform answers.

    Raises:
        Unprocessable: `platformNotSupported`, no address is set.
    """
    urls: Mapping[str, str] = request.app.state.platform_urls
    if platform not in urls:
        raise Unprocessable(
            f"The address of the platform {platform!r} is not set here.",
            code="platformNotSupported",
            details={"platform": platform, "supported": sorted(urls)},
        )
    return urls[platform]


def _platform(channel: Channel, *, has_app: bool, redirect_uri: str) -> PlatformAnswer:
    no_files = MediaTypesAnswer(image=[], video=[], gif=[], file=[], audio=[])
    untouched = ChangeAnswer(observe=False, mutate=False)
    return PlatformAnswer(
        platform=channel.platform,
        name=channel.name,
        username_prefix=channel.username_prefix,
        capabilities=capabilities.of_platform(channel),
        limits=LimitsAnswer(
            characters=channel.capabilities.longest_text,
            media_count=0,
            media_bytes=None,
            media_types=no_files,
            app_daily_messages=channel.capabilities.app_daily_sends,
            account_daily_messages=channel.capabilities.account_daily_ceiling,
        ),
        mutation_windows={},
        thread_state=ThreadStateAnswer(archive=untouched, read=untouched),
        has_app=has_app,
        redirect_uri=redirect_uri,
    )


def _policy(app: App | None) -> PolicyAnswer:
    if app is None:
        return PolicyAnswer(
            contact_policy=ContactPolicy.INBOUND_OR_CONSENT, note=None, changed_at=None, changed_by=None
        )
    return PolicyAnswer(
        contact_policy=ContactPolicy(app.contact_policy),
        note=app.policy_note,
        changed_at=app.policy_changed_at,
        changed_by=app.policy_changed_by,
    )
