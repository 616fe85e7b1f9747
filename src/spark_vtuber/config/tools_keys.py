"""Keys of the tools that characters may use while they answer."""

from typing import Literal

from spark_vtuber.config.section import Section, key

ToolName = Literal["set_expression", "switch_scene", "remember", "look_up_viewer"]


class ToolSettings(Section):
    """Functions that a model may call while it answers, where it can."""

    on: bool = key(True, "Offer tools to models that can call them.", "live")
    allowed: tuple[ToolName, ...] = key(
        ("set_expression", "switch_scene", "remember", "look_up_viewer"),
        "Which ones: `set_expression` its face, `switch_scene` of OBS, `remember` a fact, `look_up_viewer` what is "
        "known of a viewer.",
        "live",
    )
    scenes: tuple[str, ...] = key(
        (),
        "Scenes of OBS that a character may put on air; none = `switch_scene` is not offered.",
        "live",
        max_length=20,
    )
    limit_s: float = key(2.0, "Longest time that a tool may take.", "live", gt=0, le=10)
    notes: int = key(50, "Facts that a character remembers; the oldest leave.", "live", ge=0, le=500)
