"""Other tellers of languages beside ours: runs in an environment of its own, told what to read.

    python benchmarks/peers/languages_told.py py3langid|py3langid-3|lingua-language-detector

A line of standard input is the path of a JSON list of texts, each of which is read once; the answer
is JSON: the CPU seconds, and the language of each text as ISO 639-1. py3langid-3 and lingua choose
of French, Arabic and English.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path


def langid(languages: list[str] | None) -> Callable[[str], str]:
    """Return what tells the language of a text, out of ``languages`` or of all that it knows."""
    from py3langid import langid as module  # noqa: PLC0415 - the one that was asked for

    identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE)
    if languages:
        identifier.set_languages(languages)
    return lambda text: str(identifier.classify(text)[0])


def lingua() -> Callable[[str], str]:
    """Return what tells the language of a text, empty where it cannot."""
    from lingua import Language, LanguageDetectorBuilder  # noqa: PLC0415 - as above

    known = (Language.FRENCH, Language.ARABIC, Language.ENGLISH)
    detector = LanguageDetectorBuilder.from_languages(*known).build()

    def tell(text: str) -> str:
        found = detector.detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else ""

    return tell


def main() -> None:
    name = sys.argv[1]
    package = name.removesuffix("-3")
    if package == "py3langid":
        tell = langid(["fr", "ar", "en"] if name.endswith("-3") else None)
    else:
        tell = lingua()
    print(package, version(package), flush=True)
    for line in sys.stdin:
        texts = json.loads(Path(line.strip()).read_text(encoding="utf-8"))
        begin = time.process_time()
        found = [tell(text) for text in texts]
        seconds = time.process_time() - begin
        print(json.dumps({"seconds": seconds, "languages": found}), flush=True)


if __name__ == "__main__":
    main()
