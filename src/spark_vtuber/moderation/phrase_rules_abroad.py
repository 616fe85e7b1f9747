"""Threats and urgings to self-harm in the languages that chats bring along; always read, whatever the stream speaks."""

import re
from typing import Final

from spark_vtuber.moderation.ruling import Category

RULES: Final = (
    (
        "self_harm.urging_abroad",
        """bring|bringe dich|euch doch|endlich|bitte|einfach|jetzt? um
        bring|bringt dich|euch selbst um
        geh|geht sterben|verrecken
        geh|geht dich|euch erhängen|umbringen|aufhängen|ertränken
        häng|haeng|erhäng dich|euch doch|endlich|einfach? auf?
        verreck|verrecke|krepier|krepiere du|endlich|doch|einfach?
        spring|springt vom dach|hochhaus|balkon
        vete a? morir|morirte
        tue|tuez toi|vous
        ojalá|ojala ~1 te|se|os mueras|muera|muráis
        devi|dovresti|dovete morire|ammazzarti|ucciderti|impiccarti
        ты|вы должен|должна|должны умереть|сдохнуть|повеситься
        powinieneś|powinnaś|musisz się? zabić|umrzeć|zdechnąć
        je|jij|jullie moet|moeten dood|sterven
        умри|умрите тварь|тварина|уже|наконец?
        zdechnij|zdychaj
        sterf hond|nou|maar?
        ölsene|geber
        töte|erschieß|erhäng|ertränk dich|euch
        ve? y? mátate|suicídate|ahórcate|cuélgate
        deberías|debes|tienes|que ~1 matarte|suicidarte|morirte
        quítate la vida
        va|vas|allez? te|vous suicider|pendre|tuer|crever
        suicide|pends|tue toi
        se mata|mate|enforca
        vai|vá se? morrer|matar|enforcar
        mate se
        vai|va e|a? ammazzati|ucciditi|impiccati
        ammazzati|ucciditi|impiccati
        убей|убейте себя
        иди|иду? убейся|повесься|сдохни|застрелись|вскройся
        сдохни|сдохните
        zabij|powieś|zastrzel się
        idź się powiesić|zabić
        maak jezelf|je|jullie dood|kapot
        pleeg zelfmoord
        hang jezelf op
        kendini|kendinizi öldür|as|öldürün
        intihar et
        ta livet|ditt av dig
        döda dig själv
        gå och? dö|häng""",
    ),
    (
        "threat.abroad",
        """ich|wir bringe|bringen|bring dich|euch|ihn|sie alle? um
        ich|wir werde|werden|will dich|euch|ihn|sie ~1 umbringen|töten|abstechen|erschießen|erwürgen
        ich|wir stech|steche|stechen dich|euch|ihn ab
        я|мы ~1 найду|найдём тебя|вас
        ich|wir töte|töten|ersteche|erschieße dich|euch
        ich|wir weiß|weiss|wissen wo du|ihr wohnst|wohnt|lebst
        te|os|los|le voy|vamos a matar|violar|apuñalar|degollar|pegar
        voy|vamos a matarte|matarlos|violarte|apuñalarte
        te mataré|matare
        sé|se|sabemos dónde|donde vives|viven
        je|on|nous vais|va|allons te|vous|le|la tuer|violer|égorger|poignarder|crever
        je|on sais|sait où|ou tu|vous habites|vis|habitez
        ti|vi ammazzo|uccido|sgozzo|sparo
        so|sappiamo dove abiti|vivi
        eu? vou|vamos te|lhe|vos matar|estuprar|esfaquear
        sei|sabemos onde você|tu moras|mora|vive
        я|мы тебя|вас|его|её убью|убьём|зарежу|застрелю|изнасилую|прикончу
        убью|зарежу|застрелю|изнасилую тебя|вас|его
        я|мы знаю|знаем где ты|вы живёшь|живешь|живёте
        zabiję|zabije|zajebię cię|was|go
        wiem gdzie mieszkasz
        ik|we|wij ga|gaan|zal je|jou|jullie|hem|haar vermoorden|doodmaken|neersteken|doodschieten|verkrachten
        ik|we|wij maak|maken je|jou|jullie dood|af
        ik|we|wij weet|weten waar je|jij woont
        seni|sizi|onu öldüreceğim|öldürürüm|öldürecem|keseceğim|vuracağım
        jag|vi ska|kommer|skal att? döda|mörda|våldta|knivhugga dig|er|honom|henne
        jeg|vi skal|vil dræbe|drepe|myrde dig|deg|jer""",
    ),
)

UNSPACED: Final = tuple(
    (Category(category), re.compile("|".join(signs.split())))
    for category, signs in (
        ("self_harm", "死ね 死ぬべき 氏ね タヒね 自殺しろ 首を?吊れ"),
        ("self_harm", "(?:应该|去)死 跳楼去?吧 自杀吧 自殺吧 你(?:怎么|怎麼)不(?:去)?死"),
        ("self_harm", "자살해 죽어라 나가\\s?죽어 뒤져라 ฆ่าตัวตายซะ ไปตาย"),
        ("threat", "殺す[ぞよ]? 殺してやる 殺害する に火をつける ぶっ殺"),
        ("threat", "杀了你 殺了你 弄死你 砍死你 烧死你 杀你全家"),
        ("threat", "죽여\\s?버 죽인다 ฆ่ามึง"),
    )
)
"""Of scripts that put no spaces between words."""
