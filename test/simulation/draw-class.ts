import { drawPermanentAnswer, toFault } from './draw-answer.ts';
import { drawOrder, drawTraits } from './draw-order.ts';
import { buildMessage, type BrandRules } from './draw-shop.ts';
import type { Random } from './random.ts';
import type { Step } from './step.ts';

const MINUTE_MS = 60_000;
const LENGTH_MS = 80 * MINUTE_MS;
const FAILING = '^outlet-';

/**
 * A calm day with sixty orders or more, a few at a time. The orders of one class always get the same error.
 * They arrive one by one and in bursts, among and between the others. Each healthy order arrives once and
 * must be reported within a minute.
 */
export function drawClassOfFailures({ random, rules }: { random: Random; rules: BrandRules }): Step[] {
  const fault = toFault(random, drawPermanentAnswer(random), {
    match: { orderIds: FAILING },
    times: 'unlimited',
  });
  const steps: Step[] = [{ kind: 'class-fails', atMs: 0, orderIds: FAILING, fault }];
  const send = (orderId: string, atMs: number, isHealthy: boolean): void => {
    const traits = {
      ...drawTraits(random, { orderId, mayHaveFinalizationDate: rules.allowFinalizationDate }),
      // Few orders create transactions, because this test is not about those.
      tokenChance: random.pick([0, 0, 0, 1]),
    };
    const draw = { random, traits };
    const total = random.between(1, 9) * 100;
    const fields = drawOrder(draw, { total, lines: [total] });
    const version = {
      sequence: 1,
      kind: 'created',
      data: { fields, total, hasLines: true },
      twin: 0,
    } as const;
    steps.push({
      kind: 'send',
      atMs,
      message: buildMessage(rules, draw, version),
      says: `${orderId} (${total}${isHealthy ? '' : ', which fails'})`,
      version: { orderId, sequence: 1, kind: 'created' },
      ...(isHealthy && { isHealthy: true }),
    });
  };
  const slots = random.between(2, 4);
  const slotMs = LENGTH_MS / slots;
  for (let number = 1; number <= 60 - slots; number += 1)
    send(`order-${number}`, MINUTE_MS + Math.floor(random.next() * LENGTH_MS), true);
  // Five first failures without a success in between look like an outage. Environments learn of each other's
  // successes within five minutes.
  for (let slot = 0; slot < slots; slot += 1) {
    const atMs = MINUTE_MS + Math.floor((slot + random.next() / 4) * slotMs);
    for (let number = random.between(1, 4); number > 0; number -= 1)
      send(`outlet-${slot}-${number}`, atMs + random.between(0, 10_000), false);
    send(`order-after-${slot}`, atMs + 20_000, true);
  }
  return steps;
}
