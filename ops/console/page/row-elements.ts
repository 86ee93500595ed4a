import type { AlarmRow, EntryRow, EventRow, OrderRow, TransactionRow } from '../view.ts';
import { element, timeElement, timelineLink } from './dom.ts';

/** What a state means, in a word and a tone; never by its colour alone. */
type Chip = readonly [text: string, tone: 'good' | 'wait' | 'bad' | 'info' | 'quiet'];

const ORDER_CHIPS: Readonly<Record<OrderRow['state'], Chip>> = {
  settled: ['At Button', 'good'],
  claimed: ['Reporting', 'info'],
  waiting: ['Waiting', 'wait'],
  'in-doubt': ['In doubt', 'wait'],
  failing: ['Failing', 'bad'],
  refused: ['Refused', 'bad'],
};
const TRANSACTION_CHIPS: Readonly<Record<TransactionRow['state'], Chip>> = {
  pending: ['Pending', 'info'],
  validated: ['Validated', 'good'],
  declined: ['Declined', 'quiet'],
  conflict: ['Conflict', 'bad'],
};
const EVENT_TONES: Readonly<Record<string, Chip[1]>> = {
  'transaction.created': 'info',
  'transaction.adjusted': 'info',
  'transaction.validated': 'good',
  'transaction.declined': 'quiet',
  'transaction.conflict': 'bad',
};

/** The content of an order's row. */
export function orderElements({ orderId, brand, state, kind, worth, reason, at }: OrderRow): Node[] {
  const how = state === 'settled' ? kind : (reason ?? kind).replaceAll('_', ' ');
  return rowOf({
    id: orderId,
    title: orderId,
    worth,
    chip: ORDER_CHIPS[state],
    text: `${brand} · ${how}`,
    at,
  });
}

/** The content of a transaction's row. */
export function transactionElements({ key, brand, state, worth, changes, at }: TransactionRow): Node[] {
  const versions = changes === 1 ? '1 version' : `${changes} versions`;
  const title = key.replace(/^(?:order|tx)#/, '');
  return rowOf({ id: key, title, worth, chip: TRANSACTION_CHIPS[state], text: `${versions} · ${brand}`, at });
}

/** The content of an event's row. */
export function eventElements({ type, about, worth, at }: EventRow): Node[] {
  const title = about.replace(/^(?:order|tx)#/, '');
  return rowOf({ id: about, title, worth, chip: [type, EVENT_TONES[type] ?? 'quiet'], text: '', at });
}

/** The content of the row of an entry in quarantine, with a button if the entry can be replayed. */
export function entryElements(row: EntryRow, replay?: (row: EntryRow) => void): Node[] {
  const { orderId, entry, kind, code, problem, more, brand, at } = row;
  const what = kind === 'order' ? (brand ?? '') : kind;
  const title = orderId ?? entry;
  const content = rowOf({ id: entry, title, chip: [code, 'bad'], text: what, at });
  content.push(
    element('p', { class: 'wide' }, [
      more === 0 ? problem : `${problem} (and ${more} more ${more === 1 ? 'reason' : 'reasons'})`,
    ]),
  );
  if (!replay || kind === 'row') return content;
  const button = element('button', { type: 'button', class: 'small', 'aria-label': `Replay ${title}` }, [
    'Replay',
  ]);
  button.addEventListener('click', () => {
    replay(row);
  });
  content.splice(1, 0, button);
  return content;
}

/** The content of an alarm's row. */
export function alarmElements({ name, state, lines, at }: AlarmRow): Node[] {
  const chip: Chip = state === 'ALARM' ? ['On', 'bad'] : ['No data', 'quiet'];
  const [impact = '', ...advice] = lines;
  const what = advice.map((line) => element('p', {}, [line]));
  return [
    element('span', { class: 'id', title: name }, [name]),
    chipElement(chip),
    element('p', { class: 'wide' }, [impact]),
    what.length > 0 ? element('details', {}, [element('summary', {}, ['What to do']), ...what]) : undefined,
    timeElement(at),
  ].filter((child) => child !== undefined);
}

function rowOf({
  id,
  title,
  worth,
  chip,
  text,
  at,
}: {
  id: string;
  title: string;
  worth?: string | undefined;
  chip: Chip;
  text: string;
  at: string;
}): Node[] {
  return [
    element('a', { class: 'id', href: timelineLink(id), title }, [title]),
    worth === undefined ? undefined : element('span', { class: 'worth' }, [worth]),
    element('div', { class: 'what' }, [chipElement(chip), element('span', { class: 'text' }, [text])]),
    timeElement(at),
  ].filter((child) => child !== undefined);
}

function chipElement([text, tone]: Chip): HTMLElement {
  return element('span', { class: `chip ${tone}` }, [text]);
}
