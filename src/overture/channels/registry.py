"""Which channel serves which platform."""

from collections.abc import Iterable

from overture.channels.port import Channel


class Registry:
    """The channels of this process, by platform key."""

    def __init__(self, channels: Iterable[Channel]) -> None:
        self._channels = {channel.platform: channel for channel in channels}

    def get(self, platform: str) -> Channel | None:
        """Return the channel of `platform`, or None where this program has none."""
        return self._channels.get(platform)

    def platforms(self) -> list[str]:
        """Return the platform keys served, sorted."""
        return sorted(self._channels)

    async def close(self) -> None:
        """Close every channel."""
        for channel in self._channels.values():
            await channel.close()
