#!/usr/bin/env python3
"""Makes tests/fixtures/data/mining.json: what sentence_transformers.util.mine_hard_negatives finds with the tiny BERT of
the fixtures, for several options.

  python oracle_mining.py > ../fixtures/data/mining.json

sentence-transformers 6.2.0 made the stored file, on the CPU in float32."""
import json
import os
import random

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import datasets
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.util import mine_hard_negatives

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = {
    "defaults": {},
    "corpus": {"corpus": True, "num_negatives": 2},
    "range": {"range_min": 2, "range_max": 9, "num_negatives": 4},
    "absolute margin": {"absolute_margin": 0.05, "num_negatives": 3},
    "relative margin": {"relative_margin": 0.1, "num_negatives": 3, "output_scores": True},
    "scores": {"max_score": 0.9, "min_score": 0.5, "num_negatives": 5, "output_scores": True},
    "n-tuple": {"output_format": "n-tuple", "num_negatives": 4, "max_score": 0.8},
    "n-tuple scores": {"output_format": "n-tuple", "output_scores": True, "corpus": True},
    "labelled pairs": {"output_format": "labeled-pair", "absolute_margin": 0.1},
    "labelled pairs, scores": {"output_format": "labeled-pair", "output_scores": True},
    "labelled lists": {"output_format": "labeled-list", "absolute_margin": 0.1},
    "labelled lists, scores": {"output_format": "labeled-list", "output_scores": True, "num_negatives": 2},
    "rankings": {"include_positives": True, "output_format": "n-tuple", "num_negatives": 6},
    "cross-encoder": {"cross_encoder": "crossencoder/bert", "absolute_margin": 0.05, "num_negatives": 2, "output_scores": True},
    "cross-encoder, scores": {"cross_encoder": "crossencoder/electra", "min_score": -0.5, "max_score": 2.0, "num_negatives": 2,
                              "output_scores": True, "output_format": "labeled-list"},
    "prompts": {"query_prompt": "w1 w2 ", "corpus_prompt": "w3 ", "num_negatives": 1, "output_scores": True},
}


def words(draw):
    return " ".join("w%d" % draw.randrange(91) for _ in range(draw.randrange(3, 9)))


def main():
    draw = random.Random(5)
    anchors = [words(draw) for _ in range(24)]
    pairs = [(a, words(draw)) for a in anchors]
    # Anchors with several positives, not beside each other; a pair that stands there twice.
    pairs += [(anchors[i], words(draw)) for i in (3, 7, 3)] + [pairs[5]]
    corpus = [words(draw) for _ in range(30)]
    model = SentenceTransformer(os.path.join(HERE, "../fixtures/model/tiny/bert"), device="cpu")
    data = datasets.Dataset.from_dict({"anchor": [p[0] for p in pairs], "positive": [p[1] for p in pairs]})
    cases = {}
    for name, options in CASES.items():
        given = dict(options)
        if given.pop("corpus", False):
            given["corpus"] = corpus
        if "cross_encoder" in given:
            given["cross_encoder"] = CrossEncoder(os.path.join(HERE, "../fixtures/model", given["cross_encoder"]), device="cpu")
        mined = mine_hard_negatives(data, model, verbose=False, **given)
        cases[name] = {"options": options, "columns": mined.column_names, "rows": [list(r.values()) for r in mined.to_list()]}
    print(json.dumps({"pairs": pairs, "corpus": corpus, "cases": cases}, indent=0))


main()
