"""The default network, or with --branches the shipped model's, and one optimiser step in PyTorch; see bench-train."""
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
    def __init__(self, inputs, channels, pool):
        super().__init__()
        self.convolution, self.norm = nn.Conv1d(inputs, channels, 3, bias=False), nn.BatchNorm1d(channels)
        self.pool = pool

    def forward(self, x):
        x = torch.relu(self.norm(self.convolution(x)))
        return nn.functional.max_pool1d(x, self.pool) if self.pool > 1 else x


class Genres(nn.Module):
    def __init__(self, branches, channels_last):
        super().__init__()
        # Convolutions over time alone are quicker as two-dimensional ones where the channels lie together.
        block = (lambda i, o, p: Block(i, o, (3, 1), (p, 1))) if channels_last else Block1D
        width = 160 if branches else 256
        self.channels_last = channels_last
        self.over_time = nn.Sequential(block(32, width, 2), block(width, width, 2), block(width, width, 1))
        self.features = 3 * width
        self.over_both = None
        if branches:
            self.over_both = nn.Sequential(
                Block(1, 24, (3, 3), (2, 2)), Block(24, 48, (3, 3), (2, 2)), Block(48, 80, (3, 3), (1, 2)))
            self.last = block(320, 256, 1)
            self.features += 768
        self.dropout, self.head = nn.Dropout(0.4), nn.Linear(self.features, 11)

    def statistics(self, x):
        x = (x.squeeze(3) if self.channels_last else x).float()
        return torch.cat([x.mean(-1), x.amax(-1), torch.sqrt(x.var(-1, unbiased=False) + 1e-5)], -1)

    def forward(self, x):
        """x: [windows, coefficients, time]; the logits of each branch."""
        over_time = x
        if self.channels_last:
            over_time = x[..., None].contiguous(memory_format=torch.channels_last)
        found = [self.statistics(self.over_time(over_time))]
        if self.over_both:
            image = x.transpose(1, 2)[:, None]
            if self.channels_last:
                image = image.contiguous(memory_format=torch.channels_last)
            y = self.over_both(image).permute(0, 3, 1, 2).flatten(1, 2)
            if self.channels_last:
                y = y[..., None].contiguous(memory_format=torch.channels_last)
            found.append(self.statistics(self.last(y)))
        found = self.dropout(torch.cat(found, -1)).split([f.shape[1] for f in found], 1)
        weights = self.head.weight.split([f.shape[1] for f in found], 1)
        return [len(found) * f @ w.T + self.head.bias for f, w in zip(found, weights)]


branches = "--branches" in sys.argv
for name, channels_last, half in [
    ("float32", False, False),
    ("channels last, float32", True, False),
    ("channels last, bfloat16", True, True),
]:
    network, x = Genres(branches, channels_last), torch.randn(256, 32, 50)
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
