"""Messages that are known to be there and cannot be read here: those of X Chat, which only X's own apps open."""

_PREFIX = "chat_"
CONTENT = "Answered in X Chat: the message is encrypted, open X to read it."
"""What stands in place of such a message."""


def platform_id(message_id: str) -> str:
    """Return what such a message is known by, apart from those that can be read."""
    return _PREFIX + message_id


def is_hidden(message_id: str | None) -> bool:
    """Tell whether a message is one of them, by what it is known by."""
    return message_id is not None and message_id.startswith(_PREFIX)
