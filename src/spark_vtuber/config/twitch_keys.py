"""Keys of Twitch: the channel that is read, and what an account is used for."""

from typing import Final

from spark_vtuber.config.section import Section, key

_HTTP: Final = r"^(https://([^\s?#/\[\]]+|\[[\da-fA-F:.]+\](:\d+)?)(/[^\s?#]*)?|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/[^\s?#]*)?)$"
_SOCKET: Final = r"^(wss://([^\s?#/\[\]]+|\[[\da-fA-F:.]+\](:\d+)?)(/[^\s?#]*)?|ws://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/[^\s?#]*)?)$"
"""A token leaves this machine encrypted or not at all."""


class TwitchFeatures(Section):
    """What the account is used for beside reading its chat; each needs permissions of its own."""

    write: bool = key(True, "Write into the chat.", "component")
    rewards: bool = key(True, "Rewards bought with channel points; fulfil them or give the points back.", "component")
    follows: bool = key(True, "New followers.", "component")
    power_ups: bool = key(True, "Bits for power-ups; bits in chat need no permission.", "component")
    hype_trains: bool = key(True, "Hype trains.", "component")
    polls: bool = key(True, "Polls.", "component")
    predictions: bool = key(True, "Predictions.", "component")
    ads: bool = key(True, "Ad breaks.", "component")


class Twitch(Section):
    """Chat of a Twitch channel, read without an account, or read and written with one."""

    channel: str = key(
        "",
        "The channel's name; empty = off, or the account's own channel with an account.",
        "component",
        pattern=r"^#?[A-Za-z0-9_]{0,25}$",
    )
    account: bool = key(False, "Read and write as the signed-in account; needs the extra `twitch`.", "component")
    client_id: str = key(
        "",
        "Client id of your application at dev.twitch.tv/console, of the type Public.",
        "component",
        pattern=r"^[A-Za-z0-9]{0,64}$",
    )
    features: TwitchFeatures = key(TwitchFeatures(), "What the account is used for.")
    host: str = key("irc.chat.twitch.tv", "Address of the IRC server, for reading without an account.", "component")
    port: int = key(6697, "Port of the IRC server.", "component", ge=1, le=65535)
    tls: bool = key(True, "Encrypt the connection to the IRC server.", "component")
    api_url: str = key("https://api.twitch.tv/helix", "Where Twitch is asked, with an account.", pattern=_HTTP)
    id_url: str = key("https://id.twitch.tv/oauth2", "Where accounts sign in.", pattern=_HTTP)
    events_url: str = key("wss://eventsub.wss.twitch.tv/ws", "Where Twitch tells what happens.", pattern=_SOCKET)
