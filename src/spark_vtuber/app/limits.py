"""The limits of turns, as the configuration has them."""

from spark_vtuber.config.keys import Config
from spark_vtuber.pipeline.crew import Limits


def limits_of(config: Config) -> Limits:
    """Deadlines and sizes of `[replies]` and `[stage]`."""
    replies = config.replies
    return Limits(
        first_audio_s=replies.first_audio_s,
        between_tokens_s=replies.between_tokens_s,
        voice_chunk_s=replies.voice_chunk_s,
        max_tokens=replies.max_tokens,
        lead_s=config.stage.lead_s,
    )
