"""Capabilities: what can be done on a platform, and how what cannot be done is refused."""

from typing import NoReturn

from overture.errors import Unprocessable


def refuse(platform: str, capability: str) -> NoReturn:
    """Refuse what no account on a platform can do.

    Raises:
        Unprocessable: `capabilityNotSupported`.
    """
    raise Unprocessable(
        f"Overture cannot do this on {platform!r} ({capability}); GET /platforms tells what it can.",
        code="capabilityNotSupported",
        details={"capability": capability},
    )
