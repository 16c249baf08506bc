"""OAuth 1.0a: calls signed with the keys of an app and an account, which end only when a person takes them back."""

import re
from typing import Literal

from oauthlib import oauth1

from overture import clock as clocks
from overture.core.grants import Keys

_PRINTABLE = re.compile(r"[\x21-\x7e]+")


def are_readable(keys: Keys) -> bool:
    """Tell whether these can be keys at all."""
    return all(_PRINTABLE.fullmatch(key) for key in (keys.consumer_key, keys.consumer_secret, keys.token_secret))


def authorisation(keys: Keys, *, token: str, method: Literal["GET", "POST", "PUT", "DELETE"], url: str) -> str:
    """Return the header that signs one call, with its address and query; a JSON body is not part of what is signed."""
    signer = oauth1.Client(
        keys.consumer_key,
        client_secret=keys.consumer_secret,
        resource_owner_key=token,
        resource_owner_secret=keys.token_secret,
        signature_method=oauth1.SIGNATURE_HMAC_SHA1,
        timestamp=str(int(clocks.wall_now().timestamp())),
    )
    _, headers, _ = signer.sign(url, http_method=method)
    header: str = headers["Authorization"]
    return header
