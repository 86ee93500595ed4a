import { describe, expect, it } from 'vitest';

import {
  backfillPosition,
  crossCheckPosition,
  incrementalPosition,
  sweepPosition,
} from '../../../../shared/reconciliation/rules/begin-stream.ts';

describe('incrementalPosition', () => {
  const first = { readFrom: '2020-01-01T00:00:00Z', deployedAt: '2026-06-01T00:00:00.750Z' };

  it('reads an account from its beginning, and counts what was created before the second of deployment as historical (E9)', () => {
    const begun = incrementalPosition('acc-1', { ...first, firstRead: 'historical' });

    expect(begun).toEqual({
      account: 'acc-1',
      stream: 'incremental',
      fence: 0,
      readThrough: first.readFrom,
      historicalBefore: '2026-06-01T00:00:00Z',
    });
  });

  it('if the first read is live, counts as live everything that the account already held', () => {
    const begun = incrementalPosition('acc-1', { ...first, firstRead: 'live' });

    expect(begun).toMatchObject({ readThrough: first.readFrom, historicalBefore: null });
  });

  it('begins at deployment if the first read is switched off, and still counts what is older as historical', () => {
    const begun = incrementalPosition('acc-1', { ...first, firstRead: 'none' });

    expect(begun).toMatchObject({ readThrough: first.deployedAt, historicalBefore: '2026-06-01T00:00:00Z' });
  });
});

describe('sweepPosition', () => {
  const now = new Date('2026-06-15T12:00:00Z');
  const incremental = incrementalPosition('acc-1', {
    firstRead: 'historical',
    readFrom: '2026-06-10T00:00:00Z',
    deployedAt: '2026-06-14T00:00:00Z',
  });

  it('reads this many days, up to the hour that only the incremental stream reads (E15)', () => {
    const swept = sweepPosition(
      { ...incremental, readThrough: '2014-01-01T00:00:00Z' },
      { stream: 'sweep-daily', days: 7 },
      now,
    );

    expect(swept).toMatchObject({ readThrough: '2026-06-08T12:00:00Z', readUntil: '2026-06-15T11:00:00Z' });
    expect(swept).not.toHaveProperty('timeField');
  });

  it('reads by the date that never changes if it reads far back (E15)', () => {
    expect(sweepPosition(incremental, { stream: 'sweep-weekly', days: 120 }, now).timeField).toBe(
      'created_date',
    );
  });

  it('never ends before it begins, however young the account is', () => {
    const young = { ...incremental, readThrough: '2026-06-15T11:30:00Z' };

    expect(sweepPosition(young, { stream: 'sweep-daily', days: 7 }, now)).toMatchObject({
      readThrough: '2026-06-15T11:00:00Z',
      readFrom: '2026-06-15T11:00:00Z',
      readUntil: '2026-06-15T11:00:00Z',
    });
  });

  it('imports nothing that the incremental stream was told to leave out', () => {
    const swept = sweepPosition(incremental, { stream: 'sweep-weekly', days: 120 }, now);

    expect(swept).toMatchObject({
      readThrough: incremental.readThrough,
      historicalBefore: incremental.historicalBefore,
    });
  });
});

describe('backfillPosition', () => {
  const range = {
    account: 'acc-1',
    id: 'march',
    from: '2026-03-01T00:00:00.000Z',
    to: '2026-04-01T00:00:00Z',
  };

  it('reads a range, as historical or as live', () => {
    const historical = backfillPosition({ ...range, delivery: 'historical' });
    const live = backfillPosition({ ...range, delivery: 'live' });

    expect(historical).toMatchObject({ stream: 'backfill-march', readThrough: '2026-03-01T00:00:00Z' });
    expect(Date.parse(historical.historicalBefore ?? '')).toBeGreaterThan(Date.parse(range.to));
    expect(live.historicalBefore).toBeNull();
  });

  it('reads by the requested date: by default the one that changes', () => {
    const byDefault = backfillPosition({ ...range, delivery: 'live' });
    const modified = backfillPosition({ ...range, delivery: 'live', timeField: 'modified_date' });
    const created = backfillPosition({ ...range, delivery: 'live', timeField: 'created_date' });

    expect(byDefault).not.toHaveProperty('timeField');
    expect(modified).not.toHaveProperty('timeField');
    expect(created.timeField).toBe('created_date');
  });
});

describe('crossCheckPosition', () => {
  const deployedAt = '2026-06-15T00:00:00.250Z';
  const now = new Date('2026-06-15T12:00:00.500Z');

  it('compares what was created in the day up to an hour ago, an hour at a time', () => {
    expect(crossCheckPosition({ firstRead: 'historical', deployedAt }, now)).toEqual({
      account: '*',
      stream: 'cross-check',
      fence: 0,
      readThrough: '2026-06-14T11:00:00Z',
      historicalBefore: '2026-06-15T00:00:00Z',
      timeField: 'created_date',
      readFrom: '2026-06-14T11:00:00Z',
      readUntil: '2026-06-15T11:00:00Z',
      maxWindowSeconds: 3600,
      createdAt: '2026-06-15T12:00:00.500Z',
    });
  });

  it('counts the same transactions as historical as the first read does', () => {
    expect(crossCheckPosition({ firstRead: 'none', deployedAt }, now).historicalBefore).toBe(
      '2026-06-15T00:00:00Z',
    );
    expect(crossCheckPosition({ firstRead: 'live', deployedAt }, now).historicalBefore).toBeNull();
  });
});
