"""Roles: nobody makes a token that may do more than whoever asks."""

import pytest

from overture.core import roles
from overture.core.words import MemberRole

OWNER, ADMIN, USER = MemberRole.OWNER, MemberRole.ADMIN, MemberRole.USER


@pytest.mark.parametrize(("role", "others"), [(OWNER, {OWNER, ADMIN, USER}), (ADMIN, {ADMIN, USER}), (USER, set())])
def test_whose_tokens_a_role_may_make_and_revoke(role: MemberRole, others: set[MemberRole]) -> None:
    assert {other for other in MemberRole if roles.may_act_for(role, other)} == others
