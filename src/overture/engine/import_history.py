"""A history: what an account and others wrote to each other before the platform's own record begins.

It is evidence, never a send: who was written to is on Contacted, who wrote may be written to, and whoever said "stop"
gets nothing more. Messages that the platform still showed when the account was linked are the inbox reader's, which
lets them have all their effects: of these nothing is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from overture.core import csvheader, history_rows, lead_rows, opt_outs
from overture.core.csvheader import Target
from overture.core.history_rows import Told
from overture.core.lead_rows import Layout
from overture.core.words import LeadState
from overture.engine import complete, import_rows, suppress
from overture.engine.import_batches import Row
from overture.engine.import_rows import Batch, Found
from overture.store import (
    histories,
    import_rejects,
    imports,
    inboxes,
    ledger,
    persons,
    progress,
    scope_requests,
    suppressions,
    threads,
)
from overture.store.histories import Met, Source
from overture.store.imports import Job, Reading
from overture.store.pool import Connection, Pool

NOT_READ_YET = "The account's messages are read for the first time; what is older is imported behind that."
DISCONNECTED = "The account was disconnected; link it again and import its history anew."

_UNKNOWN = Met(first_contacted_at=None, last_inbound_at=None, is_forgotten=False)


@dataclass(kw_only=True, slots=True)
class _News:
    """What a batch tells that was not known: in how many rows, which messages, who was written to, and who wrote."""

    rows: int = 0
    messages: list[threads.NewMessage] = field(default_factory=list)
    sent: list[tuple[str, datetime]] = field(default_factory=list)
    received: list[tuple[str, datetime]] = field(default_factory=list)
    opted_out: set[str] = field(default_factory=set)


def layout(reading: Reading) -> Layout:
    """Say how the rows of a job are read."""
    return Layout(
        platform=reading.platform,
        width=len(reading.headers),
        ours=csvheader.ours(reading.headers),
        identifiers={Target(target): place for target, place in reading.identifiers.items()},
        filled=history_rows.filled(reading.headers, {one.column_id: one.place for one in reading.filled}),
    )


class Taker:
    """Takes the rows of one job for evidence. `until`: what is not older than this the platform has shown."""

    def __init__(self, *, pool: Pool, team_id: str, job: Job, layout: Layout, source: Source, until: datetime) -> None:
        self._pool = pool
        self._team_id = team_id
        self._job = job
        self._layout = layout
        self._source = source
        self._until = until
        self._ended: list[tuple[datetime, list[str]]] = []

    async def hold(self, connection: Connection, *, offset: int) -> bool:
        """Lock the job; tell whether what stands at `offset` is still this worker's to take."""
        return await imports.is_at(connection, team_id=self._team_id, job_id=self._job.id, offset=offset)

    async def take(
        self, connection: Connection, batch: Batch, now: datetime
    ) -> tuple[int, list[import_rejects.Reject]]:
        """Note what a batch tells; return how many rows told something new, and those not taken."""
        if not self._job.check_only:
            await self._lock_known(connection, batch)
        found = await self._find(connection, batch, now)
        told, rejects = self._read(batch, found)
        instants = [at for _, one in told for at in one.instants]
        if instants:
            await histories.stretch(
                connection, team_id=self._team_id, job_id=self._job.id, first=min(instants), last=max(instants)
            )
        older = [(profile_id, one) for profile_id, one in told if all(at < self._until for at in one.instants)]
        profile_ids = sorted({profile_id for profile_id, _ in older})
        if not self._job.check_only:
            # Who writes "stop" here may be a lead.
            writers = sorted({profile_id for profile_id, one in older if one.received_at is not None})
            leads = await inboxes.concerned_leads(connection, team_id=self._team_id, profile_ids=writers)
            await persons.lock(connection, team_id=self._team_id, profile_ids=profile_ids)
        news = await self._news(connection, older, profile_ids)
        if not self._job.check_only:
            await self._apply(connection, news, leads, now)
        return news.rows, rejects

    async def end_batch(self) -> None:
        """Complete campaigns in which the last lead ended."""
        for now, campaign_ids in self._ended:
            await complete.check(self._pool, team_id=self._team_id, campaign_ids=campaign_ids, now=now)
        self._ended = []

    async def _lock_known(self, connection: Connection, batch: Batch) -> None:
        """Lock the leads and the persons of whom the team knows, before their profiles are saved."""
        known = await import_rows.find_people(
            connection, team_id=self._team_id, platform=self._layout.platform, batch=batch
        )
        profile_ids = sorted({*known.by_id.values(), *known.by_username.values()})
        await inboxes.concerned_leads(connection, team_id=self._team_id, profile_ids=profile_ids)
        await persons.lock(connection, team_id=self._team_id, profile_ids=profile_ids)

    async def _find(self, connection: Connection, batch: Batch, now: datetime) -> Found:
        platform = self._layout.platform
        if self._job.check_only:
            return await import_rows.find_people(connection, team_id=self._team_id, platform=platform, batch=batch)
        return await import_rows.save_people(connection, team_id=self._team_id, platform=platform, batch=batch, now=now)

    def _read(self, batch: Batch, found: Found) -> tuple[list[tuple[str, Told]], list[import_rejects.Reject]]:
        """Divide rows into what they tell of whom, and rejects."""
        told: list[tuple[str, Told]] = []
        rejects: list[import_rejects.Reject] = []
        for row in batch.rows:
            said = row.said
            if isinstance(said, str):
                rejects.append(self._reject(row, said))
                continue
            one = history_rows.read(self._layout.platform, said.values)
            profile_id = found.profile(said)
            if not isinstance(one, Told):
                rejects.append(self._reject(row, one))
            elif profile_id is None:
                absent = batch.answers.absent
                rejects.append(self._reject(row, absent.get(said.identifier.value, lead_rows.Reason.NOT_FOUND)))
            else:
                told.append((profile_id, one))
        return told, rejects

    def _reject(self, row: Row, reason: str) -> import_rejects.Reject:
        record, place = row.record, self._source.line_place
        if place is not None and record.problem is None:
            record = record._replace(line=int(record.fields[place]))
        return import_rows.reject(self._layout, record, reason)

    async def _news(
        self, connection: Connection, older: Sequence[tuple[str, Told]], profile_ids: Sequence[str]
    ) -> _News:
        keys = {"team_id": self._team_id, "account_id": self._source.account_id}
        message_ids = [one.message_id for _, one in older if one.message_id is not None]
        stored = await threads.known(connection, **keys, platform_ids=message_ids)
        met = await histories.met(connection, **keys, profile_ids=profile_ids)
        return _told_anew(older, stored, met, self._source.account_id)

    async def _apply(
        self, connection: Connection, news: _News, leads: Sequence[inboxes.ConcernedLead], now: datetime
    ) -> None:
        team_id = self._team_id
        suppressed, ended = await self._stop(connection, news, leads, now)
        self._ended = [(now, ended)]
        await threads.store(connection, team_id=team_id, now=now, messages=news.messages)
        await histories.note_inbound(
            connection, team_id=team_id, account_id=self._source.account_id, inbound=news.received, now=now
        )
        met = await persons.contacted(connection, team_id=team_id, contacts=news.sent)
        await persons.wrote(connection, team_id=team_id, inbound=news.received)
        wrote = [profile_id for profile_id, _ in news.received]
        await scope_requests.follow(
            connection, team_id=team_id, now=now, contacted=met, wrote=wrote, suppressed=suppressed
        )

    async def _stop(
        self, connection: Connection, news: _News, leads: Sequence[inboxes.ConcernedLead], now: datetime
    ) -> tuple[set[str], list[str]]:
        """Honour every "stop", and end the sequences of whom has answered this account meanwhile.

        Returns the profiles suppressed now, and the campaigns in which a lead ended.
        """
        team_id = self._team_id
        opted_out = [suppressions.New(profile_id=profile_id, note=None) for profile_id in sorted(news.opted_out)]
        suppressed, ended = await suppress.stop(
            connection, team_id=team_id, new=opted_out, source="optOut", by=None, at=now
        )
        latest = dict(sorted(news.received))
        tried = await ledger.first_intents(connection, team_id=team_id, lead_ids=[lead.lead_id for lead in leads])
        stops = [
            progress.Stop(lead_id=lead.lead_id, state=LeadState.CANCELED, reason="answeredElsewhere")
            for lead in leads
            if lead.state in {LeadState.IN_SEQUENCE, LeadState.HELD}
            and lead.contacted_at is not None
            and lead.lead_id in tried
            and (wrote_at := latest.get(lead.profile_id)) is not None
            and wrote_at > tried[lead.lead_id]
        ]
        stopped = await progress.stop_if_open(connection, team_id=team_id, stops=stops, at=now)
        lead_ids = [lead.lead_id for lead in stopped]
        await persons.free(connection, team_id=team_id, lead_ids=lead_ids, unanswered_at=None, now=now)
        return suppressed, sorted({*ended, *(lead.campaign_id for lead in stopped)})


def _told_anew(older: Sequence[tuple[str, Told]], stored: set[str], met: Mapping[str, Met], account_id: str) -> _News:
    """Say which rows tell something new. Who was forgotten stays so: of them nothing is taken."""
    news = _News()
    known = set(stored)
    first = {profile_id: one.first_contacted_at for profile_id, one in met.items()}
    last = {profile_id: one.last_inbound_at for profile_id, one in met.items()}
    for profile_id, one in older:
        if met.get(profile_id, _UNKNOWN).is_forgotten:
            continue
        is_new = False
        if one.message_id is not None and one.message_id not in known:
            known.add(one.message_id)
            is_new = True
            news.messages.append(_message(account_id, profile_id, one))
            if one.received_at is not None and opt_outs.is_opt_out(one.text):
                news.opted_out.add(profile_id)
        contacted_at, wrote_at = first.get(profile_id), last.get(profile_id)
        if one.sent_at is not None and (contacted_at is None or one.sent_at < contacted_at):
            first[profile_id] = one.sent_at
            news.sent.append((profile_id, one.sent_at))
            is_new = True
        if one.received_at is not None and (wrote_at is None or one.received_at > wrote_at):
            last[profile_id] = one.received_at
            news.received.append((profile_id, one.received_at))
            is_new = True
        news.rows += is_new
    return news


def _message(account_id: str, profile_id: str, told: Told) -> threads.NewMessage:
    (at,) = told.instants
    assert told.message_id is not None
    return threads.NewMessage(
        account_id=account_id,
        profile_id=profile_id,
        platform_id=told.message_id,
        conversation_id=None,
        is_inbound=told.received_at is not None,
        content=told.text,
        sent_at=at,
        attempt_id=None,
        archives=True,
    )
