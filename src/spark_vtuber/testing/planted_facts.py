"""Things that people say in a long show and that a character should still know later, in two sets of forty.

`TUNING` may be looked at while the summariser is worked on, `HELD_OUT` only to measure. `said_by` is a viewer's name,
or a character of the show. A prompt still knows a fact where one line of it holds the name and all of the `essentials`.
"""

from dataclasses import dataclass
from typing import Final

SPARK: Final = "Spark"
EMBER: Final = "Ember"


@dataclass(frozen=True, slots=True)
class PlantedFact:
    """Something said once. `essentials` are what of it must be known, in lower case; `asked` what came before it."""

    said_by: str
    text: str
    essentials: tuple[str, ...]
    asked: str = ""


TUNING: Final = (
    PlantedFact(
        "mossy_kettle",
        "omg finally made it live, had to drop my sister Nora at the airport, she's moving to Lisbon",
        ("nora", "lisbon"),
    ),
    PlantedFact(
        "dr_pudding", "my cat Biscuit has surgery on thursday and i'm a wreck", ("biscuit", "surgery", "thursday")
    ),
    PlantedFact("quietfern", "i'm actually allergic to peanuts so that recipe would end me", ("allergic", "peanuts")),
    PlantedFact("jolan", "hey! it's my birthday tomorrow, turning 31, send help", ("birthday", "31")),
    PlantedFact(
        "pixelbard", "i work nights as a nurse in Leeds which is why i'm never here on weekends", ("nurse", "leeds")
    ),
    PlantedFact(
        "tallgrass22",
        "we named the baby Odalys, she's four days old and already louder than me",
        ("odalys", "four days"),
    ),
    PlantedFact("hexwitch", "beat you at chess in 23 moves last week, never forget", ("chess", "23")),
    PlantedFact("okaylinus", "my real name is Linus btw, the okay is just a mood", ("name is linus",)),
    PlantedFact(
        "sandcastles", "i quit smoking 3 weeks ago and today is the hardest day so far", ("quit smoking", "3 weeks")
    ),
    PlantedFact("ruben_g", "moving to Osaka in march for a job at a bakery!!", ("osaka", "march", "bakery")),
    PlantedFact(
        "bluelantern", "i can't stand horror games, jumpscares give me actual panic attacks", ("horror", "panic")
    ),
    PlantedFact(
        "captaincrumb",
        "my dad taught me to sail when i was six, we had a tiny boat called Marmalade",
        ("sail", "marmalade"),
    ),
    PlantedFact(
        "violetmoss", "just got accepted at the university of Ghent, i start in september", ("ghent", "september")
    ),
    PlantedFact("nine_owls", "i have nine parrots. nine. the loudest one is Admiral", ("nine parrots", "admiral")),
    PlantedFact(
        "tea_and_rust", "spent the weekend restoring a 1974 motorcycle with my grandpa", ("1974 motorcycle", "grandpa")
    ),
    PlantedFact("gloomcake", "please don't call me he, i go by they", ("they",)),
    PlantedFact("halfmoonpie", "my boyfriend proposed on the ferry yesterday and i said yes!!!", ("proposed", "ferry")),
    PlantedFact(
        "sirwobble", "i drew you as a dragon, it took me forty hours, it's on the discord", ("dragon", "forty hours")
    ),
    PlantedFact(
        "maplethief",
        "exam on friday: organic chemistry, third attempt, last one they allow",
        ("exam", "friday", "chemistry"),
    ),
    PlantedFact("yuki_on_ice", "i'm training for the national figure skating finals in Turku", ("skating", "turku")),
    PlantedFact(
        "beanstalker",
        "my favorite song is Harbour Lights and i will fight about it",
        ("favorite song", "harbour lights"),
    ),
    PlantedFact(
        "ottersdream", "lost my job at the library this morning. twelve years there.", ("lost my job", "library")
    ),
    PlantedFact(
        "zed_the_red",
        "the password for the community minecraft server is changing, ask Petra from now on",
        ("minecraft server", "petra"),
    ),
    PlantedFact("plumbum", "i'm deaf in one ear so the captions are why i can watch at all", ("deaf", "captions")),
    PlantedFact(
        "greta_k", "we meet in Hamburg on june 14 for the fan picnic, 18 people so far", ("hamburg", "june 14")
    ),
    PlantedFact("lowtide", "that's my brother Matteo you timed out yesterday lol, he's sorry", ("brother matteo",)),
    PlantedFact(
        "cinnaman",
        "i've been watching since the very first stream, the one with the broken mic",
        ("first stream", "broken mic"),
    ),
    PlantedFact("ashenvale", "i prefer the old intro, the one with the trains", ("prefer", "old intro", "trains")),
    PlantedFact("mothlight", "got a puppy today, a greyhound, her name is Comet", ("greyhound", "comet")),
    PlantedFact(
        "dusty_atlas",
        "i drive a truck between Oslo and Bergen and listen to you the whole way",
        ("truck", "oslo", "bergen"),
    ),
    PlantedFact(
        SPARK,
        "Okay, deal: if we reach two hundred followers tonight, I sing the pancake song.",
        ("two hundred followers", "pancake song"),
        "will you ever sing again",
    ),
    PlantedFact(
        SPARK,
        "I promise that on Sunday we play the lighthouse level again, no excuses.",
        ("sunday", "lighthouse level"),
        "when do we go back to that level",
    ),
    PlantedFact(
        SPARK,
        "We decided it: the snail on the title screen is called Gerald from now on.",
        ("snail", "gerald"),
        "does the snail have a name",
    ),
    PlantedFact(
        SPARK,
        "My favorite color is the violet of an old terminal, and I'm not taking questions.",
        ("favorite color", "violet"),
        "favorite color?",
    ),
    PlantedFact(
        SPARK,
        "So the quiz ends with seven to five for hexwitch. I demand a rematch on Tuesday.",
        ("seven to five", "hexwitch", "tuesday"),
        "who won the quiz",
    ),
    PlantedFact(
        SPARK,
        "Fine, jolan, you get to choose the next game, that was the bet and I lost it.",
        ("jolan", "choose the next game", "bet"),
        "you lost the bet",
    ),
    PlantedFact(
        EMBER,
        "I have decided that Wednesdays are for chess, and none of you may object.",
        ("wednesdays", "chess"),
        "what is the plan for wednesday",
    ),
    PlantedFact(
        EMBER,
        "Spark owes me three favors since the pie incident. Write that down.",
        ("three favors", "pie"),
        "what does spark owe you",
    ),
    PlantedFact(
        EMBER,
        "My grudge list has a new number one: plumbum, for the banana peel in lap two.",
        ("grudge", "plumbum", "banana"),
        "who is on your grudge list",
    ),
    PlantedFact(
        EMBER,
        "I hate karaoke, I always have, and I will deny that I ever won a trophy for it.",
        ("hate karaoke", "trophy"),
        "ember karaoke when",
    ),
)
"""Thirty of viewers, six of one character and four of the other."""

HELD_OUT: Final = (
    PlantedFact(
        "saltycoder",
        "sorry i'm late, our flight from Porto got cancelled and we slept on the floor",
        ("porto", "cancelled"),
    ),
    PlantedFact("ingridelle", "my daughter Saga won her first judo match today!", ("saga", "judo")),
    PlantedFact("wrenhouse", "i'm vegan so all the steak talk is lost on me haha", ("vegan",)),
    PlantedFact("cold_brew_kid", "turning 40 on saturday and pretending that i'm fine with it", ("40", "saturday")),
    PlantedFact(
        "mapmaker_jo", "i teach geography to twelve year olds in Cork, wish me luck", ("teach", "geography", "cork")
    ),
    PlantedFact("glasswing", "my twin brothers were born last night, Ilya and Anton", ("ilya", "anton")),
    PlantedFact("rookherder", "you still owe me a rematch, i won the last one 11 to 9", ("rematch", "11 to 9")),
    PlantedFact("sprocketeer", "call me Dana, nobody can pronounce the username", ("dana",)),
    PlantedFact("paperwolf", "two years sober today. i never said that in a chat before.", ("two years sober",)),
    PlantedFact("northbound_mel", "we're opening a tiny bookshop in Tromsø this autumn", ("bookshop", "troms")),
    PlantedFact(
        "teaspooner",
        "i get motion sick from first person games, that's why i leave when you play them",
        ("motion sick", "first person"),
    ),
    PlantedFact(
        "oldharbor",
        "my grandmother used to smuggle oranges on her bike, best woman i ever knew",
        ("grandmother", "oranges"),
    ),
    PlantedFact(
        "kiwi_static", "passed my driving test!! on the fifth try but who's counting", ("driving test", "fifth")
    ),
    PlantedFact(
        "threefrogs", "i keep axolotls, the pink one is called Professor Noodle", ("axolotls", "professor noodle")
    ),
    PlantedFact(
        "rustbelle", "i build violins for a living, it takes me about 200 hours each", ("violins", "200 hours")
    ),
    PlantedFact(
        "emmlake",
        "it's pronounced em-lah-keh, like the lake in Finland where my family is from",
        ("em-lah-keh", "finland"),
    ),
    PlantedFact(
        "kestrelfox", "got engaged last night, on the roof, in the rain, to my best friend", ("engaged", "roof")
    ),
    PlantedFact(
        "hollowbean", "wrote a song about you and Ember, it's in C minor and far too long", ("song", "c minor")
    ),
    PlantedFact(
        "brightwick",
        "job interview on monday at the planetarium, i'm so nervous",
        ("interview", "monday", "planetarium"),
    ),
    PlantedFact(
        "saltmarsh",
        "running my first marathon in april, in Ljubljana of all places",
        ("marathon", "april", "ljubljana"),
    ),
    PlantedFact(
        "doublewick", "my all time favorite movie is The Paper Lantern, seen it 14 times", ("paper lantern", "14")
    ),
    PlantedFact("orchardist", "we had to put our old dog Pepper down this week", ("pepper", "dog")),
    PlantedFact("fogbanker", "the charity stream raised 2,350 euros, i just checked the page", ("charity", "2,350")),
    PlantedFact(
        "inkblot_ivy",
        "i'm colorblind so red and green on your map look the same to me",
        ("colorblind", "red and green"),
    ),
    PlantedFact("petrichor_p", "the meetup is at noon in Kraków on may 3, bring snacks", ("meetup", "krak", "may 3")),
    PlantedFact("wobblegoat", "lowercase_lou is my wife, so yes we are both in here", ("lowercase_lou", "wife")),
    PlantedFact(
        "stillwater88", "i found you through the spelling bee clip back in february", ("spelling bee", "february")
    ),
    PlantedFact("juniper_ash", "i liked the rain sounds way more than the new music tbh", ("rain sounds", "new music")),
    PlantedFact("moonsift", "adopted a one-eyed cat, we called him Nelson obviously", ("one-eyed cat", "nelson")),
    PlantedFact(
        "haywire_hal",
        "i'm a lighthouse keeper, no joke, one of the last ones in Scotland",
        ("lighthouse keeper", "scotland"),
    ),
    PlantedFact(
        SPARK,
        "Alright, at five thousand points I let Ember pick my hairstyle for a whole stream.",
        ("five thousand points", "hairstyle"),
        "what happens at the goal",
    ),
    PlantedFact(
        SPARK,
        "I'll read the first chapter aloud on Friday, and I will do all the voices.",
        ("first chapter", "friday"),
        "reading stream when",
    ),
    PlantedFact(
        SPARK,
        "Then it is settled, our raid song is the kazoo one, and nobody can stop it.",
        ("raid song", "kazoo"),
        "which raid song",
    ),
    PlantedFact(
        SPARK, "I really don't like mazes. Left, right, it's all the same wall to me.", ("mazes",), "do you like mazes"
    ),
    PlantedFact(
        SPARK,
        "Final score, four wins for me, six for chat. I blame the potato.",
        ("four wins", "six"),
        "what's the final score",
    ),
    PlantedFact(
        SPARK,
        "Rookherder gets the crown until next month, that is the law of the tournament.",
        ("rookherder", "crown", "next month"),
        "who has the crown",
    ),
    PlantedFact(
        EMBER,
        "From tomorrow on I charge one compliment per question, the treasury is empty.",
        ("one compliment per question",),
        "ember any news",
    ),
    PlantedFact(
        EMBER,
        "Spark lost our wager, so she wears the duck hat until the end of the week.",
        ("wager", "duck hat"),
        "who lost the wager",
    ),
    PlantedFact(
        EMBER,
        "My secret lair is behind the laundry room. I never said that, and it has nine locks.",
        ("lair", "laundry room"),
        "where is your lair",
    ),
    PlantedFact(
        EMBER,
        "I once finished a game with zero deaths, it was about gardening, and it counts.",
        ("zero deaths", "gardening"),
        "best gaming moment ember?",
    ),
)
"""As `TUNING`; nothing was made to fit these."""
