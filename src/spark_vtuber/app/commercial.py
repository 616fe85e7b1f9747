"""Whether a show may earn money: the licence of every weight, voice and avatar program in use, and the credits.

What is said comes from `weights/licences.toml`, where each licence has its source. A licence that is not known there is
told as unknown. This is what the texts say, read by engineers; it is no legal advice.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from spark_vtuber.app import weights
from spark_vtuber.app.brains import choice_for
from spark_vtuber.app.checks import Checked
from spark_vtuber.config.load import EngineChoice, EngineLookup, Settings, avatars
from spark_vtuber.core.engine import Finding, Severity
from spark_vtuber.core.errors import ConfigError, SparkError
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.looks import MODELS, model_in
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.llm.discovery import FoundServer
from spark_vtuber.personality import card
from spark_vtuber.stage.vrm_file import VrmMeta
from spark_vtuber.web import models
from spark_vtuber.weights.catalogue import Catalogue
from spark_vtuber.weights.entry import Kind
from spark_vtuber.weights.licences import WORST, Terms, Verdict, recognise, terms

AREA: Final = "commercial"
OURS: Final = "Apache-2.0"
NGRAM: Final = "ngram"
"""Speculative decoding without a model."""

_SEVERITY: Final[dict[Verdict, Severity]] = {
    "forbidden": "error",
    "unknown": "warning",
    "conditions": "warning",
    "credit": "note",
    "free": "ok",
}
_MEANING: Final[dict[Verdict, str]] = {
    "forbidden": "not on a stream that earns money",
    "unknown": "nobody here knows whether a stream with it may earn money",
    "conditions": "allowed under conditions",
    "credit": "allowed with a credit",
    "free": "allowed",
}
_VRM: Final[dict[tuple[int, str], Verdict]] = {
    (1, "personalNonProfit"): "forbidden",
    (1, "personalProfit"): "conditions",
    (1, "corporation"): "free",
    (0, "Disallow"): "forbidden",
    (0, "Allow"): "free",
}
"""What a model's own word on commercial use means, by the version of VRM; one of 1.0 that says nothing means
`personalNonProfit` (VRMC_vrm 1.0, meta.md)."""

_ONLY_SOME: Final = frozenset(
    {"onlyAuthor", "onlySeparatelyLicensedPerson", "OnlyAuthor", "ExplicitlyLicensedPerson", ""}
)


@dataclass(frozen=True, slots=True)
class InUse:
    """Something that stands under a licence: what it is in the show, what it is called, its terms, and the credit."""

    what: str
    name: str
    terms: Terms
    credit: str = ""
    remark: str = ""


def in_use(settings: Settings, found: tuple[FoundServer, ...], lookup: EngineLookup) -> tuple[InUse, ...]:
    """Everything that a show of this configuration uses and that somebody has rights in. Blocks on the disk."""
    catalogue = weights.entries(settings.config)
    once = {(one.what, one.name): one for one in _all(settings, found, lookup, catalogue)}
    return tuple(once.values())


def findings(things: Iterable[InUse]) -> Iterator[Checked]:
    """What `doctor --commercial` says, the worst first."""
    for one in sorted(things, key=lambda one: WORST.index(one.terms.verdict)):
        name = f" {one.name}" if one.name else ""
        remark = f"; {one.remark}" if one.remark else ""
        source = f" <{one.terms.source}>" if one.terms.source else ""
        detail = f"{_MEANING[one.terms.verdict]}:{name}, {one.terms.title}{source}{remark}"
        yield Checked(AREA, Finding(one.what, _SEVERITY[one.terms.verdict], detail, one.terms.todo))


def credits_text(things: Sequence[InUse]) -> str:
    """The credits of a show, for the description of a stream: a line for each thing in use."""
    lines = ["This show is made with:", ""]
    lines += [f"* {one.what}: {one.credit or one.name}" for one in things if one.credit or one.name]
    lines += ["* software: Spark VTuber (Apache-2.0)", ""]
    return "\n".join(lines)


def _all(
    settings: Settings, found: tuple[FoundServer, ...], lookup: EngineLookup, catalogue: Catalogue
) -> Iterator[InUse]:
    for name, persona in settings.config.persona.items():
        view: PersonaView | None = None
        try:
            view = card.load(PersonaId(name), persona.card, persona.look)
        except ConfigError:
            yield InUse(f"character {name}", persona.card, _unknown("its file cannot be read"))
        yield from _model(settings, name, found, catalogue)
        yield from _voice(settings.engines[name]["tts"], view, name, lookup, catalogue)
        if view is not None:
            yield from _adapter(view, name, catalogue)
            yield from _look(settings, view, name)
    yield from _server(settings, catalogue)
    for name, studio in avatars(settings.config).items():
        yield from _vtube_studio(studio.model, name)


def _model(settings: Settings, persona: str, found: tuple[FoundServer, ...], catalogue: Catalogue) -> Iterator[InUse]:
    what = f"language model of {persona}"
    choice = choice_for(settings, persona, found)
    if choice is None:
        yield InUse(what, "the understudy", terms(OURS), credit="scripted lines of Spark VTuber")
        return
    options: Any = choice.options
    url, name = str(getattr(options, "base_url", "")), str(getattr(options, "model", ""))
    if not name:
        name = next((one.models[0] for one in found if one.base_url == url and one.models), "")
    if name:
        yield _weights(what, Kind.MODEL, name, catalogue)
    else:
        todo = "set [llm] model to the one that the server has"
        yield InUse(what, "", replace(_unknown("no model is named"), todo=todo))
    if (host := _foreign(url)) is not None:
        yield InUse(f"service of {persona}", host, _unknown("the terms of the service count too"))


def _server(settings: Settings, catalogue: Catalogue) -> Iterator[InUse]:
    """What the model server is started with, where the program starts it."""
    keys = settings.config.engine
    if not keys.use:
        return
    if keys.model:
        yield _weights("model of the server", Kind.MODEL, keys.model, catalogue)
    if keys.draft and keys.draft != NGRAM:
        yield _weights("draft model of the server", Kind.MODEL, keys.draft, catalogue)
    for name in keys.adapters:
        yield _weights(f"adapter {name} of the server", Kind.ADAPTER, name, catalogue)


def _voice(
    choice: EngineChoice, view: PersonaView | None, persona: str, lookup: EngineLookup, catalogue: Catalogue
) -> Iterator[InUse]:
    what = f"voice of {persona}"
    named = [str(value) for key in ("model", "voice") if (value := getattr(choice.options, key, None))]
    named += [view.voice.name] if view is not None and view.voice.name else []
    known = [one for name in (choice.name, *named) if (one := _recognised(what, Kind.VOICE, name, catalogue))]
    if known:
        yield min(known, key=lambda one: WORST.index(one.terms.verdict))
        return
    try:
        licence = lookup("tts", choice.name).licence
    except SparkError:
        licence = ""
    yield InUse(what, choice.name, terms(licence))


def _adapter(view: PersonaView, persona: str, catalogue: Catalogue) -> Iterator[InUse]:
    if view.adapter is not None:
        yield _weights(f"adapter of {persona}", Kind.ADAPTER, view.adapter.name, catalogue)


def _look(settings: Settings, view: PersonaView, persona: str) -> Iterator[InUse]:
    what = f"avatar of {persona}"
    name = model_in(view.look)
    if name is None:
        yield InUse(what, f"the puppet {view.look}", terms(OURS), credit="a puppet of Spark VTuber")
        return
    try:
        meta = models.meta(models.find(settings.config.data.dir / MODELS, name))
    except SparkError as error:
        yield InUse(what, f"{name}.vrm", _unknown(error.message))
    else:
        yield _vrm(what, name, meta)


def _vrm(what: str, file: str, meta: VrmMeta) -> InUse:
    """What a model allows by its own word."""
    word = meta.commercial or ("personalNonProfit" if meta.version == 1 else "")
    verdict = _VRM.get((meta.version, word), "unknown")
    todo = {
        "forbidden": "ask its author, or use another model on a stream that earns money",
        "conditions": "a person may earn with it, a company may not",
        "unknown": "its file says nothing of commercial use: ask its author",
    }.get(verdict, "")
    if meta.version == 0 and "NC" in meta.licence.upper().replace("-", "_").split("_"):
        verdict, todo = "forbidden", "its licence forbids commercial use: ask its author, or use another model"
    if verdict != "forbidden" and meta.avatar in _ONLY_SOME:
        verdict = "unknown" if verdict == "unknown" else "conditions"
        todo = f"only its author, or whom the author allowed, may perform with it. {todo}".strip()
    authors = f" by {', '.join(meta.authors)}" if meta.authors else ""
    title = f'"{meta.name}"{authors}'
    own = Terms(meta.licence, meta.licence or "its file names no licence", verdict, todo)
    return InUse(what, f"{file}.vrm", own, credit=title, remark=f"commercial use: {word or 'not told'}")


def _vtube_studio(model: str, persona: str) -> Iterator[InUse]:
    yield InUse("avatar program", "VTube Studio", terms("vtube-studio"), credit="VTube Studio by DenchiSoft")
    yield InUse("avatar technology", "Live2D Cubism", terms("live2d"), credit="Live2D Cubism")
    todo = "ask its artist, or read the terms it was sold under"
    name = model or "the model that VTube Studio shows"
    yield InUse(f"Live2D model of {persona}", name, replace(_unknown("its terms are not in the file"), todo=todo))


def _weights(what: str, kind: Kind, name: str, catalogue: Catalogue) -> InUse:
    is_path = name.startswith(("/", "~", "./", "../")) or "\\" in name
    name = name.replace("\\", "/").rstrip("/").rpartition("/")[2] if is_path else name
    return _recognised(what, kind, name, catalogue) or InUse(what, name, terms(""))


def _recognised(what: str, kind: Kind, name: str, catalogue: Catalogue) -> InUse | None:
    """By the catalogue, else by the name alone; one that somebody made from known weights has terms of its own."""
    if entry := catalogue.named(name, kind):
        return _credited(InUse(what, name, terms(entry.licence)), entry.title)
    if (known := recognise(kind, name)) is None:
        return None
    if not known.is_plain and known.terms.verdict in {"free", "credit"}:
        remark = f"by its name it is made from {known.title} ({known.terms.title}) by somebody with terms of their own"
        return _credited(InUse(what, name, terms(""), remark=remark), name)
    return _credited(InUse(what, name, known.terms, remark=f"by its name {known.title}"), f"{known.title} ({name})")


def _credited(one: InUse, title: str) -> InUse:
    return replace(one, credit=f"{title}. {one.terms.credit}".removesuffix(" ") if one.terms.credit else title)


def _unknown(why: str) -> Terms:
    return replace(terms(""), title=why)


def _foreign(url: str) -> str | None:
    """The host of a service on the internet; None for this machine, the local network and names of it."""
    host = urlsplit(url).hostname or ""
    try:
        return host if ipaddress.ip_address(host).is_global else None
    except ValueError:
        return host if "." in host and not host.endswith((".local", ".lan", ".internal", ".home.arpa")) else None
