"""Every error this program raises on purpose, drawn as one tree.

OvertureError
├── StartError                     the program cannot start or go on; plain words for the operator
└── ApiError                       a request cannot be served: status, code, details, remedy in the message
    ├── InvalidRequest       400   invalidRequest {issues: [{path, message}]}
    ├── InvalidCursor        400   invalidCursor
    ├── Unauthorized         401   unauthorized
    ├── Forbidden            403   forbidden
    ├── NotFound             404   <kind>NotFound
    ├── MethodNotAllowed     405   methodNotAllowed
    ├── Conflict             409   campaignActive, listInUse, nameTaken, requestInProgress, ...
    ├── BodyTooLarge         413   bodyTooLarge
    ├── UnsupportedMedia     415   unsupportedMediaType
    ├── Unprocessable        422   preflightFailed, idempotencyKeyReused, ...
    ├── RateLimited          429   rateLimited {window, limit, resetAt}
    ├── PlatformRateLimited  429   platformRateLimited {retryAfterSeconds}
    ├── PlatformFailed       502   platformError
    ├── SendUnconfirmed      502   sendUnconfirmed {messageId}
    └── Unavailable          503   platformUnavailable, databaseUnavailable
"""

from collections.abc import Mapping, Sequence
from typing import Any

Path = Sequence[str | int]
MOST_ISSUES = 100


class OvertureError(Exception):
    """The root of the tree."""


class StartError(OvertureError):
    """The program cannot start or continue; the message says what is missing and what to do."""


class ApiError(OvertureError):
    """A request that cannot be served. The message says what is wrong and what to do; clients branch on `code`."""

    status = 500
    code = "internal"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = dict(details) if details is not None else None


class InvalidRequest(ApiError):
    """The body, path or query has something wrong; `issues` lists each place, the first hundred of very many."""

    status = 400
    code = "invalidRequest"

    def __init__(self, issues: Sequence[tuple[Path, str]], *, count: int | None = None) -> None:
        count = count or len(issues)
        listed = [{"path": list(path), "message": message} for path, message in issues[:MOST_ISSUES]]
        first = issues[0]
        where = ".".join(str(part) for part in first[0]) or "body"
        more = f" (and {count - 1} more)" if count > 1 else ""
        counted = {"issuesCount": count} if count > len(listed) else {}
        super().__init__(f"{where}: {first[1]}{more}", details={"issues": listed, **counted})


class InvalidCursor(ApiError):
    """The cursor was not made by this call with these filters."""

    status = 400
    code = "invalidCursor"

    def __init__(self) -> None:
        super().__init__("The cursor is not one of this request's: start again without it.")


class Unauthorized(ApiError):
    """No token, or one that opens nothing."""

    status = 401
    code = "unauthorized"


class Forbidden(ApiError):
    """The token may not do this."""

    status = 403
    code = "forbidden"


class NotFound(ApiError):
    """No such object in this team; `kind` names it, as in `campaign` → `campaignNotFound`."""

    status = 404

    def __init__(self, kind: str, identifier: str | None = None, *, place: str = "team", hint: str = "") -> None:
        words = "".join(" " + letter.lower() if letter.isupper() else letter for letter in kind)
        named = f" {identifier!r}" if identifier is not None else ""
        super().__init__(
            f"There is no {words}{named} in this {place}. {hint or 'Check the id.'}",
            code=f"{kind}NotFound",
            details={"id": identifier} if identifier is not None else None,
        )


class RouteNotFound(ApiError):
    """No such address."""

    status = 404
    code = "notFound"


class MethodNotAllowed(ApiError):
    """The address exists, but not with this method."""

    status = 405
    code = "methodNotAllowed"


class Conflict(ApiError):
    """The object's present state does not allow it."""

    status = 409
    code = "conflict"


class BodyTooLarge(ApiError):
    """More bytes than this call takes."""

    status = 413
    code = "bodyTooLarge"


class UnsupportedMedia(ApiError):
    """The body is not of a type this call reads."""

    status = 415
    code = "unsupportedMediaType"


class Unprocessable(ApiError):
    """Well-formed, but it cannot be done."""

    status = 422
    code = "unprocessable"


class RateLimited(ApiError):
    """The team has made as many calls as it may for now."""

    status = 429
    code = "rateLimited"

    def __init__(self, message: str, *, details: Mapping[str, Any], retry_after_seconds: int) -> None:
        super().__init__(message, details=details)
        self.retry_after_seconds = retry_after_seconds


class PlatformRateLimited(ApiError):
    """An account, or its app, may send no more for now, by its own limits or by the platform's."""

    status = 429
    code = "platformRateLimited"

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message, details={"retryAfterSeconds": seconds})
        self.retry_after_seconds = seconds


class PlatformFailed(ApiError):
    """The platform refused what was asked, and not for the caller's sake."""

    status = 502
    code = "platformError"


class SendUnconfirmed(ApiError):
    """Nobody knows whether a message has left: it must not be sent again."""

    status = 502
    code = "sendUnconfirmed"

    def __init__(self, message_id: str) -> None:
        super().__init__(
            "The platform did not say whether it has taken the message. Do not send it again: the conversation is "
            "read, and the message shows in its thread if it has left.",
            details={"messageId": message_id},
        )


class Unavailable(ApiError):
    """Something this call needs does not answer now; try again later."""

    status = 503
    code = "platformUnavailable"
