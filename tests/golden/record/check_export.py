"""Checks what `duologue export` writes against transformers, PEFT and llama.cpp. By hand; records nothing.

Usage: python check_export.py DUOLOGUE_BINARY GOLDEN_FOLDER [MODEL_FOLDER ..]
(needs torch, transformers, peft, llama-cpp-python)

GOLDEN_FOLDER is tests/golden of this repository; its families are checked as f16 GGUF against their recorded logits.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import llama_cpp
import numpy as np
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

# Those that GGUF can express.
FAMILIES = ["llama-plain", "llama-bias-linear", "llama-llama3", "llama-yarn", "mistral-window", "qwen2-window",
            "qwen3-window", "phi3-window", "phi3-longrope", "gemma3-window", "smollm3-nope", "granite-factors",
            "granite4-dense"]
TEXT = "Anna: Shall we meet at noon?\nBen: Sure, I'll be there.  See you in 15 minutes!"


def export(binary, model, adapter, to, *options):
    args = [binary, "export", "--model", model, "--to", to, *options]
    subprocess.run([str(a) for a in args + (["--adapter", adapter] if adapter else [])], check=True, stdout=subprocess.DEVNULL)


def transformers_logits(model, ids):
    with torch.no_grad():
        return model.float().eval()(torch.tensor([ids])).logits[0].numpy()


def llama_cpp_logits(path, ids, lora=None):
    llama = llama_cpp.Llama(str(path), n_ctx=256, logits_all=True, verbose=False, n_threads=1, lora_path=lora and str(lora))
    llama.eval(ids)
    return np.array(llama.scores[: len(ids)]), llama.tokenize(TEXT.encode(), add_bos=True, special=False)


def report(what, found, expected):
    off = float(np.abs(found - expected).max() / np.abs(expected).max())
    agree = float((found.argmax(-1) == expected.argmax(-1)).mean())
    print(f"{what:60} largest difference {off:.2e} of the largest logit, argmax equal {agree:.0%}")
    return off


def check(binary, folder, adapter, out):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(TEXT)["input_ids"]
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model = PeftModel.from_pretrained(base, adapter).merge_and_unload() if adapter else base
    expected = transformers_logits(model, ids)
    export(binary, folder, adapter, out / "merged", "--as", "merged")
    merged = AutoModelForCausalLM.from_pretrained(out / "merged")
    report(f"{folder.name} merged in transformers", transformers_logits(merged, ids), expected)
    same = AutoTokenizer.from_pretrained(out / "merged")(TEXT)["input_ids"] == ids
    print(f"{folder.name} merged: tokens equal {same}")
    for kind in ["f16", "q8_0", "q4_k_m"]:
        export(binary, folder, adapter, out / kind, "--as", "gguf", "--gguf-type", kind)
        found, tokens = llama_cpp_logits(out / kind / f"model-{kind}.gguf", ids)
        report(f"{folder.name} {kind} in llama.cpp", found, expected)
        print(f"{folder.name} {kind}: tokens equal {tokens == ids}")
    if adapter:
        export(binary, folder, adapter, out / "lora", "--as", "gguf_adapter")
        export(binary, folder, None, out / "base", "--as", "gguf", "--gguf-type", "f16")
        found, _ = llama_cpp_logits(out / "base" / "model-f16.gguf", ids, out / "lora" / "adapter.gguf")
        report(f"{folder.name} adapter in llama.cpp", found, expected)


def check_family(binary, folder, out):
    """Logits on the longest recorded sequence; a window's file allows no more than the window."""
    model = out / "model"
    shutil.copytree(folder, model)
    vocabulary = {character: i for i, character in enumerate([*map(chr, range(33, 126)), "ab", "Ċ", "Ġ"])}
    split = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    (model / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "added_tokens": [], "pre_tokenizer": split,
        "model": {"type": "BPE", "vocab": vocabulary, "merges": ["a b"]}}))
    export(binary, model, None, out / "f16", "--as", "gguf", "--gguf-type", "f16")
    path = out / "f16" / "model-f16.gguf"
    metadata = llama_cpp.Llama(str(path), vocab_only=True, verbose=False).metadata
    context = int(metadata[metadata["general.architecture"] + ".context_length"])
    ids = json.loads((folder / "golden.json").read_text())["sequences"][0][:context]
    expected = load_file(folder / "golden.safetensors")["logits.0"][:context].numpy()
    found, _ = llama_cpp_logits(path, ids)
    report(f"{folder.name} f16 in llama.cpp, {len(ids)} tokens", found, expected)


def main():
    binary, golden = Path(sys.argv[1]), Path(sys.argv[2])
    folders = [(golden / name, None) for name in ["qwen2-tiny", "qwen3-tiny"]]
    folders += [(golden / "llama-tiny", golden / "lora")] + [(Path(p), None) for p in sys.argv[3:]]
    for folder, adapter in folders:
        if folder.is_dir():
            with tempfile.TemporaryDirectory() as out:
                check(binary, folder, adapter, Path(out))
    for folder in [golden / "families" / name for name in FAMILIES]:
        with tempfile.TemporaryDirectory() as out:
            check_family(binary, folder, Path(out))


main()
