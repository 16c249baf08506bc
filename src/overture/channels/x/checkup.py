"""What tells whether X knows an app by what the team has registered of it; it changes nothing and is not billed."""

import secrets

from overture.channels.port import App, ChannelError, Credentials
from overture.channels.x import answers, oauth
from overture.channels.x.client import CallFailed, Client
from overture.core.grants import Grant

CHALLENGE = "crc_token"
"""The parameter by which X asks a hook to prove that it is the app's."""


class Checkup:
    """Asks X about an app."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def app(self, app: App) -> str | None:
        """Return what X has against the app's client id and secret; None where it takes them.

        X is given a refresh token that nobody has: it refuses the token only if it takes the app.

        Raises:
            ChannelError: X does not answer now.
        """
        made_up = Grant(access_token="", refresh_token=f"none-{secrets.token_urlsafe(24)}")
        try:
            await oauth.Authority(self._client).renew(app, made_up)
        except ChannelError as error:
            if error.kind != "authLost":
                raise
            words = error.detail.casefold()
            is_of_token = "invalid_grant" in words or ("token was invalid" in words and "client" not in words)
            return None if is_of_token else error.detail
        return None

    async def bearer_token(self, *, base_url: str, token: str) -> str | None:
        """Return what X has against the app's own bearer token; None where it takes it.

        Raises:
            ChannelError: X does not answer now.
        """
        try:
            answer = await self._client.get(Credentials(base_url=base_url, token=token), "/2/webhooks", {})
        except CallFailed as failure:
            raise answers.read_error(failure.outcome) from failure
        if answer.is_success:
            return None
        error = answers.read_error(answers.refused(answer, now=None))
        if error.kind == "authLost":
            return error.detail
        raise error
