"""The same work as `duologue bench`, done with transformers, PEFT, TRL and llama.cpp, in one JSON line a measurement.

    python peer.py train --shape 135m --batch 2 --seq 512 [--recompute]
    python peer.py epoch --data pairs.json --model DIR [--items 100] [--batch 8]
    python peer.py dpo --shape 135m --batch 2 --seq 256 --prompt 64
    python peer.py pipeline --calls FILE --model DIR, FILE as `duologue bench pipeline --calls FILE` writes it
    python peer.py generate --shape 135m --batch 1,8,32
    python peer.py llama --shape 135m --batch 1,8,32 --quant f32,q8_0,q4_0

Processor seconds are those of the whole process, all threads. `--threads N` before the command sets their number,
`--device cuda` takes the first card for `train` and `generate`, in bf16. Versions: requirements.txt. Random weights: speed
does not depend on them.
"""

import argparse
import contextlib
import itertools
import json
import os
import resource
import statistics
import sys
import tempfile
import time

SHAPES = {  # vocabulary, hidden, intermediate, layers, heads, key/value heads
    "7m": (4096, 256, 704, 8, 4, 2),
    "135m": (49152, 576, 1536, 30, 9, 3),
    "360m": (49152, 960, 2560, 32, 15, 5),
    "1b": (128256, 2048, 8192, 16, 32, 8),
    "3b": (128256, 3072, 8192, 28, 24, 8),
    "8b": (128256, 4096, 14336, 32, 32, 8),
}
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def clocks():
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def peak_rss_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def say(**figures):
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available() and torch.cuda.is_initialized():
        figures["peak_device_bytes"] = torch.cuda.max_memory_reserved()
    print(json.dumps({"peak_rss_bytes": peak_rss_bytes(), **figures}), file=sys.__stdout__, flush=True)


def random_model(shape, device="cpu"):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    vocab, hidden, inner, layers, heads, kv_heads = SHAPES[shape]
    config = LlamaConfig(
        vocab_size=vocab, hidden_size=hidden, intermediate_size=inner, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=kv_heads, max_position_embeddings=8192,
        tie_word_embeddings=shape != "8b", bos_token_id=0, eos_token_id=0, pad_token_id=0,
    )
    if device == "cpu":
        return LlamaForCausalLM(config)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        return LlamaForCausalLM(config)


def lora_of(rank, alpha=None, dropout=0.0):
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha or rank, lora_dropout=dropout, target_modules=PROJECTIONS,
                      task_type="CAUSAL_LM")


def with_lora(model, rank):
    from peft import get_peft_model

    return get_peft_model(model, lora_of(rank))


def plain(folder, batch):
    """Settings of both trainers: one pass in the data's order on the processor, nothing saved, nothing sent."""
    return dict(
        output_dir=folder, per_device_train_batch_size=batch, num_train_epochs=1, learning_rate=1e-4,
        logging_steps=1000, save_strategy="no", report_to=[], use_cpu=True, max_length=None, dataloader_num_workers=0,
        gradient_checkpointing=False, bf16=False, train_sampling_strategy="sequential", disable_tqdm=True,
    )


def train(args):
    import torch

    model = random_model(args.shape, args.device)
    if args.recompute:
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()
    model = with_lora(model, args.rank)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
    ids = torch.randint(0, SHAPES[args.shape][0], (args.batch, args.seq), device=args.device)
    walls, cpus = [], []
    for step in range(2 + args.steps):
        wall, cpu = clocks()
        model(input_ids=ids, labels=ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        after = clocks()
        if step >= 2:
            walls.append(after[0] - wall)
            cpus.append(after[1] - cpu)
    wall = statistics.median(walls)
    say(peer="transformers+peft", cpu_s_per_step=statistics.median(cpus), wall_s_per_step=wall,
        tokens_per_s=args.batch * args.seq / wall)


def rows_of(path, items):
    text = open(path, encoding="utf-8").read()
    rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines() if line]
    return rows[:items]


def epoch(args):
    """One epoch with TRL's SFTTrainer, loss on the completion only."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    instruction = "Summarize the following conversation.\n\n"
    pairs = [
        {"prompt": [{"role": "user", "content": instruction + row["dialogue"].replace("\r\n", "\n")}],
         "completion": [{"role": "assistant", "content": row["summary"]}]}
        for row in rows_of(args.data, args.items)
    ]
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(completion_only_loss=True, **plain(folder, args.batch))
        trainer = SFTTrainer(model=model, args=config, train_dataset=Dataset.from_list(pairs),
                             processing_class=tokenizer, peft_config=lora_of(args.rank))
        wall, cpu = clocks()
        outcome = trainer.train()
        after = clocks()
    say(peer="transformers+peft+trl", cpu_s=after[1] - cpu, wall_s=after[0] - wall, loss=outcome.training_loss)


def pair_trainer():
    """DPOTrainer for pairs of token ids, whose reference log-probabilities may be in the data already."""
    from trl import DPOTrainer

    class PairTrainer(DPOTrainer):
        def _prepare_dataset(self, dataset, *rest):
            return dataset

        def _precompute_ref_logps(self, dataset, *rest):
            known = "ref_chosen_logps" in dataset.column_names
            return dataset if known else super()._precompute_ref_logps(dataset, *rest)

    return PairTrainer


def dpo_config(folder, batch):
    """DPO + SFT, the reference policy's log-probabilities taken once, before the first update."""
    from trl import DPOConfig

    return DPOConfig(loss_type=["sigmoid", "sft"], loss_weights=[1.0, 1.0], beta=0.1, precompute_ref_log_probs=True,
                     **plain(folder, batch))


def dpo(args):
    """Updates of DPO + SFT with TRL's DPOTrainer on random ids; the completions of a pair share their prompt."""
    import numpy
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast, TrainerCallback
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    marks = []

    class Watch(TrainerCallback):
        def on_step_begin(self, *_, **__):
            marks.append([clocks()])

        def on_step_end(self, *_, **__):
            marks[-1].append(clocks())

    draw = numpy.random.default_rng(1)

    def ids(count):
        return draw.integers(1, SHAPES[args.shape][0], count).tolist()

    pairs = [
        {"prompt_ids": ids(args.prompt), "chosen_ids": ids(args.seq - args.prompt),
         "rejected_ids": ids(args.seq - args.prompt)}
        for _ in range(args.batch * (2 + args.steps))
    ]
    # The trainer asks for a tokenizer, although the data is tokens.
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(WordLevel({"<pad>": 0}, "<pad>")),
                                        pad_token="<pad>", eos_token="<pad>")
    with tempfile.TemporaryDirectory() as folder:
        trainer = pair_trainer()(model=with_lora(random_model(args.shape), args.rank),
                                 args=dpo_config(folder, args.batch), train_dataset=Dataset.from_list(pairs),
                                 processing_class=tokenizer, callbacks=[Watch()])
        trainer.train()
    walls, cpus = zip(*[(end[0] - begin[0], end[1] - begin[1]) for begin, end in marks[2:]])
    say(peer="transformers+peft+trl", cpu_s_per_step=statistics.median(cpus), wall_s_per_step=statistics.median(walls))


def pipeline(args):
    """The calls of a measured run, one after another, on one adapter: which weights it has does not matter to speed."""
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOTrainer, SFTTrainer  # noqa: F401 loading the libraries is not measured

    calls = [json.loads(line) for line in open(args.calls, encoding="utf-8")]
    begun = clocks()
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype="float32")
    # A sequence is as long as in the measured run, not until the model ends it.
    model.generation_config.eos_token_id = None
    first = next(call for call in calls if call["call"] == "sft")
    model = get_peft_model(model, lora_of(first["rank"], first["alpha"], first["dropout"]))
    work = {"generate": continue_prompts, "score": score, "sft": sft_call, "dpo": dpo_call}
    total = 0
    for stage, group in itertools.groupby(calls, key=lambda call: call["stage"]):
        before = clocks()
        tokens = sum(work[call["call"]](model, tokenizer, call) for call in group)
        after = clocks()
        total += tokens
        say(stage=stage, wall_s=after[0] - before[0], cpu_s=after[1] - before[1], tokens=tokens)
    ended = clocks()
    say(peer="transformers+peft+trl", stage="all", wall_s=ended[0] - begun[0], cpu_s=ended[1] - begun[1], tokens=total)


def left_padded(rows, pad):
    import torch

    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return {"input_ids": ids, "attention_mask": mask}


def adapter_of(model, call):
    return contextlib.nullcontext() if call["adapter"] else model.disable_adapter()


def continue_prompts(model, tokenizer, call):
    """Each prompt with as many new tokens as it got; the adapter is merged meanwhile, which is faster."""
    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList

    class Lengths(StoppingCriteria):
        def __init__(self, prompt, new):
            self.ends = prompt + torch.tensor(new)

        def __call__(self, ids, scores, **_):
            return ids.shape[1] >= self.ends

    how = dict(do_sample=False)
    if call["temperature"] > 0:
        how = dict(do_sample=True, temperature=call["temperature"], top_p=call["top_p"], top_k=0)
    model.eval()
    if call["adapter"]:
        model.merge_adapter()
    with torch.inference_mode(), adapter_of(model, call):
        for start in range(0, len(call["prompts"]), call["batch_size"]):
            part = slice(start, start + call["batch_size"])
            batch, new = left_padded(call["prompts"][part], tokenizer.pad_token_id), call["new_tokens"][part]
            stop = StoppingCriteriaList([Lengths(batch["input_ids"].shape[1], new)])
            model.generate(**batch, max_new_tokens=max(new), stopping_criteria=stop, **how)
    if call["adapter"]:
        model.unmerge_adapter()
    return sum(map(len, call["prompts"])) + sum(call["new_tokens"])


def score(model, tokenizer, call):
    """Log-probabilities of completions, eight texts at once, the head only where they are."""
    import torch

    model.eval()
    with torch.inference_mode(), adapter_of(model, call):
        for start in range(0, len(call["items"]), 8):
            part = call["items"][start:start + 8]
            batch = left_padded([prompt + completion for prompt, completion in part], tokenizer.pad_token_id)
            longest = max(len(completion) for _, completion in part)
            logits = model(**batch, logits_to_keep=longest + 1, use_cache=False).logits[:, :-1]
            logps = logits.log_softmax(-1).gather(-1, batch["input_ids"][:, -longest:, None])[..., 0]
            [logps[row, -len(completion):].sum() for row, (_, completion) in enumerate(part)]
    return sum(len(prompt) + len(completion) for prompt, completion in call["items"])


def with_dropout(model, share):
    """Trainers switch it off for good."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share


def sft_call(model, tokenizer, call):
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    items = [(item["prompt_ids"], item["completion_ids"]) for item in call["items"]]
    rows = [{"input_ids": p + c, "completion_mask": [0] * len(p) + [1] * len(c)} for p, c in items]
    with_dropout(model, call["dropout"])
    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(completion_only_loss=True, **plain(folder, call["batch_size"]))
        SFTTrainer(model=model, args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer).train()
    return sum(len(p) + len(c) for p, c in items)


def dpo_call(model, tokenizer, call):
    from datasets import Dataset

    with tempfile.TemporaryDirectory() as folder:
        pair_trainer()(model=model, args=dpo_config(folder, call["batch_size"]),
                       train_dataset=Dataset.from_list(call["items"]), processing_class=tokenizer).train()
    # The trainer's copy of the adapter, which nothing reads when the log-probabilities are at hand.
    model.delete_adapter("ref")
    return sum(2 * len(i["prompt_ids"]) + len(i["chosen_ids"]) + len(i["rejected_ids"]) for i in call["items"])


def generate(args):
    import torch

    model = random_model(args.shape, args.device).eval()
    for batch in args.batch:
        ids = torch.randint(1, SHAPES[args.shape][0], (batch, args.prompt), device=args.device)
        mask = torch.ones_like(ids)

        def run(new):
            begun = clocks()
            with torch.inference_mode():
                model.generate(ids, attention_mask=mask, max_new_tokens=new, min_new_tokens=new, do_sample=False)
            ended = clocks()
            return ended[0] - begun[0], ended[1] - begun[1]

        run(2)
        first, whole = run(1), run(1 + args.new)
        new = batch * args.new
        say(peer="transformers", quant="f32" if args.device == "cpu" else "bf16", batch=batch, tokens_per_s=new / (whole[0] - first[0]),
            tokens_per_cpu_s=new / (whole[1] - first[1]), prefill_tokens_per_cpu_s=batch * args.prompt / first[1])


def write_gguf(shape, quant, path):
    """A GGUF file of the shape with random weights."""
    import gguf
    import numpy as np

    vocab, hidden, inner, layers, heads, kv_heads = SHAPES[shape]
    kind = gguf.GGMLQuantizationType[quant.upper()]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(8192)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(inner)
    writer.add_block_count(layers)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([f"t{i}".encode() for i in range(vocab)])
    writer.add_token_scores([0.0] * vocab)
    writer.add_token_types([1] * vocab)
    draw = np.random.default_rng(1)

    def add(name, *shape):
        if len(shape) == 1:
            return writer.add_tensor(name, np.ones(shape, dtype=np.float32))
        values = draw.uniform(-0.035, 0.035, shape).astype(np.float32)
        if kind == gguf.GGMLQuantizationType.F32:
            return writer.add_tensor(name, values)
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)

    head_dim = hidden // heads
    add("token_embd.weight", vocab, hidden)
    add("output_norm.weight", hidden)
    for layer in range(layers):
        block = f"blk.{layer}."
        add(block + "attn_norm.weight", hidden)
        add(block + "attn_q.weight", heads * head_dim, hidden)
        add(block + "attn_k.weight", kv_heads * head_dim, hidden)
        add(block + "attn_v.weight", kv_heads * head_dim, hidden)
        add(block + "attn_output.weight", hidden, heads * head_dim)
        add(block + "ffn_norm.weight", hidden)
        add(block + "ffn_gate.weight", inner, hidden)
        add(block + "ffn_up.weight", inner, hidden)
        add(block + "ffn_down.weight", hidden, inner)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def llama(args):
    """llama.cpp through its low-level calls: prompts in one batch, then one token of every sequence at a time."""
    import llama_cpp

    llama_cpp.llama_backend_init()
    for quant in args.quant:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.gguf")
            write_gguf(args.shape, quant, path)
            model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
            for batch in args.batch:
                llama_rows(llama_cpp, model, args, quant, batch)
            llama_cpp.llama_model_free(model)


def llama_rows(llama_cpp, model, args, quant, batch):
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = batch * (args.prompt + args.new + 8)
    params.n_batch = params.n_ubatch = max(batch * args.prompt, 32) if batch * args.prompt <= 2048 else 2048
    params.n_seq_max = batch
    params.n_threads = params.n_threads_batch = args.threads
    # Otherwise every sequence attends over the cells of all the others, masked.
    params.kv_unified = False
    context = llama_cpp.llama_init_from_model(model, params)
    vocab = SHAPES[args.shape][0]
    tokens = llama_cpp.llama_batch_init(2048, 0, 1)

    def decode(rows):
        for start in range(0, len(rows), 2048):
            part = rows[start:start + 2048]
            tokens.n_tokens = len(part)
            for place, (token, position, sequence, wanted) in enumerate(part):
                tokens.token[place], tokens.pos[place] = token, position
                tokens.n_seq_id[place], tokens.seq_id[place][0] = 1, sequence
                tokens.logits[place] = wanted
            if llama_cpp.llama_decode(context, tokens) != 0:
                sys.exit("llama_decode failed")

    prompts = [((7 * s + 13 * i) % vocab, i, s, i + 1 == args.prompt) for s in range(batch) for i in range(args.prompt)]
    begun = clocks()
    decode(prompts)
    filled = clocks()
    for position in range(args.prompt, args.prompt + 2):
        decode([(5, position, s, True) for s in range(batch)])
    warm = clocks()
    for position in range(args.prompt + 2, args.prompt + 2 + args.new):
        decode([((3 * position + s) % vocab, position, s, True) for s in range(batch)])
    ended = clocks()
    new = batch * args.new
    say(peer="llama.cpp", quant=quant, batch=batch, tokens_per_s=new / (ended[0] - warm[0]),
        tokens_per_cpu_s=new / (ended[1] - warm[1]),
        prefill_tokens_per_cpu_s=batch * args.prompt / (filled[1] - begun[1]))
    llama_cpp.llama_batch_free(tokens)
    llama_cpp.llama_free(context)


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train")
    one.add_argument("--shape", default="135m", choices=SHAPES)
    one.add_argument("--batch", type=int, default=2)
    one.add_argument("--seq", type=int, default=512)
    one.add_argument("--steps", type=int, default=5)
    one.add_argument("--rank", type=int, default=16)
    one.add_argument("--recompute", action="store_true")
    one = commands.add_parser("epoch")
    one.add_argument("--data", required=True)
    one.add_argument("--model", required=True)
    one.add_argument("--items", type=int, default=100)
    one.add_argument("--batch", type=int, default=8)
    one.add_argument("--rank", type=int, default=16)
    one = commands.add_parser("dpo")
    one.add_argument("--shape", default="135m", choices=SHAPES)
    one.add_argument("--batch", type=int, default=2)
    one.add_argument("--seq", type=int, default=256)
    one.add_argument("--prompt", type=int, default=64)
    one.add_argument("--steps", type=int, default=5)
    one.add_argument("--rank", type=int, default=16)
    one = commands.add_parser("pipeline")
    one.add_argument("--calls", required=True)
    one.add_argument("--model", required=True)
    for name in ["generate", "llama"]:
        one = commands.add_parser(name)
        one.add_argument("--shape", default="135m", choices=SHAPES)
        one.add_argument("--batch", type=numbers, default=[1, 8, 32])
        one.add_argument("--prompt", type=int, default=128)
        one.add_argument("--new", type=int, default=64)
        one.add_argument("--quant", type=lambda text: text.split(","), default=["f32", "q8_0", "q4_0"])
    args = parser.parse_args()
    # Trainers print what is no measurement.
    sys.stdout = sys.stderr
    if args.command != "llama":
        import torch

        torch.set_num_threads(args.threads)
    {"train": train, "epoch": epoch, "dpo": dpo, "pipeline": pipeline, "generate": generate,
     "llama": llama}[args.command](args)


if __name__ == "__main__":
    main()
