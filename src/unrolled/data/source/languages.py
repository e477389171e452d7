"""How well a text reads as one of the languages that an encoding was made for."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

# Of the 300 syllables that a Korean novel has most of, and of the headers of tables.
FREQUENT_HANGUL = frozenset(
    "가각간갈감값갔강같개거건걸것게겠겨결경계고곳공과광구국군굴귀균그근글금기길김까깨끼나난날남났내냐너네녀년노놈놓누눈느는늘니님다단달담답당대더던데도돈돌동되된"
    "두뒤드든들듯등디따때떠떨또라락란람랑래량러런럼렇려력렸로록루르른를름리린마막만말망매머먹며면명모목몸못무문물미바밖반받발밤방배백버번벌별병보복본부분불비뿐사"
    "산살삼상새생서석선성세소속손송수순술숨스슨슬슴습시식신실심십써쓰씨아안앉않알았앞애액야약양어언얼없엇었에여연열였영예오온올와왔왕왜외요용우운울웃워원월위유으"
    "은을음의이인일입있자작잘잠잡장재저적전절점정제져졌조좀종좋주죽준줄중지직진질집짜차참처천쳐초최출측치친칠침코키타태터통파판팔편평품풍피하학한할합해했행향허형"
    "호혼화회후희히"
)
_SIGNS = frozenset("°€£¥§«»„“”‘’–—…·®©™±×÷½¼¾µ")
_BESIDE = ' ,;.0123456789()\t"'  # what stands about a sign, not about a letter
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_UNIT = re.compile(r"(?:^|[^A-Za-z])[cdkmµ]?m$")


class Language(NamedTuple):
    """An encoding, a language that is written in it, and the letters that this has beside a-z."""

    encoding: str
    name: str
    letters: str


# Where two read a text as well, the first is taken.
LATIN = (
    Language("cp1252", "German", "äöüÄÖÜß"),
    Language("cp1252", "French", "éèêëàâçîïôùûüœæÉÈÊËÀÂÇÎÏÔÙÛŒÆ"),
    Language("cp1252", "Spanish", "áéíóúñüÁÉÍÓÚÑÜ¿¡ºª"),
    Language("cp1252", "Portuguese", "ãõáéíóúâêôàçÃÕÁÉÍÓÚÂÊÔÀÇºª"),
    Language("cp1252", "Italian", "àèéìíòóùúÀÈÉÌÒÙ"),
    Language("cp1252", "a Nordic language", "åäöæøéÅÄÖÆØÉ"),
    Language("cp1252", "Dutch", "éëïèöüáóÉË"),
    Language("cp1254", "Turkish", "çğıöşüâîûÇĞİÖŞÜ"),
    Language("cp1252", "Icelandic", "áéíóúýðþæöÁÉÍÓÚÝÐÞÆÖ"),
    Language("cp1250", "Polish", "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"),
    Language("cp1250", "Czech or Slovak", "áčďéěíňóřšťúůýžäôľĺŕÁČĎÉĚÍŇÓŘŠŤÚŮÝŽÄÔĽĹŔ"),
    Language("cp1250", "Hungarian", "áéíóöőúüűÁÉÍÓÖŐÚÜŰ"),
    Language("cp1250", "Romanian", "ăâîşţĂÂÎŞŢ"),
    Language("cp1250", "Croatian or Slovene", "čćđšžČĆĐŠŽ"),
    Language("iso8859_2", "Polish", "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"),
    Language("iso8859_2", "Czech or Slovak", "áčďéěíňóřšťúůýžäôľĺŕÁČĎÉĚÍŇÓŘŠŤÚŮÝŽÄÔĽĹŔ"),
    Language("iso8859_2", "Hungarian", "áéíóöőúüűÁÉÍÓÖŐÚÜŰ"),
    Language("iso8859_2", "Croatian or Slovene", "čćđšžČĆĐŠŽ"),
)
_CYRILLIC = "".join(map(chr, range(0x410, 0x450))) + "ёЁіІїЇєЄґҐўЎ№"
_GREEK = "".join(map(chr, range(0x386, 0x3CF)))
OTHER = (
    Language("cp1251", "Russian", _CYRILLIC),
    Language("koi8_r", "Russian", _CYRILLIC),
    Language("cp866", "Russian", _CYRILLIC),
    Language("cp1253", "Greek", _GREEK),
    Language("cp1255", "Hebrew", "".join(map(chr, range(0x5D0, 0x5EB)))),
    Language("cp1256", "Arabic", "".join(map(chr, range(0x621, 0x64B)))),
    Language("cp874", "Thai", "".join(map(chr, range(0xE01, 0xE4F)))),
)
EASTERN = (
    Language("cp949", "Korean", ""),
    Language("cp932", "Japanese", ""),
    Language("euc_jp", "Japanese", ""),
    Language("gb18030", "Chinese", ""),
    Language("big5", "Chinese", ""),
)
LANGUAGES = (*LATIN, *EASTERN, *OTHER)


def fit_of(text: str, language: Language) -> float:
    """How well a decoded text reads as a language: the mean over what is not ASCII, 0 to 1."""
    weights = [_weight(text, i, language) for i, letter in enumerate(text) if not letter.isascii()]
    return sum(weights) / len(weights) if weights else 0.0


def _weight(text: str, i: int, language: Language) -> float:
    """How usual a symbol is at its place in a text of a language, 0 to 1."""
    letter, before, after = text[i], text[i - 1 : i], text[i + 1 : i + 2]
    if unicodedata.category(letter) in ("Cc", "Cn", "Co"):
        return 0.0
    if language in EASTERN:
        return _eastern(letter, language)
    if letter in "\xa0\u2009\u202f":
        return 0.5
    if letter in "²³":
        return 1.0 if _UNIT.search(text[max(i - 3, 0) : i]) else 0.0
    if letter in _SIGNS:
        return 0.0 if before.isalpha() and after.isalpha() else 0.95
    if letter not in language.letters or (letter.isupper() and before.islower()):
        return 0.0
    if language in OTHER:  # such letters stand beside their like
        kin = any(one and one in language.letters for one in (before, after))
        return (0.88 if language.name == "Thai" else 1.0) if kin else 0.0
    if letter in "õ" and after != "e" and language.name == "Portuguese":
        return 0.3
    return 0.0 if letter.isupper() and not (before + after).strip(_BESIDE) else 1.0


def _eastern(letter: str, language: Language) -> float:
    """How usual a symbol is; the encodings hold the usual ones in ranges of their own."""
    code = letter.encode(language.encoding)
    if language.name == "Korean":
        if "가" <= letter <= "힣":  # beyond KS X 1001 nearly nobody writes
            usual = min(code) >= 0xA1
            return 1.0 if letter in FREQUENT_HANGUL else 0.8 if usual else 0.1
        return 0.3 if letter.isalpha() else 0.6
    if language.name == "Japanese":
        if _KANA.match(letter):
            return 1.0
        if "\uff61" <= letter <= "\uff9f":
            return 0.3
        usual = 0x88 <= code[0] <= 0x97 if language.encoding == "cp932" else 0xB0 <= code[0] <= 0xCF
        return 0.9 if usual and letter.isalpha() else 0.6
    usual = 0xB0 <= code[0] <= 0xD7 if language.encoding == "gb18030" else 0xA4 <= code[0] <= 0xC6
    return (0.9 if usual else 0.3) if letter.isalpha() else 0.6
