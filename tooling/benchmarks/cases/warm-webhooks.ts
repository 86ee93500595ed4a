import { transactionRow, webhookEvent } from '../events.ts';
import { runOnce, type Run } from '../handler-process.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Measurement } from '../measurement.ts';
import { inRounds, median, namesOf, ratioOf } from '../statistics.ts';

const ONE_MORE_CALL =
  'a new purchase is written under an alias too, by which Button’s id leads to it, before the purchase itself, so that a writer that dies leaves no second purchase. That is a signed call of its own. The two calls take 66% of the CPU: 47% in the SDK, 19% in Node.js’s HTTP and TLS. Packing takes 5%, metrics 3%, zod 3%, all other code of ours 11%. One transaction of both would be one call, and twice the write units.';

/** CPU of one webhook in a process that has handled many (B5). */
export async function measureWarmWebhooks({ bundles, env, effort }: Laboratory): Promise<Measurement> {
  const files = {
    ours: bundles.ours('webhook-receiver').entry,
    'official client, naive checks': bundles.peer('webhook-official').entry,
    'typical stack': bundles.peer('webhook-typical').entry,
    'every utility': bundles.peer('webhook-everything').entry,
    'hand-written floor': bundles.peer('webhook-floor').entry,
  } as const;
  const warmUp = 500;
  const measured = Math.ceil(400 * effort);
  let webhooks = 1_000_000;
  const runs = await inRounds(namesOf(files), Math.ceil(3 * effort), (name) => {
    const events = Array.from({ length: warmUp + measured }, () =>
      webhookEvent(transactionRow((webhooks += 1))),
    );
    return runOnce({ file: files[name], env }, events, warmUp);
  });
  const perWebhook = ({ cpuMs }: Run): number => cpuMs / measured;
  const of = (name: keyof typeof files): number[] => runs[name].map(perWebhook);
  return {
    id: 'warm-webhooks',
    title: 'A warm webhook',
    explanation: `CPU of each of ${measured} new webhooks after ${warmUp} others, one after the other, written over TLS, logs included. Ours makes two calls, "every utility" three; the floor, the official client and the typical stack make one.`,
    figures: namesOf(files).map((subject) => ({
      subject,
      values: { 'CPU ms a webhook': median(of(subject)) },
    })),
    bars: [
      {
        claim: 'warm CPU, ours / every utility',
        ...ratioOf(of('ours'), of('every utility')),
        atMost: 0.65,
      },
      {
        claim: 'warm CPU, ours / typical stack',
        ...ratioOf(of('ours'), of('typical stack')),
        atMost: 2.1,
        goal: { value: 1.15, obstacle: ONE_MORE_CALL },
      },
      {
        claim: 'warm CPU, ours / official client',
        ...ratioOf(of('ours'), of('official client, naive checks')),
        atMost: 2.2,
        goal: { value: 1.2, obstacle: ONE_MORE_CALL },
      },
      {
        claim: 'warm CPU, ours / floor',
        ...ratioOf(of('ours'), of('hand-written floor')),
        atMost: 4.6,
        goal: { value: 2.8, obstacle: ONE_MORE_CALL },
      },
    ],
    headlines: [
      {
        figure: 'a warm webhook, CPU ms',
        ours: median(of('ours')),
        peer: { name: 'typical stack', value: median(of('typical stack')) },
        floor: median(of('hand-written floor')),
        goal: '≤ 1.15 × typical stack, ≤ 2.8 × floor',
      },
    ],
  };
}
