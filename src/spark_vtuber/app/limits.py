"""The limits of turns and of what waits, as the configuration has them."""

from spark_vtuber.config.chat_keys import InboxSettings
from spark_vtuber.config.keys import Config
from spark_vtuber.pipeline.choosing.policy import POLICIES
from spark_vtuber.pipeline.choosing.sieve import Mesh
from spark_vtuber.pipeline.crew import Limits
from spark_vtuber.pipeline.gates import GateLimits
from spark_vtuber.pipeline.inbox import Rules


def limits_of(config: Config) -> Limits:
    """Deadlines and sizes of `[replies]`, `[stage]` and `[guard_policy]`."""
    replies, policy = config.replies, config.guard_policy
    return Limits(
        first_audio_s=replies.first_audio_s,
        between_tokens_s=replies.between_tokens_s,
        voice_chunk_s=replies.voice_chunk_s,
        max_tokens=replies.max_tokens,
        lead_s=config.stage.lead_s,
        goes_on_after_block=policy.after_block == "go_on",
        deflections=policy.deflections,
    )


def gate_limits(settings: InboxSettings) -> GateLimits:
    """How much one viewer may write."""
    return GateLimits(settings.viewer_per_s, settings.viewer_burst, settings.duplicate_s)


def rules(settings: InboxSettings) -> Rules:
    """How the inbox chooses."""
    return Rules(
        fair_answers=settings.fair_answers,
        fair_of=settings.fair_of,
        repeat_s=settings.repeat_s,
        policy=POLICIES[settings.policy],
        slow_s=settings.slow_s,
    )


def mesh(settings: InboxSettings) -> Mesh:
    """How many lines are read."""
    return Mesh(settings.lines_per_s, settings.lines_burst)
