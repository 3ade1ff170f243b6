"""``python -m tools.reference`` writes the pages."""

from tools.reference import write_all

write_all()
