"""The codes of refusals: the status each has, what it means, and details as it may have them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from overture.api.bodies import EXAMPLE_TIME


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a code stands for; `details` is an example."""

    status: int
    meaning: str
    details: Mapping[str, Any] | None = None


_KNOWN: Mapping[str, Refusal] = {
    "invalidRequest": Refusal(
        400,
        "Something in the body or the query is wrong; `details.issues` names each place.",
        {"issues": [{"path": ["name"], "message": "This is required; add it."}]},
    ),
    "invalidCursor": Refusal(400, "The cursor is not one of this call with these filters."),
    "unauthorized": Refusal(
        401, "The token is missing or malformed, or opens nothing; so with a session, or with what is signed in with."
    ),
    "forbidden": Refusal(403, "The token may not do this."),
    "notFound": Refusal(404, "There is nothing at this address."),
    "accountLinkDisconnected": Refusal(
        409,
        "The account is disconnected; link it again.",
        {"accountLinkId": "a0mdbz3k91yq0c8f4w2n7xhs", "status": "offline"},
    ),
    "accountLinkInUse": Refusal(
        409, "Active campaigns send from the account.", {"campaignIds": ["c0mdbz3k91yq0c8f4w2n7xhs"]}
    ),
    "accountLinkTaken": Refusal(409, "Another team has linked the account."),
    "campaignActive": Refusal(409, "The campaign is active; pause it first."),
    "columnInUse": Refusal(
        409,
        "Steps or campaigns use the column; `details` names them.",
        {"steps": [{"id": "s0mdbz3k91yq0c8f4w2n7xhs", "rank": 0, "version": 1}]},
    ),
    "deliveryPending": Refusal(409, "The delivery is on its way still."),
    "emailTaken": Refusal(409, "Somebody signs in with this address already.", {"email": "ana@example.com"}),
    "importJobFinished": Refusal(409, "The job has ended already.", {"status": "completed"}),
    "importJobNotFinished": Refusal(409, "The job has not ended yet.", {"status": "running"}),
    "importTooOld": Refusal(409, "What undoing the import needs, and its rejects, were deleted 90 days after its end."),
    "lastOwner": Refusal(
        409, "The member is the team's only owner; make somebody else one first.", {"id": "m0mdbz3k91yq0c8f4w2n7xhs"}
    ),
    "leadEnded": Refusal(409, "The sequence of the lead has ended already.", {"state": "finished"}),
    "leadKeptOut": Refusal(409, "Something keeps the lead out, as the message says.", {"reason": "suppressed"}),
    "leadNotRestorable": Refusal(
        409, "The lead was neither canceled nor removed.", {"state": "finished", "reason": None}
    ),
    "leadNotHeld": Refusal(409, "The lead is not held."),
    "leadNotReplied": Refusal(409, "The lead was not stopped by an answer.", {"state": "finished"}),
    "listInUse": Refusal(
        409,
        "Campaigns sync or exclude the list; `details.campaignIds` names them.",
        {"campaignIds": ["c0mdbz3k91yq0c8f4w2n7xhs"]},
    ),
    "listNotWritable": Refusal(409, "System lists keep themselves.", {"kind": "contacted"}),
    "nameTaken": Refusal(409, "There is one of this name already.", {"name": "VIP"}),
    "newerMessage": Refusal(
        409,
        "The person has written since the message you name; `details.messageId` is their latest.",
        {"messageId": "g0mdbz3k91yq0c8f4w2n7xhs"},
    ),
    "nothingToUndo": Refusal(409, "The job only checked its file."),
    "requestInProgress": Refusal(409, "A call with this `Idempotency-Key` is still running."),
    "sendInProgress": Refusal(
        409,
        "A message to the person is on its way; try again when it has arrived.",
        {"messageId": "g0mdbz3k91yq0c8f4w2n7xhs"},
    ),
    "sendingStopped": Refusal(409, "All sending of the team is stopped."),
    "bodyTooLarge": Refusal(413, "The body is larger than this call takes.", {"limit": 8_388_608}),
    "unsupportedMediaType": Refusal(415, "The body is not of a type this call reads."),
    "capabilityNotSupported": Refusal(
        422, "The platform, or this installation, cannot do it; `details.capability`.", {"capability": "oauth"}
    ),
    "contentRejected": Refusal(
        422, "The platform does not take this text; `details.detail`.", {"detail": "The text is too long."}
    ),
    "idempotencyKeyReused": Refusal(422, "This `Idempotency-Key` was used for another call."),
    "platformNotSupported": Refusal(
        422,
        "There is no such platform here; `details.supported` lists those there are.",
        {"platform": "elsewhere", "supported": ["twitter"]},
    ),
    "preflightFailed": Refusal(
        422,
        "The campaign cannot start; `details.issues` tells why and what to do.",
        {
            "issues": [
                {
                    "severity": "error",
                    "code": "noMessage",
                    "path": ["steps"],
                    "count": 1,
                    "message": "The sequence has no message.",
                    "remedy": "Add a message step.",
                }
            ]
        },
    ),
    "profileAmbiguous": Refusal(
        422,
        "The contact has several profiles on the platform; name one.",
        {"contactId": "o0mdbz3k91yq0c8f4w2n7xhs", "platform": "twitter"},
    ),
    "webhookLimitReached": Refusal(422, "The team has as many webhooks as it may; `details.max`.", {"max": 50}),
    "tagLimitReached": Refusal(422, "The team has as many tags as it may; `details.max`.", {"max": 1000}),
    "recipientUnavailable": Refusal(422, "The person may not be written to; `details.reason`.", {"reason": "notFound"}),
    "rateLimited": Refusal(
        429,
        "The team has made as many calls as it may; `Retry-After` tells how long to wait.",
        {"window": "minute", "limit": 300, "resetAt": EXAMPLE_TIME},
    ),
    "platformRateLimited": Refusal(
        429,
        "The account or its app may send no more for now; `Retry-After` tells how long to wait.",
        {"retryAfterSeconds": 900},
    ),
    "internal": Refusal(500, "Something broke on our side; report the request id."),
    "platformError": Refusal(502, "The platform refused the account; nothing was sent."),
    "sendUnconfirmed": Refusal(
        502,
        "Nobody knows whether the message has left; never send it again.",
        {"messageId": "g0mdbz3k91yq0c8f4w2n7xhs"},
    ),
    "databaseUnavailable": Refusal(
        503, "The database cannot be used now; try again after `Retry-After`.", {"retryAfterSeconds": 5}
    ),
    "platformUnavailable": Refusal(
        503, "The platform does not answer now; try again later.", {"retryAfterSeconds": 60}
    ),
}


def of(code: str) -> Refusal:
    """Return what a code stands for."""
    if code in _KNOWN:
        return _KNOWN[code]
    kind = code.removesuffix("NotFound")
    assert kind != code, f"refusal_codes.py does not know {code}"
    words = "".join(" " + letter.lower() if letter.isupper() else letter for letter in kind)
    return Refusal(404, f"There is no such {words} in this team.", {"id": "x"})
