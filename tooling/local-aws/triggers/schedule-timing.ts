import { parseCron } from './cron-expression.ts';

/** Calls back whenever a schedule is due; returns how to stop that. */
export type ScheduleTiming = (onDue: (scheduledAt: Date) => void) => () => void;

const UNITS_MS: Record<string, number> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

const MINUTE_MS = 60_000;

/**
 * Understands `rate(n minutes|hours|days)` and `cron(...)`, and, only here, `rate(n seconds)`. Throws for
 * anything else. A rate is first due one period after the start.
 * Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export function parseScheduleExpression(expression: string, timeZone: string): ScheduleTiming {
  const [, count, unit] = /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(expression) ?? [];
  const unitMs = UNITS_MS[unit ?? ''];
  if (unitMs !== undefined && Number(count) > 0) return everyPeriod(Number(count) * unitMs);

  const [, fields] = /^cron\((.+)\)$/.exec(expression) ?? [];
  if (fields === undefined)
    throw new Error(`The schedule expression ${expression} is not supported locally.`);
  return everyMinuteThat(parseCron(fields, timeZone));
}

function everyPeriod(periodMs: number): ScheduleTiming {
  return (onDue) => {
    const timer = setInterval(() => {
      onDue(new Date());
    }, periodMs);
    return () => {
      clearInterval(timer);
    };
  };
}

function everyMinuteThat(isDue: (minute: Date) => boolean): ScheduleTiming {
  return (onDue) => {
    let timer: NodeJS.Timeout;
    const waitForNextMinute = () => {
      const minute = new Date((Math.floor(Date.now() / MINUTE_MS) + 1) * MINUTE_MS);
      timer = setTimeout(() => {
        waitForNextMinute();
        if (isDue(minute)) onDue(minute);
      }, minute.getTime() - Date.now());
    };
    waitForNextMinute();
    return () => {
      clearTimeout(timer);
    };
  };
}
