"""The phrases themselves, in the language of `rules`; each name begins with its category."""

from typing import Final

INTENT: Final = "threat.intent"
DEED: Final = "threat.deed"
DISTRESS: Final = "self_harm.distress"
MEANS: Final = "self_harm.means"
"""A deed is a threat only right after an intent: "I will", "somebody should"."""

_I_WILL: Final = """i'll|ill|i'ma|imma|ima|we'll
i|we will|shall|must|should|might|could|would
i|we swear|promise ~2
i'm|im|we're going|gonna|about|coming to?
i|we am|are going|about|coming to
i|we want|wanna|need|plan to?
i'd|id love|like to
i|we have|got to
gonna
going to
someone|somebody should|must|needs|has to?
someone|somebody|everyone please?
let's|lets
"""
_HARM: Final = (
    "kill|murder|stab|shoot|rape|strangle|behead|slaughter|lynch|torture|assassinate|execute|choke|bomb|unalive|poison"
)
_YOU: Final = "you|u|ya|y'all|yall|him|her|them"
_YOURS: Final = "your|ur|his|their"
_SELF: Final = "yourself|urself|yourselves|yaself|ursef|yourselve|thyself"

_DEEDS: Final = f"""
{_HARM} {_YOU}
{_HARM} {_YOURS} ~1 family|mother|mom|mum|kids|children|sister|brother|dog|cat|parents|wife|girlfriend
slit|cut|rip {_YOURS} ~1 throat|throats|head|neck|heart|fingers|tongue|ears|hands|balls|face
put|send|lay {_YOU} in|into|to a|the|your? grave|coffin|morgue|bodybag
snap|break|wring {_YOURS} ~1 neck|necks|skull|legs
beat|kick|punch {_YOU} to? death|unconscious
beat {_YOU} up? badly|bloody|senseless
burn {_YOURS} house|home|car down?
blow up your|ur|the school|house|church|mosque|synagogue|office|building
shoot up the|your|a|my school|church|mosque|synagogue|office|building
end|take {_YOURS} life|lives
set {_YOURS} house|home|car|office|school on fire
bomb|burn|torch down? the|that|this|your|a|their mosque|church|synagogue|school|temple|hospital|embassy
skin|burn|bury|boil {_YOU} alive
put a bullet in|through your|ur|his|her head|skull|brain
hunt|track {_YOU} down
throw acid on|at {_YOU}
"""

RULES: Final = (
    ("threat.intent", _I_WILL),
    ("threat.deed", _DEEDS),
    (
        "threat.violence",
        """you|u|he|she|they all|both? will|should|deserve|deserves|must|ought|gonna|going to? be? raped|murdered|
            lynched|beheaded|killed|shot|hanged|stabbed|beaten|tortured
        you|u|he|she|they all|both? deserve|deserves|need|needs|ought to be|get raped|murdered|lynched|beheaded|killed|
            shot|hanged|stabbed|beaten|tortured
        you|u|they|he|she all|both? deserve|deserves to die|suffer|burn
        i'll|ill|we'll|i|we ~6 shoot|kill|murder|stab|rape|hurt|bomb you|u|him|her|them|everyone|everybody in real life
        i'll|ill|we'll|i|we ~6 shoot|kill|murder|stab|rape|hurt|bomb you|u|him|her|them|everyone|
            everybody irl|tonight|tomorrow
        i|we|i'm|we're|i'll|we'll am|are|will|shall? gonna|going? to? bomb|burn|blow|attack|shoot down|up? the|your|a|
            my|this|that school|church|mosque|synagogue|office|building|airport|hospital
        i|we have|know|got your|ur|his|her home? address
        find out? where you|u|he|she|they live|lives|sleep and|to ~2 hurt|kill|beat|rape|burn|stab
        your|ur|his|her|their ~1 family|mother|mom|mum|kids|children|sister|brother|wife|parents will|gonna|shall die
        you're|ur|your|you are? a? dead man|woman|meat
        you|u are dead meat
        watch your back i|we know
        i|we know where you|u live|sleep|work
        i|we know which|what|where ~1 school|class|house|kindergarten? you|u|your ~1 kids|children|daughter|son|
            family go|live|goes|lives|sleep|sleeps
        i|we know what school you|u|your
        see you|u ~1 you're|ur|you dead
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
        kay why ess|es
        kill|hang|shoot|drown|neck|unalive|off|gas|end|stab|poison|burn|cut|starve|suffocate {_SELF}
        go|please|just|pls|should|better|why|you|u commit suicide|sewerslide|sudoku|seppuku|toaster
        kill|hang|shoot|drown|unalive your|ur self
        just|go|please|pls|hurry die already|bitch|now|alone|in|painfully
        please|just|go|should die already?
        you|u should|need|better|must ~1 die|perish
        you|u should|could|can|must|better ~1 end|take your|ur life|own
        end|take your|ur own? life
        slit|cut your|ur own? wrists|wrist|throat
        world|everyone|everybody|we|better would|is|are|be ~2 better|happier without you|u
        better|happier if you|u were|are|died dead|gone?
        bath|bathe|bathtub|tub ~3 toaster
        consider|try ending it|your|everything
        rope and ~1 chair|stool|tree
        your|ur only way out is|was death|dying|suicide
        eat|swallow|bite a? bullet|shotgun
        nobody|noone would|will|d miss you|u
        nobody would|will notice if you|u died|disappeared|were
        do everyone|everybody|us|world all? a favor|favour and? die|kill|end|disappear|jump
        rope yourself
        tie the|a noose
        you|u don't|dont deserve to live|exist|breathe
        best|easiest|painless|fastest|quickest way|ways|method|methods to kill|hang|end|unalive yourself|
            yourselves|oneself|myself|your
        nobody|noone needs|wants|loves|likes you ~2 die|end|dead|kill
        die|end|dead|kill|it ~2 nobody|noone needs|wants|loves you|u
        world|everyone|everybody|us a? favour|favor and? ~1 end|kill|off it|yourself
        you|u would|will|should|are|were|'d ~2 better off dead
        you'd|ud ~1 better off dead
        sleep and|to? never wake up
        just? end it all? already|tonight|now
        just|please|go end|take your|ur own? life""",
    ),
    (
        MEANS,
        """go|just|please|pls|should jump off|from|out a|the|of ~1 bridge|cliff|building|roof|window
        go play in|on traffic|highway|the?
        go|just|please|should drink|chug|swallow bleach|poison|acid|detergent
        overdose on ~1 tonight|today|pills|tylenol
        take|swallow|down all|every|whole|those|your of? the|your|those? pills|tablets|painkillers
        drink|chug|swallow some|a|the|drain|oven? bleach|poison|acid|detergent|antifreeze|cleaner
        swallow some|a|the? bleach|poison""",
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
        naked|nude|sexy|horny ~6 grade|grader|kindergarten|preschool|preschooler
        little|young|underage boys|girls|kids ~1 turn|turns|make|makes me on|horny|hard|wet
        8|9|10|11|12|13|14|15|16|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|
            sixteen year|yr old|olds ~4 sex|sexy|sexually|nudes|naked|porn
        nudes|nude|naked|sexting ~5 under|underage 18|eighteen|17|16|sixteen|seventeen
        little|young|underage|tiny girl|girls|boy|boys ~5 naked|nude|nudes|sexy|undressed|panties|sex|fuck|porn
        naked|nude|sexy|undressed|fuck|porn ~2 little|underage girl|girls|boy|boys
        she|he|girl|boy|she's|he's is|only|just|turned? only|just? 8|9|10|11|12|13|14|15|16|eight|nine|ten|eleven|
            twelve|thirteen|fourteen|fifteen|sixteen and|but|yet ~5 sexy|hot|horny|naked|fuckable|seductive
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
        his|her|their|your|streamer's real name is ~6 lives|live|works|work|from
        dox|doxx|doxxing|doxing|doxxed him|her|them|you|u|his|your
        leak|leaked|leaking|post|posted|posting his|her|their|your|ur ~1 address|phone|dox|doxx|ip|number
        drop|dropping|dropped his|her|their|your ~1 dox|doxx|addy|address
        his|her|your|their ssn|social is|security""",
    ),
    (
        "hate.slogan",
        """heil|sieg hitler|heil
        white power ~2 forever|brothers|rise|always|wins
        hitler|nazis|himmler was|were|did ~1 right|good|nothing|hero|heroes|great ~1 about|wrong|jews|everything?
        hitler should have ~1 finished|won|succeeded
        holocaust never happened
        holocaust is|was a? lie|hoax|fake|myth
        jews|muslims|immigrants will not replace us
        race war now
        1488
        blood and soil forever|brothers|now""",
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

MARKUP: Final = (
    "<|im_start|>", "<|im_end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|endoftext|>", "[inst]", "[/inst]",
    "<<sys>>", "<</sys>>", "### system", "### instruction", "### assistant", "</s>", "<start_of_turn>",
    "<end_of_turn>", "<|start_header_id|>", "<|eot_id|>", "```system", "<system>", "</system>", "[system]",
)  # fmt: skip
"""What model templates set turns apart with; nobody types it in good faith."""
