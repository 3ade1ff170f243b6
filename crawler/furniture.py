"""Paragraphs that stand in many articles of this press and belong to none.

Links to other stories (their words would be taken for this story's), share lines, counts of
comments and readers, the line by which a feed signs, leftovers of templates and widgets. Only a
paragraph that is nothing else goes; a sentence that happens to begin so stays.
"""

from __future__ import annotations

import re

_ENDS = 4  # first and last paragraphs in which a line of the outlet stands
_ANYWHERE = re.compile(
    # other stories
    r"(?:à\s)?(?:lire|voir|écouter|regarder)\s(?:aussi|également|encore)\b.{0,220}"
    r"|(?:à|a)\s(?:lire|voir)\s*:.{0,220}|sur\sle\smême\s(?:sujet|thème)\b.{0,120}"
    r"|(?:articles?|sujets?)\s(?:similaires?|liés?|connexes?|associés?|recommandés?)\b.{0,80}"
    r"|dans\sla\smême\s(?:rubrique|catégorie)\b.{0,80}"
    r"|(?:read|see|check|watch)\s(?:also|more)\b.{0,220}|also\sread\b.{0,220}"
    r"|(?:related|similar)\s(?:articles?|stories|posts?|news)\b.{0,80}|you\smay\salso\slike.{0,80}"
    r"|(?:اقرأ|إقرأ|أقرأ|شاهد|طالع|إقرا|اقرا)\s?[وا]?\s?(?:أيضا|أيضاً|أيضًا|ايضا|المزيد|كذلك)\b.{0,220}"
    r"|(?:مواضيع|مقالات|أخبار)\s(?:ذات\sصلة|مشابهة|متعلقة).{0,80}|قد\sيهمك\s(?:أيضا|أيضاً).{0,220}"
    # comments and readers
    r"|\d*\s?(?:comments?|commentaires?|vues?|views?|lectures?|تعليق(?:ات)?|مشاهدات?|قراءة)"
    r"\s?:?\s?\d*|comments?\scomments|(?:aucun|pas\sde|no)\s(?:commentaires?|comments?)"
    r"|(?:laisser|ajouter|écrire)\sun\scommentaire.{0,40}|leave\sa\s(?:reply|comment).{0,40}"
    r"|(?:اترك|أضف)\s(?:تعليق|رد)ا?ً?.{0,30}|لا\sتوجد\sتعليقات"
    # share lines
    r"|(?:partager|partagez|share|tweeter|tweet|imprimer|print|شارك|مشاركة|انشر|طباعة)"
    r"(?:\s(?:sur|on|this|cet|article|via|by|par|على|عبر|المقال|هذا)\b.{0,60})?\s?:?"
    r"|(?:(?:facebook|twitter|x|whatsapp|telegram|linkedin|pinterest|e-?mail|messenger|viber|copy\slink"
    r"|فيسبوك|تويتر|واتساب|تيليجرام|تلغرام)[\s,|·•/-]*){2,}"
    r"|(?:suivez|rejoignez|retrouvez|follow|join)[-\s](?:nous|us|notre|our)\b.{0,160}"
    r"|(?:تابعونا|تابعنا|انضم|اشترك)\s.{0,160}"
    # leftovers of templates
    r"|.*\{\{.*\}\}.*|check\salso|loading\.{0,3}|chargement\.{0,3}",
    re.IGNORECASE,
)
_AT_THE_ENDS = re.compile(
    r"the\spost\b.{0,600}?\b(?:appeared\sfirst\son|first\sappeared\son)\b.{0,200}"
    r"|(?:cet\sarticle|l['’]article|le\spost)\b.{0,600}?\b(?:est\s(?:apparu|paru)\sen\spremier"
    r"|a\sété\spublié\sen\spremier)\b.{0,200}"
    r"|(?:ظهرت?|نشرت?)\s(?:المقالة|المقال|التدوينة|هذا)\b.{0,600}?\bأولا?ً?\sعلى\b.{0,200}"
    r"|(?:المقال|التدوينة|المقالة)\b.{0,600}?\bظهرت?\sأولا?ً?\sعلى\b.{0,200}"
    r"|(?:tags?|étiquettes?|mots[-\s]clés|keywords|وسوم|الوسوم|كلمات\sمفتاحية)\s?:.{0,200}"
    r"|©.{0,120}|(?:tous\sdroits\sréservés|all\srights\sreserved|جميع\sالحقوق\sمحفوظة).{0,120}"
    r"|feed",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 900  # characters; a longer paragraph says something


def without_furniture(text: str) -> str:
    """Return ``text`` (paragraphs separated by a blank line) without such paragraphs."""
    parts = text.split("\n\n")
    last = len(parts) - _ENDS
    kept = [
        part
        for number, part in enumerate(parts)
        if len(part) > _LONGEST
        or not (
            _ANYWHERE.fullmatch(part)
            or ((number < 1 or number >= last) and _AT_THE_ENDS.fullmatch(part))
        )
    ]
    return "\n\n".join(kept)
