"""The bar chart of a week as a picture: bars and nothing else.

Words stand beside it as text, where a screen reader finds them, where Arabic is shaped by the
reader's own fonts, and where a mail reader that shows no pictures still has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

WIDTH, HEIGHT = 1120, 200  # twice of what is shown, for sharp screens
_FINE = 2  # drawn larger and made smaller: edges without steps
_BAR, _TODAY, _LINE = "#9db8cf", "#123a5c", "#dbe1e7"
_SHARE = 0.56  # of its column that a bar fills
_LEAST = 6  # pixels of a bar that stands for something


def week_chart(counts: Sequence[int], *, is_rtl: bool = False) -> bytes:
    """Return a PNG with a bar for each count, oldest first; the last one is today's, and dark.

    ``is_rtl`` puts the oldest at the right. A count of nothing has no bar.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - most processes draw nothing

    ordered = list(enumerate(counts))
    columns = list(reversed(ordered)) if is_rtl else ordered
    width, height = WIDTH * _FINE, HEIGHT * _FINE
    picture = Image.new("RGB", (width, height), "#ffffff")
    draw = ImageDraw.Draw(picture)
    base = height - 2 * _FINE
    column = width / max(len(columns), 1)
    highest = max([*counts, 1])
    for place, (number, count) in enumerate(columns):
        if count <= 0:
            continue
        tall = max(_LEAST * _FINE, round((base - 4) * count / highest))
        left = place * column + column * (1 - _SHARE) / 2
        shape = (round(left), base - tall, round(left + column * _SHARE), base)
        ink = _TODAY if number == len(counts) - 1 else _BAR
        radius = min(10 * _FINE, tall // 2)
        draw.rounded_rectangle(shape, radius, fill=ink, corners=(True, True, False, False))
    draw.rectangle((0, base, width, height), fill=_LINE)
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    written = BytesIO()
    small.quantize(32).save(written, "PNG", optimize=True)
    return written.getvalue()
