import { createPositionStore } from '../../shared/reconciliation/store/position-store.ts';
import type { CommandContext } from '../command.ts';

/**
 * How far the incremental stream of each account has been read: this system knows everything that Button
 * showed until then.
 */
export async function readThrough({ stage, clients }: CommandContext): Promise<Record<string, string>> {
  if (!stage.outputNames.includes('PositionsTableName')) return {};
  const table = stage.output('PositionsTableName');
  const positions = createPositionStore({ client: clients.dynamodb, table });
  // This adds no account to the remembered ones, so nothing is written.
  const accounts = await positions.rememberAccounts([]);
  const read = await Promise.all(
    accounts.map(async (account) => ({ account, position: await positions.read(account, 'incremental') })),
  );
  return Object.fromEntries(
    read.map(({ account, position }) => [
      account,
      position === undefined || position === 'unreadable' ? 'never' : position.readThrough,
    ]),
  );
}
