"""Changes of the configuration while the show runs: checked as a whole, written, put in force, told."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from typing import Any, Final

import anyio

from spark_vtuber.app import catalogue, overrides
from spark_vtuber.app.environment import Aside
from spark_vtuber.app.live import Live
from spark_vtuber.app.tokens import FindSecret, token
from spark_vtuber.config.keys import Config, PersonaSettings
from spark_vtuber.config.load import OVERRIDES, EngineLookup, Origin, Settings, engine_tables, read_overrides
from spark_vtuber.config.section import Section
from spark_vtuber.core.desk import Announce
from spark_vtuber.core.errors import ConfigError, EngineError, Mistake, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.settings import (
    BAD_VALUE,
    NOT_WRITTEN,
    OUTRANKED,
    UNKNOWN_KEY,
    Applied,
    Change,
    Files,
    RefusedError,
    Setting,
)
from spark_vtuber.personality import card
from spark_vtuber.web.settings import is_loopback

APPLIED: Final[Mapping[str, Applied]] = {"live": "now", "component": "component", "restart": "restart"}

Refit = Callable[[Settings], AbstractAsyncContextManager[None]]
"""Gets a component ready for new settings: entered = ready, left = they count, left by an error = nothing happened.

Raises `EngineError` where the component cannot be had with these settings.
"""


class LiveSettings:
    """Implements `core.settings.SettingsDesk` over the layers that the show's settings were read from."""

    def __init__(
        self,
        live: Live,
        announce: Announce,
        *,
        lookup: EngineLookup,
        names: Callable[[str], tuple[str, ...]],
        aside: Aside,
        secret: FindSecret,
    ) -> None:
        self._live = live
        self._announce = announce
        self._lookup = lookup
        self._names = names
        self._aside = aside
        self._secret = secret
        self._started = live.settings
        self._newest = live.settings
        self._known = self._raw(live.settings)
        self._at_start = {one.key: one.value for one in self._known}
        self._folder = live.config.data.dir
        self._refits: list[Refit] = []
        self._lock = anyio.Lock()

    def refitting(self, refit: Refit) -> None:
        """Have a component made ready for every change before the change counts."""
        self._refits.append(refit)

    @property
    def files(self) -> Files:
        """The user's file and ours."""
        file = self._newest.file
        return Files(str(file) if file else None, str(self._folder / OVERRIDES))

    def listed(self) -> Sequence[Setting]:
        """Every key with the value that is configured; what waits for a restart says so."""
        started = self._at_start
        newest = {one.key: one.value for one in self._known}
        return tuple(
            replace(
                one,
                applies=self._applies(one),
                is_pending=self._applies(one) == "restart"
                and (one.key not in started or started[one.key] != newest[one.key]),
            )
            for one in catalogue.keys(self._newest, self._lookup, self._names)
        )

    async def change(self, key: str, value: Any = None, *, is_reset: bool = False) -> Change:
        """Set or reset one key."""
        async with self._lock:
            path = self._path(key)
            if not is_reset:
                self._refuse(key, path, value)
            try:
                kept = await self._aside(lambda: read_overrides(self._folder))
                changed = self._changed(kept, path, value, is_reset=is_reset)
                settings = await self._aside(lambda: self._origin.load(changed))
            except ConfigError as error:
                raise _refused(error.mistakes) from error
            changes = await self._apply(settings, changed, touched=key)
        return next(one for one in changes if one.key == key)

    async def reload(self) -> Sequence[Change]:
        """Read the user's file, ours and the environment again."""
        async with self._lock:
            try:
                settings = await self._aside(lambda: self._origin.load(read_overrides(self._folder)))
            except ConfigError as error:
                raise _refused(error.mistakes) from error
            return await self._apply(settings)

    async def _apply(
        self, settings: Settings, changed: Mapping[str, Any] | None = None, touched: str = ""
    ) -> Sequence[Change]:
        """Put settings in force; with `changed` also on disk. All of it or nothing."""
        mistakes = await self._aside(lambda: _mistakes_beyond(self._newest.config, settings.config, self._secret))
        if mistakes:
            raise _refused(mistakes)
        in_force = _in_force(self._started, settings)
        known = self._raw(settings)
        changes = self._differences(settings, known, touched)
        async with AsyncExitStack() as stack:
            for refit in self._refits:
                try:
                    await stack.enter_async_context(refit(in_force))
                except EngineError as error:
                    raise RefusedError(error.message, code=BAD_VALUE, fix=error.fix) from error
            with anyio.CancelScope(shield=True):
                if changed is not None:
                    try:
                        await self._aside(lambda: overrides.write(self._folder, changed))
                    except OSError as error:
                        message = f"{self.files.overrides} cannot be written: {error.strerror}"
                        raise RefusedError(message, code=NOT_WRITTEN, fix="make room, or set [data] dir") from error
                self._newest, self._known = settings, known
                self._live.replace(in_force, (one.key for one in changes))
                await stack.aclose()
        sources = {one.key: one.source for one in known}
        for one in changes:
            source = sources.get(one.key, "default")
            self._announce("settings", key=one.key, value=one.value, applied=one.applied, source=source)
        return changes

    def _differences(self, settings: Settings, known: Sequence[Setting], touched: str) -> list[Change]:
        """What is different, as it may be shown. `touched` is among it in any case."""
        before = {one.key: one for one in self._known}
        after = {one.key: one for one in known}
        changes = []
        for key in dict.fromkeys((*before, *after)):
            old, new = before.get(key), after.get(key)
            one = new or old
            if one is None or (key != touched and old and new and old.value == new.value):
                continue
            changes.append(
                Change(
                    key,
                    old=None if old is None else catalogue.shown(old.path, old.value),
                    value=None if new is None else catalogue.shown(new.path, new.value),
                    applied=APPLIED[self._applies(one)],
                )
            )
        if touched and all(one.key != touched for one in changes):
            path = tuple(touched.split("."))
            old_table, new_table = (getattr(one.config, path[0], None) for one in (self._newest, settings))
            table = Change(touched, catalogue.shown(path, old_table), catalogue.shown(path, new_table), "component")
            changes.append(table)
        return changes

    def _changed(
        self, kept: Mapping[str, Any], path: tuple[str, ...], value: Any, *, is_reset: bool
    ) -> Mapping[str, Any]:
        """The overrides after a change. With an engine go its own keys, which mean nothing to another."""
        if path[-1] == "use":
            now = next(one.value for one in self._known if one.path == path)
            if is_reset or now != value:
                kept = overrides.without_key(kept, path[:-1])
        return overrides.without_key(kept, path) if is_reset else overrides.with_key(kept, path, value)

    def _path(self, key: str) -> tuple[str, ...]:
        known = {one.key: one.path for one in self._known}
        known |= {".".join(path): path for path in engine_tables({})}
        if key in known:
            return known[key]
        near = difflib.get_close_matches(key, known, n=1)
        raise RefusedError(
            f'there is no key "{key}"', code=UNKNOWN_KEY, fix=f'did you mean "{near[0]}"?' if near else "see the list"
        )

    def _refuse(self, key: str, path: tuple[str, ...], value: Any) -> None:
        """Say no where no look at the whole is needed."""
        setting = next((one for one in self._known if one.path == path), None)
        if setting is not None and setting.source in ("environment", "flag"):
            where = f"the environment (SPARK_{'__'.join(path).upper()})"
            where = where if setting.source == "environment" else "a flag of the command line"
            raise RefusedError(
                f"{key} is set by {where}, which wins over the panel",
                code=OUTRANKED,
                fix="change it there and start anew",
            )
        if reason := overrides.refusal(path, value):
            raise _refused((Mistake(key, reason),))

    def _applies(self, setting: Setting) -> Any:
        """As declared; what belongs to a character that came later waits for the show's next start."""
        path = setting.path
        is_new = path[0] == "persona" and len(path) > 1 and path[1] not in self._started.config.persona
        return "restart" if is_new else setting.applies

    def _raw(self, settings: Settings) -> tuple[Setting, ...]:
        return catalogue.keys(settings, self._lookup, self._names, are_raw=True)

    @property
    def _origin(self) -> Origin:
        if self._started.origin is None:
            raise RefusedError("this configuration was not read from anywhere", code=NOT_WRITTEN)
        return self._started.origin


def _in_force(started: Settings, newest: Settings) -> Settings:
    """What counts now: the newest, but for what waits for the show's next start."""
    engines = {name: newest.engines.get(name, ports) for name, ports in started.engines.items()}
    return replace(newest, config=_held(started.config, newest.config), engines=engines)


def _held(started: Any, newest: Any) -> Any:
    """The section with the keys of `newest`, except those that only a restart applies.

    Which keys were set at all is kept: some tables overlay others with those.
    """
    held: dict[str, Any] = {}
    were_set = set(newest.model_fields_set)
    for name, field in type(started).model_fields.items():
        old, new = getattr(started, name), getattr(newest, name)
        extra = field.json_schema_extra
        if isinstance(old, Section) and isinstance(new, Section):
            held[name] = _held(old, new)
        elif isinstance(old, dict) and old and all(isinstance(one, PersonaSettings) for one in old.values()):
            held[name] = {key: _held(one, new.get(key, one)) for key, one in old.items()}
        elif isinstance(extra, dict) and extra.get("applies") == "restart":
            held[name] = old
            were_set -= {name} - started.model_fields_set
            were_set |= {name} & started.model_fields_set
        else:
            held[name] = new
    return type(newest).model_construct(were_set, **held)


def _mistakes_beyond(old: Config, new: Config, secret: FindSecret) -> tuple[Mistake, ...]:
    """What is wrong with changed keys that a show would not start with: character files, and who may reach the desk."""
    mistakes: list[Mistake] = []
    for name, one in new.persona.items():
        if name not in old.persona or old.persona[name].card != one.card:
            try:
                card.load(PersonaId(name), one.card)
            except ConfigError as error:
                mistakes += error.mistakes
            except SparkError as error:
                mistakes.append(Mistake(f"persona.{name}.card", error.message, error.fix))
    for key in ("desk_token", "stage_token"):
        reference = getattr(new.server, key)
        if reference != getattr(old.server, key):
            try:
                token(reference, secret)
            except SparkError as error:
                mistakes.append(Mistake(f"server.{key}", error.message, error.fix))
    if new.server != old.server and not is_loopback(new.server.host) and not new.server.desk_token:
        reason = f"{new.server.host} can be reached from other machines, and no token protects the desk"
        mistakes.append(Mistake("server.host", reason, 'set desk_token = "secret:desk" first'))
    return tuple(mistakes)


def _refused(mistakes: Sequence[Mistake]) -> RefusedError:
    lines = [f"{one.key}: {one.reason}" + (f" ({one.fix})" if one.fix else "") for one in mistakes]
    return RefusedError("; ".join(lines), code=BAD_VALUE, fix="the old value stays")
