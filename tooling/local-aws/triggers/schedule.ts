import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { InvocationResult } from '../lambda/invocation-result.ts';
import type { LocalFunction } from '../lambda/local-function.ts';
import type { ScheduleTiming } from './schedule-timing.ts';

/** What is invoked when, and with which input. */
export type ScheduleDescription = {
  logicalId: string;
  arn: string;
  accountId: string;
  region: string;
  /** `undefined` for a schedule that is disabled. */
  timing: ScheduleTiming | undefined;
  target: Pick<LocalFunction, 'invoke' | 'invokeAsync'>;
  /** Whether the schedule's role allows it. */
  mayInvoke(): boolean;
  /** JSON, in which context attributes are replaced. */
  input: string | undefined;
  /** Of how many firings one happens twice, to try what "at least once" means; 0 is none. */
  repeatsEvery: number;
};

/** A schedule that fires of its own accord while it runs, and on demand. */
export type LocalSchedule = {
  logicalId: string;
  run(until: AbortSignal): Promise<void>;
  /** Invokes the target now and waits for its result. */
  fireNow(): Promise<InvocationResult>;
};

/** Sets up a schedule; nothing fires of its own accord before `run`. */
export function createSchedule(schedule: ScheduleDescription): LocalSchedule {
  let firings = 0;

  const fire = (scheduledAt: Date) => {
    if (!schedule.mayInvoke()) return;
    firings += 1;
    const isRepeated = schedule.repeatsEvery > 0 && firings % schedule.repeatsEvery === 0;
    for (const payload of Array<unknown>(isRepeated ? 2 : 1).fill(payloadOf(schedule, scheduledAt))) {
      schedule.target.invokeAsync(payload);
    }
  };
  return {
    logicalId: schedule.logicalId,
    async run(until) {
      const stopTiming = schedule.timing?.(fire);
      if (!until.aborted) await once(until, 'abort');
      stopTiming?.();
    },
    fireNow: async () => {
      if (!schedule.mayInvoke()) throw new Error(`The role of ${schedule.arn} may not invoke its target.`);
      return schedule.target.invoke(payloadOf(schedule, new Date()));
    },
  };
}

/**
 * The input with its context attributes filled in, or Scheduler's own event.
 * Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
function payloadOf(schedule: ScheduleDescription, scheduledAt: Date): unknown {
  const scheduledTime = `${scheduledAt.toISOString().slice(0, 19)}Z`;
  if (schedule.input === undefined) {
    return {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      account: schedule.accountId,
      time: scheduledTime,
      region: schedule.region,
      resources: [schedule.arn],
      detail: '{}',
    };
  }
  return JSON.parse(
    schedule.input
      .replaceAll('<aws.scheduler.schedule-arn>', schedule.arn)
      .replaceAll('<aws.scheduler.scheduled-time>', scheduledTime)
      .replaceAll('<aws.scheduler.execution-id>', randomUUID())
      .replaceAll('<aws.scheduler.attempt-number>', '1'),
  );
}
