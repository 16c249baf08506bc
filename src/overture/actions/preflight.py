"""Pre-flight: what would go wrong if the campaign started now. Errors refuse the start, warnings do not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from overture.actions import campaign_access, capabilities, estimate, sequences
from overture.actions.context import Actor, Context
from overture.actions.estimate import Estimate
from overture.core import policy, sequence, similarity, text
from overture.core.costs import PriceList
from overture.core.words import AccountStatus, ContactPolicy
from overture.errors import Path
from overture.store import apps, campaign_accounts, preflight
from overture.store import campaign_columns as stored_columns
from overture.store.campaign_accounts import Member
from overture.store.campaigns import Campaign
from overture.store.pool import Connection

HASTY_RATE = 20
"""Messages per hour and account above which accounts are known to be restricted."""

SHORT_HISTORY = timedelta(days=90)
"""How far back an account's messages must be known for an exclusion of earlier contacts to mean much."""

COMPARED_MESSAGES = 500
"""So many messages of other campaigns are compared with, those of the latest campaigns first."""

_ERROR, _WARNING = "error", "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """One thing found; `count` says how many leads, accounts or steps it concerns."""

    severity: str
    code: str
    path: Path
    count: int
    message: str
    remedy: str

    def as_json(self) -> dict[str, Any]:
        """The wire form."""
        return {
            "severity": self.severity,
            "code": self.code,
            "path": list(self.path),
            "count": self.count,
            "message": self.message,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything found, errors first, the platforms' rules, and what the campaign would send."""

    issues: Sequence[Issue]
    rules: Sequence[policy.Rule]
    estimate: Estimate

    @property
    def is_ready(self) -> bool:
        """Whether the campaign may start."""
        return not any(issue.severity == _ERROR for issue in self.issues)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Facts:
    campaign: Campaign
    steps: Sequence[sequence.Step]
    members: Sequence[Member]
    column_names: Mapping[str, str]
    longest_text: int | None

    @property
    def messages(self) -> list[sequence.MessageStep]:
        return [step for step in self.steps if isinstance(step, sequence.MessageStep)]

    @property
    def needs_consent(self) -> bool:
        return all(member.contact_policy != ContactPolicy.ANYONE_REACHABLE for member in self.members)


async def report(context: Context, actor: Actor, *, campaign_id: str) -> Report:
    """Return everything pre-flight finds.

    Raises:
        NotFound: no such campaign.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        facts = await _read(connection, context, actor, campaign_id)
        found = await _errors(connection, actor, facts)
        found += await _warnings(connection, context, actor, facts, now, {issue.code for issue in found})
        remaining = await preflight.remaining(connection, team_id=actor.team_id, campaign_id=campaign_id)
    made = estimate.make(facts.campaign, facts.steps, facts.members, remaining, _price_lists(context, facts), now)
    return Report(issues=found, rules=policy.rules_of({member.platform for member in facts.members}), estimate=made)


def _price_lists(context: Context, facts: _Facts) -> list[PriceList]:
    channels = [context.channels.get(platform) for platform in sorted({member.platform for member in facts.members})]
    return [channel.capabilities.price_list for channel in channels if channel is not None]


async def errors(connection: Connection, context: Context, actor: Actor, *, campaign_id: str) -> list[Issue]:
    """Return what refuses the start; nothing here takes longer the more leads there are.

    Raises:
        NotFound: no such campaign.
    """
    return await _errors(connection, actor, await _read(connection, context, actor, campaign_id))


async def _read(connection: Connection, context: Context, actor: Actor, campaign_id: str) -> _Facts:
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    campaign = await campaign_access.read(connection, actor, campaign_id=campaign_id)
    members = [member for member in await campaign_accounts.members(connection, **keys) if member.is_linked]
    columns = await stored_columns.all_of(connection, **keys)
    channels = [context.channels.get(platform) for platform in {member.platform for member in members}]
    limits = [channel.capabilities.longest_text for channel in channels if channel is not None]
    return _Facts(
        campaign=campaign,
        steps=[sequence.parse_step(step) for step in campaign.steps],
        members=members,
        column_names={column.id: column.name for column in columns},
        longest_text=min(limits, default=None),
    )


async def _errors(connection: Connection, actor: Actor, facts: _Facts) -> list[Issue]:
    found = [*_sequence_errors(facts)]
    if not facts.campaign.settings.hours:
        found.append(
            _error(
                "noSendingHours",
                ("scheduleHours",),
                1,
                "There are no sending hours.",
                "Open at least one day.",
            )
        )
    if all(member.status == AccountStatus.OFFLINE for member in facts.members):
        found.append(
            _error(
                "noAccount",
                ("accountLinkIds",),
                len(facts.members),
                "None of the accounts can send: each is offline or unlinked.",
                "Authorise an account again, or add another.",
            )
        )
    if facts.needs_consent and await _nobody_consents(connection, actor, facts):
        counts = facts.campaign.counts
        count = counts.consent_missing + counts.assessing + counts.ready + counts.in_sequence + counts.held
        message = "No known lead has given consent or written to one of the accounts."
        remedy = (
            "Record consent (`consent` when leads are added or imported, PATCH /contacts/{id}), or let an owner choose "
            "another contact policy (PUT /platforms/{platform}/policy)."
        )
        found.append(_error("consentMissing", ("rules",), count, message, remedy))
    return found


def _sequence_errors(facts: _Facts) -> list[Issue]:
    path: Path = ("sequence", "steps")
    if not facts.steps:
        return [_error("noSequence", path, 1, "There is no sequence.", "Write at least one message.")]
    if not facts.messages:
        return [_error("noMessage", path, 1, "The sequence has no message.", "Add a message step.")]
    found = []
    for where, name in sequences.variables(facts.steps):
        is_known = name in sequence.BUILT_IN_VARIABLES or name in facts.column_names
        if not is_known:
            message = f"The variable {name!r} is no column of the campaign."
            found.append(_error("unknownVariable", ("sequence", *where), 1, message, "Choose another variable."))
    for step in facts.messages:
        length = _fixed_length(step)
        if facts.longest_text is not None and length > facts.longest_text:
            message = f"The text has {length} characters; the platform takes {facts.longest_text}."
            found.append(_error("textTooLong", (*path, step.rank), 1, message, "Shorten the text."))
    return found


async def _nobody_consents(connection: Connection, actor: Actor, facts: _Facts) -> bool:
    keys = {"team_id": actor.team_id, "campaign_id": facts.campaign.id}
    accounts = [member.account_id for member in facts.members]
    if not await preflight.has_known_leads(connection, **keys):
        return False
    return not await preflight.has_consenting_lead(connection, **keys, account_ids=accounts)


async def _warnings(
    connection: Connection, context: Context, actor: Actor, facts: _Facts, now: datetime, known: set[str]
) -> list[Issue]:
    found = [*_account_warnings(context, facts)]
    found += await _value_warnings(connection, actor, facts)
    found += await _similarity_warnings(connection, actor, facts)
    keys = {"team_id": actor.team_id, "campaign_id": facts.campaign.id}
    settings = facts.campaign.settings
    if facts.needs_consent and "consentMissing" not in known:
        accounts = [member.account_id for member in facts.members]
        count = await preflight.count_without_consent(connection, **keys, account_ids=accounts)
        if count:
            message = f"{count} leads have neither given consent nor written to one of the accounts: they are left out."
            found.append(
                _warning("consentMissing", ("rules",), count, message, "Record consent for those who gave it.")
            )
    if settings.exclude_contacted or settings.exclude_mutuals:
        count = await preflight.count_short_histories(connection, team_id=actor.team_id, since=now - SHORT_HISTORY)
        if count:
            field = "excludeContacted" if settings.exclude_contacted else "excludeMutuals"
            message = (
                f"The messages of {count} accounts are known for less than {SHORT_HISTORY.days} days: "
                "people they wrote to earlier are not recognised."
            )
            remedy = "Import the history of these accounts, or add people you wrote to earlier to an excluded list."
            found.append(_warning("shortHistory", ("rules", field), count, message, remedy))
    if facts.campaign.is_syncing:
        message = "The lists are still being taken in: the counts here are of the leads known so far."
        found.append(_warning("stillSyncing", ("rules",), 1, message, "Look again in a few seconds."))
    return [*found, *await _policy_warnings(connection, actor, facts)]


def _account_warnings(context: Context, facts: _Facts) -> list[Issue]:
    found = []
    offline = sum(member.status == AccountStatus.OFFLINE for member in facts.members)
    if 0 < offline < len(facts.members):
        message = f"{offline} of the accounts are offline and send nothing."
        found.append(_warning("accountOffline", ("accountLinkIds",), offline, message, "Authorise them again."))
    rate = facts.campaign.settings.hourly_message_rate
    if rate > HASTY_RATE:
        message = f"More than {HASTY_RATE} messages an hour from one account may get it restricted."
        found.append(
            _warning("rateHigh", ("hourlyMessageRate",), 1, message, f"Set {HASTY_RATE} or fewer messages an hour.")
        )
    lacking = {member.account_id: _lacking(context, member) for member in facts.members}
    short = {scope for scopes in lacking.values() for scope in scopes}
    if short:
        count = sum(bool(scopes) for scopes in lacking.values())
        message = f"{count} of the accounts have not granted {', '.join(sorted(short))}, which messages need."
        remedy = "Link them again, and let the app read and write direct messages."
        found.append(_warning("scopeMissing", ("accountLinkIds",), count, message, remedy))
    channels = [context.channels.get(platform) for platform in {member.platform for member in facts.members}]
    likes = [step for step in facts.steps if isinstance(step, sequence.LikeStep)]
    if likes and not all(channel is not None and channel.capabilities.likes for channel in channels):
        message = f"{len(likes)} like steps will be skipped: the platform forbids automated likes."
        path = ("sequence", "steps", likes[0].rank)
        found.append(_warning("likesSkipped", path, len(likes), message, "Remove the like steps, or leave them."))
    elif likes and (count := _count_refusing_likes(context, facts)):
        message = f"{count} of the accounts have not granted that posts are liked for them: they pass over like steps."
        path = ("sequence", "steps", likes[0].rank)
        found.append(_warning("likesSkipped", path, count, message, "Link them again and allow it, or leave it so."))
    return found


def _count_refusing_likes(context: Context, facts: _Facts) -> int:
    return sum(not capabilities.may_like(context, member.platform, member.scopes) for member in facts.members)


def _lacking(context: Context, member: Member) -> list[str]:
    found = capabilities.lacks_for_messages(context, platform=member.platform, scopes=member.scopes)
    return [scope.name for scope in found]


async def _policy_warnings(connection: Connection, actor: Actor, facts: _Facts) -> list[Issue]:
    """Who let the accounts write to anyone, when and why: it goes beyond what platforms allow."""
    chosen = await apps.of_campaign(connection, team_id=actor.team_id, campaign_id=facts.campaign.id)
    return [
        _warning(
            "anyoneReachable",
            ("accountLinkIds",),
            count,
            f"{count} accounts write to people who neither wrote first nor agreed to it: so chose "
            f"{app.policy_changed_by or 'the operator'}"
            + ("." if app.policy_changed_at is None else f" on {app.policy_changed_at:%d %B %Y}: {app.policy_note}"),
            "Platforms may restrict such accounts. An owner ends it with contactPolicy inboundOrConsent.",
        )
        for app, count in chosen
        if app.contact_policy == ContactPolicy.ANYONE_REACHABLE
    ]


async def _value_warnings(connection: Connection, actor: Actor, facts: _Facts) -> list[Issue]:
    keys = {"team_id": actor.team_id, "campaign_id": facts.campaign.id}
    mappings = [
        (target, entry["listId"], source)
        for entry in facts.campaign.synced_lists
        for source, target in entry["columnMapping"].items()
    ]
    found = []
    needed = [
        preflight.Use(step=step.rank, name=segment.name, fallback=None)
        for step in facts.messages
        for segment in step.segments
        if isinstance(segment, sequence.Variable) and segment.fallback is None
    ]
    if needed:
        for gap in await preflight.missing_values(
            connection, **keys, uses=list(dict.fromkeys(needed)), mappings=mappings
        ):
            shown = facts.column_names.get(gap.name, gap.name)
            message = f"{gap.count} leads have no value for {shown!r}, which has no fallback: they will be held."
            remedy = "Give the variable a fallback, or the leads a value."
            path = ("sequence", "steps", gap.step)
            found.append(_warning("valueMissing", path, gap.count, message, remedy))
    for step in facts.messages:
        uses = [
            preflight.Use(step=step.rank, name=segment.name, fallback=segment.fallback)
            for segment in step.segments
            if isinstance(segment, sequence.Variable)
        ]
        if not uses or facts.longest_text is None:
            continue
        count = await preflight.count_too_long(
            connection,
            **keys,
            step=step.rank,
            fixed=_fixed_length(step),
            limit=facts.longest_text,
            uses=uses,
            mappings=mappings,
        )
        if count:
            message = f"The text is longer than {facts.longest_text} characters for {count} leads: they will be held."
            path = ("sequence", "steps", step.rank)
            found.append(_warning("renderedTooLong", path, count, message, "Shorten the text or the values."))
    return found


async def _similarity_warnings(connection: Connection, actor: Actor, facts: _Facts) -> list[Issue]:
    """Texts that other accounts send nearly the same: platforms take that for one sender behind several accounts."""
    messages = await preflight.messages_of_other_accounts(
        connection, team_id=actor.team_id, campaign_id=facts.campaign.id, count=COMPARED_MESSAGES
    )
    names = {message.campaign_id: message.campaign_name for message in messages}
    steps = [(message.campaign_id, sequence.parse_step(message.step)) for message in messages]
    others = [(key, similarity.fixed_words(step)) for key, step in steps if isinstance(step, sequence.MessageStep)]
    found = []
    for step in facts.messages:
        alike = similarity.near(similarity.fixed_words(step), others)
        if alike:
            shown = ", ".join(sorted(repr(names[campaign_id]) for campaign_id in alike)[:3])
            said = f"Other accounts send nearly the same text in {len(alike)} campaigns ({shown})."
            remedy = "Write another text for each account: platforms restrict accounts that send the same."
            path = ("sequence", "steps", step.rank)
            found.append(_warning("textsAlike", path, len(alike), said, remedy))
    return found


def _fixed_length(step: sequence.MessageStep) -> int:
    """The least length of what is not a variable."""
    total = 0
    for segment in step.segments:
        match segment:
            case sequence.Static():
                total += text.length(segment.text)
            case sequence.Variation():
                total += min(text.length(option) for option in segment.options)
            case sequence.Variable():
                pass
    return total


def _error(code: str, path: Path, count: int, message: str, remedy: str) -> Issue:
    return Issue(severity=_ERROR, code=code, path=path, count=count, message=message, remedy=remedy)


def _warning(code: str, path: Path, count: int, message: str, remedy: str) -> Issue:
    return Issue(severity=_WARNING, code=code, path=path, count=count, message=message, remedy=remedy)
