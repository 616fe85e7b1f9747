"""Every key of the configuration: its table, meaning, default, limits, and when a change takes effect."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import platformdirs
from pydantic import AfterValidator

from spark_vtuber.config.chat_keys import Chat, InboxSettings
from spark_vtuber.config.commands_keys import Commands, Rewards
from spark_vtuber.config.context_keys import ContextSettings
from spark_vtuber.config.duet_keys import CastingSettings, DuetSettings, InterjectionSettings
from spark_vtuber.config.engine_keys import ServerSettings
from spark_vtuber.config.guard_keys import StrikeSettings
from spark_vtuber.config.ingest_keys import IngestSettings
from spark_vtuber.config.judge_keys import GuardPolicy, SecondOpinionSettings
from spark_vtuber.config.section import Section, key
from spark_vtuber.config.tools_keys import ToolSettings
from spark_vtuber.config.weights_keys import WeightSettings
from spark_vtuber.core.looks import checked_look
from spark_vtuber.core.paths import at_home
from spark_vtuber.core.personas import Expression

AUTO: Final = "auto"
APP: Final = "spark-vtuber"


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

    dir: Annotated[Path, AfterValidator(at_home)] = key(
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
    context_chars: int = key(
        0, "Longest prompt, in characters, about four to a token; 0 = `[context] tokens` decides.", "live", ge=0
    )


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
    guard: dict[str, Any] = key({"use": "chain"}, "The guard: `use` and the engine's own keys.", "component")
    second_opinion: SecondOpinionSettings = key(SecondOpinionSettings(), "What the model is asked about texts.")
    guard_policy: GuardPolicy = key(GuardPolicy(), "Answers that hold something blocked.")
    strikes: StrikeSettings = key(StrikeSettings(), "Viewers who are blocked again and again.")
    stage: StageSettings = key(StageSettings(), "Sound and captions.")
    replies: Replies = key(Replies(), "Answers.")
    context: ContextSettings = key(ContextSettings(), "What a character is told.")
    journal: JournalSettings = key(JournalSettings(), "The journal.")
    machine: MachineSettings = key(MachineSettings(), "Memory and heat.")
    alerts: Alerting = key(Alerting(), "Alerts.")
    inbox: InboxSettings = key(InboxSettings(), "Waiting lines.")
    health: HealthSettings = key(HealthSettings(), "Healing.")
    chat: Chat = key(Chat(), "Chat sources.")
    ingest: IngestSettings = key(IngestSettings(), "Lines of other platforms.")
    commands: Commands = key({}, "Commands in the chat.", "live")
    tools: ToolSettings = key(ToolSettings(), "Tools of characters.")
    rewards: Rewards = key({}, "What rewards do.", "live")
    obs: Obs = key(Obs(), "OBS.")
    avatar: Avatar = key(Avatar(), "Models in other programs.")
    engine: ServerSettings = key(ServerSettings(), "A model server that is started for the show.")
    discovery: Discovery = key(Discovery(), "Finding model servers.")
    weights: WeightSettings = key(WeightSettings(), "Weights that are kept here.")
    fallback: Fallback = key(Fallback(), "Stand-ins.")
    idle: Idle = key(Idle(), "Idle talk.")
    casting: CastingSettings = key(CastingSettings(), "Which character answers.")
    interjections: InterjectionSettings = key(InterjectionSettings(), "Remarks thrown in.")
    duets: DuetSettings = key(DuetSettings(), "Characters who talk to each other.")
    presets: dict[str, PresetSettings] = key({}, "Presets of your own for the panel.")
    persona: dict[str, PersonaSettings] = key({"main": PersonaSettings()}, "Characters, the main one first.")
