"""Records tests/golden/families: tiny models of every family and rope scaling, as transformers and PEFT compute them.

Usage: python families.py OUTPUT_FOLDER [CASE]...   (needs torch, transformers, peft)

Every sequence is computed alone and without a cache, by a model made afresh, so that no number depends on its
neighbours or on what a scaling that follows the length has seen before.
"""

import json
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
NEW_TOKENS = 30
VOCABULARY = 96
# Longer than every window and, where a scaling follows the length, on both sides of its context.
LENGTHS = [44, 27, 9, 35]
PROMPTS = [13, 5, 26]

BASE = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 3,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "hidden_act": "silu",
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False, "bos_token_id": 1,
        "eos_token_id": 2, "pad_token_id": 0, "torch_dtype": "float32"}


def family(name, **fields):
    classes = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3", "phi3": "Phi3",
               "granite": "Granite", "granitemoehybrid": "GraniteMoeHybrid"}
    return {"architectures": [classes[name] + "ForCausalLM"], "model_type": name, **BASE, **fields}


def gemma3(**fields):
    """As published: the activation has another name, and no field says that the head is tied."""
    kept = {field: value for field, value in BASE.items() if field not in ("hidden_act", "tie_word_embeddings")}
    return {"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text", **kept,
            "hidden_activation": "gelu_pytorch_tanh", "attn_logit_softcapping": None, "final_logit_softcapping": None,
            **fields}


def smollm3(**fields):
    """Without what the class takes for granted: a tied head, and that every fourth block rotates nothing."""
    kept = {field: value for field, value in BASE.items() if field != "tie_word_embeddings"}
    return {"architectures": ["SmolLM3ForCausalLM"], "model_type": "smollm3", **kept, **fields}


def divisors(count, first, step):
    return [round(first + step * i, 2) for i in range(count)]


# Families that came later are recorded in less room.
THIN = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 12, "rope_theta": 500.0}

# Name -> (config.json, what to leave out to see that it matters: at once, or each by itself).
CASES = {
    "llama-plain": (family("llama", num_key_value_heads=4, rope_scaling=None), {"rope_theta": 100.0}),
    "llama-bias-linear": (
        family("llama", attention_bias=True, mlp_bias=True, rope_scaling={"type": "linear", "factor": 4.0}),
        {"rope_scaling": None}),
    "llama-llama3": (
        family("llama", tie_word_embeddings=True, rope_theta=500.0, rope_scaling={
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32}),
        {"rope_scaling": None}),
    "llama-dynamic": (
        family("llama", max_position_embeddings=24, rope_scaling={"rope_type": "dynamic", "factor": 4.0}),
        {"rope_scaling": None}),
    "llama-yarn": (
        family("llama", rope_theta=None, rope_parameters={
            "rope_type": "yarn", "rope_theta": 1000.0, "factor": 4.0, "original_max_position_embeddings": 16}),
        {"rope_parameters": {"rope_type": "default", "rope_theta": 1000.0}}),
    "mistral-window": (family("mistral", head_dim=16, sliding_window=8), {"sliding_window": None}),
    "qwen2-window": (
        family("qwen2", use_sliding_window=True, sliding_window=6, max_window_layers=1, tie_word_embeddings=True,
               rope_scaling=None),
        {"use_sliding_window": False}),
    "qwen2-yarn": (
        family("qwen2", use_sliding_window=False, sliding_window=8, max_window_layers=3, rope_scaling={
            "type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "mscale": 0.7,
            "mscale_all_dim": 0.3, "beta_fast": 16, "beta_slow": 2, "truncate": False}),
        {"rope_scaling": None}),
    "qwen3-window": (
        family("qwen3", head_dim=16, use_sliding_window=True, sliding_window=7, tie_word_embeddings=True,
               layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
        {"use_sliding_window": False, "layer_types": None}),
    "qwen3-bias-yarn": (
        family("qwen3", head_dim=12, attention_bias=True, rope_scaling={
            "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "attention_factor": 1.3}),
        {"rope_scaling": None}),
    "phi3-window": (family("phi3", num_key_value_heads=4, sliding_window=9, rope_scaling=None),
                    {"sliding_window": None}),
    "phi3-longrope": (
        family("phi3", tie_word_embeddings=True, partial_rotary_factor=0.75, sliding_window=60,
               original_max_position_embeddings=24, rope_scaling={
                   "type": "longrope", "short_factor": divisors(3, 1.0, 0.25), "long_factor": divisors(3, 1.5, 2.0)}),
        {"rope_scaling": None}),
    "gemma3-window": (
        gemma3(head_dim=12, query_pre_attn_scalar=12, sliding_window=7, sliding_window_pattern=2, rope_theta=1000000.0,
               rope_local_base_freq=1000.0, rope_scaling={"rope_type": "linear", "factor": 4.0}),
        {"rope_local_base_freq": 1000000.0}),
    "gemma3-scores": (
        gemma3(head_dim=16, query_pre_attn_scalar=40, attention_bias=True, sliding_window=60,
               layer_types=["full_attention", "sliding_attention", "sliding_attention"], rope_theta=None,
               rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 5000.0},
                                "sliding_attention": {"rope_type": "default", "rope_theta": 100.0}}),
        {"query_pre_attn_scalar": 16}),
    "smollm3-nope": (
        smollm3(**THIN, num_hidden_layers=4, use_sliding_window=True, sliding_window=9),
        [{"no_rope_layers": [1, 1, 1, 1], "layer_types": ["full_attention"] * 3 + ["sliding_attention"]},
         {"no_rope_layers": [0, 1, 1, 1], "layer_types": ["full_attention"] * 3 + ["sliding_attention"]},
         {"use_sliding_window": False}]),
    "granite-factors": (
        family("granite", **THIN, num_hidden_layers=2, tie_word_embeddings=True, embedding_multiplier=3.0,
               attention_multiplier=0.6, residual_multiplier=0.7, logits_scaling=1.6),
        [{"embedding_multiplier": 1.0}, {"attention_multiplier": 8 ** -0.5}, {"residual_multiplier": 1.0},
         {"logits_scaling": 1.0}]),
    "granite4-dense": (
        family("granitemoehybrid", **{**THIN, "intermediate_size": 24}, shared_intermediate_size=12,
               num_hidden_layers=2, layer_types=["attention"] * 2, num_local_experts=0, num_experts_per_tok=0,
               mamba_n_heads=8, position_embedding_type="rope", tie_word_embeddings=True,
               embedding_multiplier=2.5, attention_multiplier=0.55, residual_multiplier=0.8, logits_scaling=1.4),
        [{"position_embedding_type": "nope"}, {"embedding_multiplier": 1.0}, {"attention_multiplier": 8 ** -0.5},
         {"residual_multiplier": 1.0}, {"logits_scaling": 1.0}]),
}

# Families that came later follow the others, so that their numbers stay.
LATER = ("gemma3", "smollm3", "granite")
# Those with shorter sequences, and adapters of a lower rank.
SMALL = ("smollm3", "granite")
SMALL_LENGTHS = [12, 22, 5]


def seed_of(name):
    def place(case):
        return next((1 + i for i, family in enumerate(LATER) if case.startswith(family)), 0), case

    return 7000 + sorted(CASES, key=place).index(name)


def write_config(folder, config):
    folder.mkdir(parents=True, exist_ok=True)
    kept = {field: value for field, value in config.items() if not (field == "rope_theta" and value is None)}
    (folder / "config.json").write_text(json.dumps(kept, indent=1) + "\n")


def random_weights(folder, seed):
    config = transformers.AutoConfig.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_config(config)
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            # Gemma adds the 1 itself.
            weights[name] = 0.2 * noise + (0.0 if config.model_type == "gemma3_text" else 1.0)
        elif name.endswith("bias"):
            weights[name] = 0.3 * noise
        elif "embed_tokens" in name or "lm_head" in name:
            weights[name] = 0.45 * noise
        else:
            weights[name] = noise * 1.3 / parameter.shape[1] ** 0.5
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def fresh(folder, **changes):
    """The model from its files; with `changes`, its numbers under another configuration."""
    config = json.loads((folder / "config.json").read_text())
    config.update(changes)
    config_class = type(transformers.AutoConfig.from_pretrained(folder))
    model = transformers.AutoModelForCausalLM.from_config(
        config_class.from_dict({k: v for k, v in config.items() if v is not None or k in changes}),
        attn_implementation="eager")
    missing, unexpected = model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    assert not unexpected and all("lm_head" in name for name in missing), (missing, unexpected)
    model.tie_weights()
    return model.eval()


@torch.no_grad()
def logits_of(model, ids):
    return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def greedy(folder, prompt):
    """Continuation by full passes, and the smallest lead of a chosen token."""
    ids, gap, model = list(prompt), float("inf"), fresh(folder)
    for _ in range(NEW_TOKENS):
        top = logits_of(model, ids)[-1].topk(2)
        gap = min(gap, (top.values[0] - top.values[1]).item())
        ids.append(top.indices[0].item())
    return ids[len(prompt):], gap


def forget_lengths(model):
    """Undoes what earlier sequences left in a scaling that follows the length."""
    for module in model.modules():
        if hasattr(module, "original_inv_freq"):
            module.inv_freq = module.original_inv_freq.clone()
            module.max_seq_len_cached = module.original_max_seq_len


def sequence_logps(model, prompt, completion):
    """Summed log-probability of a completion, and its number of tokens."""
    forget_lengths(model)
    ids = torch.tensor([prompt + completion])
    logps = model(input_ids=ids, use_cache=False).logits[0, :-1].log_softmax(-1)
    return logps.gather(1, ids[0, 1:, None])[len(prompt) - 1:, 0].sum(), len(completion)


class Split(torch.nn.Module):
    """A fused projection as several ones, so that each can have its own adapter."""

    def __init__(self, fused, parts):
        super().__init__()
        self.names = list(parts)
        for (name, rows), weight in zip(parts.items(), fused.weight.split(list(parts.values()))):
            linear = torch.nn.Linear(weight.shape[1], rows, bias=False)
            linear.weight = torch.nn.Parameter(weight.detach().clone())
            setattr(self, name, linear)

    def forward(self, x):
        return torch.cat([getattr(self, name)(x) for name in self.names], dim=-1)


def with_split_projections(model):
    config = model.config
    if config.model_type == "granitemoehybrid":
        inner = config.shared_intermediate_size
        for layer in model.model.layers:
            mlp = layer.shared_mlp
            mlp.input_linear = Split(mlp.input_linear, {"gate_proj": inner, "up_proj": inner})
            mlp.output_linear = Split(mlp.output_linear, {"down_proj": config.hidden_size})
        return model
    head_dim = config.hidden_size // config.num_attention_heads
    queries, keys = config.num_attention_heads * head_dim, config.num_key_value_heads * head_dim
    for layer in model.model.layers:
        layer.self_attn.qkv_proj = Split(layer.self_attn.qkv_proj, {"q_proj": queries, "k_proj": keys, "v_proj": keys})
        inner = config.intermediate_size
        layer.mlp.gate_up_proj = Split(layer.mlp.gate_up_proj, {"gate_proj": inner, "up_proj": inner})
    return model


def adapted(folder, seed):
    model = fresh(folder)
    if model.config.model_type in ("phi3", "granitemoehybrid"):
        model = with_split_projections(model)
    model.name_or_path = folder.name
    rank = 2 if folder.name.startswith(SMALL) else 4
    settings = peft.LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM",
                               target_modules=TARGETS)
    model = peft.get_peft_model(model, settings).eval()
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2
    return model


def adapter_name(name):
    name = name.replace(".default", "").replace(".qkv_proj.", ".").replace(".gate_up_proj.", ".")
    return name.replace(".shared_mlp.input_linear.", ".mlp.").replace(".shared_mlp.output_linear.", ".mlp.")


def lora_tensors(model, of):
    found = {adapter_name(n): of(p).clone().contiguous() for n, p in model.named_parameters() if "lora_" in n}
    assert len(found) == 2 * len(TARGETS) * model.config.num_hidden_layers
    return found


def save_adapter(model, folder):
    settings = model.peft_config["default"].to_dict()
    settings.update(target_modules=TARGETS, inference_mode=True, peft_version=peft.__version__,
                    base_model_name_or_path=folder.name)
    (folder / "adapter_config.json").write_text(json.dumps(settings, indent=1, default=str) + "\n")
    save_file(lora_tensors(model, lambda p: p.data), folder / "adapter_model.safetensors", metadata={"format": "pt"})


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    found = lora_tensors(model, lambda p: p.grad)
    assert all(gradient.abs().max() > 0 for gradient in found.values())
    return found


def train(folder, sequences, draw, seed):
    """Gradients of the supervised loss and of DPO (sigmoid, Rafailov et al. 2023, equation 7)."""
    model = adapted(folder, seed)
    save_adapter(model, folder)
    examples = [{"prompt_ids": s[:len(s) // 3], "completion_ids": s[len(s) // 3:]} for s in sequences]
    scored = [sequence_logps(model, e["prompt_ids"], e["completion_ids"]) for e in examples]
    loss = -sum(logp for logp, _ in scored) / sum(count for _, count in scored)
    save_file(gradients(model, loss), folder / "grads_sft.safetensors")
    pairs, margins, beta = [], [], 0.05
    for example in examples[:2]:
        pair = {"prompt_ids": example["prompt_ids"], "chosen_ids": example["completion_ids"], "rejected_ids": draw(18)}
        margin = 0.0
        for sign, completion in [(1, pair["chosen_ids"]), (-1, pair["rejected_ids"])]:
            with torch.no_grad(), model.disable_adapter():
                ref_logp = sequence_logps(model, pair["prompt_ids"], completion)[0]
            margin += sign * (sequence_logps(model, pair["prompt_ids"], completion)[0] - ref_logp)
        pairs.append(pair)
        margins.append(margin)
    dpo_loss = -torch.nn.functional.logsigmoid(beta * torch.stack(margins)).mean()
    save_file(gradients(model, dpo_loss), folder / "grads_dpo.safetensors")
    return {"sft": {"examples": examples, "loss": loss.item()},
            "dpo": {"pairs": pairs, "beta": beta, "loss": dpo_loss.item()}}


def record(root, name):
    config, without = CASES[name]
    folder, seed = root / name, seed_of(name)
    write_config(folder, config)
    random_weights(folder, seed)
    generator = torch.Generator().manual_seed(seed + 500)
    draw = lambda count: torch.randint(3, VOCABULARY, (count,), generator=generator).tolist()
    sequences = [draw(length) for length in (SMALL_LENGTHS if name.startswith(SMALL) else LENGTHS)]
    parts = without if isinstance(without, list) else [without]
    tensors, changes = {}, [0.0] * len(parts)
    for i, ids in enumerate(sequences):
        logits = logits_of(fresh(folder), ids)
        tensors[f"logits.{i}"] = logits
        targets = torch.tensor(ids[1:])[:, None]
        tensors[f"logprobs.{i}"] = logits[:-1].log_softmax(-1).gather(1, targets)[:, 0]
        for j, part in enumerate(parts):
            changes[j] = max(changes[j], (logits - logits_of(fresh(folder, **part), ids)).abs().max().item())
    assert min(changes) > 0.1, f"{name}: leaving out {without} changes the logits by {changes} only"
    with torch.no_grad():
        states = fresh(folder)(input_ids=torch.tensor([sequences[0]]), output_hidden_states=True).hidden_states
    tensors.update({f"hidden.{i}": state[0].contiguous() for i, state in enumerate(states)})
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "golden.safetensors")
    items, gap = [], float("inf")
    for length in PROMPTS:
        lead = 0.0
        # A choice that hangs on float noise proves nothing.
        while lead < 5e-3:
            prompt = draw(length)
            new_ids, lead = greedy(folder, prompt)
        gap = min(gap, lead)
        items.append({"prompt_ids": prompt, "new_ids": new_ids})
    golden = {"sequences": sequences, "generation": {"max_new_tokens": NEW_TOKENS, "smallest_gap": gap, "items": items},
              **train(folder, sequences, draw, seed + 1000),
              "left_out": without,
              "largest_change_of_a_logit_without": changes if isinstance(without, list) else changes[0],
              "versions": {m.__name__: m.__version__ for m in (torch, transformers, peft)}}
    (folder / "golden.json").write_text(json.dumps(golden) + "\n")
    print(f"{name}: changes {', '.join(f'{change:.2f}' for change in changes)}, gap {gap:.4f}, loss {golden['sft']['loss']:.3f} {golden['dpo']['loss']:.3f}, "
          f"largest logit {tensors['logits.0'].abs().max():.1f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for case in sys.argv[2:] or CASES:
        record(Path(sys.argv[1]), case)
