// How what was written is loaded, as a program or terminal takes it: the same in every language.
import type { Deliverable } from '../../bridge';

/** `place` is where it is; before it is written, its name. Nothing if no line is needed. */
export function loading({ kind }: Deliverable, place: string, base: string): string | undefined {
  switch (kind) {
    case 'peft':
      return [
        'from peft import PeftModel',
        'from transformers import AutoModelForCausalLM',
        `base = AutoModelForCausalLM.from_pretrained("${base}")`,
        `model = PeftModel.from_pretrained(base, "${place}")`,
      ].join('\n');
    case 'merged':
      return [
        'from transformers import AutoModelForCausalLM, AutoTokenizer',
        `tokenizer = AutoTokenizer.from_pretrained("${place}")`,
        `model = AutoModelForCausalLM.from_pretrained("${place}")`,
      ].join('\n');
    case 'gguf':
      return `llama-cli -m "${place}"/model-*.gguf -cnv`;
    case 'gguf_adapter':
      return `llama-cli -m "${base}".gguf --lora "${place}"/adapter.gguf -cnv`;
    // Duologue takes these in by a button, and a report is opened.
    case 'bundle':
    case 'recipe':
    case 'dataset':
    case 'report':
      return undefined;
  }
}
