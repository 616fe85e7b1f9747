"""The configuration: one TOML file, the panel's overrides, the environment and flags.

This is the only module that reads the environment. Later layers win: defaults < file < overrides < environment <
flags. The file is looked for as `--config`, `$SPARK_CONFIG`, `./spark.toml`, and in the platform's configuration
directory. Secrets are named in it (`api_key = "secret:openai"`), never written; those of the environment are read here.
"""

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from spark_vtuber.core.engine import EngineSpec
from spark_vtuber.core.errors import ConfigError, Mistake, SparkError
from spark_vtuber.core.looks import checked_look
from spark_vtuber.core.personas import Expression
from spark_vtuber.core.settings import Applies

EngineLookup = Callable[[str, str], EngineSpec]
"""`lookup(port, name)` gives an engine or raises `SparkError`."""

ENGINE_PORTS: Final = ("llm", "tts", "guard")
AUTO: Final = "auto"
APP: Final = "spark-vtuber"
OVERRIDES: Final = "overrides.toml"
"""What was changed in the panel; the file lies in the data directory."""

SECRET_VARIABLE: Final = "SPARK_SECRET_"  # noqa: S105 - how their names begin, not a secret
"""How the variables begin that hold secrets."""

PASSPHRASE: Final = "SPARK_PASSPHRASE"  # noqa: S105 - the name of a variable
"""The variable that opens the file with the secrets."""


def key(default: Any, meaning: str, applies: Applies = "restart", **rules: Any) -> Any:
    """A documented key of a section."""
    return Field(default=default, description=meaning, json_schema_extra={"applies": applies}, **rules)


class Section(BaseModel):
    """A table of the file: frozen, and every key in it must be known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Server(Section):
    """Where the pages are served."""

    host: str = key("127.0.0.1", "Address to listen on; anything beyond loopback needs `desk_token`.")
    port: int = key(8080, "Port of the pages; the panic door is the next one.", ge=0, le=65534)
    browser: bool = key(True, "Open the page in a browser at the start.")
    desk_token: str = key("", 'Secret that opens the desk beyond loopback, as "secret:desk".')
    stage_token: str = key("", 'Secret that opens the stage (read-only) beyond loopback, as "secret:stage".')
    chat_per_s: float = key(200.0, "Lines a second that `POST /api/chat` takes in the long run.", gt=0)
    chat_burst: int = key(500, "Lines that `POST /api/chat` takes at once.", gt=0)


class Data(Section):
    """Where the show keeps its state."""

    dir: Annotated[Path, AfterValidator(Path.expanduser)] = key(
        Path(platformdirs.user_data_dir(APP, appauthor=False)), "The data directory.", validate_default=True
    )


class SecretSettings(Section):
    """Where secrets are kept that the environment does not hold (`spark-vtuber secrets set NAME`)."""

    system: bool = key(True, "Keep them in the keyring of the system where there is one (extra `keyring`).")
    plaintext: bool = key(False, "Keep them unencrypted, in a private file, where neither keyring nor passphrase is.")


class JournalSettings(Section):
    """What is kept of a show: lines, turns and their times, verdicts, health, and who changed what."""

    on: bool = key(True, "Keep a journal in the data directory; without one there are no exports and no audit log.")
    keep_days: float = key(30.0, "Days after which lines, turns and events are forgotten.", "live", gt=0, le=3_650)
    max_mb: int = key(500, "Megabytes at which the oldest of them are forgotten earlier.", "live", ge=10, le=100_000)


class MachineSettings(Section):
    """When the show needs less, because memory gets short or the machine hot."""

    memory_limit_gb: float = key(
        0.0, "Memory that may be in use, in GB; 0 = 94 % of what is installed, 120 GB at most.", "live", ge=0
    )
    memory_warn: float = key(0.90, "Share of that limit at which there is a warning.", "live", gt=0, le=1)
    memory_act: float = key(
        0.94,
        "Share at which histories are trimmed, then answers shortened, then workers restarted.",
        "live",
        gt=0,
        le=1,
    )
    heat_soft_c: float = key(85.0, "Above this temperature, in °C, answers get shorter.", "live", ge=40, le=120)
    heat_back_s: float = key(60.0, "So long after the last hot look everything is as before.", "live", ge=1)


class Alerting(Section):
    """When the streamer is called."""

    component_down_s: float = key(10.0, "A part that is down for longer is an alert.", "live", ge=0)
    p95_ms: float = key(
        1_800.0, "An alert when 5 % of the answers take longer than this to be heard, for five minutes.", "live", gt=0
    )
    obs_dropped_percent: float = key(2.0, "An alert when OBS drops more of its frames.", "live", gt=0, le=100)
    desktop: bool = key(False, "Show a notification on this machine's desktop (extra `desktop`).", "live")
    webhook: str = key("", 'URL to post alerts to (Discord, Slack …), as "secret:webhook"; empty = none.', "live")


class StageSettings(Section):
    """Sound and captions."""

    sample_rate: int = key(24_000, "Samples a second of everything that is heard.", ge=8_000, le=48_000)
    lead_s: float = key(3.0, "Seconds of sound that may go to the stages ahead of the listener.", "live", ge=0.5, le=10)
    recording: str = key("", "Write the show's sound and timeline to this WAV file.")
    device: str = key(
        "",
        'Play on this sound device of the machine instead of a page: a name, a part of one, or "default"; empty = off '
        "(extra `sound`).",
        "component",
    )


class Replies(Section):
    """Deadlines and sizes of an answer."""

    first_audio_s: float = key(8.0, "Longest wait for a model's first usable words.", "live", gt=0)
    between_tokens_s: float = key(5.0, "Longest pause of a model within an answer.", "live", gt=0)
    voice_chunk_s: float = key(3.0, "Longest wait for the next sound of a voice.", "live", gt=0)
    max_tokens: int = key(300, "Longest answer, in tokens.", "live", ge=16, le=4_000)
    breaker_failures: int = key(3, "Failures in a row after which a model is not asked for a while.", "live", ge=1)
    breaker_probe_s: float = key(30.0, "Pause between probes of a model that failed.", "live", gt=0)
    context_chars: int = key(24_000, "Longest prompt, in characters; about four to a token.", "live", ge=2_000)


class HealthSettings(Section):
    """How the show mends itself."""

    probe_idle_s: float = key(60.0, "A part that did nothing for so long is tried, to find a hang early.", ge=5, le=600)
    probe_limit_s: float = key(10.0, "A part that does not answer such a trial in this time is restarted.", gt=0, le=60)
    voice_failures: int = key(3, "Failures in a row after which a voice is left alone and restarted.", "live", ge=1)
    voice_probe_s: float = key(5.0, "Pause between trials of a voice that was left alone.", "live", gt=0)
    dead_letters: int = key(100, "Failed lines that are kept for another try; the oldest leave.", ge=1, le=10_000)
    renew_after_h: float = key(6.0, "A worker older than this is replaced between turns; 0 = never.", "live", ge=0)
    renew_growth_mb_per_h: float = key(
        200.0, "A worker whose memory grows faster than this is replaced; 0 = never.", "live", ge=0
    )
    renew_in_breaks_h: float = key(
        1.0, "In an ad break or on the safety scene, a worker older than this is replaced; 0 = never.", "live", ge=0
    )
    on_stop: Literal["finish", "cut"] = key("finish", "Whether the sentence is finished when the show stops.", "live")
    stop_limit_s: float = key(6.0, "Longest wait for the end of that sentence.", ge=0, le=60)


class InboxSettings(Section):
    """Which lines wait for an answer."""

    capacity: int = key(200, "Lines that wait at most; a better one pushes the worst out.", "live", ge=1, le=10_000)
    stale_s: float = key(120.0, "An unpaid line older than this is not answered any more.", "live", gt=0)
    viewer_per_s: float = key(0.5, "Lines a second that one viewer may send in the long run.", "live", gt=0)
    viewer_burst: int = key(5, "Lines that one viewer may send at once.", "live", ge=1)
    duplicate_s: float = key(30.0, "The same words of the same viewer count once in this time.", "live", ge=0)


class Twitch(Section):
    """Chat of a Twitch channel, read without an account."""

    channel: str = key("", "The channel's name; empty = off.", "component", pattern=r"^#?[A-Za-z0-9_]{0,25}$")
    host: str = key("irc.chat.twitch.tv", "Address of the IRC server.", "component")
    port: int = key(6697, "Port of the IRC server.", "component", ge=1, le=65535)
    tls: bool = key(True, "Encrypt the connection.", "component")


class Replay(Section):
    """A recorded chat that is played back."""

    file: str = key("", "A chat log in JSON lines; empty = off.", "component")
    speed: float = key(1.0, "How much faster than it was recorded.", "component", gt=0, le=1_000)


class EmoteSettings(Section):
    """Pictures that stand for words in a chat, fetched for the panel."""

    twitch: str = key(
        "https://static-cdn.jtvnw.net/emoticons/v2",
        "Where the pictures of Twitch's emotes are; empty = emotes stay words.",
        pattern=r"^(https?://[^\s?#]+)?$",
    )
    cache_mb: int = key(32, "Room for pictures in the data directory, in megabytes.", ge=1, le=1_000)


class Chat(Section):
    """Where lines come from, beside the page."""

    twitch: Twitch = key(Twitch(), "Twitch.")
    replay: Replay = key(Replay(), "Replay of a recorded chat.")
    emotes: EmoteSettings = key(EmoteSettings(), "Pictures of emotes.")


class Idle(Section):
    """Talking though nobody wrote."""

    after_s: float = key(45.0, "Seconds of quiet after which a character with idle talk says something.", "live", ge=1)


class PresetSettings(Section):
    """A preset of your own for the temper of characters; what is not set stays as it is."""

    title: str = key("", "How the panel calls it; empty = its name.")
    meaning: str = key("", "What it is for.")
    mood: Expression | None = key(None, "neutral, happy, sad, angry, surprised, smug or thinking.")
    energy: float | None = key(None, "0 to 1; 0.5 is ordinary.", ge=0, le=1)
    talkativeness: float | None = key(None, "0 to 1; 0.5 is ordinary.", ge=0, le=1)
    idle_talk: bool | None = key(None, "Talk when it is quiet.")
    paid_only: bool = key(False, "Answer only lines with which something was given.")


class Discovery(Section):
    """Looking for model servers on this machine when no model is configured."""

    on: bool = key(True, "Look on the usual local ports at the start.")
    ports: tuple[int, ...] = key((11434, 8080, 8000, 1234), "Ports of Ollama, llama.cpp, vLLM and LM Studio.")


class ObsRule(Section):
    """A scene for something that happens in the show."""

    on: str = key(..., "Type of the event, as `GET /api/events` shows it.", "live", min_length=1)
    match: dict[str, str | int | float | bool] = key(
        {}, 'Values that the event must have, as `{kind = "raid"}`; a name may lead inside: `record.outcome`.', "live"
    )
    scene: str = key(..., "The scene that goes on air.", "live", min_length=1)
    for_s: float = key(0.0, "Seconds after which the scene from before comes back; 0 = it stays.", "live", ge=0)


class Obs(Section):
    """OBS beside the show: its scenes, a source for captions, and how it is doing."""

    on: bool = key(False, "Connect to OBS.", "live")
    host: str = key("127.0.0.1", "Where OBS runs.", "live")
    port: int = key(4455, "Port of its WebSocket server.", "live", ge=1, le=65535)
    password: str = key("", 'Secret with its password, as "secret:obs"; empty = it asks for none.', "live")
    live_scene: str = key("Spark Live", "Scene with the stage, made by `obs setup`; empty = none.", "live")
    safety_scene: str = key(
        "Spark Safety", "Scene that viewers see during a panic; empty = a panic changes no scene.", "live"
    )
    return_on_resume: bool = key(True, "Bring back the scene from before when a panic ends.", "live")
    stage_source: str = key("Spark stage", "Browser source with the stage, made by `obs setup`.", "live")
    stage_url: str = key("", "Address of the stage for OBS; empty = that of this machine.", "live")
    captions: str = key("Spark captions", "Text source that shows what is said; empty = none.", "live")
    caption_columns: int = key(42, "Longest line of a caption, in characters.", "live", ge=10, le=200)
    captions_per_s: float = key(5.0, "Changes of the caption a second at most.", "live", gt=0, le=20)
    poll_s: float = key(5.0, "Pause between two looks at frames and load.", "live", ge=2, le=300)
    answer_s: float = key(3.0, "Longest wait for an answer of OBS.", "live", gt=0, le=30)
    rules: tuple[ObsRule, ...] = key((), "Scenes for what happens in the show.", "live")


class ModelPlace(Section):
    """Where a Live2D model stands, in the units of VTube Studio; what is not given stays as it is."""

    x: float | None = key(
        None, "From the middle; -1 and 1 are the edges of a square window.", "live", ge=-1000, le=1000
    )
    y: float | None = key(None, "From the middle, upwards.", "live", ge=-1000, le=1000)
    size: float | None = key(None, "From -100, the smallest, to 100.", "live", ge=-100, le=100)
    rotation: float | None = key(None, "Degrees, clockwise.", "live", ge=-360, le=360)


class VTubeStudio(Section):
    """A Live2D model that VTube Studio shows. `[persona.NAME.avatar]` overlays these keys for one character."""

    on: bool = key(False, "Move a model in VTube Studio.")
    host: str = key("127.0.0.1", "Where VTube Studio runs.", "live", min_length=1)
    port: int = key(8001, "Port of its plugin API; a second VTube Studio has another one.", "live", ge=1, le=65535)
    rate_hz: float = key(60.0, "How often the face is sent while it moves.", "live", ge=30, le=60)
    lead_ms: float = key(
        20.0, "How far the mouth is ahead of the sound, for the time until a frame is seen.", "live", ge=0, le=200
    )
    mouth: Literal["auto", "vowels", "open"] = key(
        "auto", "Inputs of the mouth: VoiceA to VoiceO, MouthOpen and MouthSmile, or all that there are.", "live"
    )
    motion: float = key(1.0, "Idle motion: 0 is still, 1 calm, 2 lively.", "live", ge=0, le=2)
    own_parameters: bool = key(True, "Add inputs of our own, such as SparkBreath, for models that map them.", "live")
    model: str = key("", "Model to load, by name or id; empty = the one that is there.", "live", max_length=256)
    place: ModelPlace = key(ModelPlace(), "Where the model stands.")
    expressions: dict[Expression, str] = key(
        {}, 'Hotkey or expression of the model for a feeling, as `happy = "Smile"`; "-" = none.', "live"
    )


class Avatar(Section):
    """Programs that show a model of a character, beside the pages."""

    vtube_studio: VTubeStudio = key(VTubeStudio(), "VTube Studio.")


class Fallback(Section):
    """Modules that are switched to their embedded stand-in now."""

    llm: Literal["", "understudy"] = key("", "Answer from the understudy.", "live")
    tts: Literal["", "espeak"] = key("", "Speak with espeak-ng.", "live")
    stage: Literal["", "puppet"] = key("", "Show the built-in puppet.", "live")
    chat: Literal["", "page"] = key("", "Take lines from the page only.", "live")
    obs: Literal["", "off"] = key("", "Go on without OBS.", "live")


class PersonaSettings(Section):
    """One character of the show."""

    card: str = key("main", "A character file, or the name of a shipped one.")
    look: Annotated[str, AfterValidator(checked_look)] = key(
        "", 'Replaces the look of the card: spark, ember, or "vrm:NAME" for models/NAME.vrm in the data directory.'
    )
    llm: dict[str, Any] = key(
        {}, "Replaces `[llm]` for this character when it says `use`, else overlays its keys.", "component"
    )
    tts: dict[str, Any] = key(
        {}, "Replaces `[tts]` for this character when it says `use`, else overlays its keys.", "component"
    )
    avatar: VTubeStudio = key(VTubeStudio(), "Overlays the keys of `[avatar.vtube_studio]` for this character.")


class Config(Section):
    """The whole file."""

    server: Server = key(Server(), "Pages and API.")
    data: Data = key(Data(), "State on disk.")
    secrets: SecretSettings = key(SecretSettings(), "Where secrets are kept that the environment does not hold.")
    llm: dict[str, Any] = key({"use": AUTO}, "The language model: `use` and the engine's own keys.", "component")
    tts: dict[str, Any] = key({"use": "espeak"}, "The voice: `use` and the engine's own keys.", "component")
    guard: dict[str, Any] = key({"use": "basic"}, "The guard: `use` and the engine's own keys.", "component")
    stage: StageSettings = key(StageSettings(), "Sound and captions.")
    replies: Replies = key(Replies(), "Answers.")
    journal: JournalSettings = key(JournalSettings(), "The journal.")
    machine: MachineSettings = key(MachineSettings(), "Memory and heat.")
    alerts: Alerting = key(Alerting(), "Alerts.")
    inbox: InboxSettings = key(InboxSettings(), "Waiting lines.")
    health: HealthSettings = key(HealthSettings(), "Healing.")
    chat: Chat = key(Chat(), "Chat sources.")
    obs: Obs = key(Obs(), "OBS.")
    avatar: Avatar = key(Avatar(), "Models in other programs.")
    discovery: Discovery = key(Discovery(), "Finding model servers.")
    fallback: Fallback = key(Fallback(), "Stand-ins.")
    idle: Idle = key(Idle(), "Idle talk.")
    presets: dict[str, PresetSettings] = key({}, "Presets of your own for the panel.")
    persona: dict[str, PersonaSettings] = key({"main": PersonaSettings()}, "Characters, the main one first.")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """An engine and its validated options."""

    name: str
    options: BaseModel


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a configuration was read from, so that it can be read again."""

    lookup: EngineLookup
    path: Path | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] | None = None

    def load(self, overrides: Mapping[str, Any] | None = None) -> "Settings":
        """The configuration as it stands there now, with `overrides` in place of those on disk. Raises as `load`."""
        return load(self.lookup, self.path, self.flags, self.environ, overrides=overrides)


@dataclass(frozen=True, slots=True)
class Settings:
    """A valid configuration with its engines resolved.

    `engines[persona][port]` is what a character uses; `sources` says which layer set a key ("file", "overrides",
    "environment", "flag"); `file` is the file that was read, None where there is none. `origin` is None where the
    configuration was not read from anywhere.
    """

    config: Config
    file: Path | None
    engines: Mapping[str, Mapping[str, EngineChoice]]
    sources: Mapping[str, str] = field(default_factory=dict)
    origin: Origin | None = None


def load(
    lookup: EngineLookup,
    path: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Read, merge and validate every layer.

    `flags` is nested like the file; `overrides` stands in place of those on disk. Raises `ConfigError` with every
    mistake at once.
    """
    env = os.environ if environ is None else environ
    file = _find(path, env)
    above = [("environment", _from_environment(env)), ("flag", flags or {})]
    layers: list[tuple[str, Mapping[str, Any]]] = [("file", read_table(file)), *above]
    folder = _data_dir(layers)
    if overrides is None:
        overrides = {} if folder is None else read_overrides(folder)
    if "dir" in _table_at(overrides, ("data",)):
        raise ConfigError(
            (Mistake("data.dir", f"cannot stand in {OVERRIDES}, which lies in it", "set it in the file"),)
        )
    layers.insert(1, ("overrides", overrides))
    config, sources = _combine(layers, lookup)
    return Settings(config, file, _resolve(config, lookup), sources, Origin(lookup, path, flags or {}, environ))


def read_overrides(folder: Path) -> dict[str, Any]:
    """What was changed in the panel; empty where nothing was. Raises `ConfigError` where it cannot be read."""
    file = folder / OVERRIDES
    return read_table(file) if file.is_file() else {}


def read_table(file: Path | None) -> dict[str, Any]:
    """The contents of a TOML file; empty for None. Raises `ConfigError` where it cannot be read."""
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError((Mistake(str(file), f"cannot be read: {error.strerror}"),)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError((Mistake(str(file), f"is not valid TOML: {error}"),)) from error


def given_secrets(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The secrets that the environment holds: `SPARK_SECRET_MY_KEY` is "my-key"."""
    env = os.environ if environ is None else environ
    prefix = len(SECRET_VARIABLE)
    return {
        name[prefix:].lower().replace("_", "-"): value
        for name, value in env.items()
        if name.startswith(SECRET_VARIABLE) and value
    }


def passphrase(environ: Mapping[str, str] | None = None) -> str:
    """What opens the file with the secrets; empty where it is not set."""
    return (os.environ if environ is None else environ).get(PASSPHRASE, "")


def secrets(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Every secret value of the environment, for what must keep them out of logs."""
    return tuple(one for one in (*given_secrets(environ).values(), passphrase(environ)) if one)


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a child process: ours without the secrets, plus `extra`."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(SECRET_VARIABLE) and name != PASSPHRASE
    }
    return kept | dict(extra or {})


def avatars(config: Config) -> dict[str, VTubeStudio]:
    """What every character with a model in VTube Studio uses: the shared table with its own keys over it."""
    shared = config.avatar.vtube_studio.model_dump(exclude_unset=True)
    merged = {
        name: VTubeStudio.model_validate(_overlaid(shared, persona.avatar.model_dump(exclude_unset=True)))
        for name, persona in config.persona.items()
    }
    return {name: options for name, options in merged.items() if options.on}


def schema(lookup: EngineLookup, names: Callable[[str], tuple[str, ...]]) -> dict[str, Any]:
    """JSON schema of the file, with the options of every installed engine under `$engines`."""
    whole = Config.model_json_schema()
    whole["$engines"] = {
        port: {name: lookup(port, name).options.model_json_schema() for name in names(port)} for port in ENGINE_PORTS
    }
    return whole


def _find(path: Path | None, env: Mapping[str, str]) -> Path | None:
    if path is None and env.get("SPARK_CONFIG"):
        path = Path(env["SPARK_CONFIG"])
    if path is not None:
        if not path.is_file():
            raise ConfigError((Mistake(str(path), "there is no such file", "give --config an existing file"),))
        return path
    usual = (Path("spark.toml"), Path(platformdirs.user_config_dir(APP, appauthor=False)) / "spark.toml")
    return next((candidate for candidate in usual if candidate.is_file()), None)


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """`SPARK_LLM__BASE_URL=…` as `{"llm": {"base_url": …}}`; lists and tables are JSON."""
    layer: dict[str, Any] = {}
    for name, text in sorted(env.items()):
        if not name.startswith("SPARK_") or "__" not in name or name.startswith(SECRET_VARIABLE):
            continue
        *tables, last = name.removeprefix("SPARK_").lower().split("__")
        at = layer
        for table in tables:
            at = at.setdefault(table, {})
            if not isinstance(at, dict):
                raise ConfigError((Mistake(name, "belongs to a table that another variable sets to a value"),))
        at[last] = _parsed(name, text)
    return layer


def _parsed(name: str, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError((Mistake(name, "is not valid JSON", "write lists as JSON"),)) from error


def _data_dir(layers: Sequence[tuple[str, Mapping[str, Any]]]) -> Path | None:
    """The data directory, before the rest is known to be right; None where its key is wrong, which is told later."""
    merged: dict[str, Any] = {}
    for _, layer in layers:
        _merge(merged, {"data": _table_at(layer, ("data",))}, {}, "")
    try:
        return Data.model_validate(merged["data"]).dir
    except ValidationError:
        return None


def _combine(layers: Sequence[tuple[str, Mapping[str, Any]]], lookup: EngineLookup) -> tuple[Config, dict[str, str]]:
    """The valid configuration of all layers, and which of them set each key.

    A layer that chooses another engine than those below it starts the engine's table anew: the keys of one engine
    mean nothing to another.
    """
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in layers:
        for path in engine_tables(layer):
            old, new = _table_at(merged, path), _table_at(layer, path)
            if old and "use" in new and engine_in(new, path[-1]) != engine_in(old, path[-1]):
                old.clear()
                prefix = ".".join(path) + "."
                for name in [name for name in sources if name.startswith(prefix)]:
                    del sources[name]
        _merge(merged, layer, sources, source)
    return _validate(merged, lookup), sources


def engine_tables(layer: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Where the tables of engines are in a layer, or would be."""
    personas = _table_at(layer, ("persona",))
    return [(port,) for port in ENGINE_PORTS] + [
        ("persona", name, port) for name in personas for port in ("llm", "tts")
    ]


def engine_in(table: Mapping[str, Any], port: str) -> str:
    """The engine that a table means: `use`, or what its absence means."""
    name = table.get("use") or Config.model_fields[port].default["use"]
    return "openai" if name == AUTO and set(table) - {"use"} else str(name)


def _table_at(layer: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The table at a path of a layer; an empty one where there is none."""
    at: Any = layer
    for name in path:
        at = at.get(name) if isinstance(at, Mapping) else None
    return at if isinstance(at, Mapping) else {}


def _merge(
    into: dict[str, Any], layer: Mapping[str, Any], sources: dict[str, str], source: str, path: str = ""
) -> None:
    for name, value in layer.items():
        full = f"{path}{name}"
        if isinstance(value, Mapping):
            inner = into.get(name)
            into[name] = inner if isinstance(inner, dict) else {}
            _merge(into[name], value, sources, source, f"{full}.")
        else:
            into[name] = value
            sources[full] = source


def _validate(merged: dict[str, Any], lookup: EngineLookup) -> Config:
    for port in ENGINE_PORTS:
        if isinstance(merged.get(port), dict):
            merged[port] = Config.model_fields[port].default | merged[port]
    try:
        return Config.model_validate(merged)
    except ValidationError as error:
        mistakes = list(_mistakes(error, Config))
        for port in ENGINE_PORTS:
            if isinstance(merged.get(port), dict):
                _choice(port, merged[port], port, lookup, mistakes)
        raise ConfigError(tuple(mistakes)) from error


def _mistakes(error: ValidationError, model: type[BaseModel], prefix: str = "") -> tuple[Mistake, ...]:
    found = []
    for item in error.errors(include_url=False, include_input=False):
        path = [str(part) for part in item["loc"]]
        name = prefix + ".".join(path)
        if item["type"] == "extra_forbidden":
            near = difflib.get_close_matches(path[-1], _keys_at(model, path[:-1]), n=1)
            found.append(Mistake(name, "is not a known key", f'did you mean "{near[0]}"?' if near else ""))
        else:
            found.append(Mistake(name, item["msg"][:1].lower() + item["msg"][1:]))
    return tuple(found)


def _keys_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """The keys that are known in the table at `path`; names of characters and places in lists are passed over."""
    for part in path:
        if part in model.model_fields:
            annotation = model.model_fields[part].annotation
            inner = (one for one in (annotation, *get_args(annotation)) if isinstance(one, type))
            model = next((one for one in inner if issubclass(one, BaseModel)), model)
    return list(model.model_fields)


def _resolve(config: Config, lookup: EngineLookup) -> dict[str, dict[str, EngineChoice]]:
    """Every persona's engines; mistakes of all of them are raised together."""
    mistakes: list[Mistake] = []
    resolved: dict[str, dict[str, EngineChoice]] = {}
    if not config.persona:
        mistakes.append(Mistake("persona", "there must be at least one character"))
    for name, persona in config.persona.items():
        tables = {"llm": persona.llm, "tts": persona.tts, "guard": {}}
        resolved[name] = {}
        for port in ENGINE_PORTS:
            own, shared = tables[port], getattr(config, port)
            table = own if "use" in own else shared | own
            where = f"persona.{name}.{port}" if own else port
            choice = _choice(port, table, where, lookup, mistakes)
            if choice is not None:
                resolved[name][port] = choice
    mistakes.extend(_shared_models(config))
    if mistakes:
        raise ConfigError(tuple(dict.fromkeys(mistakes)))
    return resolved


def _shared_models(config: Config) -> Iterator[Mistake]:
    """Two characters cannot move one model."""
    used: dict[tuple[str, int], str] = {}
    for name, options in avatars(config).items():
        place = (options.host, options.port)
        if place in used:
            yield Mistake(
                f"persona.{name}.avatar.port",
                f'the VTube Studio at {options.host}:{options.port} is that of "{used[place]}"',
                "give this character a port of its own, or on = false",
            )
        used.setdefault(place, name)


def _overlaid(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The shared table with the keys of the own one over it, table by table."""
    both = {
        name: _overlaid(shared[name], value)
        for name, value in own.items()
        if isinstance(value, dict) and isinstance(shared.get(name), dict)
    }
    return shared | own | both


def _choice(
    port: str, table: Mapping[str, Any], where: str, lookup: EngineLookup, mistakes: list[Mistake]
) -> EngineChoice | None:
    name = table["use"]
    options = {option: value for option, value in table.items() if option != "use"}
    if port == "llm" and name == AUTO:
        if options:
            name = "openai"
        else:
            return EngineChoice(AUTO, Section())
    try:
        spec = lookup(port, str(name))
    except SparkError as error:
        mistakes.append(Mistake(f"{where}.use", error.message, error.fix))
        return None
    try:
        return EngineChoice(str(name), spec.options.model_validate(options))
    except ValidationError as error:
        mistakes.extend(_mistakes(error, spec.options, prefix=f"{where}."))
        return None
