"""What transformers passes to a chat template as special tokens: python special_tokens.py.

Writes tests/golden/special_tokens/rendered.json: changes to the files of tests/golden/llama-tiny, and what
`apply_chat_template` then renders. Made with transformers 5.23.
"""

import json
import shutil
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

GOLDEN = Path(__file__).resolve().parent.parent
NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
TEMPLATE = "".join(f"{name}={{% if {name} is defined %}}[{{{{ {name} }}}}]{{% else %}}none{{% endif %}} " for name in NAMES)
TEMPLATE += "{{ bos_token + messages[0]['content'] + eos_token }}"
MESSAGES = [{"role": "user", "content": "Hello"}]
ADDED = {"content": "<|eom_id|>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}

# Fields of tokenizer_config.json (null: taken away), and special_tokens_map.json where there is one.
CASES = [
    ({}, None),
    ({"unk_token": "<|eom_id|>", "sep_token": {"__type": "AddedToken", **ADDED}, "pad_token": None}, None),
    ({"mask_token": "<|eot_id|>", "cls_token": "<|eom_id|>"}, {"pad_token": "<|eot_id|>"}),
    ({"added_tokens_decoder": None}, {"pad_token": ADDED, "unk_token": "<|eom_id|>"}),
    ({"added_tokens_decoder": None, "eos_token": "<|eom_id|>"}, {"eos_token": {**ADDED, "content": "<|eot_id|>"}}),
]


def render(changes: dict, tokens_map: dict | None) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in (GOLDEN / "llama-tiny").iterdir():
            shutil.copy(file, folder)
        path = folder / "tokenizer_config.json"
        config = json.loads(path.read_text()) | changes | {"chat_template": TEMPLATE}
        path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
        if tokens_map is not None:
            (folder / "special_tokens_map.json").write_text(json.dumps(tokens_map))
        return AutoTokenizer.from_pretrained(folder).apply_chat_template(MESSAGES, tokenize=False)


def main() -> None:
    cases = [
        {"tokenizer_config": changes, "special_tokens_map": tokens_map, "rendered": render(changes, tokens_map)}
        for changes, tokens_map in CASES
    ]
    out = GOLDEN / "special_tokens"
    out.mkdir(exist_ok=True)
    text = json.dumps({"template": TEMPLATE, "messages": MESSAGES, "cases": cases}, indent=1)
    (out / "rendered.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
