"""Compares our tokenizers with the Python library on random and hostile strings, family by family.

    .venv-interop/bin/python tests/interop/tokenizers_fuzz.py BUILD/bin/tokenize_lines [--count 20000] [--seed 1] [FAMILY...]

For each family the library makes a tokenizer.json, both sides encode the same strings (every fourth one a pair, every
fifth one truncated to 16), and ids, type ids, tokens, code point offsets and special masks must be equal.
Exit status 1 when anything differs."""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from tokenizers import Tokenizer  # noqa: E402
import tokenizers_families  # noqa: E402

WORDS = """the quick brown fox jumps over lazy dogs unaffable internationalization don't we've I'LL New York café naïve Straße
İstanbul ΣΊΣΥΦΟΣ Ελλάδα привет мир 你好 世界 東京 こんにちは カタカナ 한국어 안녕하세요 مرحبا שלום हिन्दी ไทย ปี ด Việt Nam
1234567 3.14159 ½ ² ⅷ ４２ foo_bar a@b.c http://x.y/z?q=1#f :-) ... !!! — “quoted” ‘single’ «guillemets» ﬁ ﬃ ℌ Å
[CLS] [SEP] [MASK] [PAD] [UNK] <s> </s> <mask> <unk> <pad> <|endoftext|> ||| ##ing ##x Ġthe ▁the </w> <0x41>""".split()
PIECES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\u000b", "\u000c", "\u0085", "\u00a0", "\u00ad", "\u1680", "\u2003", "\u2028",
          "\u202f", "\u3000", "\u200b", "\u200d", "\u200e", "\ufeff", "\ufffd", "\u0000", "\u0001", "\u007f", "\u0300", "\u0301", "\u0327",
          "\u0344", "\u05b0", "\u064b", "\u0e31", "\u1160", "\u11a8", "\u20d0", "\u302a", "\ufe0f", "\U0001f1e9\U0001f1ea",
          "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f600", "\u2581", "\u0120", "\u010a", "'", "'s", "'S",
          "'\u017f", "``", "''", "_", "\u0378", "\ue000", "\U0010ffff", "\U000e0001", "\u00df", "\u0130", "\u03a3", "\u1e9e", "\u01c5",
          "\uac00", "\u1100\u1161\u11a8", "\u0958", "\u0915\u094d\u0937", "\u212b", "\u2126", "\u00c5", "A\u030a", "e\u0301", "\u0600", "\u0d4e"]
RANGES = [(0x20, 0x7E), (0x20, 0x7E), (0, 0x7F), (0x80, 0x24F), (0x300, 0x36F), (0x370, 0x6FF), (0x900, 0xDFF), (0xE00, 0x11FF),
          (0x1E00, 0x2FFF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFFFD), (0x10000, 0x1FFFF),
          (0x20000, 0x2FFFF), (0xE0000, 0xE01FF), (0, 0x10FFFF)]


def read_corpus(data):
    """Sentences in 20 languages to train the small vocabularies on; without ../shared, the word list shuffled."""
    sentences = []
    for folder in ("tatoeba", "stsb-open"):
        names = sorted(os.listdir(os.path.join(data, folder))) if os.path.isdir(os.path.join(data, folder)) else []
        for name in names:
            if name.endswith((".tsv", "dev.csv")):
                with open(os.path.join(data, folder, name), encoding="utf-8") as lines:
                    sentences += [line.rstrip("\n")[:300] for line in list(lines)[:150]]
    rng = random.Random(0)
    return sentences or [" ".join(rng.choices(WORDS, k=12)) for _ in range(2000)]


def random_char(rng):
    low, high = rng.choice(RANGES)
    c = rng.randint(low, high)
    return chr(c) if not 0xD800 <= c < 0xE000 else "x"


def random_text(rng, corpus):
    kind = rng.random()
    if kind < 0.15:
        return rng.choice(corpus)
    if kind < 0.20:
        return "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 12)))
    if kind < 0.22:
        return random_char(rng) * rng.randint(90, 220)
    if kind < 0.24:
        return "".join(random_char(rng) for _ in range(rng.randint(100, 600)))
    parts = []
    for _ in range(rng.randint(0, 14)):
        draw = rng.random()
        if draw < 0.35:
            parts.append(rng.choice(WORDS))
        elif draw < 0.55:
            parts.append(rng.choice(PIECES))
        elif draw < 0.7:
            parts.append(random_char(rng))
        else:
            parts.append(" ")
    return "".join(parts)


def expected(tokenizer, text, limit):
    tokenizer.no_truncation()
    if limit:
        tokenizer.enable_truncation(limit)
    encoding = tokenizer.encode(*text) if isinstance(text, list) else tokenizer.encode(text)
    return {"ids": encoding.ids, "types": encoding.type_ids, "tokens": encoding.tokens,
            "offsets": [list(o) for o in encoding.offsets], "special": encoding.special_tokens_mask}


def compare(name, tokenizer, tool, texts, limit):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tokenizer.json")
        tokenizer.no_truncation()
        tokenizer.save(path)
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        run = subprocess.run([tool, path, str(limit)], input=lines.encode(), capture_output=True)
    if run.returncode:
        print("%s: the tool failed (%d): %s" % (name, run.returncode, run.stderr.decode(errors="replace")[:2000]))
        return 1
    different = 0
    for text, line in zip(texts, run.stdout.decode().split("\n")):
        ours, theirs = json.loads(line), expected(tokenizer, text, limit)
        wrong = [key for key in theirs if ours[key] != theirs[key]]
        if "fast" in ours and ours["fast"] != ours["ids"]:
            wrong.append("fast")
        if wrong:
            different += 1
            if different <= 5:
                print("%s (limit %d): %s differ for %s" % (name, limit, ", ".join(wrong), ascii(text)[:300]))
                for key in wrong[:2]:
                    expect, got = theirs.get(key, theirs["ids"]), ours[key]
                    at = next((i for i, (a, b) in enumerate(zip(expect, got)) if a != b), min(len(expect), len(got)))
                    print("   from token %d: theirs %s   ours %s" % (at, ascii(expect[at:at + 8]), ascii(got[at:at + 8])))
    return different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("families", nargs="*")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_intermixed_args()
    root = os.path.join(HERE, "..", "..")
    data = os.path.join(root, "..", "shared", "data")
    corpus = read_corpus(data)
    shared = os.path.join(data, "tokenizers")
    made = tokenizers_families.families(shared if os.path.isdir(shared) else None, corpus)
    failures = 0
    for name, tokenizer in made.items():
        if options.families and name not in options.families:
            continue
        rng = random.Random("%d %s" % (options.seed, name))
        tokenizer = Tokenizer.from_str(tokenizer.to_str())
        texts = [random_text(rng, corpus) for _ in range(options.count)]
        singles, pairs, short = [], [], []
        for i, text in enumerate(texts):
            if i % 4 == 3:
                pairs.append([text, random_text(rng, corpus)])
            elif i % 5 == 4:
                short.append(text)
            else:
                singles.append(text)
        different = compare(name, tokenizer, options.tool, singles, 0)
        different += compare(name, tokenizer, options.tool, short, 16)
        different += compare(name, tokenizer, options.tool, pairs[::2], 0)
        different += compare(name, tokenizer, options.tool, pairs[1::2], 16)
        print("%-20s %d strings, %d differ" % (name, len(texts), different), flush=True)
        failures += different
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
