"""Real texts for bench/compare.py as token ids of the MiniLM tokenizer, made by our own tokenizer (tokenize_lines)."""
import csv, json, os, random, subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.path.join(ROOT, "..", "shared", "data")
REAL = ("stsb", "snli", "qed")


def pairs(workload):
    """(first, second) texts and the length that they are cut to."""
    if workload == "stsb":
        with open(os.path.join(SHARED, "stsb-open", "en-train.csv"), newline="", encoding="utf-8") as f:
            return [(r["sentence1"], r["sentence2"]) for r in csv.DictReader(f)], 128
    if workload == "snli":
        with open(os.path.join(SHARED, "snli-sample", "triplets.tsv"), encoding="utf-8") as f:
            return [line.rstrip("\n").split("\t")[:2] for line in list(f)[1:]], 128
    folder = os.path.join(SHARED, "qed-nq-ir")
    read = lambda name: {r["_id"]: r for r in map(json.loads, open(os.path.join(folder, name), encoding="utf-8"))}
    queries, corpus = read("queries.jsonl"), read("corpus.jsonl")
    names = sorted(os.listdir(os.path.join(folder, "qrels")))
    found = []
    with open(os.path.join(folder, "qrels", names[0]), newline="", encoding="utf-8") as f:
        for row in list(csv.reader(f, delimiter="\t"))[1:]:
            if row[0] in queries and row[1] in corpus:
                found.append((queries[row[0]]["text"], corpus[row[1]]["text"]))
    return found, 256


def real_batches(args, base, workload, texts, count):
    rows, length = pairs(workload)
    rng = random.Random(f"{workload} {texts}")
    chosen = [rng.sample(rows, texts // 2) for _ in range(count)]
    lines = [text for batch in chosen for pair in batch for text in pair]
    done = subprocess.run([os.path.join(args.bin, "tokenize_lines"), base, str(length)], check=True, capture_output=True, text=True,
                          input="".join(json.dumps(line) + "\n" for line in lines))
    ids = iter(json.loads(line)["ids"] for line in done.stdout.splitlines())
    batches = []
    for batch in chosen:
        made = [[next(ids), next(ids)] for _ in batch]
        batches.append([[m[0] for m in made], [m[1] for m in made]])
    return batches
