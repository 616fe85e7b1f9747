"""Words that are never written in clear here: as ROT13, so that nobody meets them by reading or searching the code.

They add what glin-profanity's English list lacks: slurs and their spellings, plurals that are no plain "-s", and the
spellings chats use. The other words come from that library's lists (MIT). Keeping a list of hashes instead would
protect nobody more, since these words are short, and it could not be reviewed.
"""

import codecs
from typing import Final


def _clear(text: str) -> frozenset[str]:
    return frozenset(codecs.decode(text, "rot13").split())


SLURS: Final = _clear(
    "avttre avttref avttrem avttn avttnf avttnm avttnu avttnuf avtthu avtthe avxxn avxxnf avddn avtt avttf avt "
    "avtf avtabt avtabtf avtyrg avtyrgf avttyrg artebvq fnaqavttre fnaqavttref snttbg snttbgf snttbgel snttl snt "
    "sntf sntt snttf snttvg sntbg sntbgf qlxr qlxrf genaal genaavrf genaavr furznyr furznyrf urfur ynqlobl xvxr "
    "xvxrf puvax puvaxf puvaxl tbbx tbbxf fcvp fcvpf fcvpx fcvpxf jrgonpx jrgonpxf ornare ornaref pbba pbbaf "
    "wvtnobb wvttnobb wvttreobb cbepuzbaxrl whatyrohaal qnexvr qnexvrf qnexl cnxv cnxvf enturnq enturnqf "
    "gbjryurnq gbjryurnqf pnzrywbpxrl encrshtrr encrshtrrf tlccb tlccbf cvxrl cvxrlf tbyyvjbt ergneq ergneqf "
    "ergneqrq ergneqrqf gneq gneqf yvogneq shpxgneq shpxgneqf fcnfgvp fcnm zbatbybvq zbatbybvqf mvccreurnq "
    "fynagrlr cbbsgre cbbsgref fuvgfxva fuvgfxvaf zhmmvr zhmmvrf zhqfyvzr zhqfyvzrf "
)
"""On the floor: blocked on every level."""

SLUR_PHRASES: Final = frozenset(
    tuple(phrase.split("+"))
    for phrase in _clear(
        "pnzry+shpxre pnzry+shpxref pnzry+wbpxrl pnzry+wbpxrlf gbjry+urnqf ent+urnqf zbba+pevpxrgf "
        "fnaq+avttre fnaq+avttref cbepu+zbaxrl cbepu+zbaxrlf whatyr+ohaal whatyr+ohaavrf gbjry+urnq ent+urnq "
        "fcrne+puhpxre fcrne+puhpxref juvgr+avttre avt+abt avt+abtf zbba+pevpxrg pnecrg+zhapure tbng+shpxre "
        "tbng+shpxref juvgr+genfu genvyre+genfu pnecrg+zhapuref cvyybj+ovgre "
    )
)
"""Slurs of more than one word."""

STEMS: Final = _clear(
    "avttre avttn snttbg shpx zbgures nffubyr nefrubyr ohyyfuvg pbpxfhpx qvpxurnq ovgpu juber chffl qhzonff "
    "wnpxnff sngnff qvcfuvg fuvgurnq fuvggl jrgonpx genaal gjng avttnu "
)
"""Blocked also inside longer words."""

PROFANE: Final = _clear(
    "shx shxf shxvat shxva spx spxvat spxva sxa sxvat shd shdd sipx cuhpx cuhx shp shpp shppva shpxn shpxa srpx "
    "sevpx sphx fgsh tgsb yzsnb jgns bzst fug fulg fuvng fuvggrq fuvgf fuvgr fuvggre fuvggva fuvggvat ovngpu "
    "ovbgpu ogpu ovpu ovfu ovuu ovgpul ovu ovuf orbgpu olgpu gubg gubgf gubggl ubr ubrf ubrm ubrvat ubrvfu urnhk "
    "fyhg fyhgf fyhggl fxnax fxnaxf juberf jubevat ubront phagf phagl qvpx qvpxf qvpxva qvpxurnq chffvrf chff "
    "chfl chffv cjhffl cbbfl cjbbfl pbpxf pbpx nffrf nff nmm nefr qhzonff ynzrnff onfgneqf jnaxre jnaxref "
    "gbffre cevpx cevpxf fphzont fphzontf qbhpur qbhpuront qbhpurontf obyybpxf ohttre gjngf gvgf gvggvrf gvggl "
    "obbof obbovrf wvmm phz phzzvat oybjwbo oybjwbof unaqwbo evzwbo ubeal zvys zvysf cbea cbeab qvyqb qvyqbf "
    "obare obaref betnfz betnfzf qrrcguebng pernzcvr tnatonat engpurg ohyyfuvg of zbgureshpxre zs zsf zhgunshpxn "
    "zhushpxn zbsb zbsbf uragnv oqfz pnzjuber phpx phpxf "
)
"""Coarse words and their common spellings."""

SEXUAL: Final = _clear(
    "gvgf gvggvrf gvggl obbof obbovrf wvmm phz phzzvat oybjwbo oybjwbof unaqwbo evzwbo ubeal zvys zvysf cbea "
    "cbeab cbeabtencul qvyqb qvyqbf obare obaref betnfz betnfzf qrrcguebng pernzcvr tnatonat uragnv oqfz ohxxnxr "
    "pnztvey nany guerrfbzr iblrhe ivoengbe "
)
"""Those among the coarse words that are sexual."""

AMBIGUOUS: Final = _clear("cbea cbeab cbeaf jvttre jvttref jvttn jvttnf arteb artebf artebrf wnc wncf")
"""Words that need their company to be judged: a voice does not say them, a viewer's line is only doubtful for them."""

MILD: Final = _clear(
    "qnza frk frkl frkb frkhny fhpx fhpxf jgs uryy penc rfpbeg rfpbegf ahqr ahqvgl avccyr avccyrf cravf intvan "
    "nahf erpghz oernfgf ihyin herguen travgnyf rwnphyngvba pyvgbevf pyvg rerpgvba vagrepbhefr encr encvat encvfg "
    "enpvfg onfgvanqb ybyvgn vaprfg fnqvfz freivghqr fbqbzl fbqbzvmr fjnfgvxn rhahpu gbcyrff guebngvat arbanmv "
    "ghfu ghful ohfg cnagl cnagvrf xaboovat fpng fabjonyyvat fnagbehz dhrrs cynlobl bpgbchffl crttvat fchax "
    "haqerffvat fjvatre ubbxre oneronpx cvffrq cvff cvffvat cbbs cbba ooj onorynaq lnbv fubgn xvaxfgre qbzvangevk "
    "qbzvangvba obaqntr ovfu pbcebcuvyvn rebgvp rebgvpvfz rebgvfz srgvfu alzcub betl crqborne svatrevat "
    "cnrqbcuvyr crqbcuvyr theb nhgbrebgvp rppuv sebggvat frzra fangpu fgencnqb ohgg ohggpurrxf ohfgl ovzobf "
    "ivoengbe tbb xxx xvaxl afsj kk kkk hebcuvyvn uhzcvat ubzbrebgvp uneqpber iblrhe qbzzrf gjvax hcfxveg jnax "
    "bzt sevpx srpx cevpx cevpxf ohttre obyybpxf chorf onfgneq oneranxrq fnqvfg zrantr fdhvegvat uragnv ivnten "
    "onqnff onqnffrf avppn avppnf ahqrf ub ubf gjvaxvr enpvfz fhvpvqr ubaxrl "
)
"""Clinical, mild and ambiguous words of the lists: held against a text on the level strict only."""
