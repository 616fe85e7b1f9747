"""What an adapter and the runner say to each other: JSON, one object a line. Standard library only.

The adapter says `{"ready": true}` once it can answer. For every `{"text": ...}` on its standard input it lets its
system answer and says `{"asked_s", "first_audio_s", "done_s"}`, all on the monotonic clock, which on Linux is the
same in every process.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

RATE_HZ = 22_050
CHUNK_BYTES = RATE_HZ // 10 * 2
WAV_HEADER_BYTES = 44
VOICE = ("espeak-ng", "-v", "en-us", "--stdout", "--")

_ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def say(**values: object) -> None:
    """One message to the runner."""
    _ANSWERS.write(json.dumps(values) + "\n")


def lines() -> Iterator[str]:
    """What is to be answered, until the runner closes the pipe."""
    for line in sys.stdin:
        yield json.loads(line)["text"]


def speak(text: str) -> Iterator[bytes]:
    """The voice that all systems share: one process a text, a tenth of a second at a time."""
    with subprocess.Popen([*VOICE, text], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        if process.stdout is None:
            raise RuntimeError("the voice was started without a pipe")
        process.stdout.read(WAV_HEADER_BYTES)
        while chunk := process.stdout.read(CHUNK_BYTES):
            yield chunk
