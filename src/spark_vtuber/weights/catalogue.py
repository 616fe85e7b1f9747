"""The catalogue of weights: ours, which comes with the program, and yours, a file in the data directory."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from spark_vtuber.core.errors import SparkError
from spark_vtuber.weights.entry import Entry, EntryError, Kind, read_entry

OWN: Final = "catalogue.toml"
"""The file of the weights' folder with entries of yours; one with the id of ours stands for it."""

LONGEST_BYTES: Final = 1024 * 1024
MOST_ENTRIES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Entries by their ids, and what was wrong with those of the user's file that are left out."""

    entries: Mapping[str, Entry]
    mistakes: tuple[EntryError, ...] = ()

    def entry(self, name: str) -> Entry:
        """The entry of that id. Raises `SparkError` with the nearest ids as its fix."""
        if found := self.entries.get(name):
            return found
        near = [one for one in self.entries if name and (name in one or one in name)] or list(self.entries)
        raise SparkError(
            f'there is no "{name}" in the catalogue',
            code="unknown_entry",
            fix=f"spark-vtuber models list shows them: {', '.join(near[:5])} …",
        )

    def of_kind(self, kind: Kind | None = None) -> tuple[Entry, ...]:
        """The entries of a kind, or all, sorted by kind and id."""
        order = list(Kind)
        chosen = (one for one in self.entries.values() if kind in (None, one.kind))
        return tuple(sorted(chosen, key=lambda one: (order.index(one.kind), one.id)))

    def named(self, name: str, kind: Kind) -> Entry | None:
        """The entry that a configuration means by a model's or voice's name: its id, repository, or a file of it."""
        wanted = name.strip().lower()
        for one in self.of_kind(kind):
            stems = {file.path.lower() for file in one.files} | {_stem(file.path) for file in one.files}
            if wanted and (wanted in {one.id, one.repo.lower(), one.page.lower()} | stems or _stem(wanted) in stems):
                return one
        return None


def shipped() -> Catalogue:
    """The entries that come with the program."""
    text = files("spark_vtuber.weights").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return Catalogue({one.id: one for one in map(_entry_of_ours, tomllib.loads(text)["entry"])})


def read(own: Path) -> Catalogue:
    """Ours and those of the file `own`, where it is there. Blocks on the disk; a wrong entry is left out and told."""
    found = shipped()
    entries, mistakes = dict(found.entries), []
    for one in _own(own):
        if isinstance(one, Entry):
            entries[one.id] = one
        else:
            mistakes.append(one)
    return Catalogue(entries, tuple(mistakes))


def _own(path: Path) -> Iterator[Entry | EntryError]:
    try:
        if not path.is_file():
            return
        if path.stat().st_size > LONGEST_BYTES:
            yield EntryError(str(path), "it is larger than a megabyte")
            return
        listed = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("entry", [])
    except (OSError, ValueError, RecursionError) as error:
        yield EntryError(str(path), f"it cannot be read as TOML ({error})")
        return
    if not isinstance(listed, list) or len(listed) > MOST_ENTRIES:
        yield EntryError(str(path), f"it has tables [[entry]], {MOST_ENTRIES} at most")
        return
    for number, value in enumerate(listed, 1):
        try:
            yield read_entry(value, f"{path.name}, entry {number}")
        except EntryError as error:
            yield error


def _entry_of_ours(value: object) -> Entry:
    return read_entry(value, "catalogue.toml")


def _stem(name: str) -> str:
    """A file's or model's name without folder and ending, in small letters."""
    last = name.lower().replace("\\", "/").rpartition("/")[2]
    for ending in (".gguf", ".onnx", ".safetensors", ".pth", ".bin"):
        last = last.removesuffix(ending)
    return last
