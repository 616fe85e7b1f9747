"""All places of secrets in their order: the environment, the system's keyring, a file."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.vault.port import ABSENT, HOW_TO_SET, HUNG, REFUSED, Place, canonical, checked

ENVIRONMENT: Final = "environment"
KEYRING: Final = "keyring"
FILE: Final = "file"


class Given:
    """Secrets that the environment gave the process, as a place that cannot be written."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def names(self) -> tuple[str, ...]:
        """As `Place` says."""
        return tuple(sorted(self._values))

    def read(self, name: str) -> str | None:
        """As `Place` says."""
        return self._values.get(name)

    def write(self, name: str, value: str) -> None:
        """Raises `absent`: a process cannot set the variables of the next one."""
        del name, value
        raise SparkError("the environment is set outside of this program", code=ABSENT, fix=f"{HOW_TO_SET} NAME")

    def remove(self, name: str) -> bool:
        """As `write`."""
        self.write(name, "")
        return False


class Vault:
    """The secrets of an account, by name, from `places` in their order; the first that has one wins.

    Reading a place may take seconds. Whoever must not wait has `learn` called in a thread first: `secret` then answers
    from memory, where values stay until they are learnt anew. `found` is told every value that was read.
    """

    def __init__(self, places: Mapping[str, Place], found: Callable[[str], object] = lambda _: None) -> None:
        self._places = dict(places)
        self._found = found
        self._memory: dict[str, str] = {}

    def secret(self, name: str) -> str:
        """The value of a secret.

        Raises:
            EngineError: `no_secret`, with the command that sets it.
        """
        try:
            known = canonical(name)
        except SparkError as error:
            raise EngineError("no_secret", error.message, fix=error.fix) from None
        value, trouble = (self._memory[known], None) if known in self._memory else self._look(known)
        if value:
            return value
        if trouble:
            said = f'the secret "{name}" cannot be read: {trouble.message}'
            raise EngineError("no_secret", said, fix=trouble.fix)
        raise EngineError("no_secret", f'the secret "{name}" is not known', fix=f"{HOW_TO_SET} {known}")

    def learn(self, names: Iterable[str]) -> None:
        """Read these afresh, and remember them instead of all others. One that cannot be read now keeps its value."""
        memory = {}
        for name in names:
            with suppress(SparkError):
                known = canonical(name)
                value, trouble = self._look(known)
                value = self._memory.get(known) if trouble else value
                if value:
                    memory[known] = value
        self._memory = memory

    def keep(self, name: str, value: str, place: str = "") -> str:
        """Keep a secret, in `place` or the first place that takes it; gives that place. Others forget the name.

        Raises:
            SparkError: `bad_name`, `bad_value`, or what the last place says.
        """
        known, value = canonical(name), checked(value)
        kept_in = self._write(known, value, place)
        for title, one in self._writable():
            if title != kept_in:
                _remove(one, known)
        self._memory.pop(known, None)
        self._found(value)
        return kept_in

    def remove(self, name: str) -> tuple[str, ...]:
        """Forget a secret everywhere but in the environment; gives the places that had it. Raises `SparkError`."""
        known = canonical(name)
        self._memory.pop(known, None)
        return tuple(title for title, one in self._writable() if _remove(one, known))

    def where(self, names: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
        """Every name that a place knows, and these, with the places that have it, the one that wins first.

        A place that cannot be read has none.
        """
        listed = {title: _names(one) for title, one in self._places.items()}
        every = sorted({*names, *(name for known in listed.values() for name in known)})
        return {name: tuple(title for title in self._places if name in listed[title]) for name in every}

    def _look(self, name: str) -> tuple[str | None, SparkError | None]:
        """The value, if a place has it, else why a place that may have it cannot say."""
        trouble: SparkError | None = None
        for one in self._places.values():
            try:
                value = one.read(name)
            except SparkError as error:
                trouble = trouble or (error if error.code != ABSENT else None)
                continue
            if value:
                self._found(value)
                return value, None
        return None, trouble

    def _write(self, name: str, value: str, place: str) -> str:
        refusal: SparkError | None = None
        for title, one in self._writable():
            if place not in ("", title):
                continue
            try:
                one.write(name, value)
            except SparkError as error:
                if place or error.code not in (ABSENT, REFUSED):
                    raise
                refusal = error
            else:
                return title
        raise refusal or SparkError(f"there is no place called {place}", code=ABSENT, fix="--in keyring, or --in file")

    def _writable(self) -> Iterator[tuple[str, Place]]:
        return ((title, one) for title, one in self._places.items() if title != ENVIRONMENT)


def _remove(place: Place, name: str) -> bool:
    try:
        return place.remove(name)
    except SparkError as error:
        if error.code in (ABSENT, HUNG):
            return False
        raise


def _names(place: Place) -> tuple[str, ...]:
    try:
        return place.names()
    except SparkError:
        return ()
