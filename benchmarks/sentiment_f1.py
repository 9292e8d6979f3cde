"""Macro-F1 of the sentiment engines on labelled files that are not part of the project.

    python benchmarks/sentiment_f1.py /path/to/data/sentiment

English, Italian and Spanish: tweets with three labels, macro-F1 over the three. Romanian: product
reviews that are positive or negative only, macro-F1 over those two, where a review scored
neutral counts as wrong. Polish has no labelled file: its engine is covered by the tests'
sentences alone. Each text is scored with its language given; how often the detector finds that
language by itself is printed beside it. The engines were tuned on the train files only.
"""

import collections
import json
import re
import sys
import time
from pathlib import Path

from toolkit.sentiment import detect_language, score_texts

TWEETS = {"en": "english", "it": "italian", "es": "spanish"}
LABELS = {"0": "negative", "1": "neutral", "2": "positive"}
# Train of the Romanian file was read while writing ro.tsv; there is no held-out part of it.
ROMANIAN = "romanian_reviews_train.json"


def read_tweets(folder, language, part):
    """(texts, labels) of one file pair, with escapes such as \\u2019 decoded."""
    folder, name = Path(folder), TWEETS[language]
    # split("\n"), not splitlines(): a tweet may hold a separator that splitlines cuts at
    texts = (folder / f"{name}_{part}_text.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    labels = (folder / f"{name}_{part}_labels.txt").read_text(encoding="utf-8").split()
    if len(texts) != len(labels):
        raise ValueError(f"{name} {part}: {len(texts)} texts, {len(labels)} labels")
    texts = [re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), t) for t in texts]
    return texts, [LABELS[label] for label in labels]


def read_romanian(folder):
    """(texts, labels) of the Romanian reviews: title and content."""
    reviews = json.loads((Path(folder) / ROMANIAN).read_text(encoding="utf-8"))
    texts = [f"{review['title']}. {review['content']}" for review in reviews]
    return texts, [review["label"] for review in reviews]


def macro_f1(truth, predicted):
    """Mean F1 over the labels that occur in `truth`.

    >>> round(macro_f1(["a", "a", "b"], ["a", "b", "b"]), 3)
    0.667
    """
    scores = []
    for label in sorted(set(truth)):
        both = sum(t == p == label for t, p in zip(truth, predicted, strict=True))
        either = sum(t == label for t in truth) + sum(p == label for p in predicted)
        scores.append(2 * both / either)
    return sum(scores) / len(scores)


def measure(texts, labels, language):
    """What the engine of one language does on one file."""
    start = time.perf_counter()
    scored = score_texts(texts, language)
    seconds = time.perf_counter() - start
    predicted = scored["label"].tolist()
    return {
        "n": len(texts),
        "macro_f1": macro_f1(labels, predicted),
        "detected": sum(detect_language(text) == language for text in texts) / len(texts),
        "engine": scored["engine"].dropna().iloc[0],
        "labels": collections.Counter(str(label) for label in predicted),
        "texts_per_second": len(texts) / seconds,
    }


def main(folder):
    rows = [(language, part, *read_tweets(folder, language, part)) for language in TWEETS for part in ("train", "val")]
    rows.append(("ro", "train", *read_romanian(folder)))
    print("language part      n  macro-F1  detected  engine      texts/s  labels given (true)")
    for language, part, texts, labels in rows:
        result = measure(texts, labels, language)
        truth = collections.Counter(labels)
        given = ", ".join(
            f"{label} {result['labels'][label]} ({truth[label]})"
            for label in ("negative", "neutral", "positive", "None")
            if result["labels"][label] or truth[label]
        )
        print(
            f"{language:8} {part:5} {result['n']:5}  {result['macro_f1']:8.3f}  "
            f"{result['detected']:8.3f}  {result['engine']:10} {result['texts_per_second']:8.0f}  "
            f"{given}"
        )
    print("Romanian: reviews are positive or negative only; a neutral score counts as wrong.")
    print("Polish: no labelled file, nothing to measure.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
