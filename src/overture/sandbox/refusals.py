"""X's refusals, as a table: status and body of every answer that matters to a sender.

The bodies follow X's published error pages and answers seen by others. X has two styles, a problem object and
the older list of numbered errors; a client has to read both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_PROBLEMS = "https://api.x.com/2/problems/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One answer that is not a success."""

    status: int
    body: Mapping[str, Any]

    @property
    def media_type(self) -> str:
        """Return the content type X gives this style of body."""
        return "application/problem+json" if "title" in self.body else "application/json"


def _problem(status: int, title: str, detail: str, kind: str | None = None, **more: Any) -> Refusal:
    body = {
        "title": title,
        "detail": detail,
        "type": _PROBLEMS + kind if kind else "about:blank",
        "status": status,
        **more,
    }
    return Refusal(status=status, body=body)


def _numbered(status: int, code: int, message: str) -> Refusal:
    return Refusal(status=status, body={"errors": [{"code": code, "message": message}]})


TABLE: Mapping[str, Refusal] = MappingProxyType(
    {
        # Of the recipient.
        "permission": _problem(403, "Forbidden", "You do not have permission to DM one or more participants."),
        "notFollowing": _numbered(403, 150, "You cannot send messages to users who are not following you."),
        "cannotMessage": _numbered(403, 349, "You cannot send messages to this user."),
        "blockedByYou": _numbered(403, 389, "You cannot send messages to users you have blocked."),
        "strangersRefused": _numbered(403, 326, "You cannot send a Direct Message to a user that does not follow you."),
        "sendFailed": _numbered(403, 151, "There was an error sending your message."),
        "recipientGone": _problem(
            404,
            "Not Found Error",
            "Could not find user with participant_id.",
            "resource-not-found",
            resource_type="user",
            parameter="participant_id",
        ),
        # Of the sender.
        "notPermitted": _problem(403, "Forbidden", "This operation is not permitted."),
        "scopesMissing": _problem(403, "Forbidden", "Forbidden"),
        "appOnlyToken": _problem(
            403,
            "Unsupported Authentication",
            "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint. "
            "Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
            "unsupported-authentication",
        ),
        "clientNotEnrolled": _problem(
            403,
            "Client Forbidden",
            "When authenticating requests to the X API v2 endpoints, you must use keys and tokens from a "
            "developer App that is attached to a Project.",
            "client-forbidden",
            reason="client-not-enrolled",
            required_enrollment="Appropriate Level of API Access",
        ),
        "accountLocked": _numbered(
            403,
            326,
            "To protect our users from spam and other malicious activity, this account is temporarily locked.",
        ),
        "automated": _numbered(
            403,
            226,
            "This request looks like it might be automated. To protect our users from spam and other "
            "malicious activity, we can't complete this action right now.",
        ),
        "accountSuspended": _numbered(
            403, 64, "Your account is suspended and is not permitted to access this feature."
        ),
        "unauthorized": _problem(401, "Unauthorized", "Unauthorized"),
        "signatureWrong": _numbered(401, 32, "Could not authenticate you."),
        "timestampOutOfBounds": _numbered(401, 135, "Timestamp out of bounds."),
        "tokenExpired": _numbered(401, 89, "Invalid or expired token."),
        # Of the app: money and quotas.
        "creditsDepleted": _problem(
            402,
            "CreditsDepleted",
            "Your enrolled account does not have any credits to fulfill this request.",
            "credits",
        ),
        "paymentRequired": _problem(402, "Payment Required", "Your credits are used up.", "credits-depleted"),
        "usageCapped": _problem(
            429,
            "UsageCapExceeded",
            "Usage cap exceeded: Monthly product cap",
            "usage-capped",
            period="Monthly",
        ),
        "usageCappedForbidden": _problem(
            403,
            "UsageCapExceeded",
            "Usage cap exceeded: Monthly product cap",
            "usage-capped",
            period="Monthly",
        ),
        "rateLimited": _problem(429, "Too Many Requests", "Too Many Requests", "rate-limit-exceeded"),
        "rateLimitedNumbered": _numbered(429, 88, "Rate limit exceeded"),
        # Of the call.
        "invalidRequest": _problem(
            400, "Invalid Request", "One or more parameters to your request was invalid.", "invalid-request"
        ),
        # Of the platform itself.
        "internalError": _numbered(500, 131, "Internal error"),
        "overCapacity": _numbered(503, 130, "Over capacity"),
        "badGateway": _numbered(502, 130, "Over capacity"),
        "gatewayTimeout": _numbered(504, 130, "Over capacity"),
        "unavailable": _problem(503, "Service Unavailable", "Service Unavailable"),
        "noSuchPath": _problem(404, "Not Found", "Not Found"),
        "noSuchMethod": _problem(405, "Method Not Allowed", "Method Not Allowed"),
    }
)


TOO_MANY_STREAMS = _problem(
    429,
    "ConnectionException",
    "This stream is currently at the maximum allowed connection limit.",
    "streaming-connection",
    connection_issue="TooManyConnections",
)


def invalid(parameter: str, value: str, message: str) -> Refusal:
    """Refuse a call for one of its parameters, as X does for every request it cannot read."""
    body = {
        "errors": [{"parameters": {parameter: [value]} if parameter else {}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": _PROBLEMS + "invalid-request",
    }
    return Refusal(status=400, body=body)


def not_taken(problem: str) -> Refusal:
    """Refuse a webhook or a subscription, for a reason X has a word for."""
    return Refusal(status=400, body=dict(invalid("", "", problem).body) | {"detail": problem})


def hidden_posts(user_id: str) -> dict[str, str]:
    """Describe that the posts of a user are shown to those they allow alone."""
    return {
        "value": user_id,
        "detail": f"Sorry, you are not authorized to see the user with id: [{user_id}].",
        "title": "Authorization Error",
        "resource_type": "user",
        "parameter": "id",
        "resource_id": user_id,
        "type": _PROBLEMS + "not-authorized-for-resource",
    }


def missing_user(parameter: str, value: str, *, is_suspended: bool) -> dict[str, str]:
    """Describe a user that a look-up cannot show; it stands in `errors` beside the users that were found."""
    return {
        "value": value,
        "detail": f"User has been suspended: [{value}]."
        if is_suspended
        else f"Could not find user with {parameter}: [{value}].",
        "title": "Forbidden" if is_suspended else "Not Found Error",
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
        "type": _PROBLEMS + "resource-not-found",
    }
