// A cheaper way as the plan words it for the command line (`--set a=1 --set b=2`), as changes of settings.
import type { Change, PlanOffer } from '../../bridge';
import { named, t } from '../../text';

/** Null if the offer is not only settings (another model). */
export function offered(change: string): Change[] {
  const words = change.split(' ');
  const changes: Change[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(words[at + 1] ?? '') ?? [];
    if (words[at] !== '--set' || key === undefined || value === undefined) return [];
    changes.push({ key, value });
  }
  return changes;
}

/** Settings that change nothing but speed and memory. */
const same = ['generate_batch_size', 'tokens_per_microbatch'];

/** What an offer costs, in the window's language; a way that this page does not know keeps the engine's words. */
export function price(offer: PlanOffer): string {
  if (offer.change.startsWith('--model ')) return t.plan.prices.model;
  const asked = offered(offer.change);
  const value = (key: string) => asked.find((change) => change.key === key)?.value;
  const rounded = named(t.plan.prices, value('quantize') ?? '');
  if (rounded) return rounded;
  if (value('dialogue_max_new_tokens')) return t.plan.prices.shorter;
  if (value('recompute') === 'on') return t.plan.prices.recompute;
  return asked.length > 0 && asked.every((change) => same.includes(change.key))
    ? t.plan.prices.same
    : offer.price;
}
