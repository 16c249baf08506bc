"""The compatibility face: the same actions under the addresses, names and shapes of Inbox API v1."""
