"""Automations of a campaign."""

from typing import cast

from overture.actions import automations
from overture.actions.automations import AutomationChanges
from overture.api import bodies, refusals, routing
from overture.api.auth import CurrentActor, CurrentContext
from overture.api.campaign_parts import AutomationAnswer, AutomationBody
from overture.core.words import Action, Trigger
from overture.store.automations import Automation

router = routing.router("Campaigns")


class ChangeAutomation(bodies.Body):
    """What to change of an automation; what is left out stays."""

    trigger: bodies.Choice[Trigger] = bodies.unset(description="What sets it off.", examples=["replied"])
    action: bodies.Choice[Action] = bodies.unset(description="What it does.", examples=["addTag"])
    action_data: dict[str, str] = bodies.unset(
        description="What it acts with.", examples=[{"tagId": "y0mdbz3k91yq0c8f4w2n7xhs"}]
    )
    enabled: bool = bodies.unset(description="Whether it runs.", examples=[False])


@router.post(
    "/campaigns/{campaign_id}/automations",
    summary="Add an automation",
    openapi_extra=refusals.of("statusNotFound", "tagNotFound", "memberNotFound"),
)
async def create_automation(
    context: CurrentContext, actor: CurrentActor, campaign_id: str, body: AutomationBody
) -> AutomationAnswer:
    """Add an automation; it acts on what happens from now on."""
    return _answer(await automations.create(context, actor, campaign_id=campaign_id, new=body.to_new()))


@router.patch(
    "/campaigns/{campaign_id}/automations/{automation_id}",
    summary="Change an automation",
    openapi_extra=refusals.of("statusNotFound", "tagNotFound", "memberNotFound"),
)
async def change_automation(
    context: CurrentContext,
    actor: CurrentActor,
    campaign_id: str,
    automation_id: str,
    body: ChangeAutomation,
) -> AutomationAnswer:
    """Change an automation, or switch it on or off."""
    changes = cast(AutomationChanges, body.given())
    changed = await automations.change(
        context, actor, campaign_id=campaign_id, automation_id=automation_id, changes=changes
    )
    return _answer(changed)


@router.delete(
    "/campaigns/{campaign_id}/automations/{automation_id}",
    status_code=204,
    summary="Remove an automation",
)
async def delete_automation(context: CurrentContext, actor: CurrentActor, campaign_id: str, automation_id: str) -> None:
    """Remove an automation; what it did stays."""
    await automations.delete(context, actor, campaign_id=campaign_id, automation_id=automation_id)


def _answer(automation: Automation) -> AutomationAnswer:
    return AutomationAnswer(
        id=automation.id,
        trigger=Trigger(automation.trigger),
        action=Action(automation.action),
        action_data=dict(automation.action_data),
        enabled=automation.enabled,
    )
