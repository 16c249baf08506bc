"""Trials: a message as a lead would get it, sent from one of the team's accounts to another."""

from dataclasses import dataclass

from overture.actions import accounts, lead_preview, recipients, sending
from overture.actions.context import Actor, Context
from overture.actions.sending import Draft, Key, Sent
from overture.core.identifiers import Identifier
from overture.errors import NotFound, Unprocessable


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """Which message of which lead is tried, and from which account to which."""

    campaign_id: str
    identifier: Identifier
    step_id: str
    account_id: str
    to_account_id: str


async def send(context: Context, actor: Actor, *, trial: Trial, key: Key | None) -> Sent:
    """Send a message of a lead to an account of the team, through the ledger, limits and gates of any other message.

    Nothing changes for the lead.

    Raises:
        NotFound: no such campaign, lead, step or account.
        Unprocessable: `contentRejected`, the lead's message would be held; and as of any message by hand.
        ApiError: as of any message by hand.
    """
    found = await lead_preview.preview(context, actor, campaign_id=trial.campaign_id, identifier=trial.identifier)
    message = next((one for one in found.messages if one.step_id == trial.step_id), None)
    if message is None:
        raise NotFound("step", trial.step_id, place="sequence")
    target = await accounts.get(context, actor, account_id=trial.to_account_id)
    if message.text is None:
        raise Unprocessable(
            f"There is no text for this lead ({message.reason}): give it the value, or the variable a fallback.",
            code="contentRejected",
            details={"detail": message.reason},
        )
    to = recipients.OnPlatform(account_id=trial.account_id, platform=target.platform, platform_id=target.platform_id)
    return await sending.send(context, actor, draft=Draft(target=to, content=message.text, reply_to=None), key=key)
