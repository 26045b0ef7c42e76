#!/usr/bin/env python3
"""Files of `sentence-train encode` against SentenceTransformer.encode: every precision, every format, prompts. And models
that are made here, distilled ones and fresh ones, loaded in Python without a warning and with the same embeddings."""
import argparse, json, os, subprocess, sys, tempfile

import numpy as np

import pythonmodel

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "sentence-studio/models/all-MiniLM-L6-v2")
failed = []


def check(name, holds, detail):
    print(f"{'ok' if holds else 'FAILED'}: {name}: {detail}", flush=True)
    if not holds:
        failed.append(name)


def texts_of(file, count):
    import csv

    with open(os.path.join(ROOT, "resources/data/stsb-open", file), encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    return [text for row in rows for text in (row["sentence1"], row["sentence2"])][:count]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True)
    binary = os.path.join(options.parse_args().bin, "sentence-train")
    import pyarrow.parquet
    from sentence_transformers.util import quantize_embeddings

    texts = texts_of("en-dev.csv", 300)
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "texts.txt")
        with open(source, "w", encoding="utf-8") as f:
            f.write("\n".join(texts) + "\n")

        def encode(model, name, *more):
            out = os.path.join(folder, name)
            subprocess.run([binary, "encode", model, "--input", source, "--output", out, *more], check=True, stderr=subprocess.DEVNULL)
            return out

        peer = pythonmodel.load(MODEL)
        plain = np.load(encode(MODEL, "float32.npy"))
        difference = float(np.abs(plain - peer.encode(texts)).max())
        check("float32", difference <= 1e-5, f"largest difference {difference:.1e}")
        for precision in ("int8", "uint8", "binary", "ubinary"):
            mine = np.load(encode(MODEL, precision + ".npy", "--precision", precision))
            # Of our own floats, so that rounding of the model plays no part: the very same bytes.
            theirs = quantize_embeddings(plain, precision=precision)
            check(precision, mine.dtype == theirs.dtype and np.array_equal(mine, theirs), f"{mine.shape} {mine.dtype}")

        table = pyarrow.parquet.read_table(encode(MODEL, "float32.parquet"))
        check("parquet", table["text"].to_pylist() == texts
              and np.array_equal(np.array(table["embedding"].to_pylist(), dtype=np.float32), plain), str(table.schema).replace("\n", ", "))
        table = pyarrow.parquet.read_table(encode(MODEL, "int8.parquet", "--precision", "int8"))
        check("parquet int8", np.array_equal(np.array(table["embedding"].to_pylist(), dtype=np.int8),
                                             np.load(os.path.join(folder, "int8.npy"))), str(table.schema.field("embedding").type))
        with open(encode(MODEL, "float32.jsonl"), encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        check("jsonl", [line["text"] for line in lines] == texts
              and np.array_equal(np.array([line["embedding"] for line in lines], dtype=np.float32), plain), f"{len(lines)} lines")
        prompted = np.load(encode(MODEL, "prompt.npy", "--prompt", "query: ", "--truncate-dim", "128", "--normalize"))
        theirs = peer.encode(texts, prompt="query: ", truncate_dim=128, normalize_embeddings=True)
        difference = float(np.abs(prompted - theirs).max())
        check("prompt, truncated, normalised", difference <= 1e-5, f"largest difference {difference:.1e}")

        static = os.path.join(folder, "static")
        subprocess.run([binary, "distill-static", MODEL, "--output", static], check=True, stderr=subprocess.DEVNULL)
        peer = pythonmodel.load(static)
        difference = float(np.abs(np.load(encode(static, "static.npy")) - peer.encode(texts)).max())
        check("distilled static model", difference <= 1e-5, f"largest difference {difference:.1e}, {peer[0]}")

        for kind in ("wordpiece", "unigram"):
            fresh = os.path.join(folder, kind)
            subprocess.run([binary, "new-model", "--texts", source, "--output", fresh, "--tokenizer", kind, "--vocab-size", "700",
                            "--layers", "2", "--hidden", "64", "--heads", "2", "--intermediate", "128", "--max-length", "64"], check=True)
            peer = pythonmodel.load(fresh)
            difference = float(np.abs(np.load(encode(fresh, kind + ".npy")) - peer.encode(texts)).max())
            check(f"fresh model, {kind}", difference <= 1e-5 and peer.max_seq_length == 64, f"largest difference {difference:.1e}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
