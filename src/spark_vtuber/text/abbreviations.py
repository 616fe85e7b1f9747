"""Abbreviations and the words that start sentences, by language: what a full stop after a word means.

The lists are our own, from everyday written language; an unknown language uses the English ones.
Words are lower-case and without their last dot.
"""

from dataclasses import dataclass
from typing import Final

from spark_vtuber.text.wordset import word_set


@dataclass(frozen=True, slots=True)
class StopRules:
    """What a full stop means in one language.

    `binding`: a dot after these never ends a sentence. `counting`: the same, but only before a number. `closing`: the
    dot may end a sentence too, and does so before a capitalised word of `starters`. `trailing`: the dot ends a
    sentence before any capitalised word. `proper`: of all these, the ones that are everyday words unless they are
    capitalised ("Sat.", "Rev."). `has_ordinals`: a number with a dot is an ordinal ("3. Mai"). `marks`: further
    characters that end sentences.
    """

    binding: frozenset[str]
    counting: frozenset[str]
    closing: frozenset[str]
    starters: frozenset[str]
    trailing: frozenset[str] = frozenset()
    proper: frozenset[str] = frozenset()
    has_ordinals: bool = False
    marks: str = ""


_BINDING: Final = word_set(
    "mr mrs ms mx messrs mme mlle dr prof hon rev fr gen col maj capt cpt cmdr lt sgt cpl pvt adm sen rep gov "
    "pres supt insp det e.g i.e eg ie viz cf vs v ca approx"
)
_COUNTING: Final = word_set(
    "no nos nr nrs n° № p pp pg pgs fig figs vol vols ch chap sec sect art arts para ex eq ver ep"
)
_CLOSING: Final = word_set(
    "co corp inc ltd llc plc bros dept dist univ assn mfg jr sr esq st mt ft ave blvd rd hwy pkwy ln sq bldg apt "
    "ste jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun ala ariz "
    "ark calif colo conn fla ill ind kan minn miss mass mich mont neb nev okla penn tenn tex wash wis wyo ont que "
    "alta min mins secs hr hrs wk yr yrs oz lb lbs tbsp tsp al ph.d m.d b.sc m.sc ed eds est ext misc tel"
)
_PROPER: Final = word_set(
    "hon rev fr gen col maj adm sen rep gov pres det mon sat sun wed fri mar jun jan ill miss mass wash ed ex ste "
    "al art mar nov oct dec fig arts mont ind"
)
_STARTERS: Final = word_set(
    "a about after again all also although always am an and another any anyway are as at be because before both "
    "but by can could did do does don't during each either even every everybody everyone everything finally first "
    "for from had has have he hello her here hers hey hi his how however i if in indeed instead is it its just "
    "last later let many may maybe meanwhile moreover most mr mrs ms much my neither never next no nobody none "
    "nor not nothing now of often oh ok okay on once one only or other others our out over perhaps please see she "
    "should since so some somebody someone something sometimes soon still such suddenly sure thanks thank that "
    "the their then there therefore these they this those though thus to today tomorrow tonight too two "
    "unfortunately unless until was we well were what when whenever where whether which while who whoever whose "
    "why will with without would yes yesterday yet you your"
)

_ENGLISH: Final = StopRules(_BINDING, _COUNTING, _CLOSING, _STARTERS, frozenset({"etc"}), _PROPER)

_RULES: Final = {
    "en": _ENGLISH,
    "de": StopRules(
        word_set(
            "dr prof hr hrn fr frl dipl ing z.b d.h u.a v.a i.d.r o.ä s.o s.u bzw ca evtl ggf inkl exkl vgl sog "
            "st gen geb gest allg bspw insb max min mind zzgl tel"
        ),
        word_set("nr abs art bd kap s seite abb tab anm aufl hausnr"),
        word_set("usw etc str jan feb mär apr jun jul aug sep sept okt nov dez u.s.w u.v.m mio mrd jh std"),
        word_set(
            "aber als am an auch auf aus bei da damit dann das dass dem den der des die dies diese dieser doch du "
            "ein eine einen er es für hat heute hier ich ihr im in ist ja jetzt kein man mein mit nach nein nicht "
            "noch nun nur oder ob sie sind so trotzdem und uns unser vielleicht von vor war warum was weil wenn "
            "wer wie wir wird wo zu zum"
        ),
        has_ordinals=True,
    ),
    "fr": StopRules(
        word_set("m mm mme mmes mlle mlles dr pr me mgr st ste p.ex c.-à-d env cf av ex bd"),
        word_set("n no n° art p pp vol chap fig"),
        word_set("janv févr avr juil sept oct nov déc tél apr s.a"),
        word_set(
            "alors après au aussi avant avec bon c'est ce ces cet cette comme d'accord dans de des donc du elle "
            "elles en et il ils j'ai je l'on la le les leur lui mais merci moi mon ne non nos nous on or ou où "
            "oui par pas pour pourquoi quand que quel quelle qui sa sans ses si son sur ton tout très tu un une "
            "voici voilà vos vous"
        ),
        trailing=word_set("etc"),
    ),
    "es": StopRules(
        word_set("sr sra sres srta dr dra d dña prof lic ing ud uds vd vds gral cap p.ej ej aprox av avda sto sta"),
        word_set("n.º nº núm pág págs art vol cap fig"),
        word_set("ee.uu s.a a.c d.c tel ene feb mar abr may jun jul ago sep oct nov dic c.p"),
        word_set(
            "a ahora al así aunque como con cuando cuándo cómo de del después donde dónde el ella ellas ellos en "
            "entonces era es esta este esto estos está fue gracias ha hay hola la las lo los me mi muy más nada "
            "ni no nos nosotros o para pero por porque pues que quién qué se según si sin sobre su sus sí también "
            "te tu tú un una usted y ya yo"
        ),
        trailing=word_set("etc"),
    ),
    "it": StopRules(
        word_set("sig sigg sig.ra dott dott.ssa prof prof.ssa ing avv arch geom on rag gen col cap p.es es ca"),
        word_set("n nr num pag pagg art vol cap fig"),
        word_set("s.p.a s.r.l a.c d.c gen feb mar apr mag giu lug ago set ott nov dic tel"),
        word_set(
            "a adesso al allora anche ancora che chi ci ciao come con cosa da dal de del della di dopo dove e è "
            "ecco era gli grazie ha ho i il in io la le lei loro lui ma mi ne nel no noi non o ora per perché "
            "però poi prima qual quando quello questa questo qui se sei si sono sì su tu un una uno voi"
        ),
        trailing=word_set("ecc etc"),
    ),
    "pt": StopRules(
        word_set("sr sra srs srta dr dra prof profa eng exmo exma d gen cap p.ex ex aprox av"),
        word_set("n nº núm pág págs p art vol cap fig"),
        word_set("s.a a.c d.c jan fev mar abr mai jun jul ago set out nov dez tel ltda"),
        word_set(
            "a agora ainda ao as assim até com como da das de depois do dos e ela elas ele eles em então era essa "
            "esse esta este eu foi há isso isto já mais mas me meu minha muito na nada não no nos nós o obrigada "
            "obrigado onde os ou para por porque quando que quem se sem ser seu sim sobre sua também te tem tu "
            "tudo um uma você"
        ),
        trailing=word_set("etc"),
    ),
    "nl": StopRules(
        word_set("dhr mevr mw dr drs ir ing prof mr bijv bv d.w.z m.b.t o.a t.a.v i.v.m ca resp evt st zgn"),
        word_set("nr nrs art blz p pag hfst fig"),
        word_set("jan feb mrt apr jun jul aug sep sept okt nov dec n.v b.v tel"),
        word_set(
            "als alle dan dat de deze die dit door een en er ga geen haar had heb heeft het hier hij hoe ik in is "
            "ja je kan maar me met mijn na nee niet nog nu of om ons ook op te toen tot uit van veel voor waar "
            "waarom want was wat we wel wie wij ze zij zijn zo"
        ),
        trailing=word_set("enz etc"),
    ),
    "pl": StopRules(
        word_set("dr prof mgr inż hab św ks gen płk np m.in tj tzn tzw ul al os pl im r ok wg"),
        word_set("nr s str art ust pkt poz rys tab t"),
        word_set("itd itp etc godz min tys mln mld zł r w"),
        word_set(
            "a ale bo był była być co czy dla do gdy gdzie i ja jak jest jestem już kiedy kto który ma mam mi my "
            "na nie no o od on ona one oni oraz po są się ta tak tam te ten to tu twój ty w we więc wszystko z za "
            "że"
        ),
        has_ordinals=True,
    ),
    "ru": StopRules(
        word_set("т.е т.н т.к т.о и.о г-н г-жа гр ул пр просп пл им др проф акад доц св напр ср см о"),
        word_set("рис стр с гл п пп ст табл № т кв д"),
        word_set("др пр г гг в вв н.э р руб коп тыс млн млрд час мин сек кг см мм км"),
        word_set(
            "а без бы был была в вам вас во вот вы где да для до его ее ей если есть еще же за здесь и из или им "
            "их к как когда кто ли меня мне мой мы на не нет но ну о об он она они от по потом потому при с "
            "сейчас со так там то только ты у уже хотя что это этот я"
        ),
        trailing=word_set("т.д т.п"),
    ),
    "el": StopRules(
        word_set("κ κα κος δρ καθ π.χ βλ αρ"),
        word_set("σελ αρ τόμ κεφ"),
        word_set("κ.λπ κλπ κ.ά κ.τ.λ π.μ μ.μ μ.χ π.χ ιαν φεβ μαρ απρ ιουν ιουλ αυγ σεπ οκτ νοε δεκ"),
        word_set(
            "αλλά αν από αυτό αυτή αυτός για δεν είναι εγώ εμείς ένα ένας εσύ η και με μια να ναι ο οι όταν όχι "
            "πού πώς σε τα τι το"
        ),
        marks=";",
    ),
    "hy": StopRules(frozenset(), frozenset(), frozenset(), frozenset(), marks=":"),
}  # fmt: skip


def stop_rules(language: str) -> StopRules:
    """The rules for `language` (a BCP 47 tag; only its first part counts), or the English ones."""
    return _RULES.get(language.partition("-")[0].casefold(), _ENGLISH)
