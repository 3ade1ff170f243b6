"""spaCy's PhraseMatcher beside ours: runs in an environment of its own, told what to do by lines.

    python benchmarks/peers/spacy_phrases.py PHRASES.json ARTICLES.json

Reads ``first last`` from standard input and answers with the CPU seconds that the pipeline
took for those articles and the phrases found. The pipeline is spaCy's own for phrases in
any language: a blank "xx" model, which only makes tokens, and PhraseMatcher on lower case.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import spacy
from spacy.matcher import PhraseMatcher


def main() -> None:
    phrases, articles = (json.loads(Path(p).read_text(encoding="utf-8")) for p in sys.argv[1:3])
    nlp = spacy.blank("xx")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    matcher.add("phrases", list(nlp.tokenizer.pipe(phrases)))
    print(spacy.__version__, flush=True)
    for line in sys.stdin:
        first, last = map(int, line.split())
        begin = time.process_time()
        found = sum(len(matcher(nlp(text))) for text in articles[first:last])
        print(time.process_time() - begin, found, flush=True)


if __name__ == "__main__":
    main()
