import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSchedule } from '../../triggers/schedule.ts';
import type { ScheduleDescription } from '../../triggers/schedule.ts';
import { parseScheduleExpression } from '../../triggers/schedule-timing.ts';
import { textLike } from '../match.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-23T09:58:30.500Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
describe('a schedule', () => {
  it.each([
    ['rate(1 minute)', 150_000, 2],
    ['rate(2 hours)', 4 * 3_600_000, 2],
    ['rate(1 day)', 86_400_000, 1],
    ['rate(5 seconds)', 21_000, 4],
    ['cron(0 10 * * ? *)', 180_000, 1],
    ['cron(0/1 * * * ? *)', 180_000, 3],
  ])('%s fires in %d ms %d times', async (expression, afterMs, times) => {
    const { schedule, accepted } = createFixture({ timing: parseScheduleExpression(expression, 'UTC') });
    const stopping = new AbortController();

    const running = schedule.run(stopping.signal);
    await vi.advanceTimersByTimeAsync(afterMs);
    stopping.abort();
    await running;
    await vi.advanceTimersByTimeAsync(10 * afterMs);

    expect(accepted).toHaveLength(times);
  });

  it('refuses unknown expressions', () => {
    expect(() => parseScheduleExpression('rate(1 fortnight)', 'UTC')).toThrow('not supported');
    expect(() => parseScheduleExpression('rate(0 minutes)', 'UTC')).toThrow('not supported');
    expect(() => parseScheduleExpression('at(2026-11-23T10:00:00)', 'UTC')).toThrow('not supported');
  });

  it('does not fire when it is disabled, except on demand', async () => {
    const { schedule, accepted, invoked } = createFixture({ timing: undefined, input: '{"all":true}' });
    const stopping = new AbortController();

    const running = schedule.run(stopping.signal);
    await vi.advanceTimersByTimeAsync(86_400_000);
    const result = await schedule.fireNow();
    stopping.abort();
    await running;

    expect(accepted).toEqual([]);
    expect(invoked).toEqual([{ all: true }]);
    expect(result).toEqual({ status: 'succeeded', payload: 'done' });
  });

  it('sometimes fires twice if configured, as "at least once" allows', async () => {
    const { schedule, accepted } = createFixture({
      timing: parseScheduleExpression('rate(1 minute)', 'UTC'),
      repeatsEvery: 2,
    });
    const stopping = new AbortController();

    const running = schedule.run(stopping.signal);
    await vi.advanceTimersByTimeAsync(240_000);
    stopping.abort();
    await running;

    expect(accepted).toHaveLength(6);
  });

  // https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
  it('fills context attributes into its input', async () => {
    const { schedule, invoked } = createFixture({
      input:
        '{"at":"<aws.scheduler.scheduled-time>","by":"<aws.scheduler.schedule-arn>","id":"<aws.scheduler.execution-id>","try":"<aws.scheduler.attempt-number>"}',
    });

    await schedule.fireNow();

    expect(invoked).toEqual([
      { at: '2026-11-23T09:58:30Z', by: 'arn:schedule', id: textLike(/^[0-9a-f-]{36}$/), try: '1' },
    ]);
  });

  it('without an input sends Scheduler’s own event', async () => {
    const { schedule, invoked } = createFixture({ input: undefined });

    await schedule.fireNow();

    expect(invoked).toMatchObject([
      {
        source: 'aws.scheduler',
        'detail-type': 'Scheduled Event',
        resources: ['arn:schedule'],
        detail: '{}',
      },
    ]);
  });
});

function createFixture(description: Partial<ScheduleDescription>) {
  const accepted: unknown[] = [];
  const invoked: unknown[] = [];
  const schedule = createSchedule({
    logicalId: 'Schedule',
    arn: 'arn:schedule',
    accountId: '000000000000',
    region: 'us-east-1',
    timing: undefined,
    mayInvoke: () => true,
    input: '{}',
    repeatsEvery: 0,
    target: {
      invoke: (payload) => {
        invoked.push(payload);
        return Promise.resolve({ status: 'succeeded', payload: 'done' });
      },
      invokeAsync: (payload) => {
        accepted.push(payload);
        return 'accepted';
      },
    },
    ...description,
  });
  return { schedule, accepted, invoked };
}
