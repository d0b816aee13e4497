"""Records tests/golden/samplers: the distribution from which transformers' `generate(do_sample=True)` would draw,
with typical-p, and every filter together with every other.

The list of processors is the one that `generate` itself builds (`_get_logits_processor`), so the order is its own.

Beside it, what greedy `generate` writes under a repetition penalty, with the tiny models of tests/golden.

Usage: python samplers.py OUTPUT_FOLDER   (needs torch, transformers, safetensors; the folder lies in tests/golden)
"""

import itertools
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, GenerationConfig, LlamaConfig, LlamaForCausalLM

SEED = 6127
VOCAB = 97


def vectors():
    generator = torch.Generator().manual_seed(SEED)
    normal = torch.randn(VOCAB, generator=generator)
    peaked = normal.clone()
    peaked[13] += 9.0
    two = normal * 0.2
    two[5], two[71] = 6.0, 5.9
    return {"normal": normal * 2.0, "wide": normal * 8.0, "flat": normal * 0.05, "peaked": peaked, "two": two,
            "negative": normal - 20.0}


def settings():
    single = [{"typical_p": p} for p in (0.05, 0.2, 0.5, 0.9, 0.99)]
    values = {"repetition_penalty": 1.3, "temperature": 0.7, "top_k": 20, "top_p": 0.8, "min_p": 0.04, "typical_p": 0.6}
    pairs = [dict(pair) for pair in itertools.combinations(values.items(), 2)]
    hot = {**values, "temperature": 1.8, "top_k": 40, "top_p": 0.95, "min_p": 0.01, "typical_p": 0.9}
    low = {"repetition_penalty": 0.8, "temperature": 0.3, "typical_p": 0.95}
    return single + pairs + [values, hot, low]


def processors(model, chosen, length):
    config = GenerationConfig(do_sample=True, **{"top_k": 0, **chosen})
    config._eos_token_tensor = None
    return model._get_logits_processor(generation_config=config, input_ids_seq_length=length, device="cpu")


def margin(before, chosen):
    """Distance of the threshold of top-p, min-p or typical-p to the nearest token, of the filter that is nearest."""
    found = []
    for processor, scores in before:
        name = type(processor).__name__
        if name == "TopPLogitsWarper":
            mass = torch.sort(scores.double())[0].softmax(-1).cumsum(-1)
            found.append((mass - (1 - chosen["top_p"])).abs().min().item())
        if name == "MinPLogitsWarper":
            probs = scores.double().softmax(-1)
            found.append((probs - chosen["min_p"] * probs.max()).abs().min().item())
        if name == "TypicalLogitsWarper":
            logp = scores.double().log_softmax(-1)
            entropy = -(logp * logp.exp()).nansum()
            order = torch.sort((-logp - entropy).abs())[1][0]
            mass = scores.double()[0][order].softmax(-1).cumsum(-1)
            found.append((mass - chosen["typical_p"]).abs().min().item())
    return min(found) if found else None


def penalised(goldens):
    """Greedy continuations under repetition penalties of the prompts that `generation.json` holds."""
    cases = []
    for name in ("llama-tiny", "mistral-tiny", "qwen2-tiny"):
        model = AutoModelForCausalLM.from_pretrained(goldens / name, dtype=torch.float32).eval()
        items = json.loads((goldens / name / "generation.json").read_text())["items"]
        for item, penalty in itertools.product(items, (0.9, 1.15, 1.8)):
            prompt = torch.tensor([item["prompt_ids"]])
            written = model.generate(prompt, attention_mask=torch.ones_like(prompt), do_sample=False, eos_token_id=None,
                                     max_new_tokens=24, repetition_penalty=penalty, pad_token_id=0)
            cases.append({"model": name, "prompt_ids": item["prompt_ids"], "repetition_penalty": penalty,
                          "new_ids": written[0, prompt.shape[1]:].tolist()})
    return cases


def main(folder):
    config = LlamaConfig(vocab_size=VOCAB, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
    model = LlamaForCausalLM(config)
    history = [3, 13, 13, 5, 90, 71, 3]
    tensors, cases = {}, []
    for name, logits in vectors().items():
        tensors[f"logits.{name}"] = logits
        for chosen in settings():
            scores, before = logits[None].clone(), []
            for processor in processors(model, chosen, len(history)):
                before.append((processor, scores))
                scores = processor(torch.tensor([history]), scores)
            kept = torch.isfinite(scores[0]).nonzero().flatten().tolist()
            tensors[f"case{len(cases)}.probs"] = scores[0].softmax(-1)
            cases.append({"id": len(cases), "logits": name, "settings": chosen, "history": history, "kept": len(kept),
                          "kept_ids": kept if len(kept) <= 40 else None, "boundary_margin": margin(before, chosen),
                          "processors": [type(processor).__name__ for processor, _ in before]})
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "golden.safetensors")
    (folder / "cases.json").write_text(json.dumps(cases) + "\n")
    (folder / "greedy_penalised.json").write_text(json.dumps(penalised(folder.resolve().parent)) + "\n")
    print(torch.__version__, transformers.__version__, len(cases))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
