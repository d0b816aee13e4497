"""Records tests/golden/preference: preference losses beyond those of tests/golden/dpo, with gradients.

Usage: OMP_NUM_THREADS=1 python preference.py GOLDEN_FOLDER   (needs torch, transformers, peft, trl, datasets)

Model, adapter and pairs are those of GOLDEN_FOLDER/llama-tiny and GOLDEN_FOLDER/dpo. Losses come from TRL's own
code: DPOTrainer for sigmoid_norm and apo_zero, CPOTrainer.cpo_loss for SimPO, ORPOTrainer.odds_ratio_loss for ORPO.
TRL has no DPOP: that one is written out in torch after Pal et al. 2024 (arXiv 2402.13228).
"""

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import datasets
import peft
import torch
import torch.nn.functional as F
import transformers
import trl
from safetensors.torch import load_file, save_file
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer

# The beta of a per-token loss is larger: averaged log-ratios are small.
CASES = {
    "sigmoid_norm": {"beta": 2.0},
    "apo_zero": {"beta": 0.1},
    "dpop": {"beta": 0.1, "dpop_lambda": 5.0},
    "simpo": {"beta": 2.0, "simpo_gamma": 0.5},
    "orpo": {"beta": 0.1, "nll_weight": 1.0},
}
CPU = SimpleNamespace(device=torch.device("cpu"))


def trainer_loss(folder, model, batch, ref, name, beta):
    """The loss of TRL's DPOTrainer on the collated batch, the reference's log-probabilities given."""
    rows = {"prompt": ["a", "b"], "chosen": [" b", " c"], "rejected": [" c", " d"]}
    with tempfile.TemporaryDirectory() as out:
        args = trl.DPOConfig(output_dir=out, loss_type=name, beta=beta, report_to=[], use_cpu=True, bf16=False,
                             gradient_checkpointing=False, disable_dropout=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "llama-tiny")
        trainer = trl.DPOTrainer(model=model, args=args, train_dataset=datasets.Dataset.from_dict(rows),
                                 processing_class=tokenizer)
        trainer.precompute_ref_logps = True
        inputs = {key: batch[key] for key in ("input_ids", "attention_mask", "completion_mask")}
        return trainer.compute_loss(model, inputs | {"ref_chosen_logps": ref[0], "ref_rejected_logps": ref[1]})


def formula_loss(name, case, sums, ref, lengths, nll):
    """The mean loss from summed log-probabilities: TRL's functions where TRL has them."""
    chosen, rejected = sums
    beta = case["beta"]
    if name == "dpop":
        penalty = torch.relu(ref[0] - chosen)
        losses = -F.logsigmoid(beta * ((chosen - ref[0]) - (rejected - ref[1]) - case["dpop_lambda"] * penalty))
        return losses.mean(), losses
    averages = chosen / lengths[0], rejected / lengths[1]
    if name == "simpo":
        self = SimpleNamespace(alpha=0.0, loss_type="simpo", simpo_gamma=case["simpo_gamma"], beta=beta,
                               label_smoothing=0.0, accelerator=CPU)
        losses = CPOTrainer.cpo_loss(self, *averages)[0]
        return losses.mean(), losses
    self = SimpleNamespace(beta=beta, accelerator=CPU)
    losses = -ORPOTrainer.odds_ratio_loss(self, *averages)[0]
    return case["nll_weight"] * nll + losses.mean(), losses


def summed_logps(model, batch):
    logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1]
    logps = logits.log_softmax(-1).gather(-1, batch["input_ids"][:, 1:, None])[..., 0]
    return (logps * batch["completion_mask"][:, 1:]).sum(1)


def main(folder):
    out = folder / "preference"
    out.mkdir(parents=True, exist_ok=True)
    batch = load_file(folder / "dpo" / "golden.safetensors")
    cases = {}
    for name, case in CASES.items():
        base = transformers.AutoModelForCausalLM.from_pretrained(
            folder / "llama-tiny", dtype=torch.float32, attn_implementation="eager")
        with torch.no_grad():
            ref = summed_logps(base, batch).chunk(2)
        model = peft.PeftModel.from_pretrained(base, folder / "dpo", is_trainable=True)
        lengths = batch["completion_mask"].sum(1).chunk(2)
        sums = summed_logps(model, batch).chunk(2)
        nll = -sums[0].sum() / lengths[0].sum()
        recorded = dict(case)
        if name in ("sigmoid_norm", "apo_zero"):
            loss = trainer_loss(folder, model, batch, ref, name, case["beta"])
        else:
            loss, losses = formula_loss(name, case, sums, ref, lengths, nll)
            recorded["per_pair_preference_loss"] = losses.tolist()
        loss.backward()
        grads = {key.replace(".default", ""): p.grad.clone() for key, p in model.named_parameters()
                 if ".default." in key}
        assert grads and all(".lora_" in key for key in grads)
        recorded["loss"] = loss.item()
        recorded["grad_norm"] = torch.stack([g.double().norm() for g in grads.values()]).norm().item()
        cases[name] = recorded
        save_file(grads, out / f"grads_{name}.safetensors")
    versions = {m.__name__: m.__version__ for m in (torch, transformers, peft, trl)}
    (out / "golden.json").write_text(json.dumps({"versions": versions, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
