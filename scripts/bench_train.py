# SPDX-License-Identifier: GPL-3.0-or-later
"""A network of a configuration's `architecture`, and one optimiser step in PyTorch; see bench-train.

bench_train.py CONFIG: the file that genrelab train takes.
"""
import json
import sys
import time

import torch
import torch.nn as nn

torch.set_num_threads(1)


class Block(nn.Module):
    """Convolution, batch normalisation, ReLU, max-pooling over [windows, channels, time, bands]."""

    def __init__(self, inputs, channels, kernel, pool):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, channels, kernel, padding=(0, kernel[1] // 2), bias=False)
        self.norm, self.pool = nn.BatchNorm2d(channels), pool

    def forward(self, x):
        x = torch.relu(self.norm(self.convolution(x)))
        return nn.functional.max_pool2d(x, self.pool) if max(self.pool) > 1 else x


class Block1D(nn.Module):
    """The same over [windows, channels, time]."""

    def __init__(self, inputs, channels, kernel, pool):
        super().__init__()
        self.convolution = nn.Conv1d(inputs, channels, kernel, bias=False)
        self.norm, self.pool = nn.BatchNorm1d(channels), pool

    def forward(self, x):
        x = torch.relu(self.norm(self.convolution(x)))
        return nn.functional.max_pool1d(x, self.pool) if self.pool > 1 else x


class Branch(nn.Module):
    """From [windows, coefficients, time] to statistics over time."""

    def __init__(self, branch, channels_last, coefficients=32):
        super().__init__()
        self.channels_last, self.is_2d = channels_last, bool(branch.get("blocks2d"))
        size = lambda extent: (extent["time"], extent["frequency"])
        front, inputs, bands, width = [], 1, branch.get("bands", 0), coefficients
        for block in branch.get("blocks2d", []):
            front.append(Block(inputs, block["channels"], size(block["kernel"]), size(block["pool"])))
            inputs, bands = block["channels"], bands // block["pool"]["frequency"]
            width = inputs * bands
        blocks = []
        for block in branch["blocks"]:
            arguments = width, block["channels"], block["kernel"], block["pool"]
            # Convolutions over time alone are quicker as two-dimensional ones where the channels lie together.
            if channels_last:
                blocks.append(Block(*arguments[:2], (block["kernel"], 1), (block["pool"], 1)))
            else:
                blocks.append(Block1D(*arguments))
            width = block["channels"]
        self.front, self.blocks, self.features = nn.Sequential(*front), nn.Sequential(*blocks), 3 * width

    def forward(self, x):
        last = (lambda y: y.contiguous(memory_format=torch.channels_last)) if self.channels_last else lambda y: y
        if self.is_2d:
            x = self.front(last(x.transpose(1, 2)[:, None])).permute(0, 3, 1, 2).flatten(1, 2)
        if self.channels_last:
            x = self.blocks(last(x[..., None])).squeeze(3).float()
        else:
            x = self.blocks(x).float()
        return torch.cat([x.mean(-1), x.amax(-1), torch.sqrt(x.var(-1, unbiased=False) + 1e-5)], -1)


class Genres(nn.Module):
    def __init__(self, configuration, channels_last):
        super().__init__()
        architecture = configuration["architecture"]
        self.branches = nn.ModuleList(
            Branch(branch, channels_last) for branch in architecture.get("branches", [architecture]))
        self.dropout = nn.Dropout(configuration["dropout"])
        self.head = nn.Linear(sum(branch.features for branch in self.branches), 11)

    def forward(self, x):
        """x: [windows, coefficients, time]; the logits of each branch."""
        found = [branch(x) for branch in self.branches]
        found = self.dropout(torch.cat(found, -1)).split([f.shape[1] for f in found], 1)
        weights = self.head.weight.split([f.shape[1] for f in found], 1)
        return [len(found) * f @ w.T + self.head.bias for f, w in zip(found, weights)]


configuration = json.load(open(sys.argv[1]))
for name, channels_last, half in [
    ("float32", False, False),
    ("channels last, float32", True, False),
    ("channels last, bfloat16", True, True),
]:
    network, x = Genres(configuration, channels_last), torch.randn(256, 32, 50)
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
    targets = torch.softmax(torch.randn(256, 11), -1)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            logits = network(x)
        loss = sum(nn.functional.cross_entropy(values.float(), targets) for values in logits) / len(logits)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()

    for _ in range(3):
        step()
    start = time.process_time()
    for _ in range(20):
        step()
    seconds = (time.process_time() - start) / 20
    print(f"PyTorch {torch.__version__}, {name:31} {seconds:.3f} s a step of 256 windows, {256 / seconds:.0f} windows/s a core")
