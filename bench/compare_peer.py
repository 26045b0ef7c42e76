#!/usr/bin/env python3
"""The peer of bench/compare.py: sentence-transformers with its own modules and loss, on the same commands as bench_compare.
Padding is what the library does: each column to its longest text. Reads one JSON command a line, answers one line each."""
import ctypes, gc, json, os, sys, time

threads = int(sys.argv[1])
import torch
torch.set_num_threads(threads)
import sentence_transformers, transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer import losses

state = {}


def status_mib(key):
    for line in open("/proc/self/status"):
        if line.startswith(key):
            return int(line.split()[1]) / 1024


def make_model(command):
    state.clear()
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    model = SentenceTransformer(command["base"], device=command["device"])
    config = transformers.AutoConfig.for_model(**{k: v for k, v in command["config"].items()})
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout"):
        if hasattr(config, name):
            setattr(config, name, command["dropout"])
    torch.manual_seed(1)
    model[0].model = transformers.AutoModel.from_config(config)  # SDPA where the library has it
    if len(model) > 2:
        del model[2]
    model[0].model.to(command["device"])
    model[1].embedding_dimension = config.hidden_size
    model.train()
    state["model"] = model
    kind = getattr(losses, command.get("loss", "MultipleNegativesRankingLoss"))
    state["loss"] = kind(model, **command.get("loss_options", {}))
    used = [p for n, p in model.named_parameters() if "pooler" not in n]
    state["optimizer"] = torch.optim.AdamW(used, lr=2e-5, weight_decay=command.get("weight_decay", 0.0), fused=True)
    state["parameters"] = used
    state["bf16"] = command["bf16"]
    state["device"] = command["device"]
    state["step"] = 0
    if state["device"] != "cpu":
        torch.cuda.reset_peak_memory_stats()
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")
    return {"encoder": f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__}, torch {torch.__version__}"}


def wait():
    """A GPU works on after its calls have returned."""
    if state["device"] != "cpu":
        torch.cuda.synchronize()


def padded(rows):
    width = max(map(len, rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return {"input_ids": ids.to(state["device"]), "attention_mask": mask.to(state["device"])}


def forward_backward(columns):
    features = [padded(rows) for rows in columns]
    with torch.autocast(state["device"], dtype=torch.bfloat16, enabled=state["bf16"]):
        loss = state["loss"](features, None)
    loss.backward()


def update():
    torch.nn.utils.clip_grad_norm_(state["parameters"], 1.0)
    state["optimizer"].step()
    state["optimizer"].zero_grad()


def next_batch():
    batch = state["batches"][state["step"] % len(state["batches"])]
    state["step"] += 1
    return batch


def steps(count):
    times = []
    for _ in range(count):
        batch = next_batch()
        start = time.perf_counter()
        forward_backward(batch)
        update()
        wait()
        times.append((time.perf_counter() - start) * 1e3)
    return {"ms": times}


def optimizer(count):
    times = []
    for _ in range(count):
        forward_backward(next_batch())
        wait()
        start = time.perf_counter()
        update()
        wait()
        times.append((time.perf_counter() - start) * 1e3)
    return {"ms": times}


def encode(count):
    """As encode(): sorted by length, batches of 32, padded, no gradients."""
    model = state["model"].eval()
    texts = sorted((ids for columns in state["batches"] for rows in columns for ids in rows), key=len, reverse=True)
    times = []
    with torch.inference_mode(), torch.autocast(state["device"], dtype=torch.bfloat16, enabled=state["bf16"]):
        for _ in range(count):
            start = time.perf_counter()
            for at in range(0, len(texts), 32):
                model(padded(texts[at : at + 32]))
            wait()
            times.append((time.perf_counter() - start) * 1e3)
    model.train()
    return {"ms": times, "texts": len(texts)}


for line in sys.stdin:
    command = json.loads(line)
    what = command["do"]
    if what == "model":
        answer = make_model(command)
    elif what == "batches":
        state["batches"] = json.load(open(command["file"]))
        answer = {"steps": len(state["batches"])}
    elif what == "memory" and state["device"] != "cpu":
        answer = {"peak_mib": torch.cuda.max_memory_allocated() / 2**20, "now_mib": torch.cuda.memory_allocated() / 2**20}
    elif what == "memory":
        answer = {"peak_mib": status_mib("VmHWM"), "now_mib": status_mib("VmRSS")}
    else:
        answer = {"steps": steps, "optimizer": optimizer, "encode": encode}[what](command["count"])
    print(json.dumps(answer), flush=True)
