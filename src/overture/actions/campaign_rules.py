"""The rules of a campaign: which lists feed it, which exclude, and how list columns fill its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as dataclass_replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from overture.actions import audit, campaign_access, campaign_columns
from overture.actions.campaign_columns import NewColumn
from overture.actions.context import Actor, Context
from overture.core.words import AuditAction, CampaignStatus, ColumnType, ObjectType
from overture.errors import InvalidRequest, NotFound, Path
from overture.store import campaign_columns as stored_columns
from overture.store import campaign_rules, campaigns, duties, foreseen, gates, scope_requests, scopes
from overture.store.campaign_rules import ListRule
from overture.store.campaigns import Settings
from overture.store.foreseen import Foreseen, Lists
from overture.store.pool import Connection

_SYNCED, _EXCLUDED = "synced", "excluded"


class Detach(StrEnum):
    """What becomes of the leads of a list that stops being synced: kept as if added by hand, or taken out."""

    UNLINK = "unlink"
    REMOVE = "remove"


class RuleChanges(TypedDict, total=False):
    """What to change of the rules; what is absent stays, an empty array clears."""

    synced_list_ids: Sequence[str]
    excluded_list_ids: Sequence[str]
    exclude_contacted: bool
    exclude_mutuals: bool
    column_mappings: Mapping[str, Mapping[str, str]]
    detach_behavior: Detach
    auto_map_columns: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """Where the parts of the rules stand in the request, for its issues."""

    synced: Path = ("syncedListIds",)
    excluded: Path = ("excludedListIds",)
    mappings: Path = ("columnMappings",)


async def change(context: Context, actor: Actor, *, campaign_id: str, changes: RuleChanges) -> None:
    """Change the rules of a campaign; the sync that follows is wanted in the same transaction.

    Raises:
        NotFound: no such campaign, list or column.
        InvalidRequest: a system list, a list given twice, or a mapping of a list that is not synced.
    """
    now = await context.clock.now()
    async with context.pool.acquire() as connection, connection.transaction():
        state = await campaign_access.lock_with_accounts(connection, actor, campaign_id=campaign_id)
        before = await _state(connection, actor, campaign_id, state.settings)
        if not await apply(
            connection, actor, campaign_id=campaign_id, settings=state.settings, changes=changes, now=now
        ):
            return
        keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
        await duties.want(connection, team_id=actor.team_id, kind="sync", key=campaign_id, due_at=now)
        await gates.change_campaign(connection, **keys, is_open=state.status == CampaignStatus.ACTIVE, now=now)
        changed = await campaign_access.lock(connection, actor, campaign_id=campaign_id)
        after = await _state(connection, actor, campaign_id, changed.settings)
        old, new = audit.differences(before, after)
        await audit.record(
            connection,
            actor,
            action=AuditAction.RULES_CHANGED,
            object_type=ObjectType.CAMPAIGN,
            object_id=campaign_id,
            now=now,
            before=old,
            after=new,
        )
    context.wake()


async def foresee(context: Context, actor: Actor, *, campaign_id: str, changes: RuleChanges) -> Foreseen:
    """Return whom the campaign would have, were its rules changed; nothing is changed or locked.

    Raises:
        NotFound: no such campaign or list.
        InvalidRequest: a system list, or a list given twice.
    """
    keys = {"team_id": actor.team_id, "campaign_id": campaign_id}
    async with context.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        await campaign_access.require(connection, actor, campaign_id=campaign_id)
        present = await campaign_rules.load(connection, **keys)
        synced, excluded = await _lists(connection, actor, present, changes, Where(), are_held=False)
        gone = [rule.list_id for rule in present if rule.role == _SYNCED and rule.list_id not in synced]
        stays = changes.get("detach_behavior", Detach.UNLINK) is Detach.UNLINK
        rules = await scopes.rules(connection, **keys)
        assert rules is not None
        changed = dataclass_replace(
            rules,
            exclude_contacted=changes.get("exclude_contacted", rules.exclude_contacted),
            exclude_mutuals=changes.get("exclude_mutuals", rules.exclude_mutuals),
        )
        lists = Lists(synced=synced, excluded=excluded, unlinked=gone if stays else [])
        return await foreseen.read(connection, **keys, rules=changed, lists=lists)


async def _state(connection: Connection, actor: Actor, campaign_id: str, settings: Settings) -> dict[str, Any]:
    """Return the rules as they are stored, in the names of the API."""
    rules = await campaign_rules.load(connection, team_id=actor.team_id, campaign_id=campaign_id)
    return {
        "syncedListIds": [rule.list_id for rule in rules if rule.role == _SYNCED],
        "excludedListIds": [rule.list_id for rule in rules if rule.role == _EXCLUDED],
        "columnMappings": {rule.list_id: rule.mapping for rule in rules if rule.role == _SYNCED},
        "excludeContacted": settings.exclude_contacted,
        "excludeMutuals": settings.exclude_mutuals,
    }


async def apply(
    connection: Connection,
    actor: Actor,
    *,
    campaign_id: str,
    settings: Settings,
    changes: RuleChanges,
    now: datetime,
    by_name: bool = False,
    where: Where = Where(),
) -> bool:
    """Check and store changed rules of a locked campaign; tell whether anything is different now.

    `by_name`: a mapping may name the campaign's column by its name, since ids do not exist before the campaign does.
    """
    team_id = actor.team_id
    present = await campaign_rules.load(connection, team_id=team_id, campaign_id=campaign_id)
    mappings = {rule.list_id: rule.mapping for rule in present if rule.role == _SYNCED}
    synced, excluded = await _lists(connection, actor, present, changes, where, are_held=True)
    given = changes.get("column_mappings", {})
    mappings = {
        **mappings,
        **await _checked_mappings(connection, actor, campaign_id, synced, given, by_name, where.mappings),
    }
    mapped = _lists_to_map(changes, present, synced)
    mappings |= await _auto_map(connection, actor, campaign_id, mapped, mappings, now)
    await _detach(connection, actor, campaign_id, present, synced, changes)
    rules = [ListRule(list_id=one, role=_SYNCED, mapping=mappings.get(one, {})) for one in synced]
    rules += [ListRule(list_id=one, role=_EXCLUDED, mapping={}) for one in excluded]
    changed = dataclass_replace(
        settings,
        exclude_contacted=changes.get("exclude_contacted", settings.exclude_contacted),
        exclude_mutuals=changes.get("exclude_mutuals", settings.exclude_mutuals),
    )
    if _same(rules, present) and changed == settings:
        return False
    await campaign_rules.replace(connection, team_id=team_id, campaign_id=campaign_id, rules=rules)
    await scope_requests.want_full(connection, team_id=team_id, campaign_ids=[campaign_id])
    await campaigns.save(connection, team_id=team_id, campaign_id=campaign_id, settings=changed, now=now)
    return True


async def _lists(
    connection: Connection,
    actor: Actor,
    present: Sequence[ListRule],
    changes: RuleChanges,
    where: Where,
    *,
    are_held: bool,
) -> tuple[list[str], list[str]]:
    """Return which lists are synced and which are excluded once the changes are made."""
    synced = list(changes.get("synced_list_ids", [rule.list_id for rule in present if rule.role == _SYNCED]))
    excluded = list(changes.get("excluded_list_ids", [rule.list_id for rule in present if rule.role == _EXCLUDED]))
    for list_ids, path in ((synced, where.synced), (excluded, where.excluded)):
        await _check_lists(connection, actor, list_ids, path, are_held=are_held)
    return synced, excluded


def _same(rules: Sequence[ListRule], present: Sequence[ListRule]) -> bool:
    return all(
        [rule for rule in rules if rule.role == role] == [rule for rule in present if rule.role == role]
        for role in (_SYNCED, _EXCLUDED)
    )


async def _check_lists(
    connection: Connection, actor: Actor, list_ids: Sequence[str], path: Path, *, are_held: bool
) -> None:
    for position, list_id in enumerate(list_ids):
        if list_id in list_ids[:position]:
            raise InvalidRequest([((*path, position), f"The list {list_id!r} is given twice.")])
    kinds = await campaign_rules.list_kinds(connection, team_id=actor.team_id, list_ids=list_ids, are_held=are_held)
    for position, list_id in enumerate(list_ids):
        if list_id not in kinds:
            raise NotFound("list", list_id)
        if kinds[list_id] != "user":
            fault = "Only lists of your own can be named; for system lists use excludeContacted and excludeMutuals."
            raise InvalidRequest([((*path, position), fault)])


async def _checked_mappings(
    connection: Connection,
    actor: Actor,
    campaign_id: str,
    synced: Sequence[str],
    given: Mapping[str, Mapping[str, str]],
    by_name: bool,
    path: Path,
) -> dict[str, dict[str, str]]:
    """Return the given mappings with column ids; each list's replaces what the list had."""
    if not given:
        return {}
    for list_id in given:
        if list_id not in synced:
            fault = f"The campaign does not sync the list {list_id!r}, so none of its columns can be mapped."
            raise InvalidRequest([((*path, list_id), fault)])
    columns = await stored_columns.all_of(connection, team_id=actor.team_id, campaign_id=campaign_id)
    named, unclear = campaign_columns.by_name(columns) if by_name else ({}, set())
    targets = named | {column.id: column.id for column in columns}
    listed = await campaign_rules.list_columns(connection, team_id=actor.team_id, list_ids=list(given))
    sources = {(column.list_id, column.id): column for column in listed}
    kinds = {column.id: column for column in columns}
    faults: list[tuple[Path, str]] = []
    checked: dict[str, dict[str, str]] = {}
    for list_id, mapping in given.items():
        for source, target in mapping.items():
            if (list_id, source) not in sources:
                raise NotFound("column", source)
            if target in unclear:
                raise InvalidRequest([((*path, list_id, source), campaign_columns.ambiguous(target))])
            if target not in targets:
                raise NotFound("column", target)
            filling, filled = sources[list_id, source], kinds[targets[target]]
            if not _takes(filled.type, filling.type):
                faults.append(((*path, list_id, source), _other_type(filling, filled)))
        checked[list_id] = {source: targets[target] for source, target in mapping.items()}
    if faults:
        raise InvalidRequest(faults)
    return checked


def _takes(campaign_type: str, list_type: str) -> bool:
    """Tell whether a campaign's column can be filled from a list's: of its own type, and text from anything."""
    return campaign_type in (list_type, ColumnType.TEXT)


def _other_type(filling: campaign_rules.Column, filled: stored_columns.Column) -> str:
    return (
        f"The list's column {filling.name!r} is of type {filling.type}, the campaign's column {filled.name!r} of type "
        f"{filled.type}: fill it from columns of its own type, or map onto a text column."
    )


def _lists_to_map(changes: RuleChanges, present: Sequence[ListRule], synced: Sequence[str]) -> list[str]:
    """Which lists' unmapped columns get a campaign column: those this change is about, or all when asked for."""
    wanted = changes.get("auto_map_columns")
    if wanted is not None:
        return list(synced) if wanted else []
    before = {rule.list_id for rule in present if rule.role == _SYNCED}
    named = set(changes.get("column_mappings", {}))
    return [list_id for list_id in synced if list_id not in before or list_id in named]


async def _auto_map(
    connection: Connection,
    actor: Actor,
    campaign_id: str,
    list_ids: Sequence[str],
    mappings: Mapping[str, Mapping[str, str]],
    now: datetime,
) -> dict[str, dict[str, str]]:
    """Give unmapped columns of these lists the campaign's column of the same name, if it fits, or a new one."""
    listed = await campaign_rules.list_columns(connection, team_id=actor.team_id, list_ids=list_ids)
    unmapped = [column for column in listed if column.id not in mappings.get(column.list_id, {})]
    if not unmapped:
        return {}
    present = await stored_columns.all_of(connection, team_id=actor.team_id, campaign_id=campaign_id)
    types: dict[str, str] = {}
    by_name: dict[str, str] = {}
    for existing in present:
        by_name.setdefault(existing.name, existing.id)
        types.setdefault(existing.name, existing.type)
    new: dict[str, NewColumn] = {}
    for column in unmapped:
        if column.name not in types or (column.name in new and types[column.name] != column.type):
            # Lists that do not agree on the type fill a text column.
            kind = ColumnType.TEXT if column.name in new else ColumnType(column.type)
            new[column.name] = NewColumn(name=column.name, description=column.description, type=kind)
            types[column.name] = kind
    inserted = await campaign_columns.insert(
        connection, actor, campaign_id=campaign_id, new=list(new.values()), now=now
    )
    by_name |= {name: column.id for name, column in zip(new, inserted, strict=True)}
    result = {list_id: dict(mappings.get(list_id, {})) for list_id in list_ids}
    for column in unmapped:
        # Of two columns of one list with one name the first that fits fills the campaign's column.
        fits = _takes(types[column.name], column.type)
        if fits and by_name[column.name] not in result[column.list_id].values():
            result[column.list_id][column.id] = by_name[column.name]
    return result


async def _detach(
    connection: Connection,
    actor: Actor,
    campaign_id: str,
    present: Sequence[ListRule],
    synced: Sequence[str],
    changes: RuleChanges,
) -> None:
    gone = [rule for rule in present if rule.role == _SYNCED and rule.list_id not in synced]
    if not gone or changes.get("detach_behavior", Detach.UNLINK) is Detach.REMOVE:
        return
    remaining = [rule.list_id for rule in present if rule.role == _SYNCED and rule.list_id in synced]
    await campaign_rules.keep_leads(
        connection, team_id=actor.team_id, campaign_id=campaign_id, detached=gone, remaining=remaining
    )
