"""Records tests/golden/adapters: PEFT adapters in the variants that people publish, with the logits they give.

Usage: OMP_NUM_THREADS=1 python adapters.py GOLDEN_FOLDER             (needs torch, transformers, peft)
       OMP_NUM_THREADS=1 python adapters.py GOLDEN_FOLDER WRITTEN     checks adapters written by Duologue: PEFT loads
       each WRITTEN/<variant> and must give the recorded logits. The test `golden_adapters::variants_give_pefts_logits`
       writes them to the folder that DUOLOGUE_WRITTEN_ADAPTERS names.

The base model is GOLDEN_FOLDER/llama-tiny; that of `fused` is a random Phi-3 in its folder `base`.
"""

import json
import sys
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

SEED = 2718
ROWS = [[505, 508, 82, 88, 390, 68, 76, 509, 198, 50, 84], [505, 39, 413, 351, 82, 220, 457]]
VARIANTS = {
    "patterns": dict(r=2, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj", "up_proj"],
                     rank_pattern={"down_proj": 3, "layers\\.[12]\\.self_attn\\..*": 1, "^model.layers.0.mlp.up_proj": 4},
                     alpha_pattern={"v_proj": 5, "model.layers.3.mlp.down_proj": 1.5}),
    "rslora": dict(r=4, lora_alpha=3, use_rslora=True, target_modules=["k_proj", "o_proj", "gate_proj"]),
    "regex": dict(r=2, lora_alpha=4, lora_dropout=0.1,
                  target_modules="^(?!.*layers\\.0\\.).*\\.(?:self_attn|mlp)\\.(?:q|v|gate)_proj"),
    "all_linear": dict(r=1, lora_alpha=2, target_modules="all-linear"),
    "layers": dict(r=2, lora_alpha=8, layers_to_transform=[1, 3], layers_pattern="layers",
                   target_modules=["q_proj", "mlp.down_proj", "model.layers.0.self_attn.o_proj"]),
    "fused": dict(r=2, lora_alpha=5, target_modules=["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]),
}
PHI3 = dict(vocab_size=512, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=64, original_max_position_embeddings=64, pad_token_id=0,
            bos_token_id=1, eos_token_id=2, initializer_range=0.2, tie_word_embeddings=True)


def base_model(folder, name):
    base = folder / "adapters" / name / "base" if name == "fused" else folder / "llama-tiny"
    return transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")


def logits(model):
    model.eval()
    with torch.no_grad():
        return {f"logits{i}": model(input_ids=torch.tensor([row])).logits[0].contiguous() for i, row in enumerate(ROWS)}


def record(folder):
    out = folder / "adapters"
    for seed, (name, settings) in enumerate(VARIANTS.items(), SEED):
        torch.manual_seed(seed)
        if name == "fused":
            transformers.Phi3ForCausalLM(transformers.Phi3Config(**PHI3)).save_pretrained(out / name / "base")
        base = logits(base_model(folder, name))
        model = peft.get_peft_model(base_model(folder, name), peft.LoraConfig(task_type="CAUSAL_LM", **settings))
        with torch.no_grad():
            for key, parameter in model.named_parameters():
                if "lora_B" in key:
                    parameter.normal_(0.0, 0.1)
        model.peft_config["default"].base_model_name_or_path = "base" if name == "fused" else "llama-tiny"
        model.save_pretrained(out / name)
        (out / name / "README.md").unlink()
        if name == "all_linear":
            # PEFT writes the names out; what it also reads is the short form.
            path = out / name / "adapter_config.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"target_modules": "all-linear"}, indent=2))
        adapted = logits(peft.PeftModel.from_pretrained(base_model(folder, name), out / name))
        assert all((adapted[key] - base[key]).abs().max() > 0.5 for key in base)
        save_file(adapted, out / name / "golden.safetensors")
    versions = {m.__name__: m.__version__ for m in (torch, transformers, peft)}
    (out / "golden.json").write_text(json.dumps({"versions": versions, "rows": ROWS}) + "\n")


def verify(folder, written):
    for name in VARIANTS:
        expected = load_file(folder / "adapters" / name / "golden.safetensors")
        found = logits(peft.PeftModel.from_pretrained(base_model(folder, name), written / name))
        worst = max((found[key] - expected[key]).abs().max().item() for key in expected)
        print(f"{name}: largest difference of a logit {worst}")
        # Stacked factors add their zeros in another order.
        assert worst == 0.0 if name != "fused" else worst < 1e-5


if __name__ == "__main__":
    folders = [Path(folder) for folder in sys.argv[1:]]
    (verify if len(folders) == 2 else record)(*folders)
