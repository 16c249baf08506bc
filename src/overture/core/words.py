"""The closed sets of the product, under the names that code, API and database share."""

from enum import StrEnum


class CampaignStatus(StrEnum):
    """Where a campaign is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"


class LeadState(StrEnum):
    """Where a lead of a campaign stands. The transitions are in `lifecycle`."""

    ASSESSING = "assessing"
    READY = "ready"
    IN_SEQUENCE = "inSequence"
    FINISHED = "finished"
    REPLIED = "replied"
    HELD = "held"
    FAILED = "failed"
    CANCELED = "canceled"
    UNREACHABLE = "unreachable"
    EXCLUDED = "excluded"
    REMOVED = "removed"


class LeadStage(StrEnum):
    """How far leads have come, as a campaign counts them: each stage has those of the later ones.

    `inScope` are its targets, `reachable` those of them that are assessed.
    """

    IN_SCOPE = "inScope"
    REACHABLE = "reachable"
    CONTACTED = "contacted"
    FOLLOWED_UP = "followedUp"
    REPLIED = "replied"


class AccountStatus(StrEnum):
    """Whether an account can send: `offline` must be authorised again, `paused` resumes by itself."""

    ACTIVE = "active"
    OFFLINE = "offline"
    PAUSED = "paused"


class VerdictKind(StrEnum):
    """What a reachability check of one account and one profile said."""

    OPEN = "open"
    FOLLOWS = "follows"
    CONVERSATION = "conversation"
    CLOSED = "closed"
    PROTECTED = "protected"
    BLOCKED = "blocked"
    SUSPENDED = "suspended"
    NOT_FOUND = "notFound"
    CONSENT_MISSING = "consentMissing"
    UNKNOWN = "unknown"


REACHABLE_VERDICTS = frozenset({VerdictKind.OPEN, VerdictKind.FOLLOWS, VerdictKind.CONVERSATION})
"""Verdicts under which the account may write to the profile."""


class AttemptState(StrEnum):
    """Where one try to send one message stands."""

    INTENT = "intent"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "notSent"
    HELD = "held"


class OutcomeKind(StrEnum):
    """What a platform's answer to a send means for the engine."""

    ACCEPTED = "accepted"
    RECIPIENT_REFUSED = "recipientRefused"
    SENDER_REFUSED = "senderRefused"
    RATE_LIMITED = "rateLimited"
    OUT_OF_CREDIT = "outOfCredit"
    AUTH_LOST = "authLost"
    UNKNOWN = "unknown"
    NOT_SENT = "notSent"
    INVALID = "invalid"


class StepType(StrEnum):
    """What a step of a sequence does."""

    MESSAGE = "message"
    DELAY = "delay"
    LIKE = "like"


class Trigger(StrEnum):
    """What sets an automation off."""

    CONTACTED = "contacted"
    FOLLOW_UP_SENT = "followUpSent"
    REPLIED = "replied"
    FINISHED = "finished"
    FAILED = "failed"


class Action(StrEnum):
    """What an automation does."""

    SET_STATUS = "setStatus"
    ADD_TAG = "addTag"
    REMOVE_TAG = "removeTag"
    ASSIGN = "assign"


class ColumnType(StrEnum):
    """The type of a custom column."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    URL = "url"


class ContactPolicy(StrEnum):
    """Whom a team's platform app may write to first."""

    INBOUND_OR_CONSENT = "inboundOrConsent"
    ANYONE_REACHABLE = "anyoneReachable"


class Direction(StrEnum):
    """Who wrote a message, seen from the team's account."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Folder(StrEnum):
    """Where a team looks for conversations: `noReply` are those of the inbox in which the other side spoke last."""

    INBOX = "inbox"
    NO_REPLY = "noReply"
    REQUESTS = "requests"
    ARCHIVED = "archived"
    ALL = "all"


class TypingIndicators(StrEnum):
    """Whether the other side is shown that somebody types an answer."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    TEAM_DEFAULT = "teamDefault"


class JobStatus(StrEnum):
    """The life of an import job."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


class Audience(StrEnum):
    """People a platform lists: who follows somebody, whom they follow, who liked a post."""

    FOLLOWERS = "followers"
    FOLLOWING = "following"
    LIKES = "likes"


class ChoreKind(StrEnum):
    """Work that any worker may take."""

    IMPORT = "import"
    WEBHOOK = "webhook"


class MergeStrategy(StrEnum):
    """What an import does with a value that is already there."""

    OVERWRITE = "overwrite"
    FILL_EMPTY = "fillEmpty"
    KEEP = "keep"


class MemberRole(StrEnum):
    """What a member may do: an owner everything, an admin all but what is the owners' own, a user the work."""

    OWNER = "owner"
    ADMIN = "admin"
    USER = "user"


class AuditAction(StrEnum):
    """What people do that is written down with who did it."""

    ACCOUNT_AUTHORISED = "accountLink.authorised"
    ACCOUNT_CHANGED = "accountLink.changed"
    ACCOUNT_DISCONNECTED = "accountLink.disconnected"
    ACCOUNT_LINKED = "accountLink.linked"
    ACCOUNT_PAUSED = "accountLink.paused"
    ACCOUNT_RESUMED = "accountLink.resumed"
    APP_READDRESSED = "platformApp.readdressed"
    APP_REGISTERED = "platformApp.registered"
    APP_REMOVED = "platformApp.removed"
    AUTOMATION_CHANGED = "automation.changed"
    AUTOMATION_CREATED = "automation.created"
    AUTOMATION_DELETED = "automation.deleted"
    CAMPAIGN_CHANGED = "campaign.changed"
    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_DELETED = "campaign.deleted"
    CAMPAIGN_DISABLED = "campaign.disabled"
    CAMPAIGN_ENABLED = "campaign.enabled"
    COLUMN_CHANGED = "column.changed"
    COLUMN_CREATED = "column.created"
    COLUMN_DELETED = "column.deleted"
    CONSENT_RECORDED = "consent.recorded"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_FORGOTTEN = "contact.forgotten"
    IMPORT_CANCELED = "importJob.canceled"
    IMPORT_CREATED = "importJob.created"
    IMPORT_UNDONE = "importJob.undone"
    LEAD_CHANGED = "lead.changed"
    LEAD_CONTINUED = "lead.continued"
    LEAD_RELEASED = "lead.released"
    LEADS_ADDED = "leads.added"
    LEADS_CANCELED = "leads.canceled"
    LEADS_RELEASED = "leads.released"
    LEADS_REMOVED = "leads.removed"
    LEADS_RESTORED = "leads.restored"
    LIST_CHANGED = "list.changed"
    LIST_CREATED = "list.created"
    LIST_DELETED = "list.deleted"
    MEMBER_ADDED = "member.added"
    MEMBER_INVITED = "member.invited"
    MEMBER_REMOVED = "member.removed"
    MEMBER_ROLE_CHANGED = "member.roleChanged"
    MEMBER_SIGNED_IN = "member.signedIn"
    MEMBER_SIGNED_OUT = "member.signedOut"
    MESSAGE_SENT = "message.sent"
    PASSWORD_CHOSEN = "member.passwordChosen"  # noqa: S105 - the name of an act
    POLICY_CHANGED = "policy.changed"
    RULES_CHANGED = "rules.changed"
    SEQUENCE_REPLACED = "sequence.replaced"
    STATUS_CHANGED = "status.changed"
    STATUS_CREATED = "status.created"
    STATUS_DELETED = "status.deleted"
    STATUSES_ORDERED = "statuses.ordered"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_IMPORTED = "suppression.imported"
    SUPPRESSION_REMOVED = "suppression.removed"
    TAG_CHANGED = "tag.changed"
    TAG_CREATED = "tag.created"
    TAG_DELETED = "tag.deleted"
    TAGS_ORDERED = "tags.ordered"
    TEAM_CHANGED = "team.changed"
    TEAM_RESUMED = "team.resumed"
    TEAM_STOPPED = "team.stopped"
    THREAD_CHANGED = "thread.changed"
    THREAD_DELETED = "thread.deleted"
    TOKEN_CREATED = "token.created"  # noqa: S105 - the name of an act
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the same
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_SECRET_ROTATED = "webhook.secretRotated"  # noqa: S105 - the name of an act


class ObjectType(StrEnum):
    """What an act was done to."""

    ACCOUNT_LINK = "accountLink"
    CAMPAIGN = "campaign"
    CONTACT = "contact"
    IMPORT_JOB = "importJob"
    LIST = "list"
    MEMBER = "member"
    MESSAGE = "message"
    PLATFORM_APP = "platformApp"
    PROFILE = "profile"
    STATUS = "status"
    TAG = "tag"
    TEAM = "team"
    THREAD = "thread"
    TOKEN = "token"  # noqa: S105 - a kind of object
    WEBHOOK = "webhook"


class EventType(StrEnum):
    """Something that happened, as events tell it."""

    ACCOUNT_LINK_OFFLINE = "accountLink.offline"
    ACCOUNT_LINK_PAUSED = "accountLink.paused"
    ACCOUNT_LINK_RESUMED = "accountLink.resumed"
    CAMPAIGN_COMPLETED = "campaign.completed"
    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_STARTED = "campaign.started"
    CONTACT_ASSIGNEE_CHANGED = "contact.assigneeChanged"
    CONTACT_NOTES_CHANGED = "contact.notesChanged"
    CONTACT_STATUS_CHANGED = "contact.statusChanged"
    CONTACT_TAGS_CHANGED = "contact.tagsChanged"
    CONTACT_VALUATION_CHANGED = "contact.valuationChanged"
    IMPORT_COMPLETED = "import.completed"
    IMPORT_FAILED = "import.failed"
    MESSAGE_DELETED = "message.deleted"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_REACTION_ADDED = "message.reactionAdded"
    MESSAGE_REACTION_REMOVED = "message.reactionRemoved"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_SENT = "message.sent"
    STATUS_CREATED = "status.created"
    STATUS_DELETED = "status.deleted"
    STATUS_UPDATED = "status.updated"
    TAG_CREATED = "tag.created"
    TAG_DELETED = "tag.deleted"
    TAG_UPDATED = "tag.updated"
    TARGET_CONTACTED = "target.contacted"
    TARGET_FAILED = "target.failed"
    TARGET_FOLLOW_UP_SENT = "target.followUpSent"
    TARGET_HELD = "target.held"
    TARGET_REPLIED = "target.replied"
    THREAD_ARCHIVED = "thread.archived"
    THREAD_ASSIGNED = "thread.assigned"
    THREAD_CREATED = "thread.created"
    THREAD_DELETED = "thread.deleted"
    THREAD_UNARCHIVED = "thread.unarchived"
    THREAD_UNASSIGNED = "thread.unassigned"
    WEBHOOK_DISABLED = "webhook.disabled"


class EventVersion(StrEnum):
    """In which form a webhook gets events: with the whole of what they are about, or thin."""

    WHOLE = "1.0"
    THIN = "2"


class DeliveryState(StrEnum):
    """Where the delivery of an event to a webhook stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Capability(StrEnum):
    """What can be done on a platform, as its name goes over the wire."""

    MESSAGE_SEND = "message:send"
    POST_LIKE = "post:like"
    IMPORT_FOLLOWERS = "import:followers"
    IMPORT_FOLLOWING = "import:following"
    IMPORT_LIKES = "import:likes"


class ReadEndpoint(StrEnum):
    """A kind of call that reads, with windows of its own on the platform."""

    CONVERSATION = "conversation"
    FOLLOWERS = "followers"
    FOLLOWING = "following"
    INBOX = "inbox"
    LIKES = "likes"
    PROFILES = "profiles"
    USERNAMES = "usernames"


class Endpoint(StrEnum):
    """A kind of call with windows of its own on the platform: those that read, and sending."""

    SEND = "send"
    CONVERSATION = "conversation"
    FOLLOWERS = "followers"
    FOLLOWING = "following"
    INBOX = "inbox"
    LIKES = "likes"
    PROFILES = "profiles"
    USERNAMES = "usernames"


class BudgetScope(StrEnum):
    """Whose calls a budget counts: those of one account, or of all accounts of an app."""

    ACCOUNT = "account"
    APP = "app"


class BudgetSource(StrEnum):
    """Where a budget comes from.

    The team's own limit, the most the platform lets an account send by all its clients, its headers, or its table.
    """

    LIMIT = "limit"
    CEILING = "ceiling"
    TOLD = "told"
    PUBLISHED = "published"


class AnswerWay(StrEnum):
    """How answers come in: a platform posts them to a hook or puts them into a stream, or inboxes are read alone."""

    WEBHOOK = "webhook"
    STREAM = "stream"
    POLL = "poll"


class PushedKind(StrEnum):
    """What a platform tells by itself: a message, or a hint at something that reading the inbox finds out."""

    MESSAGE = "message"
    HINT = "hint"


class CostKind(StrEnum):
    """What a platform bills by the piece."""

    MESSAGE_SENT = "messageSent"
    MESSAGE_READ = "messageRead"
    PROFILE_READ = "profileRead"


class SuppressionSource(StrEnum):
    """Whose word it is that nobody may write to a person: the person's own, or the team's, or as who is forgotten."""

    OPT_OUT = "optOut"
    BY_HAND = "byHand"
    FORGOTTEN = "forgotten"


class ActorType(StrEnum):
    """Who does something: a token of the API, a member who has signed in, or whoever runs the program."""

    TOKEN = "token"  # noqa: S105 - a kind of actor
    MEMBER = "member"
    OPERATOR = "operator"
