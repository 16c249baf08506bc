"""Roles: what a member, and whoever acts for one, may do in a team."""

from overture.core.words import MemberRole


def may_act_for(role: MemberRole, other: MemberRole) -> bool:
    """Tell whether a member of one role may make and revoke tokens of somebody else of another role."""
    match role:
        case MemberRole.OWNER:
            return True
        case MemberRole.ADMIN:
            return other is not MemberRole.OWNER
        case MemberRole.USER:
            return False
