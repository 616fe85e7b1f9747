"""What is asked of VTube Studio before a model moves: to be let in, what there is, which model, where it stands."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio

from spark_vtuber.avatar import vts_answers
from spark_vtuber.avatar.body import OWN_INPUTS
from spark_vtuber.avatar.options import Place
from spark_vtuber.avatar.vts_answers import Model, Rig
from spark_vtuber.avatar.vts_link import Link, Refused
from spark_vtuber.avatar.vts_tokens import TokenStore
from spark_vtuber.core.errors import EngineError

PLUGIN: Final[Mapping[str, str]] = {"pluginName": "Spark VTuber", "pluginDeveloper": "Spark VTuber project"}
"""Names of 3 to 32 characters; a token is only good together with them."""

POPUP_S: Final = 15 * 60.0
"""How long the popup may stay open; then it is asked for again."""

POPUP_BUSY_S: Final = 5.0
LOAD_AGAIN_S: Final = 2.1
"""VTube Studio loads one model in two seconds at most."""

LOAD_S: Final = 60.0
LOAD_ATTEMPTS: Final = 5
MOVE_S: Final = 0.6

EVENTS: Final = (
    "ModelLoadedEvent",
    "ModelConfigChangedEvent",
    "TrackingStatusChangedEvent",
    "HotkeyTriggeredEvent",
)

DENIED: Final = 50
POPUP_OPEN: Final = 51
NOT_LET_IN: Final = 8
REVOKED: Final = 50
MODEL_UNKNOWN: Final = 152
MODEL_BUSY: Final = frozenset({153, 154})
HOTKEYS_FULL: Final = 200
HOTKEY_TOO_SOON: Final = 203
INPUT_UNKNOWN: Final = 453
INPUT_TAKEN: Final = 454
"""Error ids of the API (Files/ErrorID.cs of its repository)."""


class Denied(EngineError):
    """Somebody pressed Deny; asking again is up to the operator."""

    def __init__(self) -> None:
        super().__init__(
            "avatar_denied",
            "VTube Studio was told to deny access",
            fix="restart this component, then press Allow in VTube Studio",
        )


async def probe(link: Link) -> str:
    """The version of VTube Studio; works without being let in."""
    return vts_answers.text(await link.ask("APIState"), "vTubeStudioVersion")


async def authenticate(link: Link, tokens: TokenStore, where: str, waiting: Callable[[], None]) -> None:
    """Be let in, with the kept token or a new one; `waiting` is called when the popup opens.

    A new token is asked for only where there is none or VTube Studio says that it is not good any more.

    Raises:
        Denied: somebody pressed Deny.
        EngineError: a new token was not good either, or cannot be kept.
    """
    if await is_known(link, tokens, where):
        return
    waiting()
    token = await _new_token(link)
    if not await _is_let_in(link, token):
        raise EngineError("avatar_not_let_in", "VTube Studio gave a token and does not take it", retryable=True)
    try:
        tokens.write(where, token)
    except OSError as error:
        raise EngineError(
            "avatar_token_not_kept",
            f"the token of VTube Studio cannot be kept: {error.strerror}",
            fix="make the data directory writable",
        ) from error


async def is_known(link: Link, tokens: TokenStore, where: str) -> bool:
    """Be let in with the kept token; False where there is none or it is not good any more. Opens no popup."""
    token = tokens.read(where)
    return bool(token) and await _is_let_in(link, token)


async def discover(link: Link) -> Rig:
    """What can be moved now."""
    model = vts_answers.current_model(await link.ask("CurrentModel"))
    inputs = vts_answers.inputs(await link.ask("InputParameterList"))
    if model is None:
        return Rig(None, inputs)
    return Rig(
        model,
        inputs,
        vts_answers.hotkeys(await link.ask("HotkeysInCurrentModel")),
        vts_answers.expressions(await link.ask("ExpressionState", {"details": False})),
    )


async def create_inputs(link: Link) -> None:
    """Add our own inputs; creating one that is there changes nothing. One that is refused is left out."""
    for name, meaning in OWN_INPUTS.items():
        try:
            await link.ask(
                "ParameterCreation",
                {"parameterName": name, "explanation": meaning, "min": 0, "max": 1, "defaultValue": 0},
            )
        except Refused as error:
            _unless_locked_out(error)


async def subscribe(link: Link) -> None:
    """Ask for the events that change what can be moved; one that an old version does not know is left out."""
    for name in EVENTS:
        try:
            await link.ask("EventSubscription", {"eventName": name, "subscribe": True, "config": {}})
        except Refused as error:
            _unless_locked_out(error)


async def load_model(link: Link, wanted: str) -> None:
    """Load a model by its name or id, unless it is loaded.

    Raises:
        EngineError: `no_model`, with the models that there are; `Refused` for whatever VTube Studio says.
    """
    models = vts_answers.models(await link.ask("AvailableModels"))
    model = _named(models, wanted)
    if model is None:
        names = ", ".join(sorted(one.name for one in models)[:20]) or "none"
        raise EngineError("no_model", f'VTube Studio has no model "{wanted}"; it has {names}', fix="set model to one")
    if model.is_loaded:
        return
    for attempt in range(LOAD_ATTEMPTS):
        try:
            await link.ask("ModelLoad", {"modelID": model.id}, answer_s=LOAD_S)
        except Refused as error:
            if error.number not in MODEL_BUSY or attempt == LOAD_ATTEMPTS - 1:
                raise
            await anyio.sleep(LOAD_AGAIN_S)
        else:
            return


async def move_model(link: Link, place: Place) -> None:
    """Put the model in its place; values that are not given stay."""
    given: dict[str, Any] = {
        key: value
        for key, value in (
            ("positionX", place.x),
            ("positionY", place.y),
            ("size", place.size),
            ("rotation", place.rotation),
        )
        if value is not None
    }
    if given:
        await link.ask("MoveModel", {"timeInSeconds": MOVE_S, "valuesAreRelativeToModel": False, **given})


async def inject(link: Link, values: Mapping[str, float]) -> None:
    """Feed inputs; VTube Studio keeps them for a second."""
    await link.ask(
        "InjectParameterData",
        {
            "faceFound": True,
            "mode": "set",
            "parameterValues": [{"id": name, "value": value} for name, value in values.items()],
        },
    )


def is_locked_out(error: Refused) -> bool:
    """Whether we must be let in again."""
    return error.number in (NOT_LET_IN, REVOKED)


async def _is_let_in(link: Link, token: str) -> bool:
    answer = await link.ask("Authentication", {**PLUGIN, "authenticationToken": token})
    return answer.get("authenticated") is True


async def _new_token(link: Link) -> str:
    while True:
        try:
            answer = await link.ask("AuthenticationToken", PLUGIN, answer_s=POPUP_S)
        except Refused as error:
            if error.number == DENIED:
                raise Denied from error
            if error.number != POPUP_OPEN:
                raise
            await anyio.sleep(POPUP_BUSY_S)
        else:
            return vts_answers.text(answer, "authenticationToken")


def _named(models: tuple[Model, ...], wanted: str) -> Model | None:
    by_id = next((model for model in models if model.id == wanted), None)
    return by_id or next((model for model in models if model.name.casefold() == wanted.casefold()), None)


def _unless_locked_out(error: Refused) -> None:
    if is_locked_out(error):
        raise error
