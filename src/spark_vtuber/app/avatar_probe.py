"""How VTube Studio is, for `doctor` and `vts status`. Opens no popup and changes nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

from spark_vtuber.app.avatar import options_of
from spark_vtuber.avatar.faces import choose
from spark_vtuber.avatar.mapping import SavedFaces
from spark_vtuber.avatar.options import VTubeStudioOptions
from spark_vtuber.avatar.vts_link import linked
from spark_vtuber.avatar.vts_protocol import Event
from spark_vtuber.avatar.vts_session import discover, is_known, probe
from spark_vtuber.avatar.vts_socket import open_socket
from spark_vtuber.avatar.vts_tokens import TokenStore
from spark_vtuber.avatar.vtube_studio import Open
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import avatars
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.personas import EXPRESSIONS


async def findings(config: Config, open_: Open = open_socket) -> AsyncIterator[Finding]:
    """One for every character with a model in VTube Studio."""
    for persona, settings in avatars(config).items():
        yield await look_at(persona, options_of(settings), config.data.dir, open_)


async def look_at(persona: str, options: VTubeStudioOptions, data_dir: Path, open_: Open = open_socket) -> Finding:
    """Whether it is there, lets us in, and what it shows; the finding has the character's name."""
    try:
        async with linked(lambda: open_(options.host, options.port), _unheard) as link:
            version = f"VTube Studio {await probe(link)} at {options.where}"
            if not await is_known(link, TokenStore(data_dir), options.where):
                fix = "spark-vtuber vts hotkeys, or start the show, and press Allow in VTube Studio"
                return Finding(persona, "warning", f"{version} has not let us in yet", fix)
            rig = await discover(link)
    except EngineError as error:
        return Finding(persona, "warning", f"{error.message}; the puppet in the pages works without it", error.fix)
    if rig.model is None:
        return Finding(persona, "warning", f"{version} shows no model", "load one in VTube Studio")
    faces = choose(rig, options.expressions, SavedFaces(data_dir).of(rig.model.id)).by_feeling
    missing = ", ".join(name for name in EXPRESSIONS if name != "neutral" and name not in faces)
    detail = f'{version} shows "{rig.model.name}"' + (f", with nothing for {missing}" if missing else "")
    return Finding(persona, "ok", detail, "spark-vtuber vts map" if missing else "")


def _unheard(_event: Event) -> None:
    """Nothing is subscribed."""
