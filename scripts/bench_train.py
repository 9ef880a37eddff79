# SPDX-License-Identifier: GPL-3.0-or-later
"""Times a training step in PyTorch, for comparison with genrelab; see bench-train.

bench_train.py MODEL CONFIG: the network has the architecture in CONFIG, which has all keys (genrelab train --print-config).
The front end and the labels are those in MODEL, a model file.
"""
import json
import struct
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

    def __init__(self, branch, channels_last, coefficients, epsilon):
        super().__init__()
        self.channels_last, self.is_2d, self.epsilon = channels_last, bool(branch.get("blocks2d")), epsilon
        size = lambda extent: (extent["time"], extent["frequency"])
        front, inputs, bands, width = [], 1, branch.get("bands", 0), coefficients
        for block in branch.get("blocks2d", []):
            front.append(Block(inputs, block["channels"], size(block["kernel"]), size(block["pool"])))
            inputs, bands = block["channels"], bands // block["pool"]["frequency"]
            width = inputs * bands
        blocks = []
        for block in branch["blocks"]:
            arguments = width, block["channels"], block["kernel"], block["pool"]
            # With channels last, convolutions over time are faster as two-dimensional ones.
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
        return torch.cat([x.mean(-1), x.amax(-1), torch.sqrt(x.var(-1, unbiased=False) + self.epsilon)], -1)


class Genres(nn.Module):
    def __init__(self, configuration, channels_last, coefficients, labels):
        super().__init__()
        architecture = configuration["architecture"]
        self.branches = nn.ModuleList(
            Branch(branch, channels_last, coefficients, architecture["std_epsilon"])
            for branch in architecture.get("branches", [architecture]))
        self.dropout = nn.Dropout(configuration["dropout"])
        self.head = nn.Linear(sum(branch.features for branch in self.branches), labels)

    def forward(self, x):
        """x: [windows, coefficients, time]; the logits of each branch."""
        found = [branch(x) for branch in self.branches]
        found = self.dropout(torch.cat(found, -1)).split([f.shape[1] for f in found], 1)
        weights = self.head.weight.split([f.shape[1] for f in found], 1)
        return [len(found) * f @ w.T + self.head.bias for f, w in zip(found, weights)]


def metadata(path):
    """The metadata of a safetensors file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length))["__metadata__"]


model = metadata(sys.argv[1])
front_end, labels = json.loads(model["front_end"]), len(json.loads(model["labels"]))
configuration = json.load(open(sys.argv[2]))
batch = configuration["batch"]
for name, channels_last, half in [
    ("float32", False, False),
    ("channels last, float32", True, False),
    ("channels last, bfloat16", True, True),
]:
    network = Genres(configuration, channels_last, front_end["coefficients"], labels)
    x = torch.randn(batch, front_end["coefficients"], front_end["window_frames"])
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
    targets = torch.softmax(torch.randn(batch, labels), -1)
    optimizer = torch.optim.AdamW(
        network.parameters(), configuration["learningRate"], weight_decay=configuration["weightDecay"])

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            logits = network(x)
        loss = sum(nn.functional.cross_entropy(values.float(), targets) for values in logits) / len(logits)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), configuration["gradientNorm"])
        optimizer.step()

    for _ in range(3):
        step()
    start = time.process_time()
    for _ in range(20):
        step()
    seconds = (time.process_time() - start) / 20
    print(
        f"PyTorch {torch.__version__}, {name:31} {seconds:.3f} s a step of {batch} windows,"
        f" {batch / seconds:.0f} windows/s a core")
