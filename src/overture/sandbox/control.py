"""The controls under `/_sandbox`: clock, people, messages, accounts and faults."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from overture.sandbox import activity, answers, instants, messages, parameters, record, refusals, routes_messages
from overture.sandbox.accounts import Account
from overture.sandbox.activity import Event
from overture.sandbox.faults import OF_PUSHES, Fault, Faults, Kind, Plan, Where
from overture.sandbox.grants import Grants
from overture.sandbox.messages import Origin
from overture.sandbox.people import Person
from overture.sandbox.platform import Member, Platform

PAGE = 1_000
LARGEST_PAGE = 10_000
_Body = TypeVar("_Body", bound=BaseModel)


class NotUnderstood(Exception):
    """A control that cannot be obeyed; the message says why."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Clock(_Strict):
    now: str


class _Message(_Strict):
    sender: str
    recipient: str
    text: str
    encrypted: bool = False


class _Revocation(_Strict):
    account: str


class _Fault(_Strict):
    kind: str
    endpoint: str | None = None
    account: str | None = None
    rate: float = Field(default=1.0, ge=0, le=1)
    next: int | None = Field(default=None, ge=1, le=10**9)
    seconds: float | None = Field(default=None, ge=0, le=3600)
    refusal: str | None = None


class Control:
    """The controls of one platform."""

    def __init__(self, *, platform: Platform, faults: Faults, grants: Grants, tell: Callable[[Event], None]) -> None:
        self._platform = platform
        self._faults = faults
        self._grants = grants
        self._tell = tell

    def routes(self) -> list[Route]:
        """Return the routes of all controls."""
        return [
            Route("/_sandbox/health", _guarded(self._health), methods=["GET"]),
            Route("/_sandbox/clock", _guarded(self._read_clock), methods=["GET"]),
            Route("/_sandbox/clock", _guarded(self._move_clock), methods=["POST"]),
            Route("/_sandbox/accounts", _guarded(self._accounts), methods=["GET"]),
            Route("/_sandbox/people", _guarded(self._people), methods=["GET"]),
            Route("/_sandbox/messages", _guarded(self._messages), methods=["GET"]),
            Route("/_sandbox/messages", _guarded(self._write), methods=["POST"]),
            Route("/_sandbox/revocations", _guarded(self._revoke), methods=["POST"]),
            Route("/_sandbox/faults", _guarded(self._read_faults), methods=["GET"]),
            Route("/_sandbox/faults", _guarded(self._order_fault), methods=["POST"]),
            Route("/_sandbox/faults", _guarded(self._clear_faults), methods=["DELETE"]),
        ]

    async def _health(self, _: Request) -> Response:
        return answers.shown({"ok": True})

    async def _read_clock(self, _: Request) -> Response:
        return answers.shown({"now": instants.text_of(self._platform.now())})

    async def _move_clock(self, request: Request) -> Response:
        wanted = await _body(request, _Clock)
        try:
            now = self._platform.move_clock(instants.parse(wanted.now))
        except (ValueError, OverflowError) as error:
            raise NotUnderstood(f"now: {error}") from error
        return answers.shown({"now": instants.text_of(now)})

    async def _accounts(self, _: Request) -> Response:
        accounts = self._platform.accounts
        return answers.shown(
            [
                {
                    "id": each.id,
                    "username": each.username,
                    "name": each.name,
                    "token": each.token,
                    "key": each.key,
                    "keySecret": each.key_secret,
                }
                for each in accounts
            ]
        )

    async def _people(self, request: Request) -> Response:
        limit, offset = _page(request)
        population = self._platform.population
        last = min(offset + limit, population.count)
        people = [_person(population.person(index)) for index in range(offset, last)]
        return answers.shown(people, headers={"x-total-count": str(population.count)})

    async def _messages(self, request: Request) -> Response:
        limit, offset = _page(request)
        self._platform.now()  # lets everything due by now be written
        messages = self._platform.messages
        shown = [record.as_json(message) for message in messages[offset : offset + limit]]
        return answers.shown(shown, headers={"x-total-count": str(len(messages))})

    async def _write(self, request: Request) -> Response:
        wanted = await _body(request, _Message)
        sender = self._member("sender", wanted.sender)
        recipient = self._member("recipient", wanted.recipient)
        if sender.id == recipient.id:
            raise NotUnderstood("sender and recipient are the same")
        if not (isinstance(sender, Account) or isinstance(recipient, Account)):
            raise NotUnderstood("one of sender and recipient must be a sending account")
        problem = routes_messages.problem_with(wanted.text)
        if problem is not None:
            raise NotUnderstood(f"text: {problem}")
        if wanted.encrypted:
            return self._write_hidden(sender, recipient)
        if isinstance(sender, Account):
            refusal = self._platform.refusal(sender, recipient)
            if refusal is not None:
                raise NotUnderstood(f"the platform refuses this message: {refusal}", status=409)
        elif not sender.exists:
            raise NotUnderstood(f"sender: {sender.username} is {sender.nature} and cannot write", status=409)
        message = self._platform.accept(sender, recipient, wanted.text, Origin.CONTROL)
        return answers.shown(record.as_json(message), status=201)

    def _write_hidden(self, sender: Member, recipient: Member) -> Response:
        """Let a person write in the platform's encrypted chat: no inbox shows it, subscribers are told that it is."""
        if isinstance(sender, Account) or not isinstance(recipient, Account):
            raise NotUnderstood("encrypted: a person writes so to a sending account")
        moment = self._platform.now()
        number = str(messages.next_id(moment, 0))
        payload = activity.hidden_payload(sender.id, recipient.id, number, moment)
        self._tell(Event(id=number, type="chat.received", user_id=recipient.id, payload=payload))
        return answers.shown({"id": number, "encrypted": True}, status=201)

    async def _revoke(self, request: Request) -> Response:
        """Let the holder of an account take back what they granted."""
        account_id = self._account((await _body(request, _Revocation)).account)
        self._grants.end(account_id)
        moment = self._platform.now()
        number = str(messages.next_id(moment, 0))
        payload = {"user_id": account_id, "revoked_at": instants.text_of(moment)}
        self._tell(Event(id=number, type="oauth.revoke", user_id=account_id, payload=payload))
        return answers.shown({"account": account_id}, status=201)

    async def _read_faults(self, _: Request) -> Response:
        return answers.shown([_fault(fault) for fault in self._faults.active()])

    async def _order_fault(self, request: Request) -> Response:
        wanted = await _body(request, _Fault)
        kind = Kind(_one_of("kind", wanted.kind, list(Kind)))
        # A lost token is lost for every call; all else is asked of sending unless told otherwise.
        usual = Where.PUSH if kind in OF_PUSHES else Where.ANY if kind is Kind.AUTH_LOST else Where.SEND
        where = usual if wanted.endpoint is None else Where(_one_of("endpoint", wanted.endpoint, list(Where)))
        if (kind in OF_PUSHES) != (where is Where.PUSH):
            raise NotUnderstood(f"endpoint: push is for {', '.join(sorted(OF_PUSHES))}, and they for it")
        if (kind is Kind.LATENCY) != (wanted.seconds is not None):
            raise NotUnderstood("seconds: belongs to latency, and latency needs it")
        if (kind is Kind.REFUSED) != (wanted.refusal is not None):
            raise NotUnderstood("refusal: belongs to refused, and refused needs it")
        if wanted.refusal is not None:
            _one_of("refusal", wanted.refusal, list(refusals.TABLE))
        account = None if wanted.account is None else self._account(wanted.account)
        plan = Plan(
            kind=kind,
            where=where,
            account=account,
            rate=wanted.rate,
            calls=wanted.next,
            seconds=wanted.seconds or 0.0,
            refusal=wanted.refusal,
        )
        return answers.shown(_fault(self._faults.add(plan)), status=201)

    async def _clear_faults(self, _: Request) -> Response:
        return answers.shown({"cleared": self._faults.clear()})

    def _account(self, written: str) -> str:
        member = self._member("account", written)
        if not isinstance(member, Account):
            raise NotUnderstood(f"account: {written} is not a sending account")
        return member.id

    def _member(self, name: str, written: str) -> Member:
        member: Member | None = None
        if parameters.USER_ID.fullmatch(written):
            member = self._platform.by_id(written)
        if member is None and parameters.USERNAME.fullmatch(written):
            member = self._platform.by_username(written)
        if member is None:
            raise NotUnderstood(f"{name}: nobody here has the id or username {written}")
        return member


def _guarded(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except NotUnderstood as error:
            return answers.shown({"error": str(error)}, status=error.status)
        except ClientDisconnect:
            return Response(status_code=400)

    return answer


async def _body(request: Request, shape: type[_Body]) -> _Body:
    try:
        return shape.model_validate_json(await request.body())
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors())
        raise NotUnderstood("; ".join(problems)) from error


def _page(request: Request) -> tuple[int, int]:
    limit = _number(request, "limit", PAGE, LARGEST_PAGE)
    return limit, _number(request, "offset", 0, 10**12)


def _number(request: Request, name: str, default: int, most: int) -> int:
    written = request.query_params.get(name, str(default))
    if not (written.isascii() and written.isdecimal() and len(written) <= 13 and int(written) <= most):
        raise NotUnderstood(f"{name}: must be a whole number from 0 to {most}")
    return int(written)


def _one_of(name: str, written: str, known: list[Any]) -> str:
    if written not in known:
        raise NotUnderstood(f"{name}: must be one of {', '.join(known)}")
    return written


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "username": person.username,
        "name": person.name,
        "description": person.description,
        "location": person.location,
        "verifiedType": person.verified_type,
        "nature": person.nature.value,
        "follows": person.follows,
        "refusal": person.refusal,
        "talk": person.habit.talk.value,
        "answersAfter": None if person.habit.talk.value == "silent" else person.habit.after,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    plan = fault.plan
    return {
        "id": fault.id,
        "kind": plan.kind.value,
        "endpoint": plan.where.value,
        "account": plan.account,
        "rate": plan.rate,
        "next": None if plan.calls is None else plan.calls - fault.seen,
        "seconds": plan.seconds if plan.kind is Kind.LATENCY else None,
        "refusal": plan.refusal,
        "seen": fault.seen,
        "met": fault.met,
    }
