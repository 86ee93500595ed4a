import { namesCustomer, withoutCustomer, type BrandCustomer } from './rules/erase-customer.ts';
import type { LedgerEntry, OrderState } from './rules/order-ledger.ts';
import type { OrderLedger } from './store/order-ledger-store.ts';

/** What erasing a customer needs. */
export type EraseCustomerPorts = {
  /** The ids of all the brand's orders. */
  orderIds: AsyncIterable<string>;
  ledger: Pick<OrderLedger, 'read' | 'write'>;
};

/**
 * How many orders named the customer: those that were erased, and those that a run was reporting at that
 * moment or that kept changing.
 */
export type ErasedCustomer = { erased: number; busy: number };

const MAX_TRIES = 5;

/**
 * Erases a brand's customer from every order in its ledger. Waiting orders are reported without the customer.
 * Throws if the table cannot be reached. It is safe to run it again, which also covers the busy orders.
 */
export async function eraseCustomer(
  customer: BrandCustomer,
  { orderIds, ledger }: EraseCustomerPorts,
): Promise<ErasedCustomer> {
  const counts = { erased: 0, busy: 0 };
  for await (const orderId of orderIds) {
    const outcome = await eraseFromOrder(orderId, customer, ledger);
    if (outcome !== 'not-named') counts[outcome] += 1;
  }
  return counts;
}

async function eraseFromOrder(
  orderId: string,
  customer: BrandCustomer,
  ledger: EraseCustomerPorts['ledger'],
): Promise<'erased' | 'busy' | 'not-named'> {
  let stored = await ledger.read(orderId);
  for (let tries = 0; stored && tries < MAX_TRIES; tries += 1) {
    const { value: state, revision } = stored;
    if (!namesCustomer(state, customer) || !isKnown(state)) return 'not-named';
    // The run that holds the claim would lose its write, and call Button once more.
    if (state.progress.state === 'claimed') return 'busy';
    const result = await ledger.write(withoutCustomer(state), revision);
    if (result.ok) return 'erased';
    stored = result.current;
  }
  return stored ? 'busy' : 'not-named';
}

function isKnown(state: OrderState): state is LedgerEntry {
  return state.newest !== undefined;
}
