"""Where platforms post what happens: no token opens it, every post is signed."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from overture.actions import hooks
from overture.api import reading
from overture.api.auth import CurrentContext
from overture.errors import InvalidRequest, UnsupportedMedia

router = APIRouter(include_in_schema=False)

PATH = "/hooks/{platform}/{team_id}/{app_id}"
LARGEST = 1024 * 1024
"""Bytes of one post: a message has 10 000 characters at most."""


@router.get(PATH)
async def prove(context: CurrentContext, platform: str, team_id: str, app_id: str, request: Request) -> dict[str, Any]:
    """Answer a platform that asks whether this address is the app's."""
    hook = await hooks.find(context, platform=platform, team_id=team_id, app_id=app_id)
    answer = hook.push.answer(hook.secret, request.query_params)
    if answer is None:
        raise InvalidRequest([((), "This address answers the challenges of its platform, and nothing else.")])
    return dict(answer)


@router.post(PATH)
async def receive(context: CurrentContext, platform: str, team_id: str, app_id: str, request: Request) -> JSONResponse:
    """Keep what a platform tells; whatever it is, 200 says that it need not be told again."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Posts to a hook are signed as they are; do not compress them.")
    hook = await hooks.find(context, platform=platform, team_id=team_id, app_id=app_id)
    limited = Request(request.scope, reading.limited(request.receive, request.headers, LARGEST))
    await hooks.receive(context, hook, body=await limited.body(), headers=request.headers)
    return JSONResponse({})
