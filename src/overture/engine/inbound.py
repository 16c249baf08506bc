"""Inbound: what the messages of an inbox lead to. Every sequence with a person who wrote stops."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from overture.channels import port
from overture.core import opt_outs
from overture.core.words import LeadState, Trigger
from overture.engine import automate, suppress, targets
from overture.store import (
    duties,
    inboxes,
    ledger,
    outbox,
    people,
    persons,
    progress,
    scope_requests,
    suppressions,
    threads,
)
from overture.store.pool import Connection

GRACE = timedelta(seconds=5)
"""How far the platform's clock may lie before ours when its record of a send is matched with an intent."""


async def act(
    connection: Connection,
    team_id: str,
    account_id: str,
    platform: str,
    messages: Sequence[port.InboxMessage],
    profiles: dict[str, str],
    now: datetime,
) -> list[str]:
    """Store messages and let them have their effects; return the campaigns in which a lead ended.

    Locks are taken in one order, that of edits, too: leads, persons, plans asked for, profiles and their contacts,
    syncs asked for, the numbers of events.
    """
    writers = sorted({profiles[message.other_id] for message in messages if message.is_inbound})
    leads = await inboxes.concerned_leads(connection, team_id=team_id, profile_ids=writers)
    await persons.lock(connection, team_id=team_id, profile_ids=list(profiles.values()))
    under_way = await inboxes.open_intents(connection, team_id=team_id, account_id=account_id)
    # An outgoing message younger than an open intent may be that intent's: it is left to be reconciled.
    left = {
        message.platform_id: profiles[message.other_id]
        for message in messages
        if not message.is_inbound
        and (at := under_way.get(profiles[message.other_id])) is not None
        and message.sent_at >= at - GRACE
    }
    if left and await ledger.look_again(
        connection, team_id=team_id, account_id=account_id, profile_ids=list(left.values())
    ):
        await duties.want(connection, team_id=team_id, kind="reconcile", key=account_id, due_at=now)
    kept = [message for message in messages if message.platform_id not in left]
    stored = await threads.store(
        connection,
        team_id=team_id,
        now=now,
        messages=[_as_stored(message, account_id, profiles[message.other_id]) for message in kept],
    )
    new = {message.platform_id: message for message in stored.messages}
    inbound = [message for message in kept if message.is_inbound and message.platform_id in new]
    outbound = [message for message in kept if not message.is_inbound and message.platform_id in new]
    met = await persons.contacted(
        connection,
        team_id=team_id,
        contacts=[(profiles[message.other_id], message.sent_at) for message in outbound],
    )
    await persons.wrote(
        connection,
        team_id=team_id,
        inbound=[(profiles[message.other_id], message.sent_at) for message in inbound],
    )
    events = threads.events(stored.turned)
    events += [
        outbox.NewEvent(
            type="message.received" if message.is_inbound else "message.sent",
            object_type="message",
            object_id=new[message.platform_id].id,
            data={"threadId": new[message.platform_id].thread_id},
        )
        for message in sorted([*inbound, *outbound], key=_order)
    ]
    triggered: list[automate.Triggered] = []
    ended, opted_out = await _stop_sequences(
        connection, team_id, account_id, _by_profile(inbound, profiles), new, leads, now, events, triggered
    )
    await automate.run(connection, team_id=team_id, now=now, triggered=triggered, events=events)
    await _name(connection, team_id, platform, messages)
    await scope_requests.follow(
        connection,
        team_id=team_id,
        now=now,
        contacted=met,
        wrote=[profiles[message.other_id] for message in inbound],
        suppressed=opted_out,
    )
    await outbox.append(connection, team_id=team_id, now=now, events=events)
    return ended


def _order(message: port.InboxMessage) -> tuple[datetime, str]:
    return message.sent_at, message.platform_id.rjust(24)


def _as_stored(message: port.InboxMessage, account_id: str, profile_id: str) -> threads.NewMessage:
    return threads.NewMessage(
        account_id=account_id,
        profile_id=profile_id,
        platform_id=message.platform_id,
        conversation_id=message.conversation_id,
        is_inbound=message.is_inbound,
        content=message.text,
        sent_at=message.sent_at,
        attempt_id=None,
        archives=False,
    )


def _by_profile(inbound: Sequence[port.InboxMessage], profiles: dict[str, str]) -> dict[str, list[port.InboxMessage]]:
    grouped: dict[str, list[port.InboxMessage]] = {}
    for message in sorted(inbound, key=lambda message: message.sent_at):
        grouped.setdefault(profiles[message.other_id], []).append(message)
    return grouped


async def _name(connection: Connection, team_id: str, platform: str, messages: Sequence[port.InboxMessage]) -> None:
    """Keep the names of those who wrote and of whom nothing was known."""
    told = [(message.other_id, message.other) for message in messages if message.other is not None]
    names = [(other_id, other.username, other.display_name) for other_id, other in told]
    await people.save_names(connection, team_id=team_id, platform=platform, names=names)


async def _stop_sequences(
    connection: Connection,
    team_id: str,
    account_id: str,
    inbound: dict[str, list[port.InboxMessage]],
    stored: Mapping[str, threads.Stored],
    leads: Sequence[inboxes.ConcernedLead],
    now: datetime,
    events: list[outbox.NewEvent],
    triggered: list[automate.Triggered],
) -> tuple[list[str], list[str]]:
    """Let each answer count once, stop every other sequence with that person, and honour a "stop".

    Returns the campaigns in which a lead ended, and the profiles of those who said "stop".
    """
    tried = await ledger.first_intents(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in leads])
    opted_out = [
        profile_id
        for profile_id, messages in inbound.items()
        if any(opt_outs.is_opt_out(message.text) for message in messages)
    ]
    await suppressions.add(
        connection,
        team_id=team_id,
        new=[suppressions.New(profile_id=profile_id, note=None) for profile_id in opted_out],
        source="optOut",
        by=None,
        at=now,
    )
    replies: list[tuple[str, datetime]] = []
    stops: list[progress.Stop] = []
    for profile_id, messages in inbound.items():
        theirs = [lead for lead in leads if lead.profile_id == profile_id]
        answered = _answered(theirs, account_id, messages, tried)
        replies += answered.items()
        stops += [
            stop
            for lead in theirs
            if lead.lead_id not in answered
            and (stop := _stop(lead, messages, tried, is_opted_out=profile_id in opted_out)) is not None
        ]
    replied = await progress.reply(connection, team_id=team_id, replies=replies)
    stopped = await progress.stop_if_open(connection, team_id=team_id, stops=stops, at=now)
    await _ask(connection, team_id, account_id, inbound, opted_out)
    changed = [*replied, *stopped]
    await persons.free(
        connection,
        team_id=team_id,
        lead_ids=[lead.lead_id for lead in changed if lead.state != LeadState.HELD],
        unanswered_at=None,
        now=now,
    )
    for lead in replied:
        triggered.append(
            automate.Triggered(campaign_id=lead.campaign_id, profile_id=lead.profile_id, trigger=Trigger.REPLIED)
        )
        answer = _answer(inbound[lead.profile_id], stored)
        events.append(
            targets.replied(
                campaign_id=lead.campaign_id,
                profile_id=lead.profile_id,
                thread_id=answer.thread_id,
                message_id=answer.id,
            )
        )
    events += [
        targets.held(campaign_id=lead.campaign_id, profile_id=lead.profile_id, reason="wroteFirst")
        for lead in stopped
        if lead.state == LeadState.HELD
    ]
    return sorted({lead.campaign_id for lead in changed}), opted_out


def _answer(messages: Sequence[port.InboxMessage], stored: Mapping[str, threads.Stored]) -> threads.Stored:
    """Say which message answers: the first that has come now."""
    return stored[messages[0].platform_id]


async def _ask(
    connection: Connection,
    team_id: str,
    account_id: str,
    inbound: Mapping[str, Sequence[port.InboxMessage]],
    opted_out: Sequence[str],
) -> None:
    """Ask a person about messages that may mean "no more" and say more than that."""
    unclear = [
        profile_id
        for profile_id, messages in inbound.items()
        if profile_id not in opted_out and any(opt_outs.mentions(message.text) for message in messages)
    ]
    await progress.ask(connection, team_id=team_id, profile_ids=unclear, reason="mayOptOut")
    await threads.mark_unread(connection, team_id=team_id, account_id=account_id, profile_ids=unclear)


def _answered(
    leads: Sequence[inboxes.ConcernedLead],
    account_id: str,
    messages: Sequence[port.InboxMessage],
    tried: dict[str, datetime],
) -> dict[str, datetime]:
    """Return the leads that are answered, and when: a message is for the one the account last wrote to before it.

    `messages` are in order. A message may be read only after another campaign has written to the person, too.
    """
    contacted = sorted(
        (tried.get(lead.lead_id, lead.contacted_at), lead.lead_id)
        for lead in leads
        if lead.account_id == account_id and lead.contacted_at is not None
    )
    answers: dict[str, datetime] = {}
    for message in messages:
        before = [lead_id for since, lead_id in contacted if since < message.sent_at]
        if before:
            answers.setdefault(before[-1], message.sent_at)
    return answers


def _stop(
    lead: inboxes.ConcernedLead,
    messages: Sequence[port.InboxMessage],
    tried: dict[str, datetime],
    *,
    is_opted_out: bool,
) -> progress.Stop | None:
    """Say how a message of its person ends a lead for which the message is not the counted answer."""
    latest = messages[-1].sent_at
    first_intent = tried.get(lead.lead_id)
    if is_opted_out:
        return suppress.stop_of(lead, first_intent)
    if lead.state == LeadState.IN_SEQUENCE or (lead.state == LeadState.HELD and lead.contacted_at is not None):
        return progress.Stop(lead_id=lead.lead_id, state=LeadState.CANCELED, reason="answeredElsewhere")
    if lead.state in {LeadState.ASSESSING, LeadState.READY} and first_intent is None and latest > lead.joined_at:
        return progress.Stop(lead_id=lead.lead_id, state=LeadState.HELD, reason="wroteFirst")
    return None
