"""The matcher's folding, for the index of words."""

from __future__ import annotations


class MatcherFolding:
    """Implements ``storage.folding.Folding``: what the matcher would take for the same."""

    version = 2  # of the match form: raise it when that changes, and every index is made anew

    def __call__(self, text: str) -> str:
        """Return the words of ``text`` in match form."""
        from matcher.searching import index_form  # noqa: PLC0415 - numpy, for most commands idle

        return index_form(text)
