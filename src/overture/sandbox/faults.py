"""Faults on demand: what can go wrong between a client and a platform, made to happen."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from overture.sandbox import limits
from overture.sandbox.draws import Draws
from overture.sandbox.limits import Endpoint


class Kind(StrEnum):
    """What goes wrong."""

    TIMEOUT_AFTER_ACCEPT = "timeoutAfterAccept"
    SERVER_ERROR = "serverError"
    SERVER_ERROR_AFTER_ACCEPT = "serverErrorAfterAccept"
    RATE_LIMITED = "rateLimited"
    ACCOUNT_DAY_LIMITED = "accountDayLimited"
    APP_DAY_LIMITED = "appDayLimited"
    OUT_OF_CREDIT = "outOfCredit"
    AUTOMATED_BLOCK = "automatedBlock"
    NOT_PERMITTED = "notPermitted"
    RESET_MID_ANSWER = "resetMidAnswer"
    LATENCY = "latency"
    AUTH_LOST = "authLost"
    REFUSED = "refused"
    LOST_DELIVERY = "lostDelivery"
    DELAYED_DELIVERY = "delayedDelivery"
    DUPLICATE_DELIVERY = "duplicateDelivery"


class Where(StrEnum):
    """Which calls a fault meets."""

    SEND = "send"
    LOOKUP = "lookup"
    EVENTS = "events"
    LIKE = "like"
    PUSH = "push"
    ANY = "any"


OF_PUSHES = frozenset({Kind.LOST_DELIVERY, Kind.DELAYED_DELIVERY, Kind.DUPLICATE_DELIVERY})
"""Kinds that meet what the platform tells by itself, and no call; they alone do."""


# Kinds that answer with a fixed entry of the table of refusals instead of doing the work.
REFUSALS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.SERVER_ERROR: "unavailable",
        Kind.RATE_LIMITED: "rateLimitedNumbered",
        Kind.ACCOUNT_DAY_LIMITED: "rateLimited",
        Kind.APP_DAY_LIMITED: "rateLimited",
        Kind.OUT_OF_CREDIT: "creditsDepleted",
        Kind.AUTOMATED_BLOCK: "automated",
        Kind.NOT_PERMITTED: "notPermitted",
        Kind.AUTH_LOST: "unauthorized",
    }
)
# The windows that a refusal for its rate claims to be used up, by the beginning of their headers' names.
CLAIMS: Mapping[Kind, str] = MappingProxyType(
    {Kind.ACCOUNT_DAY_LIMITED: "x-user-limit-24hour", Kind.APP_DAY_LIMITED: "x-app-limit-24hour"}
)
_PLACES: Mapping[Endpoint, Where] = MappingProxyType(
    {
        Endpoint.SEND: Where.SEND,
        Endpoint.USERS_BY_IDS: Where.LOOKUP,
        Endpoint.USERS_BY_NAMES: Where.LOOKUP,
        Endpoint.ME: Where.LOOKUP,
        Endpoint.FOLLOWERS: Where.LOOKUP,
        Endpoint.FOLLOWING: Where.LOOKUP,
        Endpoint.LIKING_USERS: Where.LOOKUP,
        Endpoint.POSTS: Where.LIKE,
        Endpoint.LIKE: Where.LIKE,
        Endpoint.EVENTS: Where.EVENTS,
        Endpoint.CONVERSATION_EVENTS: Where.EVENTS,
        Endpoint.PUSH: Where.PUSH,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One fault as ordered.

    Of the calls of `account` (id, None for all) to `where`, the share `rate` fails, for the next `calls` such
    calls (None until cleared). `seconds` is how long `latency` waits, `refusal` what `refused` answers with.
    """

    kind: Kind
    where: Where
    account: str | None = None
    rate: float = 1.0
    calls: int | None = None
    seconds: float = 0.0
    refusal: str | None = None


@dataclass(kw_only=True, slots=True)
class Fault:
    """A fault in force: its number, its plan, and how many calls it was asked about and met."""

    id: int
    plan: Plan
    seen: int = 0
    met: int = 0

    @property
    def is_over(self) -> bool:
        """Tell whether the calls it was ordered for have passed."""
        return self.plan.calls is not None and self.seen >= self.plan.calls


@dataclass(frozen=True, kw_only=True, slots=True)
class Strike:
    """What happens to one call: how long it waits (seconds), and the plan that makes it fail, if any."""

    delay: float = 0.0
    plan: Plan | None = None

    @property
    def refusal(self) -> str | None:
        """Return the entry of the table of refusals that answers the call before any work is done."""
        if self.plan is None:
            return None
        return self.plan.refusal or REFUSALS.get(self.plan.kind)

    @property
    def claim(self) -> str:
        """Return how the headers begin of the window that a refusal for the rate claims to be used up."""
        return CLAIMS.get(self.plan.kind, limits.QUARTER) if self.plan is not None else limits.QUARTER

    def is_of(self, kind: Kind) -> bool:
        """Tell whether the call fails in this way."""
        return self.plan is not None and self.plan.kind is kind


class Faults:
    """The faults in force, oldest first. A call meets every delay, and the oldest of the other kinds."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._last = 0
        self._active: list[Fault] = []

    def active(self) -> list[Fault]:
        """Return the faults in force."""
        return list(self._active)

    def add(self, plan: Plan) -> Fault:
        """Put a fault in force."""
        self._last += 1
        fault = Fault(id=self._last, plan=plan)
        self._active.append(fault)
        return fault

    def clear(self) -> int:
        """End all faults; return how many there were."""
        count = len(self._active)
        self._active.clear()
        return count

    def strike(self, account_id: str, endpoint: Endpoint) -> Strike:
        """Decide what happens to one call, and count it."""
        delay = 0.0
        chosen: Plan | None = None
        for fault in self._active:
            plan = fault.plan
            wheres = (_PLACES[endpoint],) if endpoint is Endpoint.PUSH else (Where.ANY, _PLACES[endpoint])
            if plan.where not in wheres or plan.account not in (None, account_id):
                continue
            if plan.kind is not Kind.LATENCY and chosen is not None:
                continue
            fault.seen += 1
            if not Draws(self._seed, "fault", fault.id, fault.seen).chance(plan.rate):
                continue
            fault.met += 1
            if plan.kind is Kind.LATENCY:
                delay += plan.seconds
            else:
                chosen = plan
        self._active = [fault for fault in self._active if not fault.is_over]
        return Strike(delay=delay, plan=chosen)
