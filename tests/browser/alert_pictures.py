"""Pictures of alerts for the documentation: real messages of made-up news, as a browser shows them.

    python tests/browser/alert_pictures.py docs/images

Needs Debian's chromium and the Noto fonts (``make screenshots-alerts`` installs them).
"""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from alerts.channel_settings import EmailSettings
from alerts.messages import Composer
from alerts.phrasebook import Language
from domain.match import EventDate, Evidence, Match
from domain.notice import Delivery, Mode, Notice
from marsad.labels import Labels

NOW = datetime(2026, 3, 14, 6, 30, tzinfo=UTC)
MAIL = EmailSettings(
    type="email", host="h", sender="marsad@desk.example", recipients=("desk@desk.example",)
)
LABELS = Labels()
FACTS = ("partners", "activities", "persons", "organisations", "equipment", "places")

# title, outlet, language, text with the proving words in brackets, facts, days, score, story
NEWS: tuple[dict[str, Any], ...] = (
    {
        "title": "Le chef d’état-major reçoit le commandant de l’Africom à Alger",
        "outlet": "La Dépêche d’Alger",
        "language": "fr",
        "text": "Le général d’armée Saïd Chanegriha a reçu jeudi, au siège de l’état-major, le "
        "commandant de l’[Africom]. Les deux parties ont examiné l’état de la [coopération "
        "militaire] entre l’[Algérie et les États-Unis] et signé un [mémorandum d’entente] sur la "
        "formation.",
        "facts": (
            "US",
            "dialogue visit agreement",
            "said-chanegriha",
            "africom anp",
            "",
            "algiers",
        ),
        "days": (12, 12),
        "score": 0.97,
        "story": 1,
    },
    {
        "title": "تمرين بحري جزائري إيطالي قبالة سواحل مرسى الكبير",
        "outlet": "صحيفة الوطن العربي",
        "language": "ar",
        "text": "نفذت [القوات البحرية الجزائرية] رفقة [البحرية الإيطالية]، الأربعاء، [تمرينا بحريا "
        "مشتركا] قبالة سواحل مرسى الكبير بمشاركة فرقاطتين ومروحيات، في إطار تجسيد [التعاون "
        "العسكري] الثنائي بين البلدين.",
        "facts": ("IT", "exercise", "", "", "", "mers-el-kebir"),
        "days": (10, 13),
        "score": 0.94,
        "story": 2,
    },
    {
        "title": "Algerian and Italian navies hold joint drill off Oran",
        "outlet": "Algiers Herald",
        "language": "en",
        "text": "The [Algerian and Italian navies] held a [joint naval exercise] off Oran.",
        "facts": ("IT", "exercise", "", "", "", "mers-el-kebir"),
        "days": (10, 13),
        "score": 0.9,
        "story": 2,
    },
    {
        "title": "Une frégate italienne en escale au port d’Alger",
        "outlet": "Le Matin du Port",
        "language": "fr",
        "text": "Une [frégate italienne] fait [escale au port d’Alger] jusqu’à lundi.",
        "facts": ("IT", "port_call", "", "", "", "algiers"),
        "days": (14, 16),
        "score": 0.83,
        "story": 3,
    },
    {
        "title": "Industrie militaire : un accord avec la Türkiye sur les drones",
        "outlet": "L’Éco d’Algérie",
        "language": "fr",
        "text": "Un [accord de partenariat industriel] a été signé avec la [partie turque].",
        "facts": ("TR", "agreement industry", "", "", "", ""),
        "days": (13, 13),
        "score": 0.81,
        "story": 4,
    },
)


def delivery(number: int, news: dict[str, Any]) -> Delivery:
    text, evidence = "", []
    for part in re.split(r"(\[[^\]]+\])", news["text"]):
        words = part.strip("[]")
        if part.startswith("["):
            place = {"start": len(text), "end": len(text) + len(words)}
            evidence.append(Evidence(**place, text=words, field="text", concept="#c"))
        text += words
    first, last = (date(2026, 3, day) for day in news["days"])
    match = Match(
        rule="defence-cooperation",
        score=news["score"],
        threshold=0.5,
        dates=(EventDate(first=first, last=last),),
        evidence=tuple(evidence),
        **dict(zip(FACTS, (tuple(ids.split()) for ids in news["facts"]), strict=True)),
    )
    notice = Notice(
        article_id=number,
        story_id=news["story"],
        title=news["title"],
        url=f"https://paper{number}.example/article-{number}",
        outlet=news["outlet"],
        language=news["language"],
        published_at=NOW - timedelta(hours=number, minutes=7 * number),
        first_seen=NOW,
        text=text,
        matches=(match,),
    )
    key = f"desk:immediate:{number}"
    return Delivery(
        id=number,
        key=key,
        channel="desk",
        mode=Mode.IMMEDIATE,
        attempts=0,
        created_at=NOW,
        notice=notice,
    )


TOLD = [delivery(number, news) for number, news in enumerate(NEWS, 1)]


def composer(language: Language) -> Composer:
    counts = (4, 2, 7, 3, 1, 9, 5)
    week = [(date(2026, 3, 8 + n), count) for n, count in enumerate(counts)]
    return Composer(LABELS.name, language, lambda *_: week)


def page_of(message: EmailMessage) -> str:
    """Return the page of a mail as a mail reader shows it: its subject, its pictures in place."""
    body = message.get_body(("html",))
    assert body is not None
    html = str(body.get_content())
    for part in message.walk():
        if part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_content()).decode()
            cid = str(part["Content-ID"]).strip("<>")
            html = html.replace(f"cid:{cid}", f"data:image/png;base64,{data}")
    line = (
        '<div dir="auto" style="background:#fff;border-bottom:1px solid #dbe1e7;padding:12px 16px;'
        "font:600 15px/1.4 'Noto Sans','Noto Sans Arabic',sans-serif\">"
        f"{escape(str(message['Subject']))}</div>"
    )
    return re.sub(r"(<body[^>]*>)", lambda m: m[1] + line, html, count=1)


def mail(language: Language, *told: Delivery) -> str:
    return page_of(composer(language).email(list(told), MAIL, NOW))


STYLE = """<meta charset="utf-8"><style>body{margin:0;background:#fff;color:#1d1c1d;
font:15px/1.47 Lato,'Noto Sans','Noto Sans Arabic',sans-serif}.m{display:flex;gap:10px;
padding:16px 20px}.a{flex:none;width:36px;height:36px;border-radius:6px;background:#123a5c;
color:#fff;text-align:center;line-height:36px;font-weight:700}.b{flex:1;min-width:0}
.n{font-weight:700}.t{color:#616061;font-size:12px;margin-inline-start:6px}
.s{margin:4px 0 8px}.l{unicode-bidi:plaintext;text-align:start}.q{border-inline-start:4px solid
#ddd;padding-inline-start:10px;unicode-bidi:plaintext}.c{font-size:12px;color:#616061}
a{color:#1264a3;text-decoration:none}hr{border:0;border-top:1px solid #ddd}
code{color:#c01343;background:#f6f6f6;border:1px solid #ddd;border-radius:3px;padding:0 3px}
</style>"""


def slack(*payloads: dict[str, Any]) -> str:
    """Return a page that shows payloads much as Slack does."""
    messages = []
    for payload in payloads:
        blocks = "".join(map(_block, payload["blocks"]))
        head = '<span class="n">marsad</span><span class="t">07:30</span>'
        messages.append(f'<div class="m"><div class="a">م</div><div class="b">{head}{blocks}</div>')
        messages.append("</div>")
    return f"<!doctype html><html><head>{STYLE}</head><body>{''.join(messages)}</body></html>"


def _block(block: dict[str, Any]) -> str:
    if block["type"] == "divider":
        return "<hr>"
    if block["type"] == "context":
        return f'<div class="c">{_lines(block["elements"][0]["text"])}</div>'
    return f'<div class="s">{_lines(block["text"]["text"])}</div>'


def _lines(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        shown = re.sub(r"<([^|>]+)\|([^>]*)>", r'<a href="\1">\2</a>', line.removeprefix("> "))
        shown = re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", shown)
        shown = re.sub(r"(?<!\w)_([^_\n]+)_(?!\w)", r"<i>\1</i>", shown)
        shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", shown)
        lines.append(f'<div class="{"q" if line.startswith("> ") else "l"}">{shown}</div>')
    return "".join(lines)


def shoot(html: str, picture: Path, width: int) -> None:
    """Show ``html`` in a frame of ``width`` pixels, as a phone or a window has it, and keep it."""
    style = f"border:0;width:{width}px;height:2400px"
    inner = f'<iframe srcdoc="{escape(html)}" style="{style}" scrolling="no"></iframe>'
    frame = f'<!doctype html><meta charset="utf-8"><body style="margin:0">{inner}'
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(frame, encoding="utf-8")
        command = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
        options = ("--force-device-scale-factor=1.5", f"--window-size={max(width, 520)},2400")
        where = (f"--user-data-dir={folder}/profile", f"--screenshot={picture}", page.as_uri())
        subprocess.run((*command, *options, *where), check=True, timeout=90, capture_output=True)
    _trim(picture, round(width * 1.5))


def _trim(picture: Path, width: int) -> None:
    """Cut off what is nothing but the ground below."""
    whole = Image.open(picture).convert("RGB")
    whole = whole.crop((0, 0, width, whole.height))
    ground = Image.new("RGB", whole.size, whole.getpixel((width // 2, whole.height - 2)))
    box = ImageChops.difference(whole, ground).getbbox()
    bottom = min(whole.height, (box[3] if box else whole.height) + 24)
    whole.crop((0, 0, width, bottom)).quantize(128).save(picture, "PNG", optimize=True)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    update = replace(TOLD[2], thread="1.0")  # as the outbox hands over what follows
    shoot(mail("fr", TOLD[0]), folder / "alert-mail-desktop.png", 760)
    shoot(mail("en", TOLD[0]), folder / "alert-mail-phone.png", 390)
    shoot(mail("ar", TOLD[1]), folder / "alert-mail-arabic.png", 760)
    shoot(mail("fr", *TOLD), folder / "alert-digest.png", 760)
    shoot(mail("ar", *TOLD), folder / "alert-digest-phone-arabic.png", 390)
    bot = composer("fr")
    told = (bot.slack([one]) for one in (TOLD[0], TOLD[1], update))
    shoot(slack(*told), folder / "alert-slack.png", 680)
    arabic = composer("ar")
    shoot(
        slack(arabic.slack([TOLD[1]]), arabic.slack(TOLD)), folder / "alert-slack-arabic.png", 680
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images").resolve())
