"""Records tests/golden/plateau: what torch's ReduceLROnPlateau does to the learning rate.

Usage: python plateau.py OUTPUT_FOLDER   (needs torch)
"""

import json
import random
import sys
from pathlib import Path

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

SEED = 4711


def series():
    rng = random.Random(SEED)
    falling = [3.0 * 0.9**i for i in range(24)]
    noisy = [2.0 + 1.5 * 0.85**i + rng.uniform(-0.15, 0.15) for i in range(40)]
    rising = [1.0 + 0.05 * i for i in range(24)]
    flat = [1.25] * 24
    # Improvements just below, at and above a relative threshold of 1e-4 and of 1e-2.
    edges = [2.0, 1.9999, 1.9998, 1.9797, 1.96, 1.9598, 1.94, 1.94, 1.9206, 1.9206, 1.9, 1.9, 1.9, 1.8811, 1.88, 1.87]
    negative = [-1.0, -1.1, -1.1, -1.2, -1.15, -1.15, -1.15, -1.15, -1.3, -1.3, -1.3, -1.3]
    return {"falling": falling, "noisy": noisy, "rising": rising, "flat": flat, "edges": edges, "negative": negative}


def run(values, lr, factor, patience, threshold):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=lr)
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=factor, patience=patience, threshold=threshold,
                                  threshold_mode="rel", cooldown=0, min_lr=0, eps=1e-8)
    rates = []
    for value in values:
        scheduler.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def main(folder):
    cases = []
    for name, values in series().items():
        for factor, patience, threshold in [(0.1, 2, 1e-4), (0.5, 0, 1e-4), (0.5, 1, 1e-2), (0.3, 3, 0.0)]:
            rates = run(values, 2e-4, factor, patience, threshold)
            cases.append({"series": name, "lr": 2e-4, "factor": factor, "patience": patience,
                          "threshold": threshold, "values": values, "lr_after_each": rates})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "golden.json").write_text(json.dumps({"torch": torch.__version__, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
