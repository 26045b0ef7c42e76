#!/usr/bin/env python3
"""Makes the tiny random checkpoints that tests/engine/model/tst_tinymodels.cpp compares with PyTorch.

One folder for each architecture below tests/fixtures/model/tiny: config.json and model.safetensors as transformers saves
them, a small WordPiece vocabulary, and expected.safetensors with token ids, lengths, PyTorch's token states and the
gradients of sum(states * weights). Seeds are fixed; rounding may differ between releases.

    .venv-interop/bin/python tests/interop/model_fixtures.py [NAME ...]
"""
import collections, json, os, pickle, shutil, sys, zipfile

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "fixtures", "model", "tiny")
VOCAB = 96
LENGTHS = [7, 3, 12, 7, 1, 9]

COMMON = dict(vocab_size=VOCAB, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40,
              max_position_embeddings=40, initializer_range=0.3)
ROBERTA = dict(COMMON, pad_token_id=1, type_vocab_size=1, layer_norm_eps=1e-5)
MODELS = {
    "bert": ("BertModel", transformers.BertConfig(**COMMON)),
    "bert-tanh": ("BertModel", transformers.BertConfig(**COMMON, hidden_act="gelu_new")),
    "roberta": ("RobertaModel", transformers.RobertaConfig(**ROBERTA)),
    "xlm-roberta": ("XLMRobertaModel", transformers.XLMRobertaConfig(**ROBERTA)),
    "electra": ("ElectraModel", transformers.ElectraConfig(**COMMON, embedding_size=16)),
    "mpnet": ("MPNetModel", transformers.MPNetConfig(**COMMON)),
    "distilbert": ("DistilBertModel", transformers.DistilBertConfig(
        vocab_size=VOCAB, dim=24, n_layers=2, n_heads=4, hidden_dim=40, max_position_embeddings=40, initializer_range=0.3)),
    "albert": ("AlbertModel", transformers.AlbertConfig(**COMMON, embedding_size=16, num_hidden_groups=2)),
    "modernbert": ("ModernBertModel", transformers.ModernBertConfig(
        **dict(COMMON, num_hidden_layers=4), local_attention=8, global_attn_every_n_layers=3, pad_token_id=0,
        cls_token_id=2, bos_token_id=2, sep_token_id=3, eos_token_id=3)),
    "nomic-bert": ("NomicBertModel", transformers.NomicBertConfig(**COMMON)),
    "qwen3": ("Qwen3Model", transformers.Qwen3Config(**COMMON, num_key_value_heads=2, head_dim=8)),
    "gemma3": ("Gemma3TextModel", transformers.Gemma3TextConfig(
        **dict(COMMON, num_hidden_layers=3), num_key_value_heads=2, head_dim=8, sliding_window=8, query_pre_attn_scalar=12,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"], use_bidirectional_attention=True)),
    "gemma3-causal": ("Gemma3TextModel", transformers.Gemma3TextConfig(
        **COMMON, num_key_value_heads=1, head_dim=8, sliding_window=4,
        layer_types=["sliding_attention", "full_attention"])),
}


def saved_names(class_name, named):
    """Names and tensors as the checkpoint has them; NomicBert is saved in the Hub's older form with fused projections."""
    if class_name != "NomicBertModel":
        return dict(named)
    renames = [("embeddings.LayerNorm", "emb_ln"), ("layers.", "encoder.layers."), ("self_attn.o_proj", "attn.out_proj"),
               ("mlp.up_proj", "mlp.fc11"), ("mlp.gate_proj", "mlp.fc12"), ("mlp.down_proj", "mlp.fc2"),
               ("post_attention_layernorm", "norm1"), ("post_mlp_layernorm", "norm2")]
    result, fused = {}, {}
    for name, tensor in named:
        for old, new in renames:
            name = name.replace(old, new)
        if ".self_attn." in name:
            fused.setdefault(name.split(".self_attn.")[0] + ".attn.Wqkv.weight", []).append(tensor)
        else:
            result[name] = tensor
    for name, parts in fused.items():
        result[name] = torch.cat(parts)
    return result


def make(name, class_name, config, seed):
    torch.manual_seed(seed)
    config._attn_implementation = "eager"
    model = getattr(transformers, class_name)(config).eval()
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            # Norms and biases start at 1 and 0: move them, so that a forgotten one shows.
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)

    generator = torch.Generator().manual_seed(seed + 1)
    longest = max(LENGTHS)
    ids = torch.full((len(LENGTHS), longest), config.pad_token_id if config.pad_token_id is not None else 0)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(5, VOCAB, (length,), generator=generator)
        mask[row, :length] = 1
    states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    packed = torch.cat([states[row, :length] for row, length in enumerate(LENGTHS)])
    weights = torch.randn(packed.shape, generator=generator)
    (packed * weights).sum().backward()
    expected = {"ids": torch.cat([ids[row, :length] for row, length in enumerate(LENGTHS)]).to(torch.int64),
                "lengths": torch.tensor(LENGTHS), "states": packed.detach().contiguous(), "weights": weights}
    names = [parameter_name for parameter_name, _ in model.named_parameters()]
    gradients = [(n, parameter.grad) for n, parameter in model.named_parameters() if parameter.grad is not None]
    for parameter_name, gradient in saved_names(class_name, gradients).items():
        expected["grad/" + parameter_name] = gradient.contiguous()
    save_file(expected, os.path.join(folder, "expected.safetensors"), metadata={"format": "pt", "names": "\n".join(names)})

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [f"w{i}" for i in range(VOCAB - 5)]
    with open(os.path.join(folder, "vocab.txt"), "w") as file:
        file.write("\n".join(words) + "\n")
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 32}, file, indent=2)
    with safe_open(os.path.join(folder, "model.safetensors"), "pt") as file:
        keys = list(file.keys())
    size = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder))
    print(f"{name}: {len(names)} parameters, {size // 1024} kB; first keys {keys[:4]}")


class Evil:
    """Unpickling it in Python would run a command."""

    def __reduce__(self):
        return os.system, ("echo this must never run",)


def make_legacy():
    """pytorch_model.bin files, a good one and hostile ones."""
    folder = os.path.join(HERE, "..", "fixtures", "model", "legacy")
    os.makedirs(folder, exist_ok=True)
    path = lambda name: os.path.join(folder, name)
    base = torch.arange(24, dtype=torch.float32)
    state = collections.OrderedDict([
        ("rows", base.view(4, 6)), ("columns", base.view(4, 6).t()), ("part", base[6:12]),
        ("half", torch.tensor([1.5, -2.0], dtype=torch.float16)), ("scalar", torch.tensor(7.0)),
        ("parameter", torch.nn.Parameter(torch.tensor([3.0]))), ("empty", torch.zeros(0, 3)), ("number", 5)])
    state._metadata = {"": {"version": 1}}
    torch.save(state, path("good.bin"))

    entries = {}
    with zipfile.ZipFile(path("good.bin")) as archive:
        for info in archive.infolist():
            entries[info.filename] = archive.read(info)

    def write(name, changes, compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(path(name), "w", compression) as archive:
            for entry, data in {**entries, **changes}.items():
                if data is not None:
                    archive.writestr(zipfile.ZipInfo(entry), data, compress_type=compression)

    pickled = next(n for n in entries if n.endswith("/data.pkl"))
    storage = next(n for n in entries if n.endswith("/data/0"))
    write("evil-call.bin", {pickled: pickle.dumps({"a": Evil()}, protocol=2)})
    write("evil-newer-protocol.bin", {pickled: pickle.dumps({"a": Evil()}, protocol=4)})
    write("evil-builtin.bin", {pickled: b"\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R."})
    write("compressed.bin", {}, zipfile.ZIP_DEFLATED)
    write("storage-missing.bin", {storage: None})
    write("storage-small.bin", {storage: entries[storage][:40]})
    write("big-endian.bin", {next(n for n in entries if n.endswith("byteorder")): b"big"})
    write("no-pickle.bin", {pickled: None})
    write("not-a-dict.bin", {pickled: pickle.dumps([1, 2], protocol=2)})
    write("shape-beyond-storage.bin", {pickled: entries[pickled].replace(b"K\x04K\x06", b"K\x7fK\x06")})
    print("legacy:", ", ".join(sorted(os.listdir(folder))))


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) < 2 or "legacy" in sys.argv[1:]:
        make_legacy()
    for position, (name, (class_name, config)) in enumerate(MODELS.items()):
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, class_name, config, 100 + position)
