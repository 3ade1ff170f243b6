"""Sentences that nobody wrote: word lists, a seed, and grammar enough for an extractor.

Every text here is generated. Articles and clutter (comments, teasers, banners) draw on the same
grammar, so that only their place in a page tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """Parts of sentences; a sentence takes one of each, and now and then a tail."""

    subjects: tuple[str, ...]
    verbs: tuple[str, ...]
    objects: tuple[str, ...]
    places: tuple[str, ...]
    tails: tuple[str, ...]


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|"))


GRAMMARS = {
    "fr": Grammar(
        subjects=_split(
            "le conseil de la wilaya|la coopérative agricole|le bureau d'études|la société des eaux"
            "|l'association des artisans|le comité du quartier|la direction des forêts|l'université"
            "|le port de pêche|la régie du tramway|l'observatoire du climat|le syndicat des boulangers"
            "|l'agence du bassin|la fédération de natation|le musée des mosaïques|la station d'essai"
        ),
        verbs=_split(
            "annonce|prépare|examine|présente|reporte|achève|étudie|réclame|finance|inaugure|corrige"
            "|mesure|confie à ses partenaires|soumet au vote|met à jour|rend public"
        ),
        objects=_split(
            "un nouveau réseau de collecte|la rénovation du marché couvert|un plan de reboisement"
            "|le calendrier des travaux|la réouverture de la bibliothèque|une campagne de mesures"
            "|l'extension de la ligne côtière|un barrage de retenue|la liste des ateliers retenus"
            "|un programme de formation|les tarifs de la saison|le tracé de la piste cyclable"
            "|une serre expérimentale|le budget de l'éclairage|la carte des sources"
        ),
        places=_split(
            "à Mostaganem|dans la vallée du Chéliff|près de Tipaza|sur les hauteurs de Médéa|à Béchar"
            "|le long de la corniche|dans les communes voisines|à l'entrée de Guelma|au sud de Djelfa"
            "|dans trois daïras|aux abords du lac|à Skikda|dans la plaine de la Mitidja"
        ),
        tails=_split(
            "selon un document consulté mardi|après deux années d'attente|malgré un hiver très sec"
            "|avec l'appui de quarante volontaires|dont le coût reste à préciser|avant la fin du mois"
            "|comme le demandaient les habitants|sans attendre le rapport final|pour la première fois"
            "|ce qui change les habitudes de chacun|au terme d'une longue concertation"
        ),
    ),
    "en": Grammar(
        subjects=_split(
            "the regional council|the farmers' cooperative|a team of engineers|the water company"
            "|the guild of weavers|the coastal museum|the forestry service|the tramway operator"
            "|the fishing harbour|the weather station|the bakers' union|the swimming federation"
        ),
        verbs=_split(
            "announced|prepared|reviewed|presented|postponed|completed|studied|requested|funded"
            "|opened|corrected|measured|published|updated|put to a vote"
        ),
        objects=_split(
            "a new collection network|the renovation of the covered market|a plan to plant oaks"
            "|the calendar of works|the reopening of the library|a campaign of measurements"
            "|the extension of the coastal line|a small dam|the list of selected workshops"
            "|a training programme|the fares of the season|an experimental greenhouse"
        ),
        places=_split(
            "in Mostaganem|in the Chelif valley|near Tipaza|above Medea|in Bechar|along the cliff road"
            "|in the neighbouring towns|south of Djelfa|around the lake|in Skikda|on the Mitidja plain"
        ),
        tails=_split(
            "according to a paper seen on Tuesday|after two years of waiting|despite a dry winter"
            "|with the help of forty volunteers|at a cost still to be told|before the month ends"
            "|as residents had asked|without waiting for the final report|for the first time"
        ),
    ),
    "ar": Grammar(
        subjects=_split(
            "مجلس الولاية|التعاونية الفلاحية|مكتب الدراسات|شركة المياه|جمعية الحرفيين|لجنة الحي"
            "|مديرية الغابات|الجامعة|ميناء الصيد|مؤسسة الترامواي|مرصد المناخ|نقابة الخبازين"
            "|اتحادية السباحة|متحف الفسيفساء|محطة التجارب"
        ),
        verbs=_split("أعلن عن|حضر|ناقش|قدم|أجل|أنهى|درس|طلب|مول|دشن|صحح|قاس|نشر|عرض للتصويت|راجع"),
        objects=_split(
            "شبكة جديدة للجمع|ترميم السوق المغطاة|مخطط التشجير|رزنامة الأشغال|إعادة فتح المكتبة"
            "|حملة القياسات|تمديد الخط الساحلي|سد صغير|قائمة الورشات المختارة|برنامج التكوين"
            "|أسعار الموسم|مسار الدراجات|دفيئة تجريبية|ميزانية الإنارة|خريطة الينابيع"
        ),
        places=_split(
            "في مستغانم|في وادي الشلف|قرب تيبازة|في أعالي المدية|في بشار|على طول الكورنيش"
            "|في البلديات المجاورة|عند مدخل قالمة|جنوب الجلفة|في ثلاث دوائر|حول البحيرة|في سكيكدة"
        ),
        tails=_split(
            "حسب وثيقة اطلع عليها يوم الثلاثاء|بعد سنتين من الانتظار|رغم شتاء جاف"
            "|بمساعدة أربعين متطوعا|بتكلفة لم تحدد بعد|قبل نهاية الشهر|كما طلب السكان"
            "|دون انتظار التقرير النهائي|لأول مرة|بعد مشاورات طويلة"
        ),
    ),
}


def sentence(rng: Random, language: str) -> str:
    grammar = GRAMMARS[language]
    comma = "،" if language == "ar" else ","
    parts = [rng.choice(grammar.subjects), rng.choice(grammar.verbs), rng.choice(grammar.objects)]
    parts.append(rng.choice(grammar.places))
    words = " ".join(parts)
    for _ in range(rng.choice((0, 1, 1, 2))):
        words += f"{comma} {rng.choice(grammar.tails)}"
    if rng.random() < 0.3:
        words += f" ({rng.randint(11, 9900)})"
    return words[0].upper() + words[1:] + "."


def paragraph(rng: Random, language: str, sentences: int) -> str:
    return " ".join(sentence(rng, language) for _ in range(sentences))


def headline(rng: Random, language: str) -> str:
    grammar = GRAMMARS[language]
    parts = (rng.choice(grammar.subjects), rng.choice(grammar.verbs), rng.choice(grammar.objects))
    words = " ".join(parts)
    return f"{words[0].upper()}{words[1:]} {rng.choice(grammar.places)} {rng.randint(2, 99)}"
