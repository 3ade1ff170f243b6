"""The small notation of lexicon forms: ``[x]`` optional, ``[x|y]`` alternatives.

``coopération[s] militaire[s]`` is four forms, ``[ال]تعاون [ال]عسكري`` as well, and
``عبد[ ]المجيد`` two. Brackets may nest. ``<...>`` is an Arabic word in all its forms, as
`matcher/paradigm.py` builds them: ``<أجرى/يجري> <محادثة>``.
"""

from __future__ import annotations

import re

from matcher.paradigm import forms_of

LIMIT = 4096  # expanded forms of one string: more is a mistake, not a phrase
_PARADIGM = re.compile("<([\u0621-\u064a]{2,}(?:/ي[\u0621-\u064a]{2,})?)>")


class NotationError(ValueError):
    """A form cannot be read; the message says why."""


def expand(form: str) -> list[str]:
    """Return every form that ``form`` stands for, in order, without repeats.

    Raises NotationError on unbalanced brackets and on more than ``LIMIT`` forms.
    """
    if "<" in form:
        form = _PARADIGM.sub(lambda word: "[" + "|".join(forms_of(word[1])) + "]", form)
    if "<" in form or ">" in form:
        raise NotationError(f"'<' and '>' enclose one Arabic word in {form!r}")
    if "[" not in form and "]" not in form:
        return [form]
    variants, position = _sequence(form, 0)
    if position < len(form):
        raise NotationError(f"']' without '[' in {form!r}")
    return list(dict.fromkeys(" ".join(v.split()) for v in variants))


def _sequence(form: str, position: int) -> tuple[list[str], int]:
    """Expand up to a closing bracket, a bar or the end."""
    variants = [""]
    while position < len(form) and form[position] not in "]|":
        if form[position] == "[":
            choices, position = _group(form, position + 1)
        else:
            end = position
            while end < len(form) and form[end] not in "[]|":
                end += 1
            choices, position = [form[position:end]], end
        if len(variants) * len(choices) > LIMIT:
            raise NotationError(f"more than {LIMIT} forms in {form!r}")
        variants = [v + c for v in variants for c in choices]
    return variants, position


def _group(form: str, position: int) -> tuple[list[str], int]:
    """Expand ``x|y]`` just after its opening bracket; a group of one choice is optional."""
    choices: list[str] = []
    bars = 0
    while True:
        variants, position = _sequence(form, position)
        choices += variants
        if position >= len(form):
            raise NotationError(f"'[' without ']' in {form!r}")
        position += 1
        if form[position - 1] == "]":
            break
        bars += 1
    return (choices if bars else ["", *choices]), position
