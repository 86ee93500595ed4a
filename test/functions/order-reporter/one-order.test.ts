import { expect, it } from 'vitest';

import { volume } from '../../volume.ts';
import { reportOneOrder, type OneOrder } from './one-order.ts';

const ORDERS = volume({ short: 1500, long: 40_000 });
const FIRST_SEED = Number(process.env['PROPERTY_SEED']);

/** What is wrong at the end, although nobody was told. */
function problemOf({ entry, versions, live, anothers, hasTroubles, reasons }: OneOrder): string | undefined {
  if (anothers && anothers.before.fields !== anothers.after?.fields)
    return 'another shop’s order was changed';
  if (anothers && anothers.after?.status === 'deleted') return 'another shop’s order was cancelled';
  if (live.length > 1) return 'Button has the order twice';
  const last = versions.toSorted((one, other) => one.sequence - other.sequence).at(-1);
  const others = reasons.filter((reason) => reason !== 'btn_ref_not_taken');
  const isOnlyUnconfirmed = others.every((reason) => reason === 'cancellation_unconfirmed');
  const overtaken = last === versions.at(-1) ? undefined : versions.at(-1);
  if (overtaken && isOnlyUnconfirmed && live.some(({ fields }) => fields.total === overtaken.total))
    return 'a version was sent after the cancellation';
  const isExpected = hasTroubles || anothers !== undefined || versions[0]?.kind === 'cancelled';
  if (others.length > 0) return isExpected ? undefined : `the order is in quarantine: ${others.join(', ')}`;
  const state = entry?.progress.state;
  if (state !== 'settled') return `the order is ${state ?? 'not in the ledger'}`;
  const [held] = live;
  if (last?.kind === 'cancelled') return held && 'the order is not cancelled';
  return held?.fields.total === last?.total ? undefined : 'Button does not hold the newest version';
}

it(
  'one order is right at Button in the end, or in quarantine, whatever ids Button accepts and refuses',
  { tags: ['volume'] },
  async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ORDERS; seed += 1) {
      const order = await reportOneOrder(seed);
      const problem = problemOf(order);
      if (problem !== undefined)
        expect.fail([`PROPERTY_SEED=${seed} shows it again: ${problem}`, ...order.lines].join('\n'));
    }
  },
);
