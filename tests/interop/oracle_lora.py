#!/usr/bin/env python3
"""Makes the LoRA adapters that tests/engine/model/tst_lora.cpp compares with PEFT: for some of the tiny models a folder below
tests/fixtures/lora as PEFT saves it, and expected.safetensors with the token states, the merged weights, the gradients of
sum(states * weights) and the adapters after three steps of plain gradient descent. Seeds are fixed.

    .venv-interop/bin/python tests/interop/oracle_lora.py
"""
import json, os, shutil

import peft
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "..", "fixtures", "model", "tiny")
OUT = os.path.join(HERE, "..", "fixtures", "lora")
RATE = 1e-3

CASES = {
    "bert-query-value": ("bert", dict(r=4, lora_alpha=8, target_modules=["query", "value"])),
    "bert-default": ("bert", dict(r=2, lora_alpha=3)),
    "mpnet-all-linear": ("mpnet", dict(r=2, lora_alpha=6, target_modules="all-linear", use_rslora=True, bias="all")),
    "qwen3-pattern": ("qwen3", dict(r=3, lora_alpha=16, target_modules=r".*\.1\..*(q_proj|down_proj)")),
    "distilbert-biases": ("distilbert", dict(r=2, lora_alpha=4, target_modules=["q_lin", "lin1"], bias="lora_only")),
}


def states_of(model, fixture):
    ids, lengths = fixture.get_tensor("ids"), fixture.get_tensor("lengths").tolist()
    padded = torch.zeros((len(lengths), max(lengths)), dtype=torch.long)
    mask = torch.zeros_like(padded)
    at = 0
    for row, length in enumerate(lengths):
        padded[row, :length] = ids[at:at + length]
        mask[row, :length] = 1
        at += length
    states = model(input_ids=padded, attention_mask=mask).last_hidden_state
    return torch.cat([states[row, :length] for row, length in enumerate(lengths)])


def adapters_of(model):
    """Trained tensors by the names that the bare model's modules have."""
    return {name.removeprefix("base_model.model."): parameter for name, parameter in model.named_parameters()
            if parameter.requires_grad}


def make(name, base, settings, seed):
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(seed)
    source = os.path.join(TINY, base)
    model = transformers.AutoModel.from_pretrained(source, attn_implementation="eager")
    model = peft.get_peft_model(model, peft.LoraConfig(task_type="FEATURE_EXTRACTION", **settings)).eval()
    with torch.no_grad():
        for key, parameter in adapters_of(model).items():
            parameter.add_(0.2 * torch.randn_like(parameter))
    # Relative to the folder of the adapters, so that the fixture needs no place of its own.
    model.peft_config["default"].base_model_name_or_path = f"../../model/tiny/{base}"
    model.save_pretrained(folder)
    expected = {}
    with safe_open(os.path.join(source, "expected.safetensors"), "pt") as fixture:
        weights = fixture.get_tensor("weights")
        for step in range(3):
            model.zero_grad()
            states = states_of(model, fixture)
            (states * weights).sum().backward()
            if step == 0:
                expected["states"] = states.detach().contiguous()
                for key, parameter in adapters_of(model).items():
                    if parameter.grad is not None:
                        expected["grad/" + key] = parameter.grad.clone()
            with torch.no_grad():
                for parameter in adapters_of(model).values():
                    if parameter.grad is not None:
                        parameter -= RATE * parameter.grad
        expected["states_after"] = states_of(model, fixture).detach().contiguous()
    for key, parameter in adapters_of(model).items():
        expected["after/" + key] = parameter.detach().clone()
    save_file(expected, os.path.join(folder, "expected.safetensors"), metadata={"format": "pt"})
    for extra in ("README.md",):
        path = os.path.join(folder, extra)
        if os.path.exists(path):
            os.remove(path)
    with safe_open(os.path.join(folder, "adapter_model.safetensors"), "pt") as file:
        keys = list(file.keys())
    config = json.load(open(os.path.join(folder, "adapter_config.json")))
    print(f"{name}: {len(keys)} tensors, {len(adapters_of(model))} trained; targets {config['target_modules']}; first {keys[:3]}")


if __name__ == "__main__":
    for number, (name, (base, settings)) in enumerate(CASES.items()):
        make(name, base, settings, 100 + number)
