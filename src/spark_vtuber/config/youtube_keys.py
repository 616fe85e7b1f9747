"""Keys of YouTube: the channel or video whose live chat is read, and what that may cost."""

from typing import Final

from spark_vtuber.config.section import Section, key

_HTTP: Final = r"^(https://([^\s?#/\[\]]+|\[[\da-fA-F:.]+\](:\d+)?)(/[^\s?#]*)?|http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(/[^\s?#]*)?)$"
"""A key leaves this machine encrypted or not at all."""

_REFERENCE: Final = r"^(secret:.+)?$"


class YouTube(Section):
    """Live chat of a YouTube channel, read with an API key, and written with an account."""

    channel: str = key(
        "",
        "A handle (`@name`), the id of a channel, or the address of the channel or the stream; empty = off.",
        "component",
        max_length=300,
    )
    video: str = key("", "The id or address of one stream, instead of a channel.", "component", max_length=300)
    api_key: str = key("", 'Key of the YouTube Data API: "secret:youtube".', "component", pattern=_REFERENCE)
    quota: int = key(10_000, "Units that the project of the key has in a day.", "component", ge=100, le=100_000_000)
    hours: float = key(
        4.0,
        "Hours a day that the chat is read for, at four fifths of the quota; the rest is spread until its day ends.",
        "component",
        gt=0,
        le=24,
    )
    account: bool = key(False, "Write as the signed-in account.", "component")
    client_id: str = key(
        "",
        "Client id of your application in the Google Cloud console, of the type TVs and Limited Input devices.",
        "component",
        pattern=r"^[A-Za-z0-9._-]{0,200}$",
    )
    client_secret: str = key("", 'Its client secret: "secret:youtube-client".', "component", pattern=_REFERENCE)
    api_url: str = key("https://www.googleapis.com/youtube/v3", "Where YouTube is asked.", "component", pattern=_HTTP)
    id_url: str = key("https://oauth2.googleapis.com", "Where accounts sign in.", "component", pattern=_HTTP)
