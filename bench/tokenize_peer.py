"""The Python library `tokenizers` on the same texts as bench_tokenize: tokenize_peer.py MODEL_FOLDER TEXTS.txt
[THREADS [SECONDS]]. Prints texts and tokens a second for encode_batch (the fastest call that training code uses) and for
one encode a text. Threads are Rayon's."""
import os
import sys
import time

threads = int(sys.argv[3]) if len(sys.argv) > 3 else 1
seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 3.0
os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
os.environ["RAYON_NUM_THREADS"] = str(threads)

from tokenizers import Tokenizer  # noqa: E402  (after the environment)

start = time.perf_counter()
tokenizer = Tokenizer.from_file(os.path.join(sys.argv[1], "tokenizer.json"))
load = time.perf_counter() - start
tokenizer.no_truncation()
tokenizer.no_padding()
with open(sys.argv[2], encoding="utf-8", newline="\n") as lines:
    texts = [line.rstrip("\n") for line in lines]
size = sum(len(text.encode()) for text in texts)


def measure(name, call):
    begin = time.perf_counter()
    passes = tokens = 0
    while time.perf_counter() - begin < seconds:
        tokens = call()
        passes += 1
    elapsed = time.perf_counter() - begin
    print("%-18s threads %d  load %.1f ms  %.0f texts/s  %.0f tokens/s  %.1f MB/s  (%d texts, %d tokens)" % (
        name, threads, load * 1e3, passes * len(texts) / elapsed, passes * tokens / elapsed,
        passes * size / elapsed / 1e6, len(texts), tokens))


measure("encode_batch", lambda: sum(len(e.ids) for e in tokenizer.encode_batch(texts)))
measure("encode_batch_fast", lambda: sum(len(e.ids) for e in tokenizer.encode_batch_fast(texts)))
if threads == 1:
    measure("encode", lambda: sum(len(tokenizer.encode(text).ids) for text in texts))
