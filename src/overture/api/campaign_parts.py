"""The parts of a campaign on the wire: hours, steps, rules, automations, columns."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from overture.actions.automations import NewAutomation
from overture.actions.campaign_columns import NewColumn
from overture.actions.campaign_rules import Detach, RuleChanges, Where
from overture.actions.sequences import NewStep
from overture.api import bodies
from overture.core.sequence import MAX_DELAY_SECONDS, MAX_STEPS, MIN_DELAY_SECONDS, DelayUnit
from overture.core.words import Action, ColumnType, StepType, Trigger
from overture.errors import InvalidRequest

EXAMPLE_CAMPAIGN = "c0mdbz3k91yq0c8f4w2n7xhs"
EXAMPLE_LIST = "l0mdbz3k91yq0c8f4w2n7xhs"
EXAMPLE_ACCOUNT = "a0mdbz3k91yq0c8f4w2n7xhs"
EXAMPLE_STEP = "s0mdbz3k91yq0c8f4w2n7xhs"
EXAMPLE_COLUMN = "custom_f0mdbz3k91yq0c8f4w2n7xhs"
EXAMPLE_RULES = {"syncedListIds": [EXAMPLE_LIST], "excludeContacted": True}
EXAMPLE_STEPS: list[Any] = [
    {
        "type": "message",
        "data": {
            "segments": [
                {"type": "static", "text": "Hi "},
                {"type": "variable", "name": "first-name", "fallback": "there"},
            ]
        },
    }
]


class Minutes(bodies.Body):
    """When messages may leave on one weekday, in minutes of the day by the campaign's wall clock."""

    start: int = Field(ge=0, le=1439, description="The first minute.", examples=[540])
    end: int = Field(ge=1, le=1440, description="The first minute no more; after `start`.", examples=[1020])


Weekday = Literal["0", "1", "2", "3", "4", "5", "6"]
Hours = Annotated[
    dict[Weekday, Minutes],
    Field(
        description="Sending hours by weekday, 0 = Sunday; a missing day sends nothing.",
        examples=[{"1": {"start": 540, "end": 1020}}],
    ),
]


class StaticSegment(bodies.Body):
    """Text that is the same for everybody."""

    type: Literal["static"] = Field(description="Always `static`.", examples=["static"])
    text: str = Field(description="The text.", examples=["Hi "])


class VariableSegment(bodies.Body):
    """A value of the lead."""

    type: Literal["variable"] = Field(description="Always `variable`.", examples=["variable"])
    name: str = Field(
        min_length=1,
        description="`first-name`, `last-name`, `full-name`, `username`, `bio`, `location`, `website`, "
        "`follower-count`, or the id of a column of the campaign.",
        examples=["first-name"],
    )
    fallback: str | None = Field(
        default=None,
        description="What stands for an empty value; null: the lead is held instead.",
        examples=["there"],
    )


class VariationSegment(bodies.Body):
    """Wordings of which each lead gets one, always the same."""

    type: Literal["variation"] = Field(description="Always `variation`.", examples=["variation"])
    options: list[str] = Field(min_length=1, description="The wordings.", examples=[["Hey", "Hello"]])


Segment = Annotated[StaticSegment | VariableSegment | VariationSegment, Field(discriminator="type")]


class MessageData(bodies.Body):
    """What a message says."""

    segments: list[Segment] = Field(min_length=1, description="The parts of the text, in order.")


class DelayData(bodies.Body):
    """How long to wait after the message before."""

    delay_seconds: int = Field(
        ge=MIN_DELAY_SECONDS, le=MAX_DELAY_SECONDS, description="Seconds to wait.", examples=[86400]
    )
    unit: bodies.Choice[DelayUnit] = Field(description="How people see it; changes nothing.", examples=["days"])


class LikeData(bodies.Body):
    """Nothing."""


class _Step(bodies.Body):
    id: str = bodies.unset(
        description="The id of a step of the current version, if this is that step: its leads keep their places.",
        examples=[EXAMPLE_STEP],
    )
    rank: int = bodies.unset(ge=0, description="Accepted as read; the order of the array decides.", examples=[0])


class MessageStepBody(_Step):
    """Send a message."""

    type: Literal["message"] = Field(description="Always `message`.", examples=["message"])
    data: MessageData = Field(description="The message.")


class DelayStepBody(_Step):
    """Wait."""

    type: Literal["delay"] = Field(description="Always `delay`.", examples=["delay"])
    data: DelayData = Field(description="The wait.")


class LikeStepBody(_Step):
    """Like the lead's most recent post, where the platform lets automated accounts do so."""

    type: Literal["like"] = Field(description="Always `like`.", examples=["like"])
    data: LikeData = Field(description="Always `{}`.", examples=[{}])


StepBody = Annotated[MessageStepBody | DelayStepBody | LikeStepBody, Field(discriminator="type")]
Steps = Annotated[
    list[StepBody],
    Field(max_length=MAX_STEPS, description="All steps, in order.", examples=[EXAMPLE_STEPS]),
]


class SequenceBody(bodies.Body):
    """A sequence."""

    steps: Steps


class StepAnswer(bodies.Answer):
    """One step of a sequence."""

    id: str = Field(description="Id of the step; send it back to keep its leads' places.", examples=[EXAMPLE_STEP])
    rank: int = Field(description="Its place, from 0.", examples=[0])
    type: StepType = Field(description="What it does.", examples=["message"])
    data: dict[str, Any] = Field(description="What it says or how long it waits.", examples=[EXAMPLE_STEPS[0]["data"]])


class AutomationBody(bodies.Body):
    """An automation to add."""

    trigger: bodies.Choice[Trigger] = Field(description="What sets it off.", examples=["replied"])
    action: bodies.Choice[Action] = Field(description="What it does.", examples=["setStatus"])
    action_data: dict[str, str] = Field(
        description="`{statusId}` for setStatus, `{tagId}` for addTag and removeTag, `{memberId}` for assign.",
        examples=[{"statusId": "w0mdbz3k91yq0c8f4w2n7xhs"}],
    )
    enabled: bool = Field(default=True, description="Whether it runs.", examples=[True])

    def to_new(self) -> NewAutomation:
        """Return the automation as the action takes it."""
        return NewAutomation(trigger=self.trigger, action=self.action, data=self.action_data, enabled=self.enabled)


class AutomationAnswer(bodies.Answer):
    """One automation."""

    id: str = Field(description="Id of the automation.", examples=["x0mdbz3k91yq0c8f4w2n7xhs"])
    trigger: Trigger = Field(description="What sets it off.", examples=["replied"])
    action: Action = Field(description="What it does.", examples=["setStatus"])
    action_data: dict[str, str] = Field(
        description="What it acts with.", examples=[{"statusId": "w0mdbz3k91yq0c8f4w2n7xhs"}]
    )
    enabled: bool = Field(description="Whether it runs.", examples=[True])


class ColumnBody(bodies.Body):
    """A custom column to add."""

    name: bodies.Name = Field(description="Name of the column.", examples=["Company"])
    description: bodies.Description | None = Field(
        default=None, description="What it holds.", examples=["Where they work"]
    )
    type: bodies.Choice[ColumnType] = Field(
        default=ColumnType.TEXT, description="Type of its values.", examples=["text"]
    )

    def to_new(self) -> NewColumn:
        """Return the column as the action takes it."""
        return NewColumn(name=self.name, description=self.description, type=self.type)


class SyncedListBody(bodies.Body):
    """A synced list as a campaign shows it."""

    list_id: str = Field(description="Id of the list.", examples=[EXAMPLE_LIST])
    list_name: str | None = Field(default=None, description="Ignored.", examples=["Founders"])
    column_mapping: dict[str, str] = bodies.unset(
        description="Column of the list → column of the campaign.",
        examples=[{EXAMPLE_COLUMN: EXAMPLE_COLUMN}],
    )


class ExcludedListBody(bodies.Body):
    """An excluded list as a campaign shows it."""

    list_id: str = Field(description="Id of the list.", examples=[EXAMPLE_LIST])
    list_name: str | None = Field(default=None, description="Ignored.", examples=["Customers"])


class RulesBody(bodies.Body):
    """Changes of the rules: omitted = unchanged, an empty array clears."""

    synced_list_ids: list[str] = bodies.unset(
        description="Lists of your own that feed the campaign; the first one's values win.",
        examples=[[EXAMPLE_LIST]],
    )
    excluded_list_ids: list[str] = bodies.unset(
        description="Lists of your own whose members are left out.", examples=[[]]
    )
    exclude_contacted: bool = bodies.unset(
        description="Leave out whom any account of the team has written to.", examples=[False]
    )
    exclude_mutuals: bool = bodies.unset(description="Leave out with whom messages went both ways.", examples=[False])
    column_mappings: dict[str, dict[str, str]] = bodies.unset(
        description="By list: column of the list → column of the campaign, of the same type or text. Replaces the "
        "list's mapping.",
        examples=[{EXAMPLE_LIST: {EXAMPLE_COLUMN: EXAMPLE_COLUMN}}],
    )
    detach_behavior: bodies.Choice[Detach] = bodies.unset(
        description="Leads of lists that stop being synced: `unlink` keeps them as if added by hand (default), "
        "`remove` takes out those that nothing else brings.",
        examples=["unlink"],
    )
    auto_map_columns: bool = bodies.unset(
        description="Give unmapped columns of lists a campaign column of the same name: for lists that are new or "
        "mapped in this call (left out), for all (true), or for none (false).",
        examples=[True],
    )

    def to_changes(self) -> RuleChanges:
        """Return the changes as the action takes them."""
        names = RulesBody.model_fields
        return cast(RuleChanges, {name: value for name, value in self.given().items() if name in names})


class NewRulesBody(RulesBody):
    """Rules of a new campaign, as changes or in the shape a campaign shows."""

    synced_lists: list[SyncedListBody] = bodies.unset(description="Instead of `syncedListIds`.", examples=[[]])
    excluded_lists: list[ExcludedListBody] = bodies.unset(description="Instead of `excludedListIds`.", examples=[[]])

    def read(self, name: str) -> tuple[RuleChanges, Where]:
        """Return the rules as the action takes them, and where their parts stand below `name` in the body.

        Raises:
            InvalidRequest: the same lists in both shapes.
        """
        changes, given = self.to_changes(), self.given()
        synced, excluded, mappings = "syncedListIds", "excludedListIds", "columnMappings"
        twice = "Give the lists in one shape: either {} or {}."
        if "synced_lists" in given:
            if "synced_list_ids" in given:
                raise InvalidRequest([((name, "syncedLists"), twice.format("syncedLists", synced))])
            changes["synced_list_ids"] = [entry.list_id for entry in self.synced_lists]
            if "column_mappings" not in given:
                changes["column_mappings"] = _mappings(self.synced_lists)
                mappings = "syncedLists"
            synced = "syncedLists"
        if "excluded_lists" in given:
            if "excluded_list_ids" in given:
                raise InvalidRequest([((name, "excludedLists"), twice.format("excludedLists", excluded))])
            changes["excluded_list_ids"] = [entry.list_id for entry in self.excluded_lists]
            excluded = "excludedLists"
        return changes, Where(synced=(name, synced), excluded=(name, excluded), mappings=(name, mappings))


def _mappings(lists: list[SyncedListBody]) -> Mapping[str, Mapping[str, str]]:
    return {entry.list_id: entry.column_mapping for entry in lists if "column_mapping" in entry.given()}


def new_steps(steps: Sequence[MessageStepBody | DelayStepBody | LikeStepBody]) -> list[NewStep]:
    """Return steps as the action takes them."""
    return [
        NewStep(
            id=step.given().get("id"),
            type=StepType(step.type),
            data=step.data.model_dump(by_alias=True, mode="json"),
        )
        for step in steps
    ]


def wire_hours(hours: Mapping[Weekday, Minutes]) -> dict[str, dict[str, int]]:
    """Return sending hours as the action takes them."""
    return {day: {"start": minutes.start, "end": minutes.end} for day, minutes in hours.items()}
