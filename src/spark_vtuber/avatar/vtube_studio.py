"""A character in VTube Studio: a follower of the stage that keeps a connection and moves the model as it is heard."""

import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final, NoReturn

import anyio
from anyio.lowlevel import checkpoint

from spark_vtuber.avatar.body import OWN_INPUTS, Body, fitted
from spark_vtuber.avatar.faces import choose
from spark_vtuber.avatar.idle import Idle
from spark_vtuber.avatar.mapping import SavedFaces
from spark_vtuber.avatar.mouth import VOWEL_INPUTS
from spark_vtuber.avatar.options import VTubeStudioOptions
from spark_vtuber.avatar.script import Script
from spark_vtuber.avatar.vts_answers import Input, Rig
from spark_vtuber.avatar.vts_link import Link, Lost, Refused, Wire, linked
from spark_vtuber.avatar.vts_protocol import Event
from spark_vtuber.avatar.vts_session import (
    INPUT_TAKEN,
    INPUT_UNKNOWN,
    Denied,
    authenticate,
    create_inputs,
    discover,
    inject,
    is_locked_out,
    load_model,
    move_model,
    subscribe,
)
from spark_vtuber.avatar.vts_tokens import TokenStore
from spark_vtuber.avatar.wardrobe import Wardrobe
from spark_vtuber.core.avatars import AvatarState, AvatarView
from spark_vtuber.core.clock import Clock
from spark_vtuber.core.errors import EngineError
from spark_vtuber.core.ids import PersonaId, TurnId
from spark_vtuber.stage.port import Part, Position

KEEP_ALIVE_S: Final = 0.5
"""Values are sent again at least this often; VTube Studio takes inputs back after a second."""

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
CALM_S: Final = 10.0
"""A connection that lived this long starts the pauses between attempts anew."""

REFUSED_PAUSE_S: Final = 1.0
LEAVE_S: Final = 0.5

_DISCOVER_AGAIN: Final = frozenset({"ModelLoadedEvent", "ModelConfigChangedEvent"})


Open = Callable[[str, int], AbstractAsyncContextManager[Wire]]
"""Makes a connection to a host and a port; entering raises `Lost` where that fails."""


@dataclass(frozen=True, slots=True)
class Means:
    """What an avatar is given.

    `position` tells what is heard now, `tell` hears of every change.
    """

    clock: Clock
    rng: random.Random
    open: Open
    tokens: TokenStore
    saved: SavedFaces
    position: Callable[[], Position]
    tell: Callable[[AvatarView], None]


class VTubeStudioAvatar:
    """A `stage.ensemble.Follower` that never fails: while there is no connection it only forgets what was heard.

    Injection runs at `rate_hz` while something moves quickly, slower while the face only breathes, and twice a second
    while it is still. One request is in flight at most, made of the values of the moment it is sent: the latest wins.
    """

    def __init__(self, persona: PersonaId, options: VTubeStudioOptions, means: Means) -> None:
        self._options = options
        self._means = means
        self._script = Script(persona, options.lead_ms)
        self._body = Body(self._script, Idle(means.rng, options.motion), options.mouth)
        self._wardrobe = Wardrobe(self._note)
        self._view = AvatarView(persona, "off", "", options.port, "not started")
        self._inputs: dict[str, Input] = {}
        self._notes: list[str] = []
        self._is_on = True
        self._is_stale = True
        self._must_send = False
        self._scope = anyio.CancelScope()
        self._stirred = anyio.Event()

    @property
    def view(self) -> AvatarView:
        """How it is."""
        return self._view

    @asynccontextmanager
    async def follow(self) -> AsyncIterator["VTubeStudioAvatar"]:
        """As an ensemble opens its followers."""
        yield self

    def take(self, part: Part, position: Position) -> None:
        """Take the next part of the show."""
        self._script.take(part, position)
        self._stirred.set()

    def cut(self, turn: TurnId, position: Position) -> None:
        """Close the mouth: the turn was cancelled."""
        del position
        self._script.cut(turn)
        self._stirred.set()

    def switch(self, *, is_on: bool) -> None:
        """Leave VTube Studio, or come back to it. Takes effect at once; safe to repeat."""
        if is_on != self._is_on:
            self._is_on = is_on
            self._scope.cancel()
            self._stirred.set()

    def change(self, options: VTubeStudioOptions) -> None:
        """Go on with other options; the connection is made anew."""
        self._options = options
        self._script.lead_ms = options.lead_ms
        self._body = Body(self._script, Idle(self._means.rng, options.motion), options.mouth)
        self._wardrobe.want("neutral")
        self._view = replace(self._view, port=options.port)
        self._scope.cancel()

    async def run(self) -> None:
        """Be connected whenever that is possible and wanted, until cancelled. Starting again asks anew after a Deny."""
        while True:
            with anyio.CancelScope() as self._scope:
                if self._is_on:
                    await self._keep_connected()
                self._tell("off", "switched to the puppet")
                await anyio.sleep_forever()

    # ----------------------------------------------------------------------------------------------------- connection

    async def _keep_connected(self) -> None:
        self._tell("connecting", f"connects to {self._options.where}")
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = self._means.clock.now()
            try:
                await self._session()
            except Denied as error:
                self._tell("denied", error.message, error.fix)
                await anyio.sleep_forever()
            except EngineError as error:
                if self._means.clock.now() - began_s >= CALM_S:
                    pause_s = FIRST_PAUSE_S
                wait_s = pause_s * self._means.rng.uniform(0.5, 1.0)
                self._tell("lost", f"{error.message}; next attempt in {wait_s:.1f} s", error.fix)
                await anyio.sleep(wait_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _session(self) -> NoReturn:
        """One connection, from its first request to its end.

        Raises:
            Denied: somebody pressed Deny.
            EngineError: it is over; another attempt may succeed.
        """
        options, means = self._options, self._means
        async with linked(lambda: means.open(options.host, options.port), self._hear) as link:
            await authenticate(link, means.tokens, options.where, self._wait_for_allow)
            self._notes.clear()
            await subscribe(link)
            if options.own_parameters:
                await create_inputs(link)
            await self._set_up_model(link)
            self._is_stale = True
            link.beside(lambda: self._wardrobe.run(link))
            try:
                await self._animate(link)
            finally:
                with anyio.CancelScope(shield=True), anyio.move_on_after(LEAVE_S), suppress(Lost):
                    await self._wardrobe.undress(link)

    def _wait_for_allow(self) -> None:
        self._tell("waiting", "VTube Studio asks whether to let us in", "press Allow in VTube Studio")

    async def _set_up_model(self, link: Link) -> None:
        try:
            if self._options.model:
                await load_model(link, self._options.model)
            await move_model(link, self._options.place)
        except Lost:
            raise
        except EngineError as error:
            if isinstance(error, Refused) and is_locked_out(error):
                raise
            self._note(error.message)

    async def _fit(self, link: Link) -> None:
        """Find out what can be moved now."""
        self._is_stale = False
        rig = await discover(link)
        self._inputs = dict(rig.inputs)
        model = rig.model
        faces = choose(rig, self._options.expressions, self._means.saved.of(model.id) if model else {})
        self._wardrobe.fit(rig, faces)
        for feeling, wish in faces.unmet.items():
            self._note(f'the model has no hotkey or expression "{wish}" for {feeling}')
        self._view = replace(self._view, model=model.name if model else "")
        self._tell("connected", "; ".join([_described(rig, len(faces.by_feeling)), *self._notes]))

    def _hear(self, event: Event) -> None:
        if event.kind in _DISCOVER_AGAIN:
            self._is_stale = True
            self._stirred.set()
        elif event.kind == "HotkeyTriggeredEvent" and event.data.get("hotkeyTriggeredByAPI") is not True:
            # Somebody may have toggled one of our expressions by hand.
            self._is_stale = True
            self._stirred.set()
        elif event.kind == "TrackingStatusChangedEvent":
            self._must_send = True
            self._stirred.set()

    # -------------------------------------------------------------------------------------------------------- motion

    async def _animate(self, link: Link) -> NoReturn:
        """Send what the face does, until the connection ends."""
        clock, spacing_s = self._means.clock, 1 / self._options.rate_hz
        sent: dict[str, float] = {}
        sent_s = -math.inf
        while True:
            self._stirred = anyio.Event()
            if self._is_stale:
                await self._fit(link)
            now, position = clock.now(), self._means.position()
            if self._body.feel(now, position):
                self._wardrobe.want(self._body.feeling)
            values = fitted(self._body.values(now, position), self._inputs)
            if values and (values != sent or self._must_send or now - sent_s >= KEEP_ALIVE_S):
                self._must_send = False
                sent, sent_s = values, now
                await self._send(link, values)
            due_s = min(now + self._body.pause_s(now), sent_s + KEEP_ALIVE_S) if values else now + KEEP_ALIVE_S
            await self._rest(max(sent_s, now) + spacing_s, due_s)

    async def _rest(self, not_before_s: float, until_s: float) -> None:
        """Wait until something is due or was stirred, but not less than the pace asks for. Most often one wake-up."""
        clock = self._means.clock
        wait_s = until_s - clock.now()
        if wait_s > 0:
            with anyio.move_on_after(wait_s):
                await self._stirred.wait()
        wait_s = not_before_s - clock.now()
        await (anyio.sleep(wait_s) if wait_s > 0 else checkpoint())

    async def _send(self, link: Link, values: dict[str, float]) -> None:
        try:
            await inject(link, values)
        except Refused as error:
            if is_locked_out(error):
                raise
            if error.number == INPUT_TAKEN:
                await self._leave_rivals_alone(link, values)
                return
            if error.number == INPUT_UNKNOWN and self._options.own_parameters:
                await create_inputs(link)
            self._is_stale = True
            self._note(error.message)
            await anyio.sleep(REFUSED_PAUSE_S)

    async def _leave_rivals_alone(self, link: Link, values: dict[str, float]) -> None:
        """Another plugin feeds some of the inputs: find out which, and move the others."""
        taken = []
        for name, value in values.items():
            try:
                await inject(link, {name: value})
            except Refused as error:
                if error.number != INPUT_TAKEN:
                    raise
                taken.append(name)
        for name in taken:
            self._inputs.pop(name, None)
        self._note(f"another plugin moves {', '.join(taken)}")

    # ------------------------------------------------------------------------------------------------------- telling

    def _note(self, text: str) -> None:
        """Something that does not work while the rest does; the last few are shown."""
        if text not in self._notes:
            self._notes = [*self._notes[-3:], text]
            if self._view.state == "connected":
                self._tell("connected", f"{self._view.detail.partition(';')[0]}; {'; '.join(self._notes)}")

    def _tell(self, state: AvatarState, detail: str, fix: str = "") -> None:
        model = self._view.model if state == "connected" else ""
        view = replace(self._view, state=state, detail=detail, fix=fix, model=model)
        if view != self._view or state == "connected":
            self._view = view
            self._means.tell(view)


def _described(rig: Rig, faces: int) -> str:
    if rig.model is None:
        return "no model is loaded"
    mouth = "vowels" if all(name in rig.inputs for name in VOWEL_INPUTS.values()) else "open and smile"
    own = sum(name in rig.inputs for name in OWN_INPUTS)
    return f"{rig.model.name}: mouth by {mouth}, {faces} expressions, {own} inputs of ours"
