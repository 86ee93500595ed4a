import { parseCron, type NextDue } from './cron-expression.ts';

/** Calls back whenever a schedule is due; returns how to stop that. */
export type ScheduleTiming = (onDue: (scheduledAt: Date) => void) => () => void;

const UNITS_MS: Record<string, number> = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** A timer takes 24.8 days at most. */
const LONGEST_TIMER_MS = 86_400_000;

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
  return everyTime(parseCron(fields, timeZone));
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

function everyTime(nextDue: NextDue): ScheduleTiming {
  return (onDue) => {
    let timer: NodeJS.Timeout | undefined;
    const waitFor = (due: Date | undefined): void => {
      if (!due) return;
      const waitMs = due.getTime() - Date.now();
      timer = setTimeout(
        () => {
          if (waitMs > LONGEST_TIMER_MS) {
            waitFor(due);
            return;
          }
          waitFor(nextDue(due));
          onDue(due);
        },
        Math.min(waitMs, LONGEST_TIMER_MS),
      );
    };
    waitFor(nextDue(new Date()));
    return () => {
      clearTimeout(timer);
    };
  };
}
