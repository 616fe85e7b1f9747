"""Who asked, as the audit log shows it."""

from starlette.requests import HTTPConnection

COMMAND_LINE = "spark-vtuber"
"""How the user agent of our own commands begins."""


def actor(connection: HTTPConnection) -> str:
    """The kind of door and the address behind it, as "desk 127.0.0.1"; the gate has checked the key."""
    agent = connection.headers.get("user-agent", "")
    door = "command line" if agent.startswith(COMMAND_LINE) else "desk"
    return f"{door} {connection.client.host if connection.client else 'unknown'}"
