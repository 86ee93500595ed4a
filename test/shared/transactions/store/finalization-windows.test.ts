import { type GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { FINALIZATION_PARTITION } from '../../../../shared/dynamodb/table.ts';
import { cachedFinalizationWindows } from '../../../../shared/transactions/store/cached-finalization-windows.ts';
import {
  readFinalizationWindows,
  saveFinalizationWindows,
} from '../../../../shared/transactions/store/finalization-windows.ts';
import { startTestDynamoDB, type TestDynamoDB } from '../../../emulators/dynamodb.ts';

let dynamodb: TestDynamoDB;

beforeAll(async () => {
  dynamodb = await startTestDynamoDB();
});

afterAll(async () => {
  await dynamodb.close();
});

beforeEach(() => {
  vi.spyOn(console, 'warn').mockReturnValue();
});

const access = () => ({ client: dynamodb.client, table: dynamodb.tables.positions });
const WINDOWS = { minutes: new Map([['org-1', 60]]), readAgainAt: '2026-06-02T00:00:00.000Z' };

describe('the finalization windows', () => {
  it('read back as they were saved, and are unknown before that or if they are corrupted', async () => {
    const before = await readFinalizationWindows(access());
    await saveFinalizationWindows(access(), WINDOWS);
    const saved = await readFinalizationWindows(access());
    const key = { account: { S: FINALIZATION_PARTITION }, stream: { S: 'windows' } };
    await dynamodb.client.send(
      new PutItemCommand({ TableName: access().table, Item: { ...key, minutes: { S: 'spoilt' } } }),
    );

    expect([before, saved, await readFinalizationWindows(access())]).toEqual([undefined, WINDOWS, undefined]);
  });

  it('of five thousand brands fit into their item', async () => {
    const minutes = new Map(
      Array.from({ length: 5001 }, (_, at) => [`org-${String(at).padStart(16, '0')}`, 129_600]),
    );

    await saveFinalizationWindows(access(), { ...WINDOWS, minutes });

    expect((await readFinalizationWindows(access()))?.minutes.size).toBe(5000);
  });

  it('are read once an hour, and every five minutes if they cannot be read; nothing fails because of that', async () => {
    await saveFinalizationWindows(access(), WINDOWS);
    let [nowMs, asked, isDown] = [0, 0, true];
    const client = {
      send: (command: unknown) => {
        asked += 1;
        return isDown ? Promise.reject(new Error('down')) : dynamodb.client.send(command as GetItemCommand);
      },
    } as never;
    const windows = cachedFinalizationWindows({ client, table: access().table }, () => new Date(nowMs));
    const at = async (minute: number, brand = 'org-1') => {
      nowMs = minute * 60_000;
      return { minutes: await windows.minutes(brand), asked };
    };

    expect(await at(0)).toEqual({ minutes: undefined, asked: 1 });
    isDown = false;
    expect(await at(4)).toEqual({ minutes: undefined, asked: 1 });
    expect(await at(5)).toEqual({ minutes: 60, asked: 2 });
    expect(await at(64, 'org-2')).toEqual({ minutes: undefined, asked: 2 });
    isDown = true;
    expect(await at(65)).toEqual({ minutes: 60, asked: 3 });
  });

  it('are read by the first event only if they could not be read ahead', async () => {
    await saveFinalizationWindows(access(), WINDOWS);
    const windows = cachedFinalizationWindows(access(), () => new Date(0));

    await expect(windows.readAhead(AbortSignal.abort())).rejects.toThrow();
    dynamodb.resetCounts();
    expect([await windows.minutes('org-1'), dynamodb.counts()]).toEqual([60, { GetItem: 1 }]);

    const next = cachedFinalizationWindows(access(), () => new Date(0));
    await next.readAhead(AbortSignal.timeout(60_000));
    dynamodb.resetCounts();
    expect([await next.minutes('org-1'), dynamodb.counts()]).toEqual([60, {}]);
  });
});
