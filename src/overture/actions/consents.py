"""Consent given once for many people: by those whom a request or a file names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from overture.actions import audit
from overture.actions.context import Actor
from overture.core.words import AuditAction, ObjectType
from overture.store import consents, duties
from overture.store.pool import Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """One answer for everybody in a request: on what ground they agreed, and a sentence or link that shows it."""

    basis: str
    evidence: str


async def record(
    connection: Connection,
    actor: Actor,
    consent: Consent,
    *,
    object_type: ObjectType,
    object_id: str,
    profile_ids: Sequence[str],
    now: datetime,
    also: Iterable[str] = (),
) -> int:
    """Record consent, and return of how many; campaigns that left these people out for want of it take them in.

    Args:
        connection: inside the transaction that names the people.
        actor: who says that they agreed.
        consent: on what ground.
        object_type: what was written to when it was said, with its id below: the audit names it.
        object_id: the id of that.
        profile_ids: who agreed.
        now: the instant of the call.
        also: campaigns to be synced in any case.
    """
    count = await consents.record(
        connection,
        team_id=actor.team_id,
        profile_ids=profile_ids,
        basis=consent.basis,
        evidence=consent.evidence,
        by=actor.name,
        now=now,
    )
    if count:
        await audit.record(
            connection,
            actor,
            action=AuditAction.CONSENT_RECORDED,
            object_type=object_type,
            object_id=object_id,
            now=now,
            after={"basis": consent.basis, "evidence": consent.evidence, "peopleCount": count},
        )
    waiting = await consents.waiting_campaigns(connection, team_id=actor.team_id, profile_ids=profile_ids)
    await duties.want_syncs(connection, team_id=actor.team_id, campaign_ids=[*waiting, *also], due_at=now)
    return count
