"""What a text says.

Knows: normalising, lexicon, rules, evidence, facts, likeness of two texts. Never knows:
URLs, rows, channels, the clock. Called by the application with a document at a time;
the front door is ``matcher.judge.Matcher``.
"""
