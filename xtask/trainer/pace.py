"""Seconds per step of the trainer beside PyTorch's, for the same network, batch and threads.

    python xtask/trainer/pace.py [--threads N] [--steps N] [--trainer target/release/trainer]

needs PyTorch (`pip install torch`) and a built trainer. The two take turns, three times each, so that
a busy machine slows both; prints the medians and their ratio.
"""

import argparse
import json
import statistics
import subprocess
import time

import torch
from torch import nn


class Crnn(nn.Module):
    """The beat network: two causal convolutions with pooling, a linear layer, LSTMs, three outputs."""

    def __init__(self, shape):
        super().__init__()
        a, b = shape["channels"]
        bands = ((64 - 2) // 2 - 2) // 3
        self.stem = nn.Sequential(
            nn.Conv2d(1, a, 3), nn.ReLU(), nn.MaxPool2d((1, 2)),
            nn.Conv2d(a, b, 3), nn.ReLU(), nn.MaxPool2d((1, 3)),
        )
        self.linear = nn.Sequential(nn.Linear(b * bands, shape["features"]), nn.ReLU(), nn.Dropout(0.15))
        self.lstm = nn.LSTM(shape["features"], shape["hidden"], shape["layers"], batch_first=True, dropout=0.15)
        self.out = nn.Linear(shape["hidden"], 3)

    def forward(self, mel):
        x = self.stem(nn.functional.pad(mel, (0, 0, 4, 0)).unsqueeze(1))
        x = self.linear(x.permute(0, 2, 1, 3).flatten(2))
        return self.out(self.lstm(x)[0])


def theirs(ours, steps):
    """Median seconds per step: forward, loss, backward, clipping, AdamW."""
    net = Crnn(ours["shape"])
    adam = torch.optim.AdamW(net.parameters())
    mel = torch.rand(ours["batch"], ours["frames"], 64)
    target = (torch.rand(ours["batch"], ours["frames"], 3) < 0.1).float()
    times = []
    for step in range(steps + 2):
        begun = time.perf_counter()
        adam.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(net(mel), target).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        adam.step()
        if step >= 2:
            times.append(time.perf_counter() - begun)
    return statistics.median(times), sum(p.numel() for p in net.parameters())


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--steps", type=int, default=6)
    options.add_argument("--trainer", default="target/release/trainer")
    args, sizes = options.parse_known_args()
    torch.set_num_threads(args.threads)
    command = [args.trainer, "pace", "--threads", str(args.threads), "--steps", str(args.steps), *sizes]
    rounds = []
    for _ in range(3):
        ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rounds.append((ours, *theirs(ours, args.steps)))
    mine = statistics.median(ours["training_step_s"] for ours, _, _ in rounds)
    torchs = statistics.median(seconds for _, seconds, _ in rounds)
    ours, _, parameters = rounds[0]
    print(f"{ours['batch']} x {ours['frames']} frames, {args.threads} thread(s)")
    print(f"trainer  {mine:.3f} s per step, {ours['parameters']} parameters")
    print(f"PyTorch {torch.__version__}  {torchs:.3f} s per step, {parameters} parameters")
    print(f"ratio    {mine / torchs:.2f}")
    print(f"model    {statistics.median(ours['model_step_us'] for ours, _, _ in rounds):.0f} us per frame, embedded runtime")


if __name__ == "__main__":
    main()
