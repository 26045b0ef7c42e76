#!/usr/bin/env python3
"""One table from one run: a training step (forward, MultipleNegativesRankingLoss, backward, clip, AdamW) of ours and, given a
Python with sentence-transformers, of the peer, taking turns on the same token ids.

  python3 bench/compare.py --bin build/release/bin [--peer .venv-interop/bin/python] [--json]
      [--workloads sts,nli,passages,fixed128] [--shapes minilm] [--batch 64] [--dropout 0.1,0] [--dtype fp32] [--extras]

Minima of turns that alternate are robust against other work on the machine; medians stand beside them. Real texts
(stsb, snli, qed) need ../shared/data and are cut into tokens by tokenize_lines. No figure comes from elsewhere."""
import argparse, json, math, os, random, statistics, subprocess, sys, tempfile, time

from compare_data import REAL, real_batches

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "sentence-studio")
BASE = os.environ.get("SENTENCE_STUDIO_MODEL") or os.path.join(CACHE, "models", "all-MiniLM-L6-v2")

COMMON = {"hidden_act": "gelu", "attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1}
SHAPES = {
    "minilm": dict(COMMON, model_type="bert", vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                   intermediate_size=1536, max_position_embeddings=512, type_vocab_size=2, layer_norm_eps=1e-12),
    "mpnet": dict(COMMON, model_type="mpnet", vocab_size=30527, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
                  intermediate_size=3072, max_position_embeddings=514, relative_attention_num_buckets=32, layer_norm_eps=1e-5,
                  pad_token_id=1),
    "xlmr": dict(COMMON, model_type="xlm-roberta", vocab_size=250002, hidden_size=768, num_hidden_layers=12,
                 num_attention_heads=12, intermediate_size=3072, max_position_embeddings=514, type_vocab_size=1,
                 layer_norm_eps=1e-5, pad_token_id=1),
}
# Log-normal lengths: mean, sigma of the logarithm, least, most.
WORKLOADS = {"sts": (14, 0.45, 6, 60), "nli": (20, 0.55, 6, 80), "passages": (110, 0.6, 16, 256), "fixed128": None}


def synthetic(workload, texts, vocab, count):
    rng = random.Random(f"{workload} {texts}")

    def length():
        if WORKLOADS[workload] is None:
            return 128
        mean, sigma, least, most = WORKLOADS[workload]
        return max(least, min(most, round(rng.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma))))

    # Token ids as a text has them: few frequent ones, many rare ones.
    top = min(vocab, 30000) - 1000
    ids = lambda n: [1000 + int(top * rng.random() ** 3) for _ in range(n)]
    return [[[ids(length()) for _ in range(texts // 2)] for _ in range(2)] for _ in range(count)]


def useful_flops(config, batch):
    """Multiply-adds times two of a forward and backward pass over the real tokens."""
    h, f = config["hidden_size"], config["intermediate_size"]
    lengths = [len(ids) for rows in batch for ids in rows]
    layer = sum(lengths) * 2 * (4 * h * h + 2 * h * f) + sum(n * n for n in lengths) * 4 * h
    return 3 * config["num_hidden_layers"] * layer


class Side:
    """A process that answers commands."""

    def __init__(self, command):
        env = dict(os.environ, OMP_NUM_THREADS=str(THREADS), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                answer = json.loads(line)
                if "error" in answer:
                    sys.exit("bench: " + answer["error"])
                return answer
        sys.exit("bench: a side ended; run it by hand to see why")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(sides, what, seconds, rounds, per_turn):
    """Turns of each side until the time is used, at least `rounds` of them; the first answer of each is a warm-up."""
    times = {name: [] for name in sides}
    for side in sides.values():
        side.ask(do=what, count=1)
    start = time.monotonic()
    turn = 0
    while turn < rounds or (time.monotonic() - start < seconds and turn < 20):
        for name, side in sides.items():
            times[name] += side.ask(do=what, count=per_turn)["ms"]
            time.sleep(0.05)  # threads of the other runtime stop spinning
        turn += 1
    return times


def side_row(times, tokens, flops, peak, memory):
    best = min(times)
    return {"min_ms": round(best, 2), "median_ms": round(statistics.median(times), 2), "tokens_per_s": round(tokens / best * 1e3),
            "peak_mib": round(memory), "peak_share": round(flops / best / 1e6 / peak, 3) if peak else None}


def run_case(args, peer, peak, shape, workload, texts, dropout, dtype, folder):
    config = SHAPES[shape]
    count = 4 if workload in ("sts", "nli") else 2
    batches = real_batches(args, BASE, workload, texts, count) if workload in REAL else synthetic(workload, texts, config["vocab_size"], count)
    file = os.path.join(folder, "batches.json")
    with open(file, "w") as out:
        json.dump(batches, out)
    what = {"do": "model", "config": config, "dropout": dropout, "bf16": dtype == "bf16", "base": BASE, "device": args.device}
    ours = Side([os.path.join(args.bin, "bench_compare"), str(THREADS)])
    sides = {"ours": ours}
    if peer:
        sides["peer"] = peer
    described = {name: side.ask(**what)["encoder"] for name, side in sides.items()}
    for side in sides.values():
        side.ask(do="batches", file=file)
    # Every batch once a turn, so that minima are sums over the same batches.
    times = measure(sides, "steps", args.seconds, args.rounds, count)
    folded = {n: [sum(t[i : i + count]) / count for i in range(0, len(t), count)] for n, t in times.items()}
    tokens = sum(len(ids) for b in batches for rows in b for ids in rows) / count
    flops = sum(useful_flops(config, b) for b in batches) / count
    row = {"workload": workload, "shape": shape, "batch": texts, "dropout": dropout, "dtype": dtype, "tokens": round(tokens)}
    for name, side in sides.items():
        row[name] = side_row(folded[name], tokens, flops, peak, side.ask(do="memory")["peak_mib"])
    if peer:
        row["ratio"] = round(row["peer"]["min_ms"] / row["ours"]["min_ms"], 2)
        row["memory_ratio"] = round(row["ours"]["peak_mib"] / row["peer"]["peak_mib"], 2)
    extras = []
    if args.extras:
        for name in ("encode", "optimizer"):
            t = measure(sides, name, args.seconds / 2, 2, 1)
            extra = dict(row, workload=f"{name}: {workload}")
            for side in sides:
                extra[side] = side_row(t[side], tokens * (count if name == "encode" else 1), 0, 0, row[side]["peak_mib"])
            if peer:
                extra["ratio"] = round(extra["peer"]["min_ms"] / extra["ours"]["min_ms"], 2)
            extras.append(extra)
        # GradCache: the same step in mini-batches of a quarter of the rows.
        cached = dict(what, loss="CachedMultipleNegativesRankingLoss", loss_options={"mini_batch_size": max(1, texts // 8)})
        for side in sides.values():
            side.ask(**cached)
            side.ask(do="batches", file=file)
        t = measure(sides, "steps", args.seconds / 2, 2, count)
        extra = dict(row, workload=f"cached: {workload}", cached_over_plain={})
        for name in sides:
            folded = [sum(t[name][i : i + count]) / count for i in range(0, len(t[name]), count)]
            extra[name] = side_row(folded, tokens, flops, 0, sides[name].ask(do="memory")["peak_mib"])
            extra["cached_over_plain"][name] = round(extra[name]["min_ms"] / row[name]["min_ms"], 2)
        if peer:
            extra["ratio"] = round(extra["peer"]["min_ms"] / extra["ours"]["min_ms"], 2)
        extras.append(extra)
    ours.close()
    return [row] + extras, described


def table(rows):
    print(f"{'workload':22} {'shape':7} {'batch':>5} {'drop':>4} {'dtype':5} {'tokens':>6} | {'ours min (median) ms':>21} {'tok/s':>7} {'MiB':>5} "
          f"{'peak':>5} | {'peer min (median) ms':>21} {'MiB':>5} | {'ratio':>5} {'mem':>5}")
    for r in rows:
        o, p = r["ours"], r.get("peer")
        share = f"{o['peak_share'] * 100:4.0f}%" if o["peak_share"] else "     "
        line = (f"{r['workload']:22} {r['shape']:7} {r['batch']:5} {r['dropout']:4} {r['dtype']:5} {r['tokens']:6} | "
                f"{o['min_ms']:10.1f} ({o['median_ms']:8.1f}) {o['tokens_per_s']:7} {o['peak_mib']:5} {share} | ")
        if p:
            line += f"{p['min_ms']:10.1f} ({p['median_ms']:8.1f}) {p['peak_mib']:5} | {r['ratio']:5.2f} {r.get('memory_ratio', ''):>5}"
        if "cached_over_plain" in r:
            line += "  cached / plain: " + ", ".join(f"{k} {v}" for k, v in r["cached_over_plain"].items())
        print(line)


def both(side):
    """Minimum and median; steps on a GPU take few milliseconds."""
    digits = 0 if side["min_ms"] >= 100 else 1
    return f"{side['min_ms']:.{digits}f} ({side['median_ms']:.{digits}f})"


def markdown(rows, headed):
    """Rows of the table as docs/performance.md shows it."""
    head = ["workload", "shape", "texts", "dropout", "type", "tokens", "ours: min (median) ms", "tokens/s", "of peak", "MiB", "peer: min (median) ms", "MiB",
            "peer / ours", "memory ours / peer"]
    if not headed:
        print("| " + " | ".join(head) + " |")
        print("|" + "---|" * len(head))
    for r in rows:
        o, p = r["ours"], r.get("peer")
        cells = [r["workload"], r["shape"], r["batch"], f"{r['dropout']:g}", r["dtype"], r["tokens"], both(o),
                 o["tokens_per_s"], f"{o['peak_share']:.0%}" if o["peak_share"] else "", o["peak_mib"]]
        cells += [both(p), p["peak_mib"], f"**{r['ratio']:.2f}**", r.get("memory_ratio", "")] if p else ["", "", "", ""]
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bin", required=True)
    options.add_argument("--peer", help="a Python that has sentence-transformers")
    options.add_argument("--against", help="another build's bench_compare in the peer's place")
    options.add_argument("--workloads", default="sts,nli,passages,fixed128", help=f"of {', '.join([*WORKLOADS, *REAL])}")
    options.add_argument("--shapes", default="minilm", help=f"of {', '.join(SHAPES)}")
    options.add_argument("--batch", default="64", help="texts in a step, both columns together")
    options.add_argument("--dropout", default="0.1,0")
    options.add_argument("--dtype", default="fp32", help="fp32, bf16")
    options.add_argument("--device", default="cpu", help="cpu, cuda")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--seconds", type=float, default=6, help="least time for a row, both sides together")
    options.add_argument("--rounds", type=int, default=3, help="least turns of each side")
    options.add_argument("--extras", action="store_true", help="also encoding, the optimizer alone, and the cached loss")
    options.add_argument("--json", action="store_true")
    options.add_argument("--markdown", action="store_true")
    args = options.parse_args()
    global THREADS
    THREADS = args.threads

    rows, described = [], {}
    ours = Side([os.path.join(args.bin, "bench_compare"), str(THREADS)])
    machine = ours.ask(do="peak")
    ours.close()
    peer = Side([args.peer, os.path.join(ROOT, "bench", "compare_peer.py"), str(THREADS)]) if args.peer else None
    if args.against:
        peer = Side([args.against, str(THREADS)])
    with tempfile.TemporaryDirectory() as folder:
        for shape in args.shapes.split(","):
            for workload in args.workloads.split(","):
                for texts in map(int, args.batch.split(",")):
                    for dropout in map(float, args.dropout.split(",")):
                        for dtype in args.dtype.split(","):
                            made, described = run_case(args, peer, machine["gflops"] if args.device == "cpu" else 0, shape, workload, texts, dropout, dtype, folder)
                            if args.markdown:
                                markdown(made, headed=bool(rows))
                            rows += made
                            if not args.json and not args.markdown:
                                print(f"# {made[0]['workload']} {shape} {texts} {dropout} {dtype} done", file=sys.stderr, flush=True)
    about = {"threads": THREADS, "device": args.device, "fma_peak_gflops": round(machine["gflops"]), "read_gb_s": round(machine["read_gbs"], 1),
             "cpu": next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), ""),
             "date": time.strftime("%Y-%m-%d"), "sides": described}
    if args.json:
        print(json.dumps({"machine": about, "rows": rows}, indent=1))
    else:
        print(json.dumps(about))
        if not args.markdown:
            table(rows)


if __name__ == "__main__":
    main()
