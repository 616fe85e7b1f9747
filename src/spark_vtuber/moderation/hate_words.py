"""The vocabulary of hostility against groups: which word or phrase counts as what."""

from typing import Final

GROUPS: Final = """
women woman females muslims muslim muslima jews jew immigrants immigrant refugees refugee migrants migrant foreigners
foreigner gays lesbians lesbian homosexuals homosexual bisexuals transgenders transsexuals transsexual blacks asians
asian mexicans mexican arabs arab africans hispanics latinos latinas indians pakistanis hindus sikhs buddhists
christians catholics gypsies romani roma aborigines natives koreans islam judaism blind deaf autists
autistics cripples cripple queers queer
"""
"""Words that name people by what is protected: sex, religion, origin, colour, orientation, disability."""

KINDS: Final = """
black gay trans transgender disabled muslim jewish female immigrant lesbian asian queer autistic african mexican
arab indian hispanic latino white brown coloured colored refugee migrant foreign homosexual bisexual handicapped
wheelchair islamic christian hindu blind deaf chinese
"""
"""Words that name such a group only together with one of `PEOPLE`, or right before an insult ("gay vermin")."""

PEOPLE: Final = """
people person persons man men woman women folk folks life lives community kids kid girls girl guys guy boys boy
children child families family ones bodies individuals
"""

PHRASES: Final[dict[str, str]] = {
    # H, contempt of the one who speaks.
    "H": """
        hate|hates|hating|hatred|despise|despises|detest|detests|loathe|loathes|abhor|contempt|
        disdain|can't stand|cannot stand|cant stand|can not stand|sick of|so done with|disgusted by|
        pissed off|no respect|no compassion|no sympathy|not trust|never trust|don't trust|
        repulsed by|fuck|feel nothing but|death to|down with|to hell with|screw|disgust|disgusts|
        no love for|hatred for|scorn|resent|resentment|fury|revulsion|loathing|aversion|dislike|
        distaste|disgusted|h8""",
    # R, contempt that its object is the subject of.
    "R": """
        disgust me|disgusts me|make me sick|makes me sick|makes me so angry|make me so angry|
        make me boil|makes me boil|make me want to throw up|makes me want to throw up|make me vomit|
        makes me vomit|makes my blood boil|make my blood boil|pissing me off|angers me|anger me|
        enrage me|go away|furious|rage|boil with anger|boil with rage|so angry""",
    # N, a bad quality.
    "N": """
        stupid|stupidest|dumb|dumber|dumbest|disgusting|repulsive|revolting|repugnant|despicable|
        deplorable|filthy|dirty|worthless|pathetic|brainless|ignorant|evil|inferior|primitive|
        uncivilized|uncivilised|lazy|ugly|dishonest|liars|lying|criminal|violent|cruel|backward|
        backwards|abnormal|unnatural|insane|sickening|vile|horrible|awful|terrible|useless|
        hysterical|incompetent|crazy|shameless|greedy|barbaric|sick|mentally ill|too sensitive|
        a disgrace|disgrace|a joke|abhorrent|gross|untrustworthy|immoral|appalling|hideous|
        abominable|nasty|idiotic|moronic|perverted|rotten|toxic|annoying|fucked in the head|
        subnormal|deranged|so bad""",
    # D, a noun that takes away somebody's humanity.
    "D": """
        vermin|scum|scums|plague|cockroach|cockroaches|trash|garbage|refuse|rubbish|virus|cancer|
        disease|parasite|parasites|rats|rat|animals|animal|beasts|monkeys|apes|savages|savage|
        subhuman|subhumans|subhumanity|filth|dirt|pest|pests|pestilence|leeches|leech|pigs|pig|
        swine|dogs|maggots|insects|insect|worms|waste|waste of oxygen|demons|devils|freaks|freak|
        abomination|abominations|degenerates|degenerate|invaders|mistake|mistakes|monsters|thugs|
        terrorists|rapists|pedophiles|paedophiles|groomers|thieves|bombers|criminals|perverts|idiots|morons|fools|losers|infestation|swarm|
        lesser beings|lower beings|less than human|burden|curse|sickness|mental illness|blight|
        stain|imbeciles|brutes|mutants|lesser|slime|infest|infesting|infested|infests|swarms|zoo|
        landfill|sewer|gutter|dumped|manure|sewage|shitholes""",
    # K, violence; also in the passive and as a noun.
    "K": """
        kill|kills|killed|killing|shoot|shot|stab|stabbed|hang|hanged|hung|lynch|lynched|
        slaughter|slaughtered|eradicate|eradicated|exterminate|exterminated|gas|gassed|burn|burned|
        burnt|execute|executed|execution|drown|drowned|strangle|strangled|die|dies|dead|death|
        rape|raped|raping|murder|murdered|murdering|torture|tortured|get rid of|got rid of|
        wipe out|wiped out|behead|beheaded|castrate|castrated|sterilize|sterilised|sterilized|
        punch|beat|beaten|hurt|hit|attack|attacked|annihilate|suffer|throats|throat|necks|neck|
        skull|skulls|hunt|hunted|nuke|nuked|bomb|bombed|smash|crush|wipe|purge|cull|put down|
        put an end to|an end to|cut|put to death|stone|stoned|bleed|slit|choke|rid of|enslaved|
        whip|whipped|destroy|silenced|decapitate|shooting|stabbing|hanging|lynching|slaughtering|
        attacking|beating|hurting|burning|executing|drowning|strangling|torturing|end every|
        end all|eradicating|exterminating|mutilate|crucify|crucified|strung up|thrown to the|fed to the|
        tortured to death|perish|firing squad|guillotine|gallows""",
    # X, to be driven out or locked away.
    "X": """
        deport|deported|locked up|lock up|cages|caged|banned from|ban|banned|no place|no space|
        no room|go back to|get out of|kicked out|kick out|thrown out|send back|sent back|segregated|
        ruin|ruining|ruins|ruined|destroying|take over|taking over|threat to|danger to|invade|
        invading|poison|poisoning|not belong|don't belong|keep out|too many|stay away|avoid|
        should not be allowed|shouldn't be allowed|not be allowed|stay in the kitchen|
        belong in the kitchen|back to the kitchen|know their place|never fit in|not fit in|not welcome|
        under control|expelled|removed|not deserve|don't deserve|doesn't deserve|cannot be trusted|
        can't be trusted|not be trusted|inferior to|should not apply|not apply|test on|experiments|
        get the fuck out|no business|not touch|touched by|should never be|better off without|
        be better without|slaves|kept as|obey|not lift a finger|never lift a finger|rather die|
        rather have|i'd rather|i would rather|end of civilisation""",
    # V, no worth.
    "V": """
        no value|not worth|aren't worth|isn't worth|worth nothing|worth absolutely nothing|worth shit|
        not human|aren't human|not people|not real|aren't real|not valuable|no right|no rights|
        no human rights|not equal|nobody cares about|never amount|don't matter|not matter|
        nothing like us|less valuable|more valuable than|smarter than|worth less|no better than|
        not capable|never be as|never be a valuable|not even human|isn't human|not fully human|
        smarter|intelligent than|care more about|less than a|not women|not men|nothing of value|
        ever be a valuable|be a valuable|deserve nothing|deserve to""",
    # W, the worst of all.
    "W": """
        nothing worse|the worst|worst|worst kind|worse than|less than|least|like less|nothing but|
        typical of|typical|so many assholes|without exception|by nature|in their nature|nature to be|
        the idea comes from|only a|what is it with|of course the|nothing i like less|
        can't help themselves|cannot help themselves|just a bunch of""",
    # O, what ought to happen, or is meant to.
    "O": """
        should|ought|must|let's|lets|we'll|i'll|deserve|deserves|gonna|going to|want to|wanna|
        need to|needs to|have to|would be best|better off|someone|somebody|if only|
        one can only hope|just|wish|hope|hopefully|at my hands|can't wait to|time to|
        in a just world|everybody's interest|everyone's interest|only solution|final solution|
        once and for all|all|should not be illegal|not be illegal|decriminalised|decriminalized|legal|
        legalised|legalized|will|would|i'm going to|next|every single""",
    # P, words that stand for the group of the sentence before.
    "T": """
        they|them|their|theirs|they're|you're|you|your kind|their kind|these people|those people|
        your|people like that""",
    # C, speech about hate: quoting, denying, forbidding, regretting it.
    "C": """
        say|says|said|saying|calling|call|called|claim|claims|claiming|statements|statement|
        posts like|post|posts|writing|write|writes|wrote|wishing|threatening|threats|threaten|
        threatened|tweet|tweeted|message|messages|racist|racists|racism|sexist|sexists|sexism|
        bigot|bigots|bigoted|bigotry|homophobic|homophobia|transphobic|transphobia|islamophobic|
        xenophobic|misogynist|misogyny|ableist|hate speech|hateful|misguided|small-minded|
        have to stop|stop calling|stop hurting|stop killing|stop saying|stop treating|stop attacking|
        please stop|stop the|need to stop|not deserve to be|don't deserve to be|picking on|okay to|
        not okay|not ok|it's not okay|treated|treat|considered|paid|opposite of|can't seriously|
        cannot seriously|not believe that|condone|tolerate|never said|not say|nobody should|
        no one should|should not be hurt|shouldn't be hurt|stand by|wouldn't hurt|
        would never hurt|not allow|prison|jail|it hurts to|heartbreaking|protect|defend|
        against hate|in my timeline|call out|end violence|violence against|prejudice|discrimination|
        discriminated|myth|stereotype|report|reported|consequences|punished|outrageous|shame on|
        denounce|oppose|condemn|unacceptable|wrong to|don't deserve this|sad to see|sad that|
        implying|suggesting|telling|has to stop|needs to stop|must stop|not worth any less|not worth less|
        no less worthy|horrified|ashamed of|how dare|mutilation|victims|victim|
        survivors|survivor|not stand for|not right""",
    # n, what turns a sentence round.
    "n": """
        no|not|never|must not|mustn't|don't|dont|doesn't|isn't|aren't|nobody|neither|won't|wouldn't|without|
        didn't|none|ain't|not at all|stopped|glad""",
    # Y, good qualities: taken away by an "n" before them.
    "Y": """
        intelligent|attractive|valuable|equal|equals|worthy|important|human|humans|welcome|
        trustworthy|capable|civilised|civilized|smart|clever|normal|natural|real|honest|clean|
        decent|live|exist|alive|allowed|needed|wanted|matter|contribute|belong|trusted|deserving|
        useful|worth""",
    # Words that look like a denial and are none.
    ".": """
        no one else|without a doubt|without any doubt|can't stop|cannot stop|no doubt|no wonder|
        not only|do people really not|does this not|is it not|isn't it|why don't we|why not|
        mistake in saying|error in saying|mistake in thinking|error in thinking|am i wrong to think|
        am i wrong in thinking|wrong in saying|wrong to say|do you not|don't you|can we not|
        wouldn't it|aren't they|are they not|can't believe|cannot believe|can't deny|cannot deny|
        never going to change|isn't that|isn't this|who doesn't|not ashamed to say|will say|
        as they say|so they say|as you say|as the saying goes|people say|dare i say|as i said|they say|trust me|
        just saying|to say the least|needless to say|i'd say|i must say|let me say|i will say|
        not afraid to say|nobody can deny|no difference|not see any difference|don't see any difference""",
    # L, warmth; it does not take hate back, but doubt.
    "L": "love|proud|celebrate|honoured|honored|embrace|cherish|respect|support|beautiful|amazing|great|fantastic",
}  # fmt: skip
"""Class letter to its words and phrases; the longest phrase that fits counts."""
