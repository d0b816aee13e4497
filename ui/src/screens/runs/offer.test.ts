import { expect, test } from 'vitest';
import { language } from '../../text';
import { price } from './offer';

const offer = (change: string) =>
  price({ change, price: 'As the engine says.', peak_bytes: 1, seconds: 1, fits: true });

test('what a cheaper way costs is said in the language of the window', () => {
  expect(offer('--set quantize=q4_k --set generate_batch_size=4')).toContain('4.5 bits');
  expect(offer('--set dialogue_max_new_tokens=256 --set tokens_per_microbatch=256')).toContain(
    'Longer dialogues',
  );
  expect(offer('--set generate_batch_size=8')).toContain('up to rounding');
  language.now = 'de';
  expect(offer('--set recompute=on')).toContain('Bit für Bit');
  expect(offer('--model HuggingFaceTB/SmolLM2-135M-Instruct')).toContain('kleineres Modell');
  expect(offer('--set quantize=q8_0')).toContain('8 Bit');
  expect(offer('--set shots=20')).toBe('As the engine says.');
  language.now = 'en';
});
