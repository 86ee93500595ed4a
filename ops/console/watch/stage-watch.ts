import { ordersOfEveryBrand } from '../../../shared/orders/store/order-ledger-scan.ts';
import {
  createQuarantineReview,
  type QuarantineSummary,
} from '../../../shared/quarantine/quarantine-review.ts';
import type { CommandContext, Flow } from '../../command.ts';
import { records } from '../../look-up/scan-stage.ts';
import { quarantineTableOf } from '../../quarantine-tables.ts';
import type { EventRow, Row, Section, View } from '../view.ts';
import { readAlarms } from './alarms.ts';
import { createRollingList, type RollingList } from './rolling-list.ts';
import { entryRow, eventOf, orderRow, transactionRow } from './rows.ts';

/** How a stage is watched. */
export type WatchOptions = {
  /** The milliseconds between two refreshes. */
  intervalMs: number;
  /** How many items of each table one refresh reads at most. */
  itemsPerRefresh: number;
  /** The events on the bus, the latest first, where the bus can be looked into. */
  events?: () => readonly EventRow[];
};

/** A stage that is being watched: each refresh reads some more and returns what is known. */
export type StageWatch = { refresh: () => Promise<View> };

/** Watches a stage with reads only. `refresh` throws if AWS cannot be reached or refuses a read. */
export function watchStage(context: CommandContext, options: WatchOptions): StageWatch {
  const { stage, clients } = context;
  const { itemsPerRefresh } = options;
  const orders =
    stage.brands.length === 0
      ? undefined
      : createRollingList({
          read: () => ordersOfEveryBrand({ client: clients.dynamodb, table: ledgerOf(context) }),
          rowOf: orderRow,
          itemsPerRefresh,
        });
  const transactions = hasTransactions(context)
    ? createRollingList({ read: () => records(context), rowOf: transactionRow, itemsPerRefresh })
    : undefined;
  const quarantine = createRollingList({
    read: () => entries(context),
    rowOf: entryRow,
    itemsPerRefresh,
  });
  const section = <Shown extends Row>(list: RollingList<Shown>): Section<Shown> => ({
    rows: list.rows(),
    ...noteOf(list, options),
  });
  const lists = [orders, transactions, quarantine].filter((list) => list !== undefined);
  return {
    async refresh() {
      const [alarms] = await Promise.all([
        readAlarms(clients.cloudWatch, stage.name),
        ...lists.map((list) => list.refresh()),
      ]);
      return {
        ...(orders && { orders: section(orders) }),
        ...(transactions && {
          transactions: section(transactions),
          events: eventsOf(transactions, options),
        }),
        quarantine: section(quarantine),
        alarms: { rows: alarms.rows, note: calmInWords(alarms.calm) },
      };
    },
  };
}

function eventsOf(
  transactions: RollingList<Parameters<typeof eventOf>[0]>,
  { events }: WatchOptions,
): Section<EventRow> {
  if (events) return { rows: events() };
  const rows = transactions.rows().map(eventOf);
  return { rows, note: 'The latest event of each transaction, as its record says.' };
}

function calmInWords(count: number): string {
  return count === 1 ? 'One alarm is OK.' : `${count} alarms are OK.`;
}

function ledgerOf({ stage }: CommandContext): string {
  return stage.output('OrderLedgerTableName');
}

function hasTransactions({ stage }: CommandContext): boolean {
  return stage.outputNames.includes('TransactionsTableName');
}

/** A refresh that reads everything needs no note. */
function noteOf(list: RollingList<Row>, { intervalMs, itemsPerRefresh }: WatchOptions): { note?: string } {
  const refreshes = list.refreshesOfAPass();
  if (refreshes === 1) return {};
  if (refreshes === undefined)
    return { note: `Reading the table, ${itemsPerRefresh} items at a time. Later rows may be missing.` };
  const seconds = Math.ceil((refreshes * intervalMs) / 1000);
  return { note: `A pass over the table takes ${seconds} s: a row may be that old.` };
}

const PAGE_SIZE = 100;

/** Every entry of the stage's quarantines. */
async function* entries(context: CommandContext): AsyncGenerator<QuarantineSummary> {
  const { brands } = context.stage;
  yield* entriesOf(context, { flow: 'orders', kinds: brands.map((brand) => `order#${brand}`) });
  if (hasTransactions(context))
    yield* entriesOf(context, { flow: 'transactions', kinds: ['webhook', 'transaction-row'] });
}

async function* entriesOf(
  { stage, clients }: CommandContext,
  { flow, kinds }: { flow: Flow; kinds: readonly string[] },
): AsyncGenerator<QuarantineSummary> {
  if (kinds.length === 0) return;
  const review = createQuarantineReview({ client: clients.dynamodb, table: quarantineTableOf(stage, flow) });
  for (const kind of kinds) {
    let nextPage: string | undefined;
    do {
      const page = await review.list(kind, {
        pageSize: PAGE_SIZE,
        ...(nextPage === undefined ? {} : { nextPage }),
      });
      yield* page.entries;
      ({ nextPage } = page);
    } while (nextPage !== undefined);
  }
}
