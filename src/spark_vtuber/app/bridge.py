"""Where the show is steered by hand: the queue, the list of lines, ignored viewers, emotes and tempers."""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path

from spark_vtuber.app.casting import CastingOffice
from spark_vtuber.app.drift import DriftWatch
from spark_vtuber.app.duets import DuetDesk, DuetIdeas
from spark_vtuber.app.emotes import EmoteCache
from spark_vtuber.app.growth import Growing
from spark_vtuber.app.house import House
from spark_vtuber.app.keepsake import FileKeepsake
from spark_vtuber.app.personas import Company
from spark_vtuber.app.steering import ChatBook, Helm
from spark_vtuber.app.viewers import IgnoredViewers
from spark_vtuber.core.cues import Cue
from spark_vtuber.core.ids import PersonaId
from spark_vtuber.core.turns import TurnRecord
from spark_vtuber.moderation.port import Guard
from spark_vtuber.pipeline.director import Casting, Director
from spark_vtuber.pipeline.duet import Patience
from spark_vtuber.pipeline.habits import Habits
from spark_vtuber.pipeline.lines import Lines
from spark_vtuber.pipeline.reception import Reception


class Bridge:
    """What the machine asks (`lines`, `viewers`, `casting`, `habits`) and what doors reach.

    Those are `helm`, `book`, `company`, `growth` and `emotes`. `may_talk` says whether the show can afford idle talk
    now; whoever must save memory or heat sets it.
    """

    def __init__(self, house: House, audience: Callable[[], int], is_muted: Callable[[PersonaId], bool]) -> None:
        config, folder, log = house.config, Path(house.config.data.dir), house.around.log
        self._house = house
        self._audience = audience
        self._is_muted = is_muted
        self.lines = Lines(house.around.clock)
        self.viewers = IgnoredViewers(FileKeepsake(folder / "ignored.json", log), house.around.clock, house.events)
        self.company = Company(house.personas, FileKeepsake(folder / "tempers.json", log), house.events, config.presets)
        states = FileKeepsake(folder / "dispositions.json", log, house.around.aside)
        self.growth = Growing(lambda: self.company.cards, states, house.events, house.around.clock, self.company.look)
        self.company.follow(self.growth.state)
        self.casting = CastingOffice(
            self.company.tempers,
            house.around.clock,
            lambda: house.config.casting,
            house.around.rng,
            lambda: house.config.interjections.eagerness,
        )
        self._drift = DriftWatch(house.personas, house.events)
        house.metrics.watch(self._drift.reading)
        self.ideas = DuetIdeas(self.company.tempers, lambda: house.config.duets, house.around.rng)
        self.emotes = EmoteCache(
            house.http,
            config.chat.emotes.twitch,
            folder / "emotes" / "twitch",
            house.around.clock,
            config.chat.emotes.cache_mb * 1_000_000,
        )
        self.may_talk = True

    @property
    def habits(self) -> Habits:
        """What characters do of their own accord, as they are set."""
        return Habits(
            decline=self.casting.decline,
            talkers=self.company.talkers,
            idle_s=lambda: self._house.config.idle.after_s,
            is_heard=self._is_heard,
            remark=self.casting.remark,
            remarks_per_minute=lambda: self._house.config.interjections.per_minute,
            duet=lambda talker: self.ideas.of_silence(talker, self._is_heard),
            patience=self._patience,
        )

    def cast(self, cue: Cue) -> Casting:
        """Who answers a cue, as they are now and as they meet whoever it comes from."""
        casting = self.casting.cast(cue)
        return replace(casting, persona=self.growth.facing(casting.persona, cue))

    def note(self, record: TurnRecord) -> None:
        """A turn is over: it counts in the casting, in what became of the character, and in how much it is itself."""
        self.casting.note(record)
        self._drift.keep(record)
        self.growth.hear(record)

    def connect(self, director: Director, reception: Reception) -> None:
        """Join it to the machine."""
        personas = tuple(persona.id for persona in self._house.personas)
        self.helm = Helm(director, reception, self.lines, personas, lambda: self.company.main)
        self.book = ChatBook(self.lines, self.viewers, reception)

        def look_again() -> None:
            director.sift()
            director.stir()

        self.company.on_change = look_again
        self._house.keep_running("growth", "journal", self.growth.run)

    def open_duets(self, director: Director, guard: Guard) -> None:
        """Have the characters talk to each other; the guard looks at the topics."""
        self.duets = DuetDesk(director, self.ideas, guard, self._is_muted)
        self.casting.surrounds.running = partial(_running, director)
        self.casting.surrounds.relation = self._relation

    def _relation(self, who: PersonaId, about: PersonaId) -> float:
        bond = self.growth.state(who).bonds.get(f"persona:{about}")
        return bond.value if bond is not None else 0.0

    def _patience(self) -> Patience:
        settings = self._house.config.duets
        return Patience(pause_s=settings.pause_s, crowd=settings.crowd)

    def _is_heard(self, persona: PersonaId) -> bool:
        """Whether idle talk of a persona reaches anybody, and the show can afford it."""
        has_listeners = self._audience() > 0 or bool(self._house.config.stage.recording)
        return self.may_talk and has_listeners and not self._is_muted(persona)


def _running(director: Director) -> Collection[PersonaId]:
    """Who has a turn."""
    return director.turns.keys()
