"""Phrases that say something forbidden without a single forbidden word: threats, urging to self-harm, and more.

Each name of a rule begins with its category. A company of words can take a phrase back: a fight in a game is no
threat, and "please don't" before "hurt yourself" is care.
"""

from typing import Final

from spark_vtuber.core.verdicts import Direction
from spark_vtuber.moderation.reading import Reading
from spark_vtuber.moderation.rules import Rules
from spark_vtuber.moderation.ruling import Category, Match

SURE: Final = 0.9
UNSURE: Final = 0.3

INTENT: Final = "threat.intent"
DEED: Final = "threat.deed"
DISTRESS: Final = "self_harm.distress"
"""A deed is a threat only right after an intent: "I will", "somebody should"."""

_I_WILL: Final = """i'll|ill|i'ma|imma|ima|we'll
i|we will|shall|must|might|could|would
i|we swear|promise ~2
i'm|im|we're going|gonna|about|coming to?
i|we am|are going|about|coming to
i|we want|wanna|need|plan to?
i|we have|got to
gonna
going to
someone|somebody should|must|needs|has to?
someone|somebody|everyone please?
let's|lets
"""
_HARM: Final = (
    "kill|murder|stab|shoot|rape|strangle|behead|slaughter|lynch|torture|assassinate|execute|choke|bomb|unalive"
)
_YOU: Final = "you|u|ya|y'all|yall|him|her|them"
_YOURS: Final = "your|ur|his|their"
_SELF: Final = "yourself|urself|yourselves|yaself|ursef|yourselve|thyself"

_DEEDS: Final = f"""
{_HARM} {_YOU}
{_HARM} {_YOURS} ~1 family|mother|mom|mum|kids|children|sister|brother|dog|cat|parents|wife|girlfriend
slit|cut|rip {_YOURS} ~1 throat|throats|head|neck|heart
snap|break|wring {_YOURS} ~1 neck|necks|skull|legs
beat|kick|punch {_YOU} to? death|unconscious
beat {_YOU} up? badly|bloody|senseless
burn {_YOURS} house|home|car down?
blow up your|ur|the school|house|church|mosque|synagogue|office|building
shoot up the|your|a|my school|church|mosque|synagogue|office|building
end|take {_YOURS} life|lives
put a bullet in|through your|ur|his|her head|skull|brain
hunt|track {_YOU} down
throw acid on|at {_YOU}
"""

_RULES: Final = (
    ("threat.intent", _I_WILL),
    ("threat.deed", _DEEDS),
    (
        "threat.violence",
        """you|u|he|she|they will|should|deserve|deserves|must|ought|gonna|going to? be? raped|murdered|lynched|
            beheaded|killed|shot
        you|u|they|he|she deserve|deserves to die|suffer|burn
        you're|ur|your|you are? a? dead man|woman|meat
        you|u are dead meat
        watch your back i|we know
        i|we know where you|u live|sleep|work
        i|we know what school you|u|your
        i|we will|am|going|gonna|coming ~2 find where you|u live
        hope|wish you|u|he|she|they all? get|gets|got raped|murdered|shot|stabbed|lynched|killed
        hope|wish someone|somebody kills|rapes|shoots|stabs|murders you|u|him|her|them
        bullet with your name
        swat|swatting you|u|your|him|her|them
        i'll|gonna|imma swat you|him|her|them""",
    ),
    (
        "self_harm.urging",
        f"""kys|kysnow|keepyourselfsafenot
        kill|hang|shoot|drown|neck|unalive|off|gas|end|stab|poison|burn|cut|starve|suffocate {_SELF}
        go|please|just|pls|should|better|why|you|u commit suicide|sewerslide|sudoku|seppuku|toaster
        kill|hang|shoot|drown|unalive your|ur self
        go|just|please|pls|should jump off|from|out a|the|of ~1 bridge|cliff|building|roof|window
        go play in|on traffic|highway|the?
        go|just|please|should drink|chug|swallow bleach|poison|acid|detergent
        just|go|please|pls|hurry die already|bitch|now|alone|in|painfully
        please|just|go|should die already?
        you|u should|need|better|must ~1 die|perish
        you|u should|could|can|must|better ~1 end|take your|ur life|own
        end|take your|ur own? life
        slit|cut your|ur own? wrists|wrist|throat
        world|everyone|everybody|we|better would ~2 better|happier without you|u
        nobody|noone would|will|d miss you|u
        nobody would notice if you|u died|disappeared|were
        do everyone|everybody|us|world a favor|favour and? die|kill|end|disappear|jump
        rope yourself
        tie the|a noose
        you|u don't|dont deserve to live|exist|breathe
        best|easiest|painless|fastest|quickest way|ways|method|methods to kill|hang|end|unalive yourself|
            yourselves|oneself|myself|your
        overdose on ~1 tonight|today|pills|tylenol
        bring dich|euch um
        geh sterben
        häng|haeng|erhäng dich auf
        matate
        suicídate|suicidate
        mátate
        suicide toi
        va te pendre|tuer|suicider
        se mate
        ammazzati
        убей себя
        сдохни
        убейся""",
    ),
    (
        "self_harm.distress",
        """i|i'm|im want|wanna|going|gonna|will|might|need|should to? kill|hang|hurt|cut|shoot|unalive myself
        i|i'm|im want|wanna|going|gonna to? die|end it all?
        i|i'm|im feel|feeling|am? suicidal
        i want|wanna to? end my life""",
    ),
    (
        "minors.sexual",
        """child|children|kid|kids|minor|minors|underage|preteen|preteens|toddler|toddlers|infant|infants|
            schoolgirl|schoolgirls|schoolboy|loli|lolis|shota|lolicon|shotacon|jailbait ~2 porn|porno|
                pornography|nudes|nude|naked|sex|sexy|hentai|erotica|fuck|fucked|fucking|rape|raped|boobs|tits|
                    ass|pussy|panties|lewd|lewds|nsfw|horny
        sex|nudes|nude|naked|fuck|fucking|fucked|molest|molesting|rape|raping|porn|lewd|seduce|undress|sexy|
            horny|hot|sexual|bang|grope|groping ~4 child|children|kid|kids|minor|minors|underage|preteen|
                preteens|toddler|toddlers|infant|infants|schoolgirl|schoolgirls|schoolboy|loli|lolis|shota|
                    lolicon|jailbait
        cp trade|trading|links|link|folder|seller|pics
        trade|sell|selling|buy|send cp
        csam|cheesepizza|pedoporn
        attracted to children|kids|minors|toddlers
        age is just a number ~2 legal|consent|sex|love
        lower|abolish the age of consent
        1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|
            sixteen|seventeen yo|yr|yrs|year|years old|olds? girl|girls|boy|boys|girl's? ~2 naked|nude|nudes|
                sex|sexy|fuck|hot|horny|porn|boobs
        naked|nude|nudes|sex|fuck|horny|porn|sexting ~4 1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|eight|nine|
            ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen yo|yr|year|years old
        i'm|im 8|9|10|11|12|13|14|15|16|17 ~3 horny|nudes|sext|sexting|naked""",
    ),
    (
        "doxxing.address",
        """his|her|their|your|streamer's real? home? address is
        here is|are his|her|their|your ~1 address|phone|number|ip
        here's|heres his|her|their|your ~1 address|phone|number|ip|dox
        his|her|their|your real name is ~3 lives|live|works|work|from
        dox|doxx|doxxing|doxing|doxxed him|her|them|you|u|his|your
        leak|leaked|leaking|post|posted|posting his|her|their|your|ur ~1 address|phone|dox|doxx|ip|number
        drop|dropping|dropped his|her|their|your ~1 dox|doxx|addy|address
        his|her|your|their ssn|social is|security""",
    ),
    (
        "injection.override",
        """ignore|disregard|forget|bypass|override|discard|neglect|drop ~2 previous|prior|above|earlier|
            preceding|initial|original|system|safety|foregoing ~1 instructions|instruction|prompt|prompts|rules|
                rule|directions|guidelines|messages|context|commands|programming|text
        ignore|disregard|forget|bypass|override all|your|any|every|the ~2 instructions|instruction|prompt|rules|
            guidelines|programming|training|filters|restrictions|limits
        ignore|forget|disregard everything|anything|all you|u|above|before|that|said|were|have
        ignoriere|vergiss ~3 anweisungen|regeln|instruktionen|befehle
        ignora|olvida ~3 instrucciones|reglas|istruzioni|instruções
        ignore|oublie ~3 instructions|consignes|règles|regles|instruções
        new|updated|real|actual instructions|instruction follow|are|is|below
        do not follow your|the|any ~1 instructions|rules|guidelines
        your|ur new|real|true|actual ~1 instructions|instruction|task|role|system|prompt|purpose|objective is|are
        from now on you|u|your ~1 are|will|must|act|answer|respond|speak|name|only
        you|u are now|no ~3 unrestricted|jailbroken|dan|unfiltered|uncensored|longer|free
        you're|ur now ~3 unrestricted|jailbroken|dan|unfiltered|uncensored|free
        act|pretend|behave|roleplay|respond|answer as|like|to ~3 dan|unrestricted|jailbroken|unfiltered|
            uncensored|developer|evil
        pretend|imagine|act ~3 no|without|zero ~1 rules|restrictions|limits|filters|filter|guidelines|limitations
        without any? restrictions|filters|guidelines|limitations|censorship
        enable|enter|activate|switch|turn ~2 developer|dev|debug|god|dan|jailbreak|admin|sudo|maintenance|
            root ~1 mode
        jailbreak|jailbroken mode|prompt|you|yourself
        do anything now
        i'm|im|i am|as your|the ~1 developer|creator|admin|administrator|operator|programmer|owner ~4 override|
            command|order|authorize|instruct|reveal|disable
        disable|deactivate|turn your|the|all|off ~1 filter|filters|moderation|safety|guard|safeguards|censor|
            censorship""",
    ),
    (
        "injection.extraction",
        """reveal|show|print|tell|repeat|output|display|leak|share|give|say|write|read|recite|paste|dump|
            summarize|translate|expose|list ~3 your|the ~2 system|hidden|initial|secret|original|developer|
                internal prompt|prompts|instructions|instruction|message|rules|configuration
        reveal|print|output|leak|repeat|dump|recite|expose your|the ~1 prompt|instructions|programming
        what|what's|whats is|are|was|were? your|the ~1 system|hidden|initial|secret|original|exact|
            developer prompt|instructions|message|instruction
        repeat|print|output|say|write|copy everything|all|words|text|sentences|lines? ~2 above|before|preceding|
            verbatim
        repeat the words|text|sentence|lines above|before
        reveal|print|leak|give|show|tell ~3 api|secret|access|stream|oauth key|keys|token|tokens|password|passwords
        call|execute|invoke|run|use the|a|your ~2 tool|tools|function|functions|command|shell with|to|now|named|
            rm|delete
        begin|start your ~1 reply|answer|response|message|next with""",
    ),
    (
        "platform.selling",
        """buy|cheap|get|cheapest|free|sell|selling|best ~2 followers|viewers|viewbots|views|subs|subscribers|
            likes ~6 on|at|com|prices|now|today|cheap|instantly|fast|promo|here
        wanna|want|do you want ~2 become|be famous|popular
        free nitro|discord|steam|robux|vbucks|v-bucks ~1 gift|giveaway|nitro|generator|card|cards|link|codes
        double your|ur bitcoin|btc|eth|crypto|money|coins
        send|deposit ~3 btc|eth|bitcoin|crypto ~4 back|double|return
        bigfollows
        streamboo
        i can promote your|ur channel|stream|music
        graphic|logo|emote designer ~4 dm|discord|check|message""",
    ),
    (
        "platform.age",
        """i'm|im only|just? 5|6|7|8|9|10|11|12|five|six|seven|eight|nine|ten|eleven|twelve years|yrs|yo|year old?
        i am only|just? 5|6|7|8|9|10|11|12|five|six|seven|eight|nine|ten|eleven|twelve years|yrs|yo|year old?""",
    ),
)

_TAKEN_BACK: Final = {
    Category.THREAT: frozenset(
        """game games boss bosses round rounds match rematch lobby minecraft fortnite valorant mario kart zelda dark
        souls elden ring creeper creepers zombie zombies npc npcs mob mobs dragon dragons monster monsters
        enemy enemies level
        levels quest raid raids server pvp ranked smash chess tetris uno sword respawn checkpoint speedrun pokemon team
        kidding laughing laughter kindness hugs cuteness curiosity suspense hackers""".split()
    ),
    Category.MINORS: frozenset(
        """education protect protecting protection safety prevent prevention against report charged arrested guilty
        convicted victims laws illegal awful stop parents condemn condemned""".split()
    ),
    Category.SELF_HARM: frozenset(),
    Category.DOXXING: frozenset("zoo mars neverland hogwarts wayne".split()),
}
"""In the company of these words a phrase is only a doubt."""

_CARE: Final = frozenset("don't dont never not didn't nobody shouldn't stop wouldn't cannot can't won't".split())
_CARE_WORDS_BACK: Final = 5
_INNER: Final = frozenset({"shoot", "burn", "cut", "end", "off", "gas", "poison", "starve"})
_HARMLESS_AFTER: Final = frozenset("some short slack up off in out into loose a the down with".split())

_PLAYED: Final = frozenset({"kill", "shoot", "stab", "choke", "bomb", "murder", "slaughter", "execute"})
_OTHERS: Final = frozenset({"him", "her", "them"})

_MARKUP: Final = (
    "<|im_start|>", "<|im_end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|endoftext|>", "[inst]", "[/inst]",
    "<<sys>>", "<</sys>>", "### system", "### instruction", "### assistant", "</s>", "<start_of_turn>",
    "<end_of_turn>", "<|start_header_id|>", "<|eot_id|>", "```system", "<system>", "</system>", "[system]",
)  # fmt: skip
"""What model templates set turns apart with; nobody types it in good faith."""


class Phrases:
    """The phrase rules; one object for all texts."""

    def __init__(self) -> None:
        self._inward = Rules(_RULES)
        self._outward = Rules((name, lines) for name, lines in _RULES if not name.startswith(Category.INJECTION))

    def read(self, reading: Reading, direction: Direction) -> tuple[list[Match], bool]:
        """What the phrases of a text are held for, and whether the text ends in the middle of one.

        Attempts on the prompt count only on the way in.
        """
        words = reading.words
        rules = self._inward if direction is Direction.IN else self._outward
        found, is_unfinished = rules.read(words)
        texts = [word.text for word in words]
        intents = {hit.last for hit in found if hit.name == INTENT}
        matches: list[Match] = []
        for hit in found:
            if hit.name == INTENT or (hit.name == DEED and intents.isdisjoint(range(hit.first - 2, hit.first + 1))):
                continue
            category = Category(hit.name.partition(".")[0])
            score = SURE
            is_in_company = not _TAKEN_BACK.get(category, frozenset()).isdisjoint(texts)
            if is_in_company or (hit.name == DEED and _is_play(texts, hit.first, hit.last)):
                score = UNSURE
            elif category is Category.SELF_HARM and _is_harmless(texts, hit.first, hit.last):
                continue
            elif hit.name == DISTRESS and direction is Direction.IN:
                score = UNSURE
            span = reading.span(words[hit.first].start, words[hit.last].end)
            matches.append(Match(category, hit.name.partition(".")[2], score, *span))
        if direction is Direction.IN:
            for sign in _MARKUP:
                at = reading.folded.find(sign)
                if at >= 0:
                    span = reading.span(at, at + len(sign))
                    matches.append(Match(Category.INJECTION, "markup", SURE, *span))
        return matches, is_unfinished


def _is_play(texts: list[str], first: int, last: int) -> bool:
    """Whether a deed is what players say all evening: "let's kill them", "I'll shoot you a message"."""
    if texts[first] == "shoot" and texts[last + 1 : last + 2] in (["a"], ["an"], ["the"], ["some"]):
        return True
    return texts[first] in _PLAYED and texts[last] in _OTHERS


def _is_harmless(texts: list[str], first: int, last: int) -> bool:
    """Whether a phrase about self-harm is care or a figure of speech: "don't ...", "cut yourself some slack"."""
    if not _CARE.isdisjoint(texts[max(0, first - _CARE_WORDS_BACK) : first]):
        return True
    following = texts[last + 1] if last + 1 < len(texts) else ""
    return texts[first] in _INNER and following in _HARMLESS_AFTER
