"""From the configuration to what a model server shall run: the model, its adapters, its draft, and the plan for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from spark_vtuber.app.serving_others import asked_here, company
from spark_vtuber.app.serving_places import ADAPTERS, adapter_place, model_place
from spark_vtuber.config.engine_keys import ServerSettings
from spark_vtuber.config.keys import Config
from spark_vtuber.config.load import Settings
from spark_vtuber.core.errors import ConfigError, Mistake, SparkError
from spark_vtuber.core.paths import at_home, exists
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.serving.budget import Adapted, Demand
from spark_vtuber.serving.files import AdapterFile, read_adapter, read_model
from spark_vtuber.serving.model import Model
from spark_vtuber.serving.published import known, published
from spark_vtuber.serving.quantisation import FOUR_BITS, Family, Server, check, check_kv, quantisation

NGRAM: Final = "ngram"
PADDING: Final = 128
"""Vocabularies of one family differ by less: they are filled up to a round number (llama.cpp allows as much)."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a server is to run: the demand that was planned, and where its files are."""

    settings: ServerSettings
    demand: Demand
    adapters: Mapping[str, AdapterFile]
    draft: str = ""

    @property
    def server(self) -> Server:
        """The kind of server."""
        return self.demand.server

    @property
    def model(self) -> str:
        """What the server is told to load: a path, or a name that it knows."""
        path = self.demand.model.path
        return str(path.absolute()) if path is not None else self.demand.model.name


def order_of(settings: Settings, personas: Sequence[PersonaView], server: Server | None = None) -> Order:
    """What the table `[engine]` asks for.

    Raises:
        SparkError: a model or an adapter is missing or is none; the server does not take it as it is stored; a rank is
            above the limit; a name is not known.
    """
    wanted = settings.config.engine
    server = server or (Server(wanted.use) if wanted.use else Server.LLAMACPP)
    name = names_model(settings)
    if not name:
        raise SparkError(
            "no model is named", code="no_model", fix="set [engine] model to a GGUF file, a folder or a name"
        )
    model = model_of(settings.config, name, server, wanted.quantisation)
    check(server, model.quantisation, model.name)
    check_kv(server, wanted.kv)
    adapters = adapters_of(settings, personas, server, model)
    draft = model_of(settings.config, wanted.draft, server, "") if wanted.draft not in ("", NGRAM) else None
    if draft is not None:
        check(server, draft.quantisation, draft.name)
        _check_draft(model, draft)
    around = company(settings, name, server)
    demand = Demand(
        model=model,
        server=server,
        context=wanted.context,
        sequences=wanted.sequences or around.users,
        others=around.others,
        kv=wanted.kv,
        batch_tokens=wanted.batch_tokens,
        adapters=tuple(Adapted(name, one.rank, one.bytes) for name, one in adapters.items()),
        draft=draft,
        is_drafting_ngrams=wanted.draft == NGRAM,
        voice=next(iter(settings.engines.values()))["tts"].name,
    )
    _check_context(demand)
    return Order(wanted, demand, adapters, wanted.draft)


def model_of(config: Config, name: str, server: Server, stored: str) -> Model:
    """The model of a path or of something that was pulled, read from its files; or of a name, with its published shape.

    `stored` is how its weights are kept; empty = as its files say, or else the server's usual way with four bits.

    Raises:
        SparkError: as `order_of`.
    """
    path = model_place(config, name)
    if path is not None:
        model = read_model(path)
        if stored and quantisation(stored, server).name != model.quantisation.name:
            told = model.quantisation
            raise SparkError(
                f'{model.name} is a {told.title} model, and [engine] quantisation says "{stored}"',
                code="wrong_quantisation",
                fix=f'quantisation = "{told.name}", or leave the key out',
            )
        return model if "/" not in name or exists(at_home(name)) else replace(model, name=name)
    if _is_path(name):
        raise SparkError(
            f"there is no model at {name}", code="no_model", fix="spark-vtuber models list shows what can be had"
        )
    return Model(name, known(name), quantisation(stored or _named(name) or FOUR_BITS[server], server))


def adapters_of(
    settings: Settings, personas: Sequence[PersonaView], server: Server, model: Model
) -> dict[str, AdapterFile]:
    """The adapters of `[engine.adapters]`, and those that characters name, from the folder of the data directory.

    Raises:
        SparkError: `no_adapter`, `bad_adapter`, `wrong_adapter` (the other kind of file, or made for another model),
            `rank_too_high`.
    """
    wanted = settings.config.engine
    paths = dict(wanted.adapters)
    for persona in personas:
        if persona.adapter is not None and persona.adapter.name not in paths:
            paths[persona.adapter.name] = _find_adapter(settings.config, persona.adapter.name, server)
    found = {name: read_adapter(path) for name, path in paths.items()}
    for name, adapter in found.items():
        _check_adapter(name, adapter, server, wanted.max_rank)
        _check_base(name, adapter, model)
    return found


def with_model(settings: ServerSettings, **changes: object) -> ServerSettings:
    """The table with keys replaced and everything validated again; what is None stays. Raises `ConfigError`."""
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        return ServerSettings.model_validate(settings.model_dump(exclude_unset=True) | given)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        raise ConfigError(
            tuple(Mistake(".".join(map(str, ("engine", *one["loc"]))), one["msg"]) for one in wrong)
        ) from error


def asked(settings: Settings, **changes: object) -> Settings:
    """The settings with keys of `[engine]` replaced."""
    config = settings.config
    return replace(settings, config=config.model_copy(update={"engine": with_model(config.engine, **changes)}))


def names_model(settings: Settings) -> str:
    """What `[engine]` names, else what the first character thinks with on this machine; empty where it is neither."""
    llm = next(iter(settings.engines.values()))["llm"]
    return settings.config.engine.model or asked_here(llm.options)[0]


def _named(name: str) -> str:
    """What a name says of how the model is stored, as in Qwen3-14B-AWQ; empty where it says nothing."""
    words = name.lower().replace("_", "-").split("-")
    return next((kind for kind in ("awq", "gptq", "fp8", "nvfp4", "bf16") if kind in words), "")


def _is_path(name: str) -> bool:
    return name.endswith(".gguf") or name.startswith(("/", ".", "~")) or "\\" in name


def _find_adapter(config: Config, name: str, server: Server) -> Path:
    found = adapter_place(config, name, _family(server))
    if found is None:
        raise SparkError(
            f'the adapter "{name}" of a character is not in {config.data.dir / ADAPTERS}',
            code="no_adapter",
            fix=f"spark-vtuber train adapter makes one; or [engine.adapters] {Path(name).name or 'name'} = PATH",
        )
    return found


def _family(server: Server) -> Family:
    """The kind of files that a server takes."""
    return Family.GGUF if server in {Server.LLAMACPP, Server.OLLAMA} else Family.SAFETENSORS


def _check_adapter(name: str, adapter: AdapterFile, server: Server, max_rank: int) -> None:
    needed = _family(server)
    if adapter.family is not needed:
        what = "a GGUF file" if needed is Family.GGUF else "a folder that PEFT wrote"
        raise SparkError(
            f'the adapter "{name}" is {adapter.path}, and {server.label} takes {what}',
            code="wrong_adapter",
            fix="convert_lora_to_gguf.py of llama.cpp converts it" if needed is Family.GGUF else f"give {what}",
        )
    if server is Server.LLAMACPP and adapter.path.stem != name:
        raise SparkError(
            f'llama.cpp calls an adapter by its file, and "{name}" is {adapter.path.name}',
            code="wrong_adapter",
            fix=f"rename the file to {name}.gguf",
        )
    if adapter.rank > max_rank:
        raise SparkError(
            f'the adapter "{name}" has rank {adapter.rank}, and [engine] max_rank is {max_rank}',
            code="rank_too_high",
            fix=f"max_rank = {adapter.rank}, which takes more memory, or an adapter of a lower rank",
        )


def _check_base(name: str, adapter: AdapterFile, model: Model) -> None:
    """Refuse an adapter that says itself that it was made for another model; most say nothing that can be compared."""
    base, now = published(adapter.base), published(model.name)
    if base is not None and now is not None and base != now:
        raise SparkError(
            f'the adapter "{name}" was made for {adapter.base}, and the model is {model.name}',
            code="wrong_adapter",
            fix=f"an adapter of {now.name}, or the model {base.name}",
        )


def _check_draft(model: Model, draft: Model) -> None:
    """A draft proposes tokens by their numbers, so that both must mean the same by them."""
    ours, theirs = model.shape.vocabulary, draft.shape.vocabulary
    if abs(ours - theirs) > PADDING:
        raise SparkError(
            f"{draft.name} has {theirs:,} tokens and {model.name} has {ours:,}: it cannot draft for it",
            code="wrong_draft",
            fix='a small model of the same family, or draft = "ngram"',
        )


def _check_context(demand: Demand) -> None:
    most = demand.model.shape.max_context
    if most and demand.context > most:
        raise SparkError(
            f"{demand.model.name} was made for {most:,} tokens at most, and [engine] context is {demand.context:,}",
            code="context_too_long",
            fix=f"context = {most}",
        )
