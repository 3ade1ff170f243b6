"""How often Python looks for objects that only refer to each other."""

from __future__ import annotations

import gc

# A page or a visit makes thousands of objects and next to no circles of them. At Python's own
# 700 new objects between two looks, these take a fifteenth of what the daemon's processor does.
_NEW_OBJECTS = 20_000


def look_rarely() -> None:
    """Let this process, which reads much or lasts, look for such objects less often."""
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
