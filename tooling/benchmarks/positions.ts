import type { AwsJsonClient } from '@button-serverless/local-aws/emulators';
import { toItem } from '../../shared/reconciliation/store/position-item.ts';
import { TABLES } from './stand-ins/tables.ts';

/** The account that is reconciled. */
export const ACCOUNT = 'acc-2f80c6d19be34a75';

/** Resets an account's position, so that one day is due to be read in one window. */
export async function rewindPosition(dynamodb: AwsJsonClient): Promise<void> {
  const position = {
    account: ACCOUNT,
    stream: 'incremental',
    fence: 1,
    readThrough: new Date(Date.now() - 12 * 3_600_000).toISOString().replace(/\.\d{3}/, ''),
    historicalBefore: null,
  };
  await dynamodb('PutItem', { TableName: TABLES.positions, Item: toItem(position) });
}
