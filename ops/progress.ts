/** Counts items of a long job. */
export type Advance = (count?: number) => void;

/** Begins a job, whose number of items is unknown unless given, and says how far it has got. */
export type StartProgress = (unit: string, total?: number) => Advance;

/** Where progress is shown: a terminal. */
export type ProgressOutlet = { columns?: number | undefined; write: (text: string) => unknown };

/** What shows the progress of one command's jobs. */
export type ProgressLine = {
  start: StartProgress;
  /** Removes the line, so that something else can be printed. */
  clear: () => void;
};

/** The line is renewed this often. */
const INTERVAL_MS = 200;
/** Before that, a rate says little. */
const RATE_AFTER_MS = 1000;

const CLEAR_LINE = '\r\u001B[K';

/**
 * One line on a terminal that says how far the current job has got, how fast it is and how long it still
 * takes. Without a terminal nothing is shown.
 */
export function createProgressLine(
  terminal: ProgressOutlet | undefined,
  nowMs: () => number = () => performance.now(),
): ProgressLine {
  let isShown = false;
  return {
    start(unit, total) {
      const startedMs = nowMs();
      let [count, shownMs] = [0, -Infinity];
      return (more = 1) => {
        count += more;
        if (!terminal || nowMs() - shownMs < INTERVAL_MS) return;
        shownMs = nowMs();
        const text = progressText({ unit, count, total, elapsedMs: nowMs() - startedMs });
        terminal.write(`${CLEAR_LINE}${text.slice(0, (terminal.columns ?? 80) - 1)}`);
        isShown = true;
      };
    },
    clear() {
      if (isShown) terminal?.write(CLEAR_LINE);
      isShown = false;
    },
  };
}

/** No progress is shown. */
export const NO_PROGRESS: StartProgress = () => () => undefined;

/**
 * Counts the items of a pass as they are taken. The first whole pass tells the next ones how many there are.
 */
export function countedPasses(
  progress: StartProgress,
  unit: string,
): <Item>(items: AsyncIterable<Item>) => AsyncGenerator<Item> {
  let total: number | undefined;
  return async function* (items) {
    const advance = progress(unit, total);
    let count = 0;
    for await (const item of items) {
      count += 1;
      advance();
      yield item;
    }
    total = count;
  };
}

/** A job so far. */
export type JobSoFar = { unit: string; count: number; total: number | undefined; elapsedMs: number };

/** `1,200 of 5,000 orders (24 %), 20 a second, 3 min left`. Pure. */
export function progressText({ unit, count, total, elapsedMs }: JobSoFar): string {
  const share = total ? ` of ${number(total)} ${unit} (${Math.floor((100 * count) / total)} %)` : ` ${unit}`;
  const so = `${number(count)}${share}`;
  if (elapsedMs < RATE_AFTER_MS) return so;
  const perSecond = (count * 1000) / elapsedMs;
  const rate = `${perSecond < 10 ? perSecond.toFixed(1) : number(Math.round(perSecond))} a second`;
  const left =
    total === undefined || count === 0 || count > total
      ? ''
      : `, ${duration((total - count) / perSecond)} left`;
  return `${so}, ${rate}${left}`;
}

function number(value: number): string {
  return Math.floor(value).toLocaleString('en-US');
}

/** To the second below two minutes, to the minute below two hours. */
function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
