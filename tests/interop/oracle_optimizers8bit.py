#!/usr/bin/env python3
"""Makes tests/fixtures/optim/bitsandbytes_8bit.json: weights after steps of the original's 8-bit optimizers.

  python oracle_optimizers8bit.py > ../fixtures/optim/bitsandbytes_8bit.json

Needs torch and bitsandbytes (0.50.2 made the stored file, on the CPU). Weights and gradients come from integers, so that
every program computes the same ones: see weight() and gradient(). State is block-wise 8 bit from the first step on.

The library's CPU kernel rounds to its table by a coarse index, which turns values below 1e-5 of a block's largest one into
2e-5 of it, of either sign. Its CUDA kernels round to the nearest value and keep the sign; exact() does what they do."""
import json

import bitsandbytes
import bitsandbytes.backends.cpu.ops as cpu
import torch


def exact(values, code, absmax_out, out, blocksize):
    blocks = values.reshape(-1, blocksize)
    absmax = blocks.abs().max(dim=1, keepdim=True).values
    scaled = torch.where(absmax > 0, blocks / absmax, torch.zeros_like(blocks))
    index = (scaled.unsqueeze(-1) - code).abs().argmin(-1)
    lost = (torch.signbit(code[index]) != torch.signbit(scaled)) & (scaled != 0)
    index = index + torch.where(lost, torch.where(scaled > 0, 1, -1), 0)
    out.copy_(index.to(torch.uint8).reshape(out.shape))
    absmax_out.copy_(absmax.reshape(absmax_out.shape))


cpu._quant_blockwise_fp32_direct = exact

N, SAMPLE, STEPS = 8192, 61, [1, 2, 3, 10, 30]


def weight():
    i = torch.arange(N, dtype=torch.int64)
    return (((i * 7919) % 2003).double() / 1001.5 - 1).float()


def gradient(step):
    i = torch.arange(N, dtype=torch.int64)
    base = ((i * 104729 + step * 15485863) % 1999).double() / 999.5 - 1
    # Magnitudes over four powers of ten inside each block.
    return (base * torch.pow(torch.tensor(10.0, dtype=torch.float64), -(i % 5).double())).float()


def run(optimizer):
    made = {
        "lion_8bit": lambda p: bitsandbytes.optim.Lion8bit(p, lr=0.01, betas=(0.9, 0.999), weight_decay=0.01),
        "adamw_8bit": lambda p: bitsandbytes.optim.AdamW8bit(p, lr=0.01, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01),
        "rmsprop_bnb_8bit": lambda p: bitsandbytes.optim.RMSprop8bit(p, lr=0.01),
        "ademamix_8bit": lambda p: bitsandbytes.optim.AdEMAMix8bit(p, lr=0.01, weight_decay=0.01),
    }[optimizer]
    p = torch.nn.Parameter(weight())
    o = made([p])
    steps = {}
    for t in range(1, STEPS[-1] + 1):
        p.grad = gradient(t)
        o.step()
        if t in STEPS:
            steps[str(t)] = [float(v) for v in p.detach()[::SAMPLE]]
    return steps


def main():
    torch.set_num_threads(1)
    names = ["lion_8bit", "adamw_8bit", "rmsprop_bnb_8bit", "ademamix_8bit"]
    print(json.dumps({"bitsandbytes": bitsandbytes.__version__, "torch": torch.__version__, "values": N, "every": SAMPLE,
                      "optimizers": {n: run(n) for n in names}}, separators=(",", ":")))


main()
