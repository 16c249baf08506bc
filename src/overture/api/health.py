"""Is the process up, can it work, and where to go from here."""

import asyncio
import logging

import asyncpg
from fastapi import APIRouter, Response

from overture.actions.context import Context
from overture.api.auth import CurrentContext
from overture.store import migrate, overviews, room

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 5.0
router = APIRouter(include_in_schema=False)


@router.get("/")
async def index() -> dict[str, str]:
    """Say what this is and where its documentation stands."""
    return {"name": "Overture", "docs": "/docs", "openapi": "/api/v2/openapi.json", "api": "/api/v2"}


@router.get("/healthz")
async def health() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readiness(context: CurrentContext, response: Response) -> dict[str, str]:
    """Tell whether the database answers and has a schema this program can work with."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await _check(context)
    except migrate.MigrationError as error:
        response.status_code = 503
        return {"status": "unavailable", "reason": str(error)}
    except _NoRoom as error:
        response.status_code = 503
        return {"status": "unavailable", "reason": f"The database takes no writes: {error}."}
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        _log.warning("the database does not answer", exc_info=True)
        response.status_code = 503
        return {"status": "unavailable", "reason": "The database does not answer."}
    return {"status": "ready"}


async def _check(context: Context) -> None:
    async with context.pool.acquire(timeout=_PATIENCE_SECONDS) as connection:
        await migrate.require(connection)
        # Trying out costs writes: only where a process has found that there is something to find out.
        if any(process.note is not None for process in await overviews.processes(connection)):
            try:
                await room.probe(connection)
            except asyncpg.PostgresError as error:
                raise _NoRoom(str(error)) from error


class _NoRoom(Exception):
    """The database can be read, but not written to."""
