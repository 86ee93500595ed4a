import type { OrderState } from '../../shared/orders/rules/order-ledger.ts';
import type { QuarantineSummary } from '../../shared/quarantine/quarantine-review.ts';
import type { Fact } from './fact.ts';

/** What the ledger says of an order: its newest version was received, and how far it has got. Pure. */
export function orderFacts(state: OrderState): Fact[] {
  if (!state.newest) return [];
  const { brand, orderId, newest, progress, reported } = state;
  const key = `order ${brand} ${orderId} ${newest.hash}`;
  const received = {
    key: `${key} received`,
    text: `${orderId}: received (${newest.kind})`,
    mood: 'plain' as const,
  };
  const about = 'order' as const;
  switch (progress.state) {
    case 'settled': {
      const id = reported?.buttonOrderId;
      const text = `${orderId}: sent to Button${id === undefined ? '' : `, which knows it as ${id}`}`;
      return [
        { about, ...received },
        { about, key: `${key} settled`, text, mood: 'good' },
      ];
    }
    case 'waiting':
    case 'in-doubt':
    case 'failing':
      return [
        { about, ...received },
        {
          about,
          key: `${key} ${progress.reason}`,
          text: `${orderId}: not sent yet, because of ${progress.reason}; it is tried again`,
          mood: 'bad',
        },
      ];
    case 'refused':
      return [
        { about, ...received },
        {
          about,
          key: `${key} refused`,
          text: `${orderId}: refused, because of ${progress.reason}`,
          mood: 'bad',
        },
      ];
    case 'claimed':
      return [{ about, ...received }];
  }
}

/** A message that was refused. Pure. */
export function refusalFact({ kind, id, orderId, reasons, refusals }: QuarantineSummary): Fact {
  const codes = [...new Set(reasons.map(({ code }) => code))].join(', ');
  const isOrder = kind.startsWith('order#');
  const name = orderId ?? id;
  return {
    key: `refused ${kind} ${id} ${refusals}`,
    about: isOrder ? 'order' : 'webhook',
    text: `${name}: refused, because of ${codes}. npm run ops -- show ${name}`,
    mood: 'bad',
  };
}
