"""RealtimeTTS as its documentation uses it: the OpenAI client's deltas are fed into a `TextToAudioStream`.

Defaults but for the tokenizer: the default one downloads data at its first use; `rule-based` is its offline form.
"""

import sys
import time
from collections.abc import Iterator

import link
import pyaudio
from openai import OpenAI
from RealtimeTTS import TextToAudioStream
from RealtimeTTS.engines import BaseEngine

SYSTEM = {"role": "system", "content": "You are a friendly streamer. Answer in a few sentences."}


class Voice(BaseEngine):
    """The shared voice as an engine of RealtimeTTS."""

    def get_stream_info(self) -> tuple[int, int, int]:
        """Format, channels and rate."""
        return pyaudio.paInt16, 1, link.RATE_HZ

    def get_voices(self) -> list[str]:
        """There is only the shared one."""
        return []

    def set_voice(self, voice: object) -> None:
        """The voice is fixed."""

    def set_voice_parameters(self, **voice_parameters: object) -> None:
        """The voice is fixed."""

    def synthesize(self, text: str, sentence_count: int = 0) -> bool:
        """Queue the sound of a text."""
        super().synthesize(text, sentence_count)
        for chunk in link.speak(text):
            self.queue.put(chunk)
        return True


def deltas(client: OpenAI, history: list[dict[str, str]], said: list[str]) -> Iterator[str]:
    """The model's answer as it comes; `said` collects it."""
    for chunk in client.chat.completions.create(model="script", messages=history, stream=True):
        if chunk.choices and (delta := chunk.choices[0].delta.content):
            said.append(delta)
            yield delta


def main(base_url: str) -> None:
    """Answer every line of the runner."""
    client = OpenAI(base_url=base_url, api_key="none")
    stream = TextToAudioStream(Voice(), tokenizer="rule-based", muted=True)
    history = [SYSTEM]
    heard: list[float] = []
    link.say(ready=True)
    for text in link.lines():
        heard.clear()
        said: list[str] = []
        asked_s = time.monotonic()
        history.append({"role": "user", "content": text})
        stream.feed(deltas(client, history, said))
        stream.play(muted=True, on_audio_chunk=lambda _chunk: heard.append(time.monotonic()))
        history.append({"role": "assistant", "content": "".join(said)})
        link.say(asked_s=asked_s, first_audio_s=heard[0], done_s=time.monotonic())


if __name__ == "__main__":
    main(sys.argv[1])
