"""Characters in VTube Studio: each is a component of the show, a follower of its stage, and has a line of its own."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from spark_vtuber.app.house import House
from spark_vtuber.app.standins import StandIns
from spark_vtuber.avatar.mapping import SavedFaces
from spark_vtuber.avatar.options import Place, VTubeStudioOptions
from spark_vtuber.avatar.vts_socket import open_socket
from spark_vtuber.avatar.vts_tokens import TokenStore
from spark_vtuber.avatar.vtube_studio import Means, Open, VTubeStudioAvatar
from spark_vtuber.config.keys import VTubeStudio
from spark_vtuber.config.load import avatars
from spark_vtuber.core.avatars import AvatarState, AvatarView, avatar_view
from spark_vtuber.core.desk import State
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.stage.ensemble import OpenFollower
from spark_vtuber.stage.port import Position

_ON_THE_BOARD: Final[Mapping[AvatarState, State]] = {
    "off": "off",
    "connecting": "starting",
    "waiting": "degraded",
    "denied": "failed",
    "connected": "ok",
    "lost": "degraded",
}


class AvatarRoom:
    """Implements `core.avatars.Avatars`. Characters without a model in VTube Studio are not in it."""

    def __init__(
        self, house: House, stand_ins: StandIns, position: Callable[[], Position], open_: Open = open_socket
    ) -> None:
        self._house = house
        self._stand_ins = stand_ins
        self._avatars = {
            PersonaId(name): VTubeStudioAvatar(
                PersonaId(name),
                options_of(settings),
                Means(
                    house.around.clock,
                    house.around.rng,
                    open_,
                    TokenStore(house.config.data.dir, house.secrets.register),
                    SavedFaces(house.config.data.dir),
                    position,
                    self._tell,
                ),
            )
            for name, settings in avatars(house.config).items()
        }

    @property
    def followers(self) -> dict[str, OpenFollower]:
        """What an ensemble opens, by the names of the components."""
        return {f"avatar:{persona}": avatar.follow for persona, avatar in self._avatars.items()}

    def avatars(self) -> Sequence[AvatarView]:
        """How every model is."""
        return tuple(avatar.view for avatar in self._avatars.values())

    def start(self) -> None:
        """Connect them; each may be restarted by its name on the board."""
        if not self._avatars:
            return
        self._stand_ins.tell("stage", self._switch)
        for persona, avatar in self._avatars.items():
            self._house.supervise(self._house.board.reporter(f"avatar:{persona}", "avatar"), avatar.run)
            for prefix in ("avatar", f"persona.{persona}.avatar"):
                self._house.live.on_change(prefix, partial(self._change, persona))

    def _change(self, persona: PersonaId) -> None:
        settings = avatars(self._house.config).get(persona)
        if settings is not None:
            self._avatars[persona].change(options_of(settings))

    def _switch(self, uses_puppet: bool) -> None:
        for avatar in self._avatars.values():
            avatar.switch(is_on=not uses_puppet)

    def _tell(self, view: AvatarView) -> None:
        name = f"avatar:{view.persona}"
        self._house.board.set(name, "avatar", _ON_THE_BOARD[view.state], view.detail, view.fix)
        self._house.events("avatar", **avatar_view(view))


def options_of(settings: VTubeStudio) -> VTubeStudioOptions:
    """The configuration's table as the avatar takes it."""
    values: dict[str, Any] = settings.model_dump(exclude={"on", "place"})
    return VTubeStudioOptions(**values, place=Place(**settings.place.model_dump()))
