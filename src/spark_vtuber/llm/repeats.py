"""Servers that say things twice: cumulative text instead of deltas, and events that are sent again.

Real servers give the same `id` to every chunk of an answer and often the same `created`, so two equal chunks in a row
can be honest ("ha", "ha"). An event is therefore dropped only on evidence that no honest stream gives:

* **by event id**: an event carries the `id:` and the data of an earlier one. Ids count only while no id came with two
  different data, because some servers put the answer's id there;
* **doubled stream**: from the very first event on, everything comes in equal pairs, and two pairs differ;
* **replay**: the whole stream so far, at least `REPLAY_EVENTS` different events, comes again from its first event, as
  after a reconnect behind a proxy.

While the evidence is incomplete the doubtful events are held; an ordinary stream (its first event, the role, comes
once) is never held. What turns out to be honest is given in order, nothing is lost.
"""

from collections.abc import Iterator
from typing import Final

from spark_vtuber.core.errors import ProtocolError
from spark_vtuber.llm.sse_protocol import Event

REPLAY_EVENTS: Final = 4
"""So many different events must come again in order before a repetition of the whole is taken for a replay."""

HELD_CONTENTS: Final = 4
"""So many contents that do not grow are held before a stream of equal words is taken for deltas."""


class RepeatFilter:
    """Lets each event of one answer through once."""

    __slots__ = ("_ids", "_pairs", "_replay")

    def __init__(self) -> None:
        self._ids: dict[str, str] | None = {}
        self._pairs = _Pairs()
        self._replay = _Replay()

    def feed(self, event: Event) -> Iterator[str]:
        """The data of the events that may be used now, in order."""
        if not self._is_known(event):
            for data in self._pairs.feed(event.data):
                yield from self._replay.feed(data)

    def close(self) -> Iterator[str]:
        """What was held when the stream ended: nothing more speaks against it."""
        for data in self._pairs.close():
            yield from self._replay.feed(data)
        yield from self._replay.close()

    def _is_known(self, event: Event) -> bool:
        if self._ids is None or event.id is None:
            return False
        if event.id not in self._ids:
            self._ids[event.id] = event.data
            return False
        if self._ids[event.id] != event.data:
            self._ids = None
            return False
        return True


class _Pairs:
    """Recognises a stream in which every event comes twice."""

    __slots__ = ("_first", "_held", "_is_doubled", "_is_honest")

    def __init__(self) -> None:
        self._first: str | None = None
        self._held: list[str] = []
        self._is_doubled = False
        self._is_honest = False

    def feed(self, data: str) -> list[str]:
        if self._is_honest:
            return [data]
        if self._first is None:
            self._first = data
            return [data]
        if self._is_doubled:
            return self._second(data)
        return self._undecided(data)

    def close(self) -> list[str]:
        held, self._held = self._held, []
        return held

    def _second(self, data: str) -> list[str]:
        is_pair, self._first = data == self._first, None
        self._is_honest = not is_pair
        return [] if is_pair else [data]

    def _undecided(self, data: str) -> list[str]:
        match self._held:
            case [] if data == self._first:
                self._held = [data]
                return []
            case [second] if data != second:
                self._held = [second, data]
                return []
            case [_, third] if data == third:
                self._is_doubled = True
                self._first = None
                self._held = []
                return [data]
            case held:
                self._is_honest = True
                self._held = []
                return [*held, data]


class _Replay:
    """Recognises a stream that begins again from its first event."""

    __slots__ = ("_held", "_kinds", "_seen")

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._kinds: set[str] = set()
        self._held: list[str] = []

    def feed(self, data: str) -> list[str]:
        at = len(self._held)
        if len(self._kinds) < REPLAY_EVENTS or data != self._seen[at]:
            return self._accept([*self.close(), data])
        self._held.append(data)
        if len(self._held) == len(self._seen):
            self._held = []
        return []

    def close(self) -> list[str]:
        held, self._held = self._held, []
        return held

    def _accept(self, given: list[str]) -> list[str]:
        self._seen += given
        if len(self._kinds) < REPLAY_EVENTS:
            self._kinds.update(given)
        return given


class Deltas:
    """Gives each piece of text once, whether the server sends deltas or all the text so far.

    A stream is cumulative when every content begins with all the text before it, and it grew so at least twice. Until
    then the second content and those after it are held if they could be either; a content that does not begin with
    the text so far settles it for deltas at once, which in practice is the second one. Where the answer ends
    undecided, contents that grew are taken as cumulative ("Hi", "Hi there!") and equal ones as deltas ("ha", "ha").
    """

    __slots__ = ("_growths", "_held", "_is_cumulative", "_is_settled", "_text")

    def __init__(self) -> None:
        self._text = ""
        self._held: list[str] = []
        self._growths = 0
        self._is_settled = False
        self._is_cumulative = False

    def feed(self, content: str) -> str:
        """The new text in `content`, possibly none.

        Raises:
            ProtocolError: a cumulative stream changed text that it had already sent.
        """
        if self._is_cumulative:
            return self._grow(content)
        if self._is_settled or not content:
            return content
        if not self._text:
            self._text = content
            return content
        return self._weigh(content)

    def close(self) -> str:
        """The text that was held when the answer ended."""
        held, self._held = self._held, []
        if not held:
            return ""
        return held[-1][len(self._text) :] if self._growths else "".join(held)

    def _weigh(self, content: str) -> str:
        last = self._held[-1] if self._held else self._text
        if content.startswith(last) and len(self._held) < HELD_CONTENTS:
            self._held.append(content)
            self._growths += len(content) > len(last)
            if self._growths < 2:
                return ""
            self._is_cumulative = True
            self._held.clear()
            return self._grow(content)
        self._is_settled = True
        text = "".join((*self._held, content))
        self._held.clear()
        return text

    def _grow(self, content: str) -> str:
        if content.startswith(self._text):
            new, self._text = content[len(self._text) :], content
            return new
        if self._text.startswith(content):
            return ""
        raise ProtocolError("the server changed text that it had already sent")
