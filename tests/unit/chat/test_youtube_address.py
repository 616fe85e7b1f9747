import pytest

from spark_vtuber.chat.youtube_address import Channel, Handle, Place, User, Video, read_place
from spark_vtuber.core.errors import EngineError

CHANNEL = "UCabcdefghijklmnopqrstuv"
VIDEO = "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("@somebody", Handle("somebody")),
        ("somebody", Handle("somebody")),
        (CHANNEL, Channel(CHANNEL)),
        (f"https://www.youtube.com/channel/{CHANNEL}", Channel(CHANNEL)),
        ("https://www.youtube.com/@somebody", Handle("somebody")),
        ("youtube.com/@somebody/live", Handle("somebody")),
        ("https://www.youtube.com/user/Somebody", User("Somebody")),
        ("https://www.youtube.com/c/Somebody", User("Somebody")),
        (f"https://www.youtube.com/watch?v={VIDEO}&t=3s", Video(VIDEO)),
        (f"https://youtu.be/{VIDEO}?si=x", Video(VIDEO)),
        (f"https://www.youtube.com/live/{VIDEO}", Video(VIDEO)),
        (f"https://studio.youtube.com/video/{VIDEO}/livestreaming", Video(VIDEO)),
    ],
)
def test_a_channel_may_be_named_by_what_stands_in_the_browser(text: str, place: Place) -> None:
    assert read_place(f" {text} ", "") == place


def test_a_video_may_be_named_by_its_id_and_wins_over_the_channel() -> None:
    assert read_place("@somebody", VIDEO) == Video(VIDEO)
    assert read_place("", f"https://youtu.be/{VIDEO}") == Video(VIDEO)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "https://example.com/@somebody",
        "https://youtube.com.example.com/@somebody",
        "https://www.youtube.com/",
        "https://www.youtube.com/watch?v=short",
        "https://www.youtube.com/channel/UCshort",
        "https://[/@somebody",
        "../../etc/passwd",
    ],
)
def test_what_names_nothing_is_told_with_the_fix(text: str) -> None:
    with pytest.raises(EngineError) as raised:
        read_place(text, "")
    assert (raised.value.code, bool(raised.value.fix)) == ("no_channel", True)


def test_a_channel_is_no_video() -> None:
    with pytest.raises(EngineError, match=r"chat\.youtube\.video"):
        read_place("", "https://www.youtube.com/@somebody")


def test_the_playlist_of_a_channels_videos_follows_from_its_id() -> None:
    assert Channel(CHANNEL).uploads == "UUabcdefghijklmnopqrstuv"
