"""Characters whose look is a model: what their pages show of it, on the board, and what the files say, for `doctor`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from spark_vtuber.app.house import House
from spark_vtuber.config.keys import Config
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import ConfigError, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.looks import MODELS, model_in
from spark_vtuber.personality import card
from spark_vtuber.stage.protocol import Look
from spark_vtuber.stage.vrm_file import VrmMeta
from spark_vtuber.web import models

_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("the file {file} is not there", "put it into {folder}"),
    "too_large": ("{file} is larger than 200 MB", "export it with smaller textures"),
    "broken": ("{file} is no model that can be shown", "export it again as VRM 1.0, all in one file"),
    "refused": ("a page may not read {file}", "open the stage with its key"),
    "no_webgl": ("a page has no WebGL to draw it", "switch on hardware acceleration in that browser, or in OBS"),
    "lost": ("a page lost its graphics; it tries again", "close what else uses the graphics card"),
    "switched": ("stage is switched to it", "switch it back when you like"),
    "slow": ("{file} did not come in time", "export it with smaller textures"),
}
"""What a page can say, for people."""


class Looks:
    """Hears from the pages which characters they show as what, and tells the streamer.

    A component `look:PERSONA` for every character with a model; several pages may differ, the last word counts.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._models = {persona.id: name for persona in house.personas if (name := model_in(persona.look)) is not None}
        self._said: dict[PersonaId, Look] = {}
        for persona, name in self._models.items():
            house.board.set(f"look:{persona}", "stage", "ok", f"{name}.vrm, when a page opens")

    def hear(self, look: Look) -> None:
        """A page says what it shows. Ignores what it cannot mean."""
        name = self._models.get(look.persona)
        is_known = look.shown == "model" or (look.shown == "puppet" and look.reason in _REASONS)
        if name is None or not is_known or self._said.get(look.persona) == look:
            return
        self._said[look.persona] = look
        file, folder = f"{name}.vrm", self._house.config.data.dir / MODELS
        component = f"look:{look.persona}"
        if look.shown == "model":
            detail = f"{file} is shown"
            self._house.board.set(component, "stage", "ok", detail)
        else:
            why, fix = (text.format(file=file, folder=folder) for text in _REASONS[look.reason])
            detail = f"the puppet stands in: {why}"
            self._house.board.set(component, "stage", "degraded", detail, fix)
        self._house.events("look", persona=look.persona, shown=look.shown, reason=look.reason, detail=detail)


def findings(config: Config) -> Iterator[Finding]:
    """One for every character whose look is a model: whether it can be shown, and under which licence. Blocks."""
    for persona, one in config.persona.items():
        try:
            name = model_in(card.load(PersonaId(persona), one.card, one.look).look)
        except ConfigError:
            continue
        if name is not None:
            yield _finding(persona, name, config.data.dir / MODELS)


def _finding(persona: str, name: str, folder: Path) -> Finding:
    try:
        meta = models.meta(models.find(folder, name))
    except SparkError as error:
        detail = f"{name}.vrm cannot be shown, the puppet stands in: {error.message}"
        return Finding(f"model of {persona}", "warning", detail, error.fix)
    return Finding(f"model of {persona}", "ok" if meta.licence else "note", described(name, meta))


def described(name: str, meta: VrmMeta) -> str:
    """A model in one line: what it is, whose, and under which terms."""
    version = "VRM 1.0" if meta.version == 1 else "VRM 0.x"
    authors = f" by {', '.join(meta.authors)}" if meta.authors else ""
    terms = [f"licence {meta.licence}" if meta.licence else "its file names no licence"]
    terms += [f"commercial use: {meta.commercial}"] if meta.commercial else []
    terms += [f"may be used by: {meta.avatar}"] if meta.avatar else []
    return f'{name}.vrm, {version} "{meta.name}"{authors}; {"; ".join(terms)}'
