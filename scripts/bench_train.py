"""The shipped model's network and one optimiser step in PyTorch; see bench-train."""
import time

import torch
import torch.nn as nn

torch.set_num_threads(1)


class Genres(nn.Module):
    def __init__(self, channels_last):
        super().__init__()
        self.channels_last = channels_last
        sizes = [(32, 256), (256, 256), (256, 256)]
        if channels_last:
            self.convolutions = nn.ModuleList(nn.Conv2d(i, o, (1, 3), bias=False) for i, o in sizes)
            self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o in sizes)
        else:
            self.convolutions = nn.ModuleList(nn.Conv1d(i, o, 3, bias=False) for i, o in sizes)
            self.norms = nn.ModuleList(nn.BatchNorm1d(o) for _, o in sizes)
        self.dropout, self.head = nn.Dropout(0.5), nn.Linear(768, 11)

    def forward(self, x):
        pool = (lambda x: nn.functional.max_pool2d(x, (1, 2))) if self.channels_last else (
            lambda x: nn.functional.max_pool1d(x, 2))
        for index, (convolution, norm) in enumerate(zip(self.convolutions, self.norms)):
            x = torch.relu(norm(convolution(x)))
            if index < 2:
                x = pool(x)
        x = (x.squeeze(2) if self.channels_last else x).float()
        deviation = torch.sqrt(x.var(-1, unbiased=False) + 1e-5)
        return self.head(self.dropout(torch.cat([x.mean(-1), x.amax(-1), deviation], -1)))


for name, channels_last, half in [
    ("Conv1d, float32", False, False),
    ("Conv2d channels last, float32", True, False),
    ("Conv2d channels last, bfloat16", True, True),
]:
    network, x = Genres(channels_last), torch.randn(256, 32, 50)
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
    targets = torch.softmax(torch.randn(256, 11), -1)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3)

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            loss = nn.functional.cross_entropy(network(x).float(), targets)
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
