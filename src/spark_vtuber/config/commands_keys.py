"""Keys of what viewers can set off: commands in the chat, and rewards that are bought with points of the channel."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, StringConstraints

from spark_vtuber.chat.commands import BUILT_IN
from spark_vtuber.config.section import Section, key
from spark_vtuber.core.personas import Expression

Who = Literal["broadcaster", "moderator", "vip", "subscriber", "everyone"]

CommandName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,30}$")]

MOST: Final = 200
"""Commands, and rewards, in one configuration."""


class Actions(Section):
    """What is done; in texts `{name}` is who set it off and `{args}` what that viewer wrote beside it."""

    reply: str = key("", "Text that is written into the chat; `{name}` and `{args}` are filled in.", "live")
    scene: str = key("", "Scene of OBS that goes on air.", "live", max_length=500)
    expression: Expression | None = key(
        None, "Face that is shown: neutral, happy, sad, angry, surprised, smug or thinking.", "live"
    )
    cue: str = key("", "Line that the character answers as if the viewer had written it; as `reply`.", "live")
    duet: str = key("", "Topic on which the two characters begin to talk to each other; as `reply`.", "live")
    persona: str = key("", "Character that `expression` and `cue` are for; empty = the main one, or who fits.", "live")

    @property
    def does_anything(self) -> bool:
        """Whether there is something to do."""
        return bool(self.reply or self.scene or self.expression or self.duet or self.cue)


class CommandSettings(Actions):
    """A command of your own, or what is different about a built-in one.

    Built in are mute, unmute, style, scene, redeem, duet, persona.
    """

    on: bool = key(True, "Whether there is this command.", "live")
    who: Who | None = key(
        None,
        "Lowest rank that may run it: broadcaster, moderator, vip, subscriber or everyone. Without it everyone may run "
        "yours and `persona`, moderators the other built-in ones.",
        "live",
    )
    cooldown_s: float = key(0.0, "Seconds until anybody may run it again.", "live", ge=0)
    viewer_cooldown_s: float = key(0.0, "Seconds until the same viewer may run it again.", "live", ge=0)
    aliases: tuple[CommandName, ...] = key((), "Further names.", "live")
    scenes: tuple[str, ...] = key((), "Scenes that `scene` may put on air; empty = all that OBS has.", "live")


class RewardSettings(Actions):
    """What the purchase of a reward does, by its title or its id."""

    fulfil: bool = key(
        True, "Mark the purchase as fulfilled once it is done; otherwise it stays in the platform's list.", "live"
    )


def _distinct(commands: Mapping[str, CommandSettings]) -> Mapping[str, CommandSettings]:
    """No two commands under one name, and none that does nothing."""
    if len(commands) > MOST:
        raise ValueError(f"holds more than {MOST} commands")
    taken = set(BUILT_IN) | set(commands)
    for name, one in commands.items():
        if name not in BUILT_IN and not one.does_anything:
            raise ValueError(f'"{name}" does nothing: give it reply, scene, expression, duet or cue')
        for alias in one.aliases:
            if alias in taken:
                raise ValueError(f'two commands are called "{alias}"')
            taken.add(alias)
    return commands


def _told_apart(rewards: Mapping[str, RewardSettings]) -> Mapping[str, RewardSettings]:
    """Titles that differ by more than their case."""
    if len(rewards) > MOST:
        raise ValueError(f"holds more than {MOST} rewards")
    if len({title.strip().casefold() for title in rewards}) < len(rewards):
        raise ValueError("two rewards have the same title")
    return rewards


Commands = Annotated[dict[CommandName, CommandSettings], AfterValidator(_distinct)]
Rewards = Annotated[dict[str, RewardSettings], AfterValidator(_told_apart)]
