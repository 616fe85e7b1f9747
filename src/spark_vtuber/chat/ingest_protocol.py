"""The schema of what other programs push in, version 1: JSON in, chat events out. No I/O.

A batch is `{"version": 1, "source": "kick", "events": [event, …]}`; an event may name its `source` itself. Fields that
are not known are refused: a mistyped amount must not be lost in silence.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from spark_vtuber.core.errors import SparkError
from spark_vtuber.core.events import Author, ChatEvent, ChatKind, Reward, Role
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.ingest import VERSION
from spark_vtuber.text.clean import whole

MOST_EVENTS: Final = 100
"""In one batch or frame."""

OUR_NAMES: Final = frozenset({"page", "replay", "twitch", "youtube", "ingest", "show", "desk", "operator"})
"""Sources that are ours; nobody else may speak in their name."""

SOURCE: Final = re.compile(r"[a-z0-9_-]{1,20}")

KINDS: Final[Mapping[str, ChatKind]] = {
    kind.value: kind
    for kind in (
        ChatKind.MESSAGE,
        ChatKind.ACTION,
        ChatKind.SUPER_CHAT,
        ChatKind.STICKER,
        ChatKind.SUBSCRIPTION,
        ChatKind.RESUBSCRIPTION,
        ChatKind.GIFT,
        ChatKind.RAID,
        ChatKind.FOLLOW,
        ChatKind.REWARD,
        ChatKind.BITS,
        ChatKind.DELETION,
        ChatKind.BAN,
    )
}

_WORDY: Final = ("message", "action")
_BACK: Final = ("deletion", "ban")

BAD_BATCH: Final = "bad_batch"
BAD_EVENT: Final = "bad_event"


Text = Annotated[str, AfterValidator(whole)]


def _named(id: Any) -> Any:
    return str(id) if isinstance(id, int) and not isinstance(id, bool) else id


Id = Annotated[
    Text, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$"), BeforeValidator(_named)
]
"""Platforms that count may send a number."""

Source = Annotated[str, StringConstraints(pattern=rf"^{SOURCE.pattern}$")]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, value: Any) -> Any:
        """A field that is null counts as missing: many languages write all fields of an object."""
        return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else value


class AuthorIn(_Strict):
    """Who did it. Without an `id` the name stands for it."""

    name: Name
    id: Id | None = None
    roles: tuple[Role, ...] = Field(default=(), max_length=5)


class RewardIn(_Strict):
    """What was bought with points."""

    title: Annotated[Text, StringConstraints(max_length=200)] = ""
    id: Annotated[Text, StringConstraints(max_length=128)] = ""


class EventIn(_Strict):
    """One event. `emotes` are the words of `text` that are pictures there."""

    kind: Literal[tuple(KINDS)] = "message"  # type: ignore[valid-type]  # the names of `KINDS`
    source: Source | None = None
    id: Id | None = None
    author: AuthorIn | None = None
    text: Annotated[Text, StringConstraints(max_length=4_000)] = ""
    amount: float = Field(default=0.0, ge=0, le=1e9, allow_inf_nan=False)
    currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] = ""
    reply_to: Id | None = None
    target: Id | None = None
    persona: Name | None = None
    emotes: tuple[Annotated[Text, StringConstraints(min_length=1, max_length=100)], ...] = Field(
        default=(), max_length=100
    )
    reward: RewardIn | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> "EventIn":
        if self.kind in _BACK:
            if self.target is None:
                raise ValueError(f"target must say what a {self.kind} is about")
        elif self.author is None:
            raise ValueError("author must say who it was")
        if self.kind in _WORDY and not self.text.strip():
            raise ValueError("text must not be blank")
        return self


class BatchIn(BaseModel):
    """The frame around events; they are read one by one, so that one that is wrong keeps no other out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1] = VERSION
    source: Source | None = None
    events: list[Any] = Field(min_length=1, max_length=MOST_EVENTS)


def read_batch(batch: Mapping[str, Any]) -> BatchIn:
    """The frame of a batch. Raises `SparkError("bad_batch")`."""
    try:
        return BatchIn.model_validate(batch)
    except ValidationError as error:
        raise SparkError(_told(error), code=BAD_BATCH, fix="see the reference of /api/ingest") from None


def read_event(value: Any, source: str | None, given_id: str, *, are_roles_trusted: bool) -> ChatEvent:
    """One event of a batch from `source`; `given_id` is its id where it says none.

    The id of the event, and what it answers or takes back, gets its source in front: two platforms may count alike.
    Raises `SparkError`: `bad_event`, `no_source`, `bad_source` for a name that is ours.
    """
    try:
        event = EventIn.model_validate(value)
    except ValidationError as error:
        raise SparkError(_told(error), code=BAD_EVENT) from None
    name = event.source or source
    if name is None:
        raise SparkError("it says no source, and neither does its batch", code="no_source")
    if name in OUR_NAMES:
        raise SparkError(f'"{name}" is a source of the show itself', code="bad_source")
    return ChatEvent(
        id=line_id(name, event.id or given_id),
        source=name,
        kind=KINDS[event.kind],
        author=_author(event.author, are_roles_trusted=are_roles_trusted),
        text=event.text,
        amount=event.amount,
        currency=event.currency,
        reply_to=line_id(name, event.reply_to) if event.reply_to else None,
        target=line_id(name, event.target) if event.target and event.kind == "deletion" else event.target,
        persona=PersonaId(event.persona) if event.persona else None,
        emotes=frozenset(event.emotes),
        reward=Reward(event.reward.id, event.reward.title) if event.reward else None,
    )


def line_id(source: str, id: str) -> str:
    """How an event of a source is called in the show."""
    return f"{source}:{id}"


def _author(author: AuthorIn | None, *, are_roles_trusted: bool) -> Author:
    if author is None:
        return Author("", "")
    roles = frozenset(author.roles) if are_roles_trusted else frozenset()
    return Author(author.id or author.name.casefold(), author.name, roles)


def _told(error: ValidationError) -> str:
    """What is wrong and where, without repeating the value."""
    mistakes = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg'].removeprefix('Value error, ')}" for one in mistakes]
    return "; ".join(told[:5])[:500].encode("utf-8", "replace").decode()
