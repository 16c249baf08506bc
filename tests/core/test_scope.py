"""The scope of a campaign: a table of cases, and laws that hold for every combination of facts."""

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import product

import pytest

from overture.core import scope
from overture.core.scope import Membership, Reason, Rules, Verdict
from overture.core.words import LeadState

NOTHING = Membership(
    synced=False,
    excluded_list=False,
    direct=False,
    contacted_by_team=False,
    mutual=False,
    contacted_here=False,
    deleted_by_hand=False,
    consent_missing=False,
    suppressed=False,
)
SYNCED = replace(NOTHING, synced=True)
DIRECT = replace(NOTHING, direct=True)
OPEN = Rules(exclude_contacted=False, exclude_mutuals=False)
NO_CONTACTED = replace(OPEN, exclude_contacted=True)
NO_MUTUALS = replace(OPEN, exclude_mutuals=True)
NEITHER = Rules(exclude_contacted=True, exclude_mutuals=True)

EVERY_MEMBERSHIP = [
    Membership(**dict(zip((field.name for field in fields(Membership)), facts, strict=True)))
    for facts in product([False, True], repeat=len(fields(Membership)))
]
EVERY_RULES = [OPEN, NO_CONTACTED, NO_MUTUALS, NEITHER]


def every_case() -> Iterator[tuple[Membership, Rules]]:
    """Yield all 2048 combinations: few enough to try each, rather than draw some."""
    return product(EVERY_MEMBERSHIP, EVERY_RULES)


@pytest.mark.parametrize(
    ("membership", "rules", "reason"),
    [
        pytest.param(SYNCED, NEITHER, None, id="a lead of a synced list joins"),
        pytest.param(DIRECT, NEITHER, None, id="a lead added by hand needs no list"),
        pytest.param(NOTHING, OPEN, Reason.LEFT_LISTS, id="a lead that nothing brings leaves"),
        pytest.param(
            replace(NOTHING, contacted_here=True, contacted_by_team=True),
            OPEN,
            Reason.LEFT_LISTS,
            id="a contacted lead that has left all its lists leaves too",
        ),
        pytest.param(
            replace(SYNCED, suppressed=True, excluded_list=True, consent_missing=True),
            OPEN,
            Reason.SUPPRESSED,
            id="a suppression wins over the rules of a campaign",
        ),
        pytest.param(
            replace(SYNCED, suppressed=True, contacted_by_team=True, contacted_here=True),
            OPEN,
            None,
            id="a suppressed person this campaign has contacted stays a target",
        ),
        pytest.param(
            replace(SYNCED, excluded_list=True),
            OPEN,
            Reason.EXCLUDED_LIST,
            id="an excluded list wins over a synced one",
        ),
        pytest.param(
            replace(DIRECT, excluded_list=True),
            OPEN,
            Reason.EXCLUDED_LIST,
            id="an excluded list wins over adding by hand",
        ),
        pytest.param(
            replace(SYNCED, excluded_list=True, contacted_here=True, contacted_by_team=True),
            OPEN,
            Reason.EXCLUDED_LIST,
            id="an excluded list takes out whom this campaign has contacted",
        ),
        pytest.param(
            replace(NOTHING, excluded_list=True),
            OPEN,
            Reason.LEFT_LISTS,
            id="an excluded list says nothing of a lead that no list brings",
        ),
        pytest.param(
            replace(SYNCED, contacted_by_team=True),
            NO_CONTACTED,
            Reason.CONTACTED,
            id="somebody contacted elsewhere is out where the rules say so",
        ),
        pytest.param(
            replace(DIRECT, contacted_by_team=True),
            NO_CONTACTED,
            Reason.CONTACTED,
            id="adding by hand does not overrule the exclusion of contacted people",
        ),
        pytest.param(
            replace(SYNCED, contacted_by_team=True, mutual=True),
            OPEN,
            None,
            id="somebody contacted elsewhere is in where the rules do not mind",
        ),
        pytest.param(
            replace(SYNCED, contacted_by_team=True),
            NO_MUTUALS,
            None,
            id="somebody contacted who never answered is no mutual",
        ),
        pytest.param(
            replace(SYNCED, contacted_by_team=True, mutual=True),
            NO_MUTUALS,
            Reason.MUTUAL,
            id="a mutual is out where the rules say so",
        ),
        pytest.param(
            replace(SYNCED, contacted_by_team=True, mutual=True),
            NEITHER,
            Reason.CONTACTED,
            id="a mutual is out as contacted where both are excluded",
        ),
        pytest.param(
            replace(SYNCED, contacted_by_team=True, mutual=True, contacted_here=True),
            NEITHER,
            None,
            id="whom this campaign has contacted its own contact does not throw out",
        ),
        pytest.param(
            replace(SYNCED, deleted_by_hand=True),
            OPEN,
            Reason.DELETED_BY_HAND,
            id="sync does not bring back a lead deleted by hand",
        ),
        pytest.param(
            replace(SYNCED, consent_missing=True),
            OPEN,
            Reason.CONSENT_MISSING,
            id="a lead without the consent that the policy asks for is out",
        ),
        pytest.param(
            replace(SYNCED, consent_missing=True, contacted_here=True, contacted_by_team=True),
            OPEN,
            None,
            id="whom this campaign has contacted stays a target without consent: the claim stops what would follow",
        ),
        pytest.param(
            replace(SYNCED, consent_missing=True, excluded_list=True),
            OPEN,
            Reason.EXCLUDED_LIST,
            id="missing consent is named only when nothing else keeps the lead out",
        ),
    ],
)
def test_the_rules_of_scope(membership: Membership, rules: Rules, reason: Reason | None) -> None:
    assert scope.decide(membership, rules).reason == reason


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (Reason.DELETED_BY_HAND, LeadState.REMOVED),
        (Reason.LEFT_LISTS, LeadState.REMOVED),
        (Reason.EXCLUDED_LIST, LeadState.EXCLUDED),
        (Reason.CONTACTED, LeadState.EXCLUDED),
        (Reason.MUTUAL, LeadState.EXCLUDED),
        (Reason.CONSENT_MISSING, LeadState.EXCLUDED),
        (None, None),
    ],
)
def test_every_reason_has_its_state(reason: Reason | None, state: LeadState | None) -> None:
    verdicts = {scope.decide(*case) for case in every_case()}
    assert [verdict for verdict in verdicts if verdict.reason == reason] == [
        Verdict(inside=reason is None, state=state, reason=reason)
    ]


def test_scope_is_what_brings_less_what_keeps_out() -> None:
    for membership, rules in every_case():
        brought = membership.synced or membership.direct
        kept_out = membership.excluded_list or membership.deleted_by_hand
        kept_out_by_history = not membership.contacted_here and (
            (membership.contacted_by_team and rules.exclude_contacted)
            or (membership.mutual and rules.exclude_mutuals)
            or membership.consent_missing
            or membership.suppressed
        )
        expected = brought and not kept_out and not kept_out_by_history
        assert scope.decide(membership, rules).inside is expected


@pytest.mark.parametrize(
    "fact", ["excluded_list", "contacted_by_team", "mutual", "deleted_by_hand", "consent_missing", "suppressed"]
)
def test_a_fact_against_a_lead_never_brings_it_in(fact: str) -> None:
    for membership, rules in every_case():
        without = scope.decide(replace(membership, **{fact: False}), rules)
        having = scope.decide(replace(membership, **{fact: True}), rules)
        assert without.inside or not having.inside


@pytest.mark.parametrize("fact", ["synced", "direct", "contacted_here"])
def test_a_fact_for_a_lead_never_throws_it_out(fact: str) -> None:
    for membership, rules in every_case():
        without = scope.decide(replace(membership, **{fact: False}), rules)
        having = scope.decide(replace(membership, **{fact: True}), rules)
        assert having.inside or not without.inside


@pytest.mark.parametrize("switch", ["exclude_contacted", "exclude_mutuals"])
def test_a_stricter_rule_brings_nobody_in_and_touches_nobody_this_campaign_has_contacted(switch: str) -> None:
    for membership, rules in every_case():
        lenient = scope.decide(membership, replace(rules, **{switch: False}))
        strict = scope.decide(membership, replace(rules, **{switch: True}))
        assert lenient.inside or not strict.inside
        if membership.contacted_here:
            assert lenient == strict


def test_the_reason_given_is_true_and_removing_it_alone_never_gives_it_again() -> None:
    cures = {
        Reason.DELETED_BY_HAND: {"deleted_by_hand": False},
        Reason.LEFT_LISTS: {"synced": True},
        Reason.SUPPRESSED: {"suppressed": False},
        Reason.EXCLUDED_LIST: {"excluded_list": False},
        Reason.CONTACTED: {"contacted_by_team": False},
        Reason.MUTUAL: {"mutual": False},
        Reason.CONSENT_MISSING: {"consent_missing": False},
    }
    for membership, rules in every_case():
        reason = scope.decide(membership, rules).reason
        if reason is not None:
            cured = replace(membership, **cures[reason])
            assert cured != membership
            assert scope.decide(cured, rules).reason != reason


def test_recording_consent_brings_in_every_lead_that_was_out_for_missing_consent() -> None:
    for membership, rules in every_case():
        if scope.decide(membership, rules).reason == Reason.CONSENT_MISSING:
            assert scope.decide(replace(membership, consent_missing=False), rules).inside
