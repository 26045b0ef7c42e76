#!/usr/bin/env python3
"""Makes the tiny cross-encoders below tests/fixtures/model/crossencoder, one for each kind of head, and scores.json, what
CrossEncoder.predict says of some pairs.

    .venv-interop/bin/python tests/interop/oracle_crossencoder.py
"""
import json, os, random, shutil

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import transformers
from sentence_transformers import CrossEncoder

HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "..", "fixtures", "model", "tiny")
OUT = os.path.join(HERE, "..", "fixtures", "model", "crossencoder")
IDENTITY = {"activation_fn": "torch.nn.modules.linear.Identity", "version": "5.1.0"}
# name: encoder, more of the configuration
KINDS = {"bert": ("bert", {}), "electra": ("electra", {"sentence_transformers": IDENTITY}),
         "distilbert": ("distilbert", {"sbert_ce_default_activation_function": IDENTITY["activation_fn"]})}


def main():
    draw = random.Random(7)
    words = lambda most: " ".join("w%d" % draw.randrange(91) for _ in range(draw.randrange(1, most)))
    pairs = [(words(8), words(12)) for _ in range(30)] + [("w1 w2", ""), ("", "w3"), (words(60), words(60)), ("w5", words(90))]
    scores = {}
    for number, (name, (base, more)) in enumerate(KINDS.items()):
        folder = os.path.join(OUT, name)
        shutil.rmtree(folder, ignore_errors=True)
        torch.manual_seed(20 + number)
        config = transformers.AutoConfig.from_pretrained(os.path.join(TINY, base), num_labels=1)
        for key, value in more.items():
            setattr(config, key, value)
        model = transformers.AutoModelForSequenceClassification.from_config(config)
        model.save_pretrained(folder)
        for file in ("vocab.txt", "tokenizer_config.json"):
            shutil.copy(os.path.join(TINY, base, file), folder)
        peer = CrossEncoder(folder, device="cpu")
        scores[name] = [float(s) for s in peer.predict(pairs, batch_size=8)]
        print(name, scores[name][:4])
    with open(os.path.join(OUT, "scores.json"), "w") as file:
        json.dump({"pairs": pairs, "scores": scores}, file, indent=0)


main()
