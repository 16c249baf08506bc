"""How an import ends: completed or failed, and told as an event."""

from datetime import datetime
from typing import Any

from overture.store import histories, imports, outbox
from overture.store.pool import Connection, Pool


async def complete(pool: Pool, *, team_id: str, job_id: str, offset: int, now: datetime) -> None:
    """End a job that has nothing left behind `offset`; nothing happens if it is not there any more.

    An account's history begins with what its import told, where that reaches to what was known.
    """
    async with pool.acquire() as connection, connection.transaction():
        job = await imports.complete(connection, team_id=team_id, job_id=job_id, offset=offset, now=now)
        if job is None:
            return
        if job.account_id is not None and not job.check_only:
            await histories.move_beginning(connection, team_id=team_id, job_id=job_id)
        counts = {
            "listId": job.list_id,
            "addedCount": job.added_count,
            "skippedCount": job.skipped_count,
            "failedCount": job.failed_count,
            "checkOnly": job.check_only,
        }
        await _tell(connection, team_id, job_id, "import.completed", counts, now)


async def fail(connection: Connection, *, team_id: str, job_id: str, error: str, now: datetime) -> None:
    """End a job that cannot come to its end; what it took stays."""
    async with connection.transaction():
        list_id = await imports.fail(connection, team_id=team_id, job_id=job_id, error=error, now=now)
        if list_id is not None:
            await _tell(connection, team_id, job_id, "import.failed", {"listId": list_id, "error": error}, now)


async def _tell(
    connection: Connection, team_id: str, job_id: str, kind: str, data: dict[str, Any], now: datetime
) -> None:
    event = outbox.NewEvent(type=kind, object_type="importJob", object_id=job_id, data=data)
    await outbox.append(connection, team_id=team_id, now=now, events=[event])
