"""What commands and rewards do to the show."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, get_args

import anyio

from spark_vtuber.chat.commands import BUILT_IN, Call
from spark_vtuber.config.commands_keys import Actions, CommandSettings, RewardSettings
from spark_vtuber.core.cues import Urgency
from spark_vtuber.core.duets import DuetOrigin, DuetState
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.events import ChatEvent
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.obs import ObsDesk
from spark_vtuber.core.personas import Expression, Personas
from spark_vtuber.core.verdicts import Direction, Position
from spark_vtuber.moderation.port import Guard, GuardContext
from spark_vtuber.stage.port import Emote, Stage
from spark_vtuber.text.clean import MAX_CHARS, clean

MOODS: Final[tuple[str, ...]] = get_args(Expression)
MAX_NAME: Final = 60
STOP: Final = "stop"
REPLY_S: Final = 5.0
"""Longest wait for a platform to take a reply."""

_FIELD: Final = re.compile(r"\{(name|args)\}")
_COMMANDING: Final = "/. "
"""What begins a command of a platform."""

_CALLING: Final = "/. !$?#-"
"""What also begins one of other bots, which may obey this account more than a viewer."""


class Voices(Protocol):
    """Whoever can be silenced, as `core.desk.Desk` says."""

    async def mute(self, persona: PersonaId | None) -> None: ...

    async def unmute(self, persona: PersonaId | None) -> None: ...


class DuetStarter(Protocol):
    """Whoever has the characters talk to each other."""

    async def ask(self, topic: str, origin: DuetOrigin, event: ChatEvent) -> DuetState:
        """Begin a duet that a viewer asks for. Raises `SparkError` as `core.duets.Duets.start`."""
        ...

    def stop(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Instruments:
    """What is acted on.

    `readmit` puts a line before the guard without the gates and says whether there was room; `send` writes into the
    chat of a source and raises `EngineError`.
    """

    voices: Voices
    personas: Personas
    obs: ObsDesk
    stage: Stage
    guard: Guard
    readmit: Callable[[ChatEvent, Urgency], bool]
    send: Callable[[str, str], Awaitable[None]]
    duets: DuetStarter


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done, for the audit log: to what, and the values before and after.

    `trouble` is the code of what went wrong without undoing the rest: a reply that could not be written.
    """

    target: str = ""
    old: object = None
    new: object = None
    trouble: str = ""


class Performer:
    """Performs commands and rewards. What cannot be done raises `SparkError`, whose code is the reason."""

    def __init__(
        self,
        instruments: Instruments,
        commands: Callable[[], Mapping[str, CommandSettings]],
        rewards: Callable[[], Mapping[str, RewardSettings]],
    ) -> None:
        self._on = instruments
        self._commands = commands
        self._rewards = rewards
        self._built_in: Mapping[str, Callable[[ChatEvent, str], Awaitable[Deed]]] = {
            "mute": self._mute,
            "unmute": self._unmute,
            "style": self._style,
            "scene": self._scene,
            "redeem": self._redeem,
            "duet": self._duet,
        }

    async def command(self, event: ChatEvent, call: Call) -> Deed:
        """Run a command by its own name: a built-in one does its work first, then what the configuration adds."""
        settings = self._commands().get(call.name)
        deed = Deed()
        if call.name in BUILT_IN:
            deed = await self._built_in[call.name](event, call.arguments)
        if settings is not None and settings.does_anything:
            own = await self.act(settings, event, call.arguments)
            deed = replace(deed, trouble=own.trouble) if deed.target else own
        return deed

    async def act(self, actions: Actions, event: ChatEvent, arguments: str) -> Deed:
        """Scene, face, duet, cue and reply, in this order; the first that cannot be done ends it.

        A reply that cannot be written is only told, unless it is all there is to do.
        """
        on, name = self._on, clean(event.author.name, MAX_NAME).text

        def filled(template: str) -> str:
            return _FIELD.sub(lambda match: name if match[1] == "name" else arguments, template)

        persona = self.persona(actions.persona) if actions.persona else None
        old = on.obs.view().scene if actions.scene else None
        scene = await on.obs.switch(actions.scene) if actions.scene else None
        if actions.expression:
            await on.stage.perform(Emote(persona or self._first, actions.expression))
        if actions.duet:
            origin = DuetOrigin.CHAT if event.reward is None else DuetOrigin.REWARD
            await on.duets.ask(filled(actions.duet), origin, event)
        if actions.cue:
            line = replace(event, text=filled(actions.cue), persona=persona, emotes=frozenset(), emote_spans=())
            if not on.readmit(line, Urgency.CHAT):
                raise SparkError("too many lines wait", code="full", fix="try again later")
        trouble = ""
        if actions.reply:
            try:
                is_a_viewers = _FIELD.match(actions.reply.lstrip()) is not None
                text = clean(filled(actions.reply), MAX_CHARS).text.lstrip(_CALLING if is_a_viewers else _COMMANDING)
                await self._reply(event.source, text)
            except EngineError as error:
                if not (actions.scene or actions.expression or actions.duet or actions.cue):
                    raise
                trouble = error.code
        return Deed(target=scene or "", old=old, new=scene, trouble=trouble)

    def persona(self, name: str) -> PersonaId:
        """A character by id, name or alias, whatever the case. Raises `SparkError("unknown_persona")`."""
        wanted = name.strip().casefold()
        for view, _ in self._on.personas.tempers():
            if wanted in (known.casefold() for known in (view.id, view.name, *view.aliases)):
                return view.id
        raise SparkError("there is no such character", code="unknown_persona", fix="see /api/personas")

    def addressed(self, arguments: str) -> tuple[PersonaId, str]:
        """The character at the beginning of `arguments`, and the rest. Raises as `persona`, or `nothing_to_say`."""
        words = arguments.split()
        for count in range(min(4, len(words)), 0, -1):
            try:
                persona = self.persona(" ".join(words[:count]))
            except SparkError:
                continue
            if count == len(words):
                raise SparkError("there is nothing to say", code="nothing_to_say", fix="write it after the name")
            return persona, " ".join(words[count:])
        raise SparkError("there is no such character", code="unknown_persona", fix="see /api/personas")

    def reward(self, *names: str) -> tuple[str, RewardSettings] | None:
        """The configured reward of one of these titles or ids, with its title as configured."""
        wanted = {name.strip().casefold() for name in names if name.strip()}
        found = (one for one in self._rewards().items() if one[0].strip().casefold() in wanted)
        return next(found, None)

    @property
    def _first(self) -> PersonaId:
        return self._on.personas.tempers()[0][0].id

    async def _mute(self, _event: ChatEvent, whom: str) -> Deed:
        persona = self.persona(whom) if whom else None
        await self._on.voices.mute(persona)
        return Deed(persona or "everybody", new=True)

    async def _unmute(self, _event: ChatEvent, whom: str) -> Deed:
        persona = self.persona(whom) if whom else None
        await self._on.voices.unmute(persona)
        return Deed(persona or "everybody", new=False)

    async def _style(self, _event: ChatEvent, arguments: str) -> Deed:
        """A preset or a mood, by name or title; for one character whose name stands behind it, else for all."""
        style, persona = self._named_style(arguments), None
        if style is None:
            words = arguments.split()
            for at in range(len(words) - 1, 0, -1):
                style = self._named_style(" ".join(words[:at]))
                if style is not None:
                    persona = self.persona(" ".join(words[at:]))
                    break
        if style is None:
            raise SparkError("there is no such preset or mood", code="unknown_style", fix="see /api/presets")
        preset, mood = style
        await self._on.personas.change(persona, preset or None, {"mood": mood} if mood else {})
        return Deed(persona or "everybody", new=preset or mood)

    def _named_style(self, name: str) -> tuple[str, str] | None:
        """A preset or a mood of that name: one of the two is empty."""
        wanted = name.casefold()
        for preset in self._on.personas.presets():
            if wanted in (preset.name.casefold(), preset.title.casefold()):
                return preset.name, ""
        return ("", wanted) if wanted in MOODS else None

    async def _scene(self, _event: ChatEvent, name: str) -> Deed:
        settings = self._commands().get("scene")
        view = self._on.obs.view()
        allowed: Sequence[str] = (settings.scenes if settings else ()) or view.scenes
        wanted = name.casefold()
        scene = next((one for one in allowed if one == name), None)
        scene = scene or next((one for one in allowed if one.casefold() == wanted), None)
        if scene is None:
            code = "unknown_scene" if view.state == "connected" else "obs_not_connected"
            raise SparkError("there is no such scene to choose", code=code, fix="see [commands.scene] scenes")
        return Deed(scene, old=view.scene, new=await self._on.obs.switch(scene))

    async def _redeem(self, event: ChatEvent, title: str) -> Deed:
        found = self.reward(title)
        if found is None:
            raise SparkError("there is no such reward", code="unknown_reward", fix="see [rewards]")
        deed = await self.act(found[1], event, "")
        return replace(deed, target=found[0])

    async def _duet(self, event: ChatEvent, topic: str) -> Deed:
        """Begin a duet on a topic, or on one that the characters choose; "stop" ends the one that runs."""
        if topic.casefold() == STOP:
            return Deed("stop", new=self._on.duets.stop())
        begun = await self._on.duets.ask(topic, DuetOrigin.CHAT, event)
        return Deed(begun.id, new=begun.of)

    async def _reply(self, source: str, text: str) -> None:
        """Write a reply into a chat, if the guard lets it. Raises `EngineError`: `blocked`, `late`, or as `send`."""
        verdict = await self._on.guard.check(text, Direction.OUT, GuardContext(position=Position.CAPTION))
        if verdict.is_blocked or not verdict.text.strip():
            raise EngineError("blocked", "the guard did not let the reply through")
        try:
            with anyio.fail_after(REPLY_S):
                await self._on.send(source, verdict.text)
        except TimeoutError as error:
            raise EngineError("late", "the platform did not take the reply in time", retryable=True) from error
