"""People whom the lexicon does not hold: a rank or an office and a name beside it.

French and English only. Both print names in capitals of their own, and « le général-major
Ali Akroum » or "Karen Whitfield, deputy secretary" says that the words are a name. Arabic
has no capitals, and its names need a romanisation that only a list can give.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

import daachorse

# Counts are bounded, so that no text, however odd, makes a search run away.
_CAPITALISED = (
    r"(?:[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{1,24}(?:['’-][A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿ]{1,24}){0,3}"
    r"|[A-ZÀ-ÖØ-Þ]{3,24})"
)
_PARTICLE = r"(?:bin|ben|ibn|bint|[oO]uld|[aA]l|[eE]l|da|de|del|der|di|do|[lL]e|van|von)"
_GAP = r"[ \u00a0]"
# Two to five words, the first and the last capitalised; initials may stand between.
_NAME = (
    rf"{_CAPITALISED}(?:{_GAP}(?:{_PARTICLE}|[A-Z]\.?|{_CAPITALISED})){{0,3}}{_GAP}{_CAPITALISED}"
)
_RANK = "|".join(
    (
        r"[gG][ée]n[ée]rale?(?:[ -][mM]ajor| de (?:[bB]rigade|[dD]ivision)"
        r"|(?: de [cC]orps)? [dD]['’][aA]rm[ée]e(?: a[ée]rienne)?)?",
        r"(?:[lL]ieutenant|[mM]ajor|[bB]rigadier|[aA]rmy|Lt\.?|Maj\.?|Brig\.?)"
        r"[ -]?(?:[gG][ée]n[ée]ral|Gen\.?|[cC]olonel|Col\.?)",
        r"(?:Adm|Capt|Cmdr|Col|Dr|Gen|Lt|MM?|Mrs?|Ms)\.?",
        r"(?:[cC]ontre|[rR]ear|[vV]ice)?[ -]?[aA]dmiral|(?:[cC]ontre-|[vV]ice-)?[aA]miral",
        r"amiral d['’]escadre|[cC]olonel(?:-major)?|[cC]ommodore|[mM]ar[ée]chal|[mM]arshal",
        r"[cC]apitaine(?: de (?:vaisseau|fr[ée]gate|corvette))?|[cC]aptain",
        r"[cC]ommandant|[cC]ommander|Mmes?|Mlle",
        r"[mM]inist(?:re|er)|[pP]r[ée]sident|[aA]mbassad(?:eur|rice|or)|[sS]ecretary",
    )
)
_OFFICE = "|".join(
    (
        r"adjoint|ambassad(?:eur|rice|or)|attach[ée]|charg[ée]|chef|chief|commandant|commander",
        r"conseill(?:er|[èe]re)|coordin|deputy|direct(?:eur|rice|or)|envoy|head|minist(?:re|er)",
        r"patron|porte-parole|pr[ée]sident|responsable|secr[ée]taire|secretary",
        r"spokes(?:man|woman)",
    )
)
_AFTER_RANK = re.compile(rf"\b(?:{_RANK}){_GAP}{{1,2}}(?P<name>{_NAME})")
_BEFORE_OFFICE = re.compile(
    rf"\b(?P<name>{_NAME}), (?:[lL]['’]|(?:an?|la|le|the|une?) )?(?:[\w-]{{1,24}} )?(?:{_OFFICE})"
)
_AFTER_OFFICE = re.compile(
    rf"\b(?:{_OFFICE})[^,.;:()\n]{{2,60}}, (?:MM?\. |Mme )?(?P<name>{_NAME})(?=,|\.| et | and |\n)"
)

# How what has a rank or an office in front begins, so that only there a name is sought. The
# patterns above would be tried at each word of a text, for a tenth of what a hit costs.
_RANKS = (
    *("M.", "M ", "M\u00a0"),
    *(
        "Adm Admiral Amiral Ambassad Army Brig Capt Capitaine Cmdr Col Command Commodore Contre Dr "
        "Gen General Genéral Géneral Général Lieutenant Lt MM Maj Marechal Maréchal Marshal Minist "
        "Mlle Mme Mr Ms President Président Rear Secretary Vice "
        "admiral ambassad amiral army brigadier capitaine captain colonel command commodore contre "
        "general genéral géneral général lieutenant major marechal maréchal marshal minist "
        "president président rear secretary vice"
    ).split(" "),
)
_OFFICES = (
    "adjoint ambassad attach charg chef chief command conseill coordin deputy direct envoy head "
    "minist patron porte-parole président president responsable secrétaire secretaire secretary "
    "spokes"
).split(" ")
_BEFORE_AN_OFFICE = 33  # characters between a name and an office behind it, a comma among them

# Words with a capital that are no part of a name: offices, forces and their like.
_NO_NAME = frozenset(
    (
        "armee armees force forces etat etats chef major ministre ministere minister ministry "
        "defense defence republique republic nationale national populaire general delegue "
        "affaires affairs guerre war secretaire secretary president presidence marine navy army "
        "air corps gendarmerie police direction directeur departement department commandement "
        "command region militaire military union organisation nations unies united states "
        "conseil council comite committee commission ecole academie academy institut college "
        "nord sud est ouest north south east west afrique africa europe mediterranee sahel "
        "exterieur etrangeres foreign interieur interior algerie alger algiers algeria premier "
        "prime royal staff chief saint airport port academie"
    ).split(" ")
)
# Family names that Chinese and Korean names begin with.
_FAMILY_FIRST = frozenset(
    (
        "chang chen deng dong fan feng gao guo han he hu huang jin kim lee li liang lin liu lu luo "
        "ma park peng qin shen song sun tang wang wei wu xi xie xu yang ye yin yu yuan zhang zhao "
        "zheng zhou zhu"
    ).split(" ")
)
_COURTESY = frozenset("m mm mme mmes mlle mr mrs ms dr gen col adm capt cmdr lt maj".split(" "))
_READ = 100_000  # characters; a report names its people before that
_SIMILAR = 0.86  # one letter in a name of two words


def titled_names(text: str, taken: Iterable[tuple[int, int]]) -> list[tuple[int, str]]:
    """Return (offset, slug) of names beside a rank or an office, in order.

    ``taken`` are spans that mean something else already: a name that touches one is left.
    """
    spans = _apart(taken)
    begins = [begin for begin, _ in spans]
    found: dict[str, int] = {}
    for match in _titled(text):
        begin, end = match.span("name")
        before = bisect_left(begins, end) - 1
        if before >= 0 and spans[before][1] > begin:
            continue
        slug = slug_of(match["name"])
        if slug:
            found[slug] = min(begin, found.get(slug, begin))
    return sorted((begin, slug) for slug, begin in found.items())


def _titled(text: str) -> Iterator[re.Match[str]]:
    """Yield names beside a rank or an office, those of each pattern in order."""
    finder, ranks, offices = _starts()
    found = finder.find_overlapping(text[:_READ].encode("latin-1", "replace"))  # a byte a character
    yield from _at(_AFTER_RANK, text, [start for start, _, number in found if number in ranks])
    places = [start for start, _, number in found if number in offices]
    if any(text.rfind(", ", max(0, place - _BEFORE_AN_OFFICE), place) >= 0 for place in places):
        yield from _BEFORE_OFFICE.finditer(text, 0, _READ)
    yield from _at(_AFTER_OFFICE, text, places)


def _at(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
    """Yield what ``finditer`` would, for a pattern that begins at one of ``places`` only."""
    end = 0
    for place in sorted(places):
        match = pattern.match(text, place, _READ) if place >= end else None
        if match is not None:
            end = match.end()
            yield match


@lru_cache(maxsize=1)
def _starts() -> tuple[daachorse.DoubleArrayAhoCorasick, frozenset[int], frozenset[int]]:
    """Return what finds the beginnings of ranks and offices, and which of them are which."""
    words = sorted({*_RANKS, *_OFFICES})
    finder = daachorse.DoubleArrayAhoCorasick([word.encode("latin-1") for word in words])
    ranks, offices = (frozenset(words.index(word) for word in part) for part in (_RANKS, _OFFICES))
    return finder, ranks, offices


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that overlap or touch as one."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def slug_of(name: str) -> str:
    """Return ``given-family`` of a printed name; empty when it is none.

    « Khalid bin Mohammed Al-Attiyah » is khalid-al-attiyah; "Zhao Wenbin", whose family
    name stands first, wenbin-zhao.
    """
    words = [_plain(w) for w in re.split(r"[ \u00a0]+", name)]
    while words and words[0] in _COURTESY:
        words.pop(0)
    if any(w in _NO_NAME for w in words):
        return ""
    for son in ("bin", "ibn", "bint"):
        while son in words[1:-1]:  # the father's name is no part of given and family
            at = words.index(son)
            del words[at : at + 2]
    words = [w for w in words if len(w) > 1]
    if len(words) < 2:
        return ""
    if len(words) == 2 and words[0] in _FAMILY_FIRST:
        words.reverse()
    return "-".join(words)


def nearest_known(slug: str, known: Sequence[str]) -> str | None:
    """Return the known slug that differs by a letter or so: a name is spelt in many ways."""
    initials = {part[0] for part in slug.split("-")}
    for other in known:
        if other[0] not in initials or abs(len(other) - len(slug)) > 3:
            continue
        matcher = SequenceMatcher(None, slug, other)
        if matcher.quick_ratio() >= _SIMILAR and matcher.ratio() >= _SIMILAR:
            return other
    return None


def _plain(word: str) -> str:
    """Lower case, no accents, hyphens and apostrophes as one hyphen."""
    letters = unicodedata.normalize("NFKD", word)
    bare = "".join(c for c in letters if not unicodedata.combining(c)).lower()
    return re.sub(r"[^a-z]+", "-", bare).strip("-")
