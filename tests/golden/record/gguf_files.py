"""Records tests/golden/gguf: GGUF files written by gguf-py and quantised by llama.cpp, with what their weights give.

Usage: python gguf_files.py GOLDEN_FOLDER   (needs torch, transformers, safetensors, tokenizers, gguf, llama-cpp-python)
"""

import ctypes
import json
import sys
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as T
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

SEED = 20
TEXTS = [
    "Anna: Shall we meet at noon?\nBen: Sure, the café on 5th street. 😀",
    "In 2024, 12345 people don't agree:  two  spaces,\n\n\ttabs and naïve façades; I'll see.",
    "  leading space, 日本語 and emoji 👩‍🚀!",
]
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}


def gguf_name(name):
    for hf, ours in [("model.embed_tokens.", "token_embd."), ("model.norm.", "output_norm."), ("lm_head.", "output.")]:
        if name.startswith(hf):
            return name.replace(hf, ours)
    _, _, layer, rest = name.split(".", 3)
    module, part = rest.rsplit(".", 1)
    return f"blk.{layer}.{NAMES[module]}.{part}"


def heads_of(name, config):
    return config.num_attention_heads if ".q_proj." in name else config.num_key_value_heads


def permute(w, heads):
    """convert_hf_to_gguf.py's LlamaModel.permute"""
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def unpermute(w, heads):
    return w.reshape(heads, w.shape[0] // heads // 2, 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def add_bpe(writer, tokenizer_json, pre, special):
    model = tokenizer_json["model"]
    added = {t["id"]: t for t in tokenizer_json["added_tokens"]}
    by_id = {i: t for t, i in model["vocab"].items()} | {i: t["content"] for i, t in added.items()}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([by_id[i] for i in range(len(by_id))])
    writer.add_token_types([3 if i in added else 1 for i in range(len(by_id))])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in model["merges"]])
    for key, token in special.items():
        getattr(writer, f"add_{key}_token_id")(next(i for i, t in added.items() if t["content"] == token))


def add_config(writer, config):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_vocab_size(config.vocab_size)


def llama3_divisors(config):
    rope, dim = config.rope_parameters, config.head_dim
    low, high, old = rope["low_freq_factor"], rope["high_freq_factor"], rope["original_max_position_embeddings"]
    out = []
    for freq in 1.0 / (rope["rope_theta"] ** (np.arange(0, dim, 2) / dim)):
        length = 2 * np.pi / freq
        smooth = (old / length - low) / (high - low)
        out.append(1.0 if length < old / high else rope["factor"] if length > old / low
                   else 1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(out, dtype=np.float32)


def write(path, arch, config, state, tokenizer):
    writer = gguf.GGUFWriter(path, arch)
    add_config(writer, config)
    tokenizer(writer)
    if config.rope_parameters["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_divisors(config))
    for name, tensor in state.items():
        w = tensor.float().numpy()
        if arch == "llama" and (".q_proj." in name or ".k_proj." in name):
            w = permute(w, heads_of(name, config))
        writer.add_tensor(gguf_name(name), np.ascontiguousarray(w))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantize(source, target, ftype):
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = ftype
    assert llama_cpp.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)) == 0


def logits_of(path, arch, config, ids):
    """transformers on the weights that gguf-py dequantises: exact. llama.cpp quantises activations: near."""
    tensors = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in gguf.GGUFReader(path).tensors}
    model = AutoModelForCausalLM.from_config(config).float().eval()
    state = {}
    for name in model.state_dict():
        if gguf_name(name) in tensors:
            w = tensors[gguf_name(name)].astype(np.float32)
            if arch == "llama" and (".q_proj." in name or ".k_proj." in name):
                w = unpermute(w, heads_of(name, config))
            state[name] = torch.tensor(w)
    missing = model.load_state_dict(state, strict=False).missing_keys
    assert missing in ([], ["lm_head.weight"]), missing
    model.tie_weights()
    with torch.no_grad():
        exact = model(torch.tensor([ids])).logits[0]
    llama = llama_cpp.Llama(str(path), n_ctx=256, logits_all=True, verbose=False, n_threads=1)
    llama.eval(ids)
    near = torch.tensor(np.array(llama.scores[: len(ids)]))
    print(path, "llama.cpp differs by", float((exact - near).abs().max()), "of", float(exact.abs().max()))
    pieces = [llama.tokenize(text.encode(), add_bos=True, special=False) for text in TEXTS]
    return exact, near, pieces


def record_model(out, name, arch, ftype, config, state, tokenizer, ids):
    full, path = out / "full.gguf", out / f"{name}.gguf"
    write(full, arch, config, state, tokenizer)
    quantize(full, path, ftype)
    full.unlink()
    exact, near, pieces = logits_of(path, arch, config, ids)
    save_file({"logits": exact, "llama_cpp_logits": near[-4:].clone()}, out / f"{name}.safetensors")
    return {"ids": ids, "texts": TEXTS, "llama_cpp_ids": pieces}


def record_quants(out):
    """A matrix of each type, quantised by ggml, dequantised by gguf-py."""
    ggml = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / "libggml-base.so"))
    ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
    ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [ctypes.c_void_p]
    rng = np.random.default_rng(SEED)
    writer, values = gguf.GGUFWriter(out / "quants.gguf", "llama"), {}
    for kind in [T.F32, T.F16, T.BF16, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K]:
        w = (rng.standard_normal((3, 512)) * rng.uniform(0.1, 3, (3, 1))).astype(np.float32)
        block, size = gguf.GGML_QUANT_SIZES[kind]
        if kind in (T.F32, T.F16, T.BF16):
            data = gguf.quants.quantize(w, kind)
        else:
            data = np.zeros((3, 512 // block * size), dtype=np.uint8)
            ggml.ggml_quantize_chunk(int(kind), w.ctypes.data, data.ctypes.data, 0, 3, 512, None)
        values[kind.name] = torch.tensor(gguf.quants.dequantize(data, kind).astype(np.float32))
        writer.add_tensor(kind.name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(values, out / "quants.safetensors")


def record_sentence_piece(out):
    """A SentencePiece-like vocabulary: pieces scored by rank, byte pieces; no tensors."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    corpus = ["the cat sat on the mat and the dog did not agree with the cat at noon",
              "shall we meet at the station or at the street near the station tonight"] * 20
    trainer = trainers.BpeTrainer(
        vocab_size=460, special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)], show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    ids = tokenizer.get_vocab()
    tokens = sorted(ids, key=ids.get)
    ranks = {}
    for rank, merge in enumerate(json.loads(tokenizer.to_str())["model"]["merges"]):
        ranks.setdefault("".join(merge), rank)
    writer = gguf.GGUFWriter(out / "sentence_piece.gguf", "llama")
    config = LlamaConfig(vocab_size=len(tokens), hidden_size=64, num_attention_heads=2, num_hidden_layers=1,
                         intermediate_size=64, max_position_embeddings=128)
    add_config(writer, config)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(ranks.get(t, 10_000)) for t in tokens])
    writer.add_token_types([2 if t == "<unk>" else 3 if t in ("<s>", "</s>") else 6 if t.startswith("<0x") else 1 for t in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template("{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}{{ eos_token }}{% endfor %}")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    llama = llama_cpp.Llama(str(out / "sentence_piece.gguf"), vocab_only=True, verbose=False)
    texts = ["the station at noon", "The cat, the dog.", "  two  spaces\nand café 😀"]
    return {"texts": texts, "llama_cpp_ids": [llama.tokenize(t.encode(), add_bos=True, special=False) for t in texts]}


def main():
    golden = Path(sys.argv[1])
    out = golden / "gguf"
    torch.manual_seed(SEED)
    record_quants(out)
    cases = {"sentence_piece": record_sentence_piece(out)}
    llama = json.loads((golden / "llama-tiny" / "tokenizer.json").read_text())
    template = json.loads((golden / "llama-tiny" / "tokenizer_config.json").read_text())["chat_template"]
    rope = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    config = LlamaConfig(
        vocab_size=512, hidden_size=256, intermediate_size=128, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=64, max_position_embeddings=512, rope_parameters=rope, tie_word_embeddings=True,
        rms_norm_eps=1e-5, initializer_range=0.06, bos_token_id=505, eos_token_id=511)
    model = LlamaForCausalLM(config)
    state = {k: v for k, v in model.state_dict().items() if k != "lm_head.weight"}

    def llama_tokenizer(writer):
        add_bpe(writer, llama, "llama-bpe", {"bos": "<|begin_of_text|>", "eos": "<|eot_id|>"})
        writer.add_add_bos_token(True)
        writer.add_chat_template(template)

    ids = [505] + list(range(3, 60, 2))
    q4_k_m = llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M
    cases["llama-q4_k_m"] = record_model(out, "llama-q4_k_m", "llama", q4_k_m, config, state, llama_tokenizer, ids)

    qwen = golden / "qwen2-tiny"
    tokenizer = json.loads((qwen / "tokenizer.json").read_text())
    q8_0 = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
    cases["qwen2-q8_0"] = record_model(
        out, "qwen2-q8_0", "qwen2", q8_0, AutoConfig.from_pretrained(qwen), load_file(qwen / "model.safetensors"),
        lambda writer: add_bpe(writer, tokenizer, "qwen2", {"eos": "<|im_end|>"}), list(range(3, 60, 2)))
    versions = {"gguf": "0.19.0", "llama_cpp_python": llama_cpp.__version__, "transformers": transformers.__version__,
                "torch": torch.__version__}
    (out / "golden.json").write_text(json.dumps({"versions": versions, "cases": cases}, indent=1))


main()
