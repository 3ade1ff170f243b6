"""datasketch on the texts of benchmarks/stories.py: MinHash of 128, LSH at 0.5, in batches."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict

from datasketch import MinHash, MinHashLSH

SPAN = 3


def minhash(words: list[str]) -> MinHash:
    found = MinHash(num_perm=128)
    shingles = {" ".join(words[i : i + SPAN]) for i in range(len(words) - SPAN + 1)}
    found.update_batch([s.encode() for s in shingles])
    return found


def main() -> None:
    texts = json.load(sys.stdin)
    minhash(texts[0]["text"])  # its first call prepares tables
    kinds = [kind for kind in texts[0] if kind != "text"]
    begin = time.process_time()
    index = MinHashLSH(threshold=0.5, num_perm=128)
    for number, each in enumerate(texts):
        index.insert(number, minhash(each["text"]))
    found: dict[str, int] = defaultdict(int)
    for number, each in enumerate(texts):
        for kind in kinds:
            found[kind] += number in index.query(minhash(each[kind]))
    cpu = time.process_time() - begin
    documents = len(texts) * (1 + len(kinds))
    print(json.dumps({"us": cpu / documents * 1e6, **{k: found[k] / len(texts) for k in kinds}}))


if __name__ == "__main__":
    main()
