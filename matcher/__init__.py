"""What a text says.

Knows: normalising, lexicon, rules, evidence, facts, likeness of two texts. Never knows:
URLs, rows, channels, the clock. Called by the application with a document at a time.
"""

from matcher.judge import Explanation, Matcher, RuleReading

__all__ = ["Explanation", "Matcher", "RuleReading"]
