import { expect, test } from 'vitest';
import { offered } from './offer';

test('an offer of settings alone becomes changes, one with another model none', () => {
  expect(offered('--set quantize=q4_k --set generate_batch_size=4')).toEqual([
    { key: 'quantize', value: 'q4_k' },
    { key: 'generate_batch_size', value: '4' },
  ]);
  expect(offered('--model HuggingFaceTB/SmolLM2-135M-Instruct')).toEqual([]);
});
