"""What every call of the API passes: token, faults, limits; and the headers every answer carries."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from overture.sandbox import answers, limits, refusals
from overture.sandbox.accounts import Account
from overture.sandbox.faults import Faults, Kind
from overture.sandbox.grants import Grants, Holder
from overture.sandbox.limits import Endpoint, Meter
from overture.sandbox.platform import Platform
from overture.sandbox.refusals import Refusal
from overture.sandbox.signatures import Signatures, Unsigned


class Refused(Exception):
    """Ends a call with an entry of the table of refusals."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status)
        self.refusal = refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One admitted call: by which account, when (milliseconds since 1970), and what it carries."""

    platform: Platform
    account: Account
    moment: int
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: bytes


Handler = Callable[[Call], Response]


class Admission:
    """Turns plain functions of a call into endpoints.

    Args:
        platform: who calls, and what they call.
        grants: what access tokens were granted.
        signatures: checks calls that are signed instead.
        faults: what goes wrong.
        meter: what is too much.
        closing: set when the platform goes down; ends the calls that are never answered.
    """

    def __init__(
        self,
        *,
        platform: Platform,
        grants: Grants,
        signatures: Signatures,
        faults: Faults,
        meter: Meter,
        closing: asyncio.Event,
    ) -> None:
        self._platform = platform
        self._grants = grants
        self._signatures = signatures
        self._faults = faults
        self._meter = meter
        self._closing = closing

    def endpoint(self, endpoint: Endpoint, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint that admits a call and, if it may pass, has `handler` answer it."""

        async def admit(request: Request) -> Response:
            try:
                body = await request.body()
            except ClientDisconnect:
                return Response(status_code=400)
            try:
                holder = self._holder(request)
            except Unsigned as unsigned:
                return answers.refused(refusals.TABLE[unsigned.refusal])
            if holder is None:
                return answers.refused(refusals.TABLE["unauthorized"])
            if not holder.may(endpoint):
                return answers.refused(refusals.TABLE["scopesMissing"])
            return await self._admit(request, body, holder.account, endpoint, handler)

        return admit

    async def _admit(
        self, request: Request, body: bytes, account: Account, endpoint: Endpoint, handler: Handler
    ) -> Response:
        strike = self._faults.strike(account.id, endpoint)
        if strike.delay:
            await asyncio.sleep(strike.delay)
        if strike.is_of(Kind.AUTH_LOST):
            return answers.refused(refusals.TABLE["unauthorized"])
        moment = self._platform.now()
        standing = self._meter.charge(account.id, endpoint, moment)
        headers = standing.headers
        if not standing.is_within:
            response = answers.refused(refusals.TABLE["rateLimited"])
        elif strike.refusal is not None:
            response = answers.refused(refusals.TABLE[strike.refusal])
            if response.status_code == 429:
                headers = limits.spent(headers, moment, strike.claim)
        else:
            call = Call(
                platform=self._platform,
                account=account,
                moment=moment,
                query=request.query_params,
                path=request.path_params,
                body=body,
            )
            response = _answer(handler, call)
            if strike.is_of(Kind.SERVER_ERROR_AFTER_ACCEPT):
                response = answers.refused(refusals.TABLE["internalError"])
        response.headers.update(headers)
        if standing.is_within and strike.is_of(Kind.TIMEOUT_AFTER_ACCEPT):
            return answers.Silence(self._closing)
        if standing.is_within and strike.is_of(Kind.RESET_MID_ANSWER):
            return answers.Severed(response)
        return response

    def _holder(self, request: Request) -> Holder | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "oauth":
            return Holder(account=self._signatures.signer(request), scopes=None)
        if scheme.lower() != "bearer":
            return None
        account = self._platform.account_of(token.strip())
        return self._grants.holder(token.strip()) if account is None else Holder(account=account, scopes=None)


def _answer(handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except Refused as refused:
        return answers.refused(refused.refusal)
