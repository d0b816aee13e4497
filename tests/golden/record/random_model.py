"""Random-weight models of real shapes, for measuring memory (docs/plan.md): python random_model.py TOKENIZER_DIR OUT_DIR.

Writes OUT_DIR/SHAPE-DTYPE for each shape below with the tokenizer files of TOKENIZER_DIR. Weights have the spread that
transformers gives new ones (standard deviation 0.02). Made with torch 2.15, safetensors, numpy.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

# 135m is the shape of SmolLM2-135M, 30m one between it and small models of a few million weights.
SHAPES = {
    "30m": dict(vocab_size=16384, hidden_size=384, intermediate_size=1024, num_hidden_layers=16,
                num_attention_heads=6, num_key_value_heads=2),
    "135m": dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
                 num_attention_heads=9, num_key_value_heads=3),
}
TOKENIZER = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]


def write(name: str, shape: dict, dtype: torch.dtype, tokenizer: Path, out: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    d, f = shape["hidden_size"], shape["intermediate_size"]
    kv = shape["num_key_value_heads"] * d // shape["num_attention_heads"]
    tensors = {"model.embed_tokens.weight": (shape["vocab_size"], d)}
    for layer in range(shape["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        for block, projection, rows, columns in [
            ("self_attn", "q_proj", d, d), ("self_attn", "k_proj", kv, d), ("self_attn", "v_proj", kv, d),
            ("self_attn", "o_proj", d, d), ("mlp", "gate_proj", f, d), ("mlp", "up_proj", f, d),
            ("mlp", "down_proj", d, f),
        ]:
            tensors[f"{at}{block}.{projection}.weight"] = (rows, columns)
    weights = {key: (torch.randn(size, generator=generator) * 0.02).to(dtype) for key, size in tensors.items()}
    norms = ["model.norm"] + [
        f"model.layers.{layer}.{norm}" for layer in range(shape["num_hidden_layers"])
        for norm in ("input_layernorm", "post_attention_layernorm")
    ]
    weights |= {f"{norm}.weight": torch.ones(d, dtype=dtype) for norm in norms}
    folder = out / f"{name}-{str(dtype).removeprefix('torch.')}"
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    tokens = json.loads((tokenizer / "config.json").read_text())
    config = dict(architectures=["LlamaForCausalLM"], model_type="llama", max_position_embeddings=2048,
                  rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True, hidden_act="silu",
                  bos_token_id=tokens.get("bos_token_id"), eos_token_id=tokens.get("eos_token_id"), **shape)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    for file in TOKENIZER:
        if (tokenizer / file).is_file():
            shutil.copy(tokenizer / file, folder / file)


if __name__ == "__main__":
    for name, shape in SHAPES.items():
        for dtype in (torch.float32, torch.bfloat16):
            write(name, shape, dtype, Path(sys.argv[1]), Path(sys.argv[2]))
