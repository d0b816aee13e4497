import { expect, test } from 'vitest';
import { recipe } from '../../bridge/fake_data';
import { readRecipe, recipeText } from './recipe_file';

test('a saved recipe is read back as the same changes', () => {
  const changes = { shots: '20', 'candidates.temperature': '0.7' };
  const text = recipeText(recipe, changes);
  expect(text).toContain('shots = 20\n');
  expect(readRecipe(text, recipe)).toEqual({ changes, unknown: [] });
});

test('words stand in quotes, comments are left out, unknown settings are told', () => {
  const fields = [
    {
      key: 'summary_method',
      value: 'lora',
      default: 'lora',
      doc: '',
      source: '',
      shape: { kind: 'text' as const },
    },
  ];
  expect(recipeText(fields, {})).toBe('summary_method = "lora"\n');
  const read = readRecipe('# How.\nsummary_method = "prompt"\nold_one = 3\n', fields);
  expect(read).toEqual({ changes: { summary_method: 'prompt' }, unknown: ['old_one'] });
});
