"""Parts of an object kept packed until they are needed: most texts are asked little.

An object that was pickled with some of its attributes in ``packed``, a pickle of their own, is
read in a fraction of the time. The first use of one of them unpacks them all.
"""

from __future__ import annotations

import pickle
from typing import NoReturn, TypeVar

T = TypeVar("T")


def unpacked(whole: T) -> T:
    """Return ``whole`` with its packed attributes in place. Two threads at once do no harm."""
    packed = whole.__dict__.get("packed")
    if packed is not None:
        # Whoever could read the whole could have read this: it is a part of the same bytes.
        whole.__dict__.update(pickle.loads(packed))  # noqa: S301
        whole.__dict__.pop("packed", None)
    return whole


def missing(name: str) -> NoReturn:
    """Say of an attribute what Python says."""
    raise AttributeError(name)
