"""Records tests/golden/gemma3-tiny and lora-gemma3: a Gemma 3 text model with random weights and a LoRA adapter on it, as
transformers and PEFT compute them.

Usage: python gemma3.py GOLDEN_FOLDER   (needs torch, transformers, peft)

GOLDEN_FOLDER/gemma3-tiny has the tokenizer already (tokenizer.json, tokenizer_config.json), with the texts and
conversations that were encoded by it (tokenize.json, chat.json, chat_refused.json); all else is written. Small enough to
lie in the repository: two sequences of logits with the first 192 columns, and one training run.
"""

import copy
import json
import math
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

VOCABULARY, PAD, BEGIN = 768, 0, 2
PUBLISHED = {
    "architectures": ["Gemma3ForCausalLM"], "attention_bias": False, "attention_dropout": 0.0,
    "attn_logit_softcapping": None, "bos_token_id": BEGIN, "cache_implementation": "hybrid", "eos_token_id": [1, 6],
    "final_logit_softcapping": None, "head_dim": 16, "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 40,
    "initializer_range": 0.02, "intermediate_size": 72, "max_position_embeddings": 512, "model_type": "gemma3_text",
    "num_attention_heads": 4, "num_hidden_layers": 6, "num_key_value_heads": 2, "pad_token_id": PAD,
    "query_pre_attn_scalar": 24, "rms_norm_eps": 1e-06, "rope_local_base_freq": 10000.0,
    "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "rope_theta": 1000000.0, "sliding_window": 16,
    "sliding_window_pattern": 3, "torch_dtype": "float32", "use_cache": True, "vocab_size": VOCABULARY}
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LENGTHS, LONG, NEW_TOKENS, STEPS, WARMUP = [40, 27], 500, 40, 10, 3
OPTIMIZER = {"name": "AdamW", "lr": 0.001, "betas": [0.9, 0.999], "eps": 1e-08, "weight_decay": 0.01,
             "decay_on": "all adapter tensors", "steps": STEPS, "warmup_steps": WARMUP}


def newer(config):
    """The same model as transformers 5 writes it."""
    older = ["cache_implementation", "rope_local_base_freq", "rope_scaling", "rope_theta", "sliding_window_pattern",
             "torch_dtype"]
    kept = {name: value for name, value in config.items() if name not in older}
    pattern = config["sliding_window_pattern"]
    kinds = ["full_attention" if (layer + 1) % pattern == 0 else "sliding_attention"
             for layer in range(config["num_hidden_layers"])]
    scaling = {"rope_type": "linear", "factor": 8.0, "rope_theta": config["rope_theta"]}
    return {**kept, "dtype": "float32", "layer_types": kinds, "tie_word_embeddings": True, "rope_parameters": {
        "full_attention": scaling,
        "sliding_attention": {"rope_type": "default", "rope_theta": config["rope_local_base_freq"]}}}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def model_of(folder, config="config.json"):
    fields = json.loads((folder / config).read_text())
    settings = transformers.Gemma3TextConfig.from_dict(fields)
    model = transformers.Gemma3ForCausalLM._from_config(settings, attn_implementation="eager", dtype=torch.float32)
    missing, unexpected = model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    assert not unexpected and missing in ([], ["lm_head.weight"]), (missing, unexpected)
    model.tie_weights()
    return model.eval()


def random_weights(folder, generator):
    config = transformers.Gemma3TextConfig.from_dict(PUBLISHED)
    weights = {}
    for name, parameter in transformers.Gemma3ForCausalLM(config).named_parameters():
        if name == "lm_head.weight":
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        scale = 0.25 if "norm" in name else 0.35 if "embed" in name else 1.3 / parameter.shape[1] ** 0.5
        weights[name] = (noise * scale).contiguous()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@torch.no_grad()
def logits_of(model, ids):
    return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def chosen_logps(logits, ids):
    return logits[:-1].log_softmax(-1).gather(1, torch.tensor(ids[1:])[:, None])[:, 0]


def padded(rows, value, dtype):
    width = max(len(row) for row in rows)
    return torch.stack([torch.cat([torch.as_tensor(row, dtype=dtype),
                                   torch.full((width - len(row), *torch.as_tensor(row).shape[1:]), value, dtype=dtype)])
                        for row in rows])


def masks(rows):
    return padded([[1] * len(row) for row in rows], 0, torch.int64)


def hooked(model, layer):
    """Outputs of a block's parts."""
    block, found = model.model.layers[layer], {}
    parts = {"input_norm": block.input_layernorm, "attention": block.self_attn.o_proj, "mlp": block.mlp,
             "post_attention_norm": block.post_attention_layernorm,
             "pre_feedforward_norm": block.pre_feedforward_layernorm,
             "post_feedforward_norm": block.post_feedforward_layernorm}
    for name, part in parts.items():
        part.register_forward_hook(lambda _, __, out, name=name: found.__setitem__(name, out.detach().contiguous()))
    return found


def record_model(folder, generator, draw):
    write_json(folder / "config.json", PUBLISHED)
    write_json(folder / "config.v5.json", newer(PUBLISHED))
    write_json(folder / "generation_config.json", {"bos_token_id": BEGIN, "cache_implementation": "hybrid",
                                                   "do_sample": False, "eos_token_id": [1, 6], "pad_token_id": PAD})
    random_weights(folder, generator)
    model = model_of(folder)
    sequences = [draw(length) for length in LENGTHS]
    logits = [logits_of(model, ids) for ids in sequences]
    tensors = {"right.input_ids": padded(sequences, PAD, torch.int64), "right.attention_mask": masks(sequences),
               "right.logits": padded(logits, 0.0, torch.float32),
               "right.logprobs": padded([chosen_logps(l, ids) for l, ids in zip(logits, sequences)], 0.0, torch.float32)}
    long = draw(LONG)
    whole = logits_of(model, long)
    assert (whole - logits_of(model_of(folder, "config.v5.json"), long)).abs().max() == 0
    tensors.update({"long.input_ids": torch.tensor([long]), "long.logits_last16": whole[None, -16:],
                    "long.logprobs": chosen_logps(whole, long)[None]})
    seen = draw(13)
    parts = {layer: hooked(model, layer) for layer in (0, 2)}
    with torch.no_grad():
        out = model(input_ids=torch.tensor([seen]), output_hidden_states=True, use_cache=False)
    tensors.update({"debug.input_ids": torch.tensor([seen]), "debug.logits": out.logits})
    tensors.update({f"debug.hidden.{i}": state for i, state in enumerate(out.hidden_states)})
    for layer, found in parts.items():
        tensors.update({f"debug.layer{layer}.{name}": value for name, value in found.items()})
    rotary, places = model.model.rotary_emb, torch.arange(len(seen))[None]
    for kind in ("full_attention", "sliding_attention"):
        cos, sin = rotary(out.logits, places, kind)
        tensors.update({f"rope.{kind}.inv_freq": getattr(rotary, f"{kind}_inv_freq"),
                        f"rope.{kind}.cos": cos, f"rope.{kind}.sin": sin})
    save_file({name: value.detach().contiguous() for name, value in tensors.items()}, folder / "golden.safetensors")
    wrong = {"no window": {"sliding_window": 512}, "a window one wider": {"sliding_window": 17},
             "the global base everywhere": {"rope_local_base_freq": 1e6}, "no scaling": {"rope_scaling": None},
             "the usual scores": {"query_pre_attn_scalar": 16}, "another pattern": {"sliding_window_pattern": 6}}
    return model_of(folder), {what: changed_by(folder, change, long, whole) for what, change in wrong.items()}


def changed_by(folder, change, ids, expected):
    """Largest change of the last logits under another configuration."""
    write_json(folder / "wrong.json", {**PUBLISHED, **change})
    off = (logits_of(model_of(folder, "wrong.json"), ids) - expected)[-16:].abs().max().item()
    (folder / "wrong.json").unlink()
    assert off > 0.01, (change, off)
    return round(off, 4)


def record_generation(folder, model):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    prompts = ["Could you tell me where the nearest pharmacy is?", "The meeting",
               "#Person1#: Hello Anna, did you buy two tickets at 7:30?\n#Person2#: No, I was too tired."]
    items, smallest = [], math.inf
    for prompt in prompts:
        ids = tokenizer(prompt)["input_ids"]
        assert ids[0] == BEGIN
        new, gap = [], math.inf
        for _ in range(NEW_TOKENS):
            top = logits_of(model, ids + new)[-1].topk(2)
            gap = min(gap, (top.values[0] - top.values[1]).item())
            new.append(top.indices[0].item())
        smallest = min(smallest, gap)
        items.append({"prompt": prompt, "prompt_ids": ids, "new_ids": new, "new_text": tokenizer.decode(new),
                      "new_text_skip_special": tokenizer.decode(new, skip_special_tokens=True), "gap": gap})
    assert smallest > 2e-3, smallest
    common = [token for token in items[0]["new_ids"] if sum(token in item["new_ids"] for item in items) > 1]
    stop = (common or items[0]["new_ids"])[-1]
    for item in items:
        new = item["new_ids"]
        item["new_ids_with_stop"] = new[:new.index(stop) + 1] if stop in new else new
    write_json(folder / "generation.json", {"max_new_tokens": NEW_TOKENS, "pad_token_id": PAD, "stop_token_id": stop,
                                            "smallest_top1_top2_gap": smallest, "items": items})


def named(model, of):
    return {name.replace(".default", ""): of(parameter).detach().clone().contiguous()
            for name, parameter in model.named_parameters() if "lora_" in name}


def loss_of(model, batch):
    out = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits
    return torch.nn.functional.cross_entropy(out[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(),
                                             ignore_index=-100)


def batch_of(draw, lengths):
    rows = [draw(length) for length in lengths]
    prompts = [max(1, length // 2 + length % 3) for length in lengths]
    labels = [[-100] * prompt + row[prompt:] for prompt, row in zip(prompts, rows)]
    return {"input_ids": padded(rows, PAD, torch.int64), "attention_mask": masks(rows),
            "labels": padded(labels, -100, torch.int64)}


def rate(step):
    if step < WARMUP:
        return OPTIMIZER["lr"] * step / WARMUP
    return OPTIMIZER["lr"] * (STEPS - step) / (STEPS - WARMUP)


def train(model, batches, bound):
    """AdamW as the README of `lora` has it, every step noted."""
    trained = [parameter for name, parameter in model.named_parameters() if "lora_" in name]
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in trained]
    (b1, b2), steps = OPTIMIZER["betas"], []
    for step, batch in enumerate(batches):
        model.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        norm = torch.stack([p.grad.norm() for p in trained]).norm()
        factor = min(bound / (norm.item() + 1e-6), 1.0)
        lr = rate(step)
        steps.append({"step": step, "lr": lr, "loss": loss.item(), "grad_norm_before_clip": norm.item()})
        with torch.no_grad():
            for p, (m, v) in zip(trained, moments):
                g = p.grad * factor
                p.mul_(1 - lr * OPTIMIZER["weight_decay"])
                m.mul_(b1).add_((1 - b1) * g)
                v.mul_(b2).add_((1 - b2) * g * g)
                t = step + 1
                p.sub_(lr * (m / (1 - b1 ** t)) / ((v / (1 - b2 ** t)).sqrt() + OPTIMIZER["eps"]))
    with torch.no_grad():
        after = [loss_of(model, batch).item() for batch in batches]
    return {"max_grad_norm": bound, "steps": steps, "loss_on_each_batch_after_training": after}


def record_adapter(folder, base, generator, draw):
    folder.mkdir(exist_ok=True)
    settings = peft.LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM",
                               target_modules=TARGETS, base_model_name_or_path="gemma3-tiny")
    model = peft.get_peft_model(copy.deepcopy(base), settings).eval()
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.15
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    written = json.loads((folder / "adapter_config.json").read_text())
    written.update(target_modules=TARGETS, base_model_name_or_path="gemma3-tiny")
    write_json(folder / "adapter_config.json", written)
    batch = batch_of(draw, [34, 21, 40, 28])
    merged = copy.deepcopy(model).merge_and_unload()
    tensors = dict(batch)
    for name, of in {"logits_adapter": model, "logits_merged": merged, "logits_base": base}.items():
        # The first sequence only, to keep the file small.
        ids = batch["input_ids"][0, :34].tolist()
        tensors[name] = padded([logits_of(of, ids)], 0.0, torch.float32)
    nll = []
    for ids, mask, labels in zip(*(batch[name].tolist() for name in ("input_ids", "attention_mask", "labels"))):
        ids = ids[:sum(mask)]
        logps = -chosen_logps(logits_of(model, ids), ids)
        nll.append([logp if label != -100 else 0.0 for logp, label in zip(logps.tolist(), labels[1:])])
    tensors["token_nll"] = padded([row + [0.0] * (39 - len(row)) for row in nll], 0.0, torch.float32)
    tensors["logits_adapter"], tensors["logits_merged"], tensors["logits_base"] = (
        torch.nn.functional.pad(tensors[name], (0, 0, 0, 6)) for name in ("logits_adapter", "logits_merged", "logits_base"))
    save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "golden.safetensors")
    model.zero_grad()
    loss = loss_of(model, batch)
    loss.backward()
    gradients = named(model, lambda p: p.grad)
    assert all(gradient.abs().max() > 0 for gradient in gradients.values())
    save_file(gradients, folder / "grads.safetensors")
    norm = torch.stack([gradient.norm() for gradient in gradients.values()]).norm().item()
    layer = {name: value.detach().contiguous() for name, value in merged.named_parameters()
             if name.startswith("model.layers.1.") and any(target in name for target in TARGETS)}
    save_file(layer, folder / "merged_weights_layer1.safetensors")
    batches = [batch_of(draw, [20 + 3 * step % 17, 31 - step, 24]) for step in range(STEPS)]
    save_file({f"step{step}.{name}": value for step, batch in enumerate(batches) for name, value in batch.items()},
              folder / "train_batches.safetensors")
    # A bound that half of the steps exceed, from a first run.
    norms = sorted(step["grad_norm_before_clip"] for step in train(copy.deepcopy(model), batches, 1.0)["steps"])
    trained = copy.deepcopy(model)
    training = {"linear_mixed_clip": train(trained, batches, round((norms[4] + norms[5]) / 2, 2))}
    save_file(named(trained, lambda p: p.data), folder / "adapter_after_linear_mixed_clip.safetensors")
    write_json(folder / "golden.json", {
        "loss": loss.item(), "tokens_in_loss": int((batch["labels"][:, 1:] != -100).sum()), "grad_norm": norm,
        "optimizer": OPTIMIZER, "training": training,
        "versions": {m.__name__: m.__version__ for m in (torch, transformers, peft)}})


def main(root):
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(2117)
    draw = lambda count: [BEGIN] + torch.randint(9, VOCABULARY, (count - 1,), generator=generator).tolist()
    model, off = record_model(root / "gemma3-tiny", generator, draw)
    record_generation(root / "gemma3-tiny", model)
    record_adapter(root / "lora-gemma3", model, generator, draw)
    print("largest changes of a logit:", off)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
