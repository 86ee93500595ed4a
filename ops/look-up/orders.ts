import type { OrderLedger } from '../../shared/orders/store/order-ledger-store.ts';
import type { QuarantinedItem, QuarantineReview } from '../../shared/quarantine/quarantine-review.ts';
import type { OperationLog } from '../operation-log.ts';
import type { Finding } from '../timeline/finding.ts';
import { orderFinding } from '../timeline/order-finding.ts';
import { momentsByHand } from './by-hand.ts';

/** Where orders are looked up. */
export type OrderLookUpPorts = {
  brands: readonly { brand: string; ledger: Pick<OrderLedger, 'read'> }[];
  quarantine: Pick<QuarantineReview, 'read' | 'listOfOrder'>;
  operations: Pick<OperationLog, 'list'>;
};

/** How many of the latest operations are searched for the order. */
const LATEST_OPERATIONS = 500;

/** The most entries of one order that are read. */
const MOST_ENTRIES = 50;

/**
 * The orders that an id names, by key: the order's own id, or the id of the message that brought it, which is
 * also the id of its entry in quarantine. Throws if a table cannot be reached.
 */
export async function lookUpOrders(asked: string, ports: OrderLookUpPorts): Promise<Finding[]> {
  const found = await Promise.all(
    ports.brands.map(async ({ brand, ledger }) => {
      const kind = `order#${brand}`;
      const [ofOrder, entry] = await Promise.all([
        lookUpOrder(asked, { brand, ledger }, ports),
        ports.quarantine.read(kind, asked),
      ]);
      const ofEntry = entry ? [await lookUpEntry(entry, { brand, ledger }, ports)] : [];
      return [...(ofOrder ? [ofOrder] : []), ...ofEntry];
    }),
  );
  return found.flat();
}

type BrandLedger = OrderLookUpPorts['brands'][number];

async function lookUpEntry(
  entry: QuarantinedItem,
  brandLedger: BrandLedger,
  ports: OrderLookUpPorts,
): Promise<Finding> {
  const { brand } = brandLedger;
  const ofOrder =
    entry.orderId === undefined ? undefined : await lookUpOrder(entry.orderId, brandLedger, ports);
  if (ofOrder) return ofOrder;
  const byHand = momentsByHand(await ports.operations.list(LATEST_OPERATIONS), [entry.id]);
  const alone = { brand, orderId: entry.orderId ?? entry.id, state: undefined, entries: [entry], byHand };
  const title = `Message ${entry.id} of the brand ${brand}, whose order id cannot be read`;
  return entry.orderId === undefined ? { ...orderFinding(alone), title } : orderFinding(alone);
}

/** An order of one brand; undefined if neither the ledger nor the quarantine has it. */
async function lookUpOrder(
  orderId: string,
  { brand, ledger }: BrandLedger,
  { quarantine, operations }: OrderLookUpPorts,
): Promise<Finding | undefined> {
  const kind = `order#${brand}`;
  const [stored, ids] = await Promise.all([ledger.read(orderId), quarantine.listOfOrder(kind, orderId)]);
  if (!stored && ids.length === 0) return undefined;
  const [log, ...read] = await Promise.all([
    operations.list(LATEST_OPERATIONS),
    ...ids.slice(0, MOST_ENTRIES).map((id) => quarantine.read(kind, id)),
  ]);
  const entries = read.filter((entry) => entry !== undefined);
  const byHand = momentsByHand(log, [orderId, ...ids]);
  if (!stored && entries.length === 0) return undefined;
  return orderFinding({ brand, orderId, state: stored?.value, entries, byHand });
}
