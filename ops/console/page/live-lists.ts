import type { EntryRow, Row, Section, View } from '../view.ts';
import type { createAnnouncer } from './announcer.ts';
import { isAlarms, isEvents, isOrders, isQuarantine, isTransactions, readDocument } from './content.ts';
import { byId, element } from './dom.ts';
import { createListSection } from './list-section.ts';
import {
  alarmElements,
  entryElements,
  eventElements,
  orderElements,
  transactionElements,
} from './row-elements.ts';

/** A list of the page. `take` shows the content that the server sent. */
export type LiveList = { name: keyof View; take: (text: string) => void };

type ListOptions<Listed extends Row> = {
  title: string;
  empty: string;
  isContent: (value: unknown) => value is Section<Listed>;
  elementsOf: (row: Listed) => Node[];
  /** Each of its rows needs attention. */
  isUrgent?: boolean;
};

/** What every list uses of the page. */
type PageParts = {
  announcer: ReturnType<typeof createAnnouncer>;
  /** Called after each change. */
  onChange: () => void;
  /** Replays an entry. Missing where that is not allowed. */
  replay?: (row: EntryRow) => void;
};

/** Every list. A list appears with its first content, because a stage may have one flow only. */
export function createLiveLists({ replay, ...parts }: PageParts): LiveList[] {
  return [
    liveList('orders', parts, {
      title: 'Orders',
      empty: 'No order yet.',
      isContent: isOrders,
      elementsOf: orderElements,
    }),
    liveList('transactions', parts, {
      title: 'Transactions',
      empty: 'No transaction yet.',
      isContent: isTransactions,
      elementsOf: transactionElements,
    }),
    liveList('events', parts, {
      title: 'Events',
      empty: 'No event yet.',
      isContent: isEvents,
      elementsOf: eventElements,
    }),
    liveList('quarantine', parts, {
      title: 'Quarantine',
      empty: 'Nothing waits to be fixed.',
      isContent: isQuarantine,
      elementsOf: (row) => entryElements(row, replay),
      isUrgent: true,
    }),
    liveList('alarms', parts, {
      title: 'Alarms',
      empty: 'No alarm is on.',
      isContent: isAlarms,
      elementsOf: alarmElements,
      isUrgent: true,
    }),
  ];
}

/** The column of the page in which each list is. */
const COLUMNS: Readonly<Record<keyof View, string>> = {
  orders: 'column-orders',
  transactions: 'column-transactions',
  events: 'column-transactions',
  quarantine: 'column-attention',
  alarms: 'column-attention',
};

function liveList<Listed extends Row>(
  name: keyof View,
  { announcer, onChange }: Omit<PageParts, 'replay'>,
  { isContent, isUrgent = false, ...options }: ListOptions<Listed>,
): LiveList {
  const { title } = options;
  const list = createListSection({ id: name, ...options });
  const count = element('b', {}, ['0']);
  const link = element('a', { href: `#${name}` }, [title, ' ', count]);
  return {
    name,
    take(text) {
      if (!list.section.isConnected) {
        byId(COLUMNS[name], HTMLDivElement).append(list.section);
        const overview = byId('overview', HTMLElement);
        overview.insertBefore(link, overview.querySelector('.board'));
      }
      const content = readDocument(text, isContent);
      announcer.count(title, list.show(content));
      count.textContent = String(content.rows.length);
      link.classList.toggle('attention', isUrgent && content.rows.length > 0);
      onChange();
    },
  };
}
