"""What a character can learn from, in the words in which it will be asked."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from spark_vtuber.config.load import Settings
from spark_vtuber.core.cues import Cue, CueKind
from spark_vtuber.core.errors import EngineError, SparkError
from spark_vtuber.core.ids import CueId, PersonaId
from spark_vtuber.core.personas import PersonaView
from spark_vtuber.journal.reader import Rated, rated
from spark_vtuber.journal.schema import FILE
from spark_vtuber.llm.prompt import Prompter
from spark_vtuber.personality import card
from spark_vtuber.training.examples import Exchange, Source, chosen, from_card, from_file
from spark_vtuber.training.recipe import Conversation

CARD: Final = "card"
RATINGS: Final = "ratings"
NO_JOURNAL: Final = "no_journal"


def character(settings: Settings, persona: str) -> PersonaView:
    """The configured character `persona`. Raises `SparkError`."""
    if persona not in settings.config.persona:
        known = ", ".join(settings.config.persona)
        raise SparkError(f'there is no persona "{persona}"', code="unknown_persona", fix=f"configured are: {known}")
    return card.load(PersonaId(persona), settings.config.persona[persona].card)


def gather(
    settings: Settings, view: PersonaView, sources: Collection[str], files: Iterable[Path]
) -> tuple[Exchange, ...]:
    """What the character says in its card, in answers that were liked or edited, and in `files`.

    An answer with a thumb down and nothing better beside it takes the example of the same line away. Raises
    `SparkError` for a file that holds no examples.
    """
    found: list[Exchange] = []
    if CARD in sources:
        found += from_card(view.examples)
    for path in files:
        found += from_file(path)
    ratings = _ratings(settings.config.data.dir / FILE, view.id) if RATINGS in sources else ()
    found += _liked(ratings)
    disliked = {(one.asked, one.said) for one in ratings if one.thumb == "down" and not one.better}
    return chosen(exchange for exchange in found if (exchange.asked, exchange.said) not in disliked)


def conversations(view: PersonaView, exchanges: Sequence[Exchange]) -> list[Conversation]:
    """Each exchange as the show would put it to the model, with the answer.

    The card's examples are left out of the prompt: there the answer would be read off instead of learnt.
    """
    bare = replace(view, examples=())
    prompter = Prompter({view.id: view.name})
    made: list[Conversation] = []
    for number, exchange in enumerate(exchanges):
        cue = Cue(CueId(f"example{number}"), CueKind.CHAT, exchange.asked, author=exchange.author)
        asked = [{"role": message.role, "content": message.content} for message in prompter(bare, cue)]
        made.append([*asked, {"role": "assistant", "content": exchange.said}])
    return made


def _liked(ratings: Iterable[Rated]) -> Iterator[Exchange]:
    for one in ratings:
        author = one.author or "viewer"
        if one.better:
            yield Exchange(one.asked, one.better, Source.EDITED, author)
        elif one.thumb == "up":
            yield Exchange(one.asked, one.said, Source.LIKED, author)


def _ratings(path: Path, persona: str) -> Sequence[Rated]:
    """The rated answers; none where there was no show yet."""
    try:
        return rated(path, persona)
    except EngineError as error:
        if error.code == NO_JOURNAL:
            return ()
        raise
