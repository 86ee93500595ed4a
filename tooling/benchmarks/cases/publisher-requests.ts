import { runOnce } from '../handler-process.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Figure, Measurement } from '../measurement.ts';
import {
  countRequests,
  HISTORIES,
  publisherApi,
  REQUESTS,
  storeHistories,
  walkPages,
  type History,
  type Request,
} from '../publisher-requests.ts';
import { inRounds, median, namesOf, ratioOf } from '../statistics.ts';

const WARM_UP = 100;

/** Many rounds of few requests: a disturbance lasts for some of them only. */
const ROUNDS = 5;
const MEASURED = 100;

/** How many requests are counted together. */
const COUNTED = 10;

/** A page of the whole history. */
const PAGE = 100;

/** Requests to the publisher API, about a shopper with few transactions and one with many. */
export async function measurePublisherRequests(laboratory: Laboratory): Promise<Measurement> {
  await storeHistories(laboratory);
  const subjects = HISTORIES.flatMap((history) =>
    namesOf(REQUESTS).map((request) => ({ request, history, subject: subjectOf(request, history) })),
  );
  const names = subjects.map(({ subject }) => subject);
  const cpu = await inRounds(names, Math.ceil(ROUNDS * laboratory.effort), async (name) => {
    const asked = subjects.find(({ subject }) => subject === name);
    const event = asked && REQUESTS[asked.request](asked.history);
    const events = Array.from({ length: WARM_UP + MEASURED }, () => event);
    const { cpuMs } = await runOnce(publisherApi(laboratory), events, WARM_UP);
    return cpuMs / MEASURED;
  });
  const cpuOf = (request: Request, history: History): number[] => cpu[subjectOf(request, history)] ?? [];
  const figures: Figure[] = [];
  for (const { request, history, subject } of subjects) {
    const counted = await countRequests(laboratory, { request, history, times: COUNTED });
    figures.push({
      subject,
      values: {
        'CPU ms a request': median(cpuOf(request, history)),
        'calls to DynamoDB': sum(counted.calls) / COUNTED,
        'read units': counted.readUnits / COUNTED,
      },
    });
  }
  const { pages, calls } = await walkPages(laboratory, 1000, PAGE);
  return describe(figures, {
    callsPerPage: sum(calls) / pages,
    short: cpuOf('a page of 10', 10),
    long: cpuOf('a page of 10', 1000),
  });
}

function describe(
  figures: Figure[],
  pages: { callsPerPage: number; short: number[]; long: number[] },
): Measurement {
  return {
    id: 'publisher-requests',
    title: 'A request to the publisher API',
    explanation: `CPU of each of ${MEASURED} requests after ${WARM_UP} others, one after the other, over TLS, about a shopper with 10 transactions and one with 1,000; and what each reads, counted. A balance reads all of them.`,
    figures,
    bars: [
      {
        claim: `queries of each page of ${PAGE}, of 1,000 transactions`,
        value: pages.callsPerPage,
        atMost: 1,
      },
      {
        claim: 'CPU of a page of 10, of 1,000 transactions / of 10',
        ...ratioOf(pages.long, pages.short),
        atMost: 1.25,
      },
    ],
    headlines: [
      {
        figure: 'a page of 10 of 1,000 transactions, CPU ms',
        ours: median(pages.long),
        goal: 'one query, ≤ 1.25 × that of 10 transactions',
      },
    ],
  };
}

function subjectOf(request: Request, history: History): string {
  return `${request}, of ${history.toLocaleString('en-US')} transactions`;
}

function sum(calls: Readonly<Record<string, number>>): number {
  return Object.values(calls).reduce((total, count) => total + count, 0);
}
