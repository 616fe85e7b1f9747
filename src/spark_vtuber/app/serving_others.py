"""Models beside the one that is planned: characters who think with a model of their own on this machine."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from spark_vtuber.config.load import Settings
from spark_vtuber.serving.model import Model
from spark_vtuber.serving.published import published
from spark_vtuber.serving.quantisation import FOUR_BITS, Server, quantisation

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Company:
    """Who thinks with what: `users` characters with the model that is planned, and the `others` that stay beside it."""

    users: int
    others: tuple[Model, ...]


def company(settings: Settings, main: str, server: Server) -> Company:
    """The other models of the configuration whose shape is known.

    Those that take turns with the planned one in a `slot` are left out, and so are those on other machines.
    """
    asked = [asked_here(ports["llm"].options) for ports in settings.engines.values()]
    slot = next((slot for name, slot in asked if name == main), "")
    beside = [name for name, its_slot in asked if name not in {"", main} and not (slot and its_slot == slot)]
    shapes = ((name, published(name)) for name in dict.fromkeys(beside))
    stored = quantisation(FOUR_BITS[server], server)
    others = tuple(Model(name, shape, stored) for name, shape in shapes if shape is not None)
    return Company(max(1, len(asked) - len(beside)), others)


def asked_here(options: Any) -> tuple[str, str]:
    """Model and slot that the options of an engine name; empty where the model is on another machine, or none is."""
    host = urlsplit(str(getattr(options, "base_url", ""))).hostname or ""
    if host not in LOOPBACK:
        return "", ""
    return str(getattr(options, "model", "")), str(getattr(options, "slot", ""))
