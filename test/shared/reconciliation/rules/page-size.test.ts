import { describe, expect, it } from 'vitest';

import { largerPages, pageSizeOf } from '../../../../shared/reconciliation/rules/page-size.ts';

const failedAt = '2026-06-01T00:00:00.000Z';
const soon = new Date('2026-06-01T23:59:59.999Z');
const later = new Date('2026-06-02T00:00:00.000Z');

describe('the page size', () => {
  it('is the smallest of the configured one, that of the position and that of the window', () => {
    expect(pageSizeOf({}, undefined, 100)).toBe(100);
    expect(pageSizeOf({ pageSize: 50 }, {}, 100)).toBe(50);
    expect(pageSizeOf({ pageSize: 50 }, undefined, 20)).toBe(20);
    expect(pageSizeOf({ pageSize: 50 }, { smaller: { size: 10 } }, 100)).toBe(10);
    expect(pageSizeOf({ pageSize: 5 }, { smaller: { size: 10 } }, 100)).toBe(5);
  });

  it('doubles up to 50 after each window', () => {
    expect(largerPages({}, soon)).toEqual({});
    expect(largerPages({ pageSize: 10 }, soon)).toEqual({ pageSize: 20 });
    expect(largerPages({ pageSize: 40 }, soon)).toEqual({ pageSize: 50 });
    expect(largerPages({ pageSize: 80 }, soon)).toEqual({ pageSize: 80 });
  });

  it('stays below one that got no answer, for a day', () => {
    const failedPageSize = { size: 20, failedAt };

    expect(largerPages({ pageSize: 5, failedPageSize }, soon)).toEqual({ pageSize: 10, failedPageSize });
    expect(largerPages({ pageSize: 10, failedPageSize }, soon)).toEqual({ pageSize: 10, failedPageSize });
    expect(largerPages({ pageSize: 10, failedPageSize }, later)).toEqual({});
  });
});
