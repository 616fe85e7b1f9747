"""The secrets of a show: the places a configuration means, the keys that name them, and what is wrong with them."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from spark_vtuber.app.catalogue import REFERENCE
from spark_vtuber.chat import twitch_features, youtube_account
from spark_vtuber.config.environment import given_secrets, passphrase
from spark_vtuber.config.keys import Config
from spark_vtuber.core.engine import Finding
from spark_vtuber.core.errors import SparkError
from spark_vtuber.vault import files
from spark_vtuber.vault.file import FOLDER, Content, Plaintext, SecretFile
from spark_vtuber.vault.keyring import Backend, Keyring, installed
from spark_vtuber.vault.port import ABSENT, HOW_TO_SET, Place, canonical
from spark_vtuber.vault.sealing import Keys
from spark_vtuber.vault.vault import ENVIRONMENT, FILE, KEYRING, Given, Vault

KEYRING_LOCK: Final = "keyring.lock"
LOGINS: Final = {
    twitch_features.SECRET: twitch_features.LOGIN,
    youtube_account.SECRET: youtube_account.LOGIN,
}
"""Secrets that nobody sets by hand, and the command that gets them."""

PATIENCE_S: Final = 5.0
"""Longest wait for the keyring where nobody sits in front of it."""


def open_vault(config: Config, found: Callable[[str], object] = lambda _: None) -> Vault:
    """The places of a configuration, with the environment before them; `found` is told every value that is read."""
    return vault_of(config, keyring_of(config), found)


def vault_of(
    config: Config, keyring: Keyring, found: Callable[[str], object] = lambda _: None, plaintext: Plaintext = "never"
) -> Vault:
    """As `open_vault`, with a keyring of the caller's; `plaintext` allows more than the configuration does."""
    places: dict[str, Place] = {
        ENVIRONMENT: Given(given_secrets()),
        KEYRING: keyring,
        FILE: file_of(config, keyring, plaintext),
    }
    return Vault(places, found)


def keyring_of(config: Config, patience_s: float = PATIENCE_S) -> Keyring:
    """The keyring, which is none where the configuration does not want it."""
    alone = partial(files.locked, config.data.dir / FOLDER, KEYRING_LOCK)
    return Keyring(installed if config.secrets.system else _none, patience_s, alone)


def file_of(config: Config, keyring: Keyring, plaintext: Plaintext = "never") -> SecretFile:
    """The file in the data directory."""
    if plaintext == "never" and config.secrets.plaintext:
        plaintext = "allowed"
    return SecretFile(config.data.dir, Keys(keyring, passphrase()), plaintext)


def uses(config: Config) -> dict[str, tuple[str, ...]]:
    """The secrets that a configuration names, each with the keys that do. Names that cannot be are left out."""
    found: dict[str, list[str]] = {}
    for key, reference in (*_references(config.model_dump()), *_accounts(config)):
        try:
            found.setdefault(canonical(reference), []).append(key)
        except SparkError:
            continue
    return {name: tuple(keys) for name, keys in sorted(found.items())}


def findings(config: Config) -> Iterator[Finding]:
    """What `doctor` says about secrets; never a value. Waits for the keyring and the disk."""
    keyring = keyring_of(config)
    file = file_of(config, keyring)
    yield _keyring(keyring, config)
    content, damage = Content(), None
    try:
        content = file.content()
    except SparkError as error:
        damage = Finding("file", "error", error.message, error.fix)
    yield damage or _file(file.path, content)
    vault = vault_of(config, keyring)
    for name, places in vault.where(uses(config)).items():
        keys = ", ".join(uses(config).get(name, ()))
        try:
            vault.secret(name)
        except SparkError as error:
            fix = LOGINS.get(name, error.fix)
            yield Finding(name, "warning", f"{error.message}; used by {keys or 'no key'}", fix)
        else:
            yield Finding(name, "ok", f"in the {', then the '.join(places) or KEYRING}; used by {keys or 'no key'}")


def _keyring(keyring: Keyring, config: Config) -> Finding:
    if not config.secrets.system:
        return Finding("keyring", "note", "not used: [secrets] system = false")
    try:
        return Finding("keyring", "ok", keyring.title)
    except SparkError as error:
        return Finding("keyring", "note" if error.code == ABSENT else "warning", error.message, error.fix)


def _file(path: Path, content: Content) -> Finding:
    exposed = next(((one, why) for one in (path.parent, path) if (why := files.exposure(one))), None)
    if exposed:
        return Finding("file", "error", f"{exposed[0]} {exposed[1]}", files.mending(exposed[0]))
    plain = [name for name, entry in content.entries.items() if entry.is_plain]
    if plain:
        fix = f"with a keyring or SPARK_PASSPHRASE: {HOW_TO_SET} {plain[0]}"
        return Finding("file", "warning", f"{path} holds in plaintext: {', '.join(plain)}", fix)
    if not content.entries:
        return Finding("file", "ok", f"{path} holds none")
    by = f", sealed by the {content.lock.by}" if content.lock else ""
    return Finding("file", "ok", f"{path} holds {len(content.entries)}{by}")


def _references(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every reference in a table with the key it stands at."""
    match value:
        case Mapping():
            for name, one in value.items():
                yield from _references(one, f"{key}.{name}" if key else str(name))
        case list() | tuple():
            for one in value:
                yield from _references(one, key)
        case str() if value.startswith(REFERENCE):
            yield key, value.removeprefix(REFERENCE)


def _accounts(config: Config) -> Iterator[tuple[str, str]]:
    """The secrets of accounts that are in use; nobody sets them by hand."""
    if config.chat.twitch.account:
        yield "chat.twitch.account", twitch_features.SECRET
    if config.chat.youtube.account:
        yield "chat.youtube.account", youtube_account.SECRET


def _none() -> Backend | None:
    return None
