import * as z from 'zod';

import { sqsRecord, transactionRow } from '../events.ts';
import { startHandler, type Run } from '../handler-process.ts';
import type { Laboratory } from '../laboratory.ts';
import type { Bar, Measurement } from '../measurement.ts';
import { ACCOUNT, rewindPosition } from '../positions.ts';
import { dollarsOf } from '../prices.ts';
import type { Usage } from '../stand-ins/aws.ts';
import { inRounds, median, namesOf, ratioOf, type Spread } from '../statistics.ts';

const PAGE_LATENCY_MS = 60;
const PAGE_ROWS = 100;

/** How much of what is read has changed since it was read before, one reading after the other. */
const CHANGED = { all: 1, 'one in ten': 0.1, 'one in a hundred': 0.01 } as const;
type Changed = keyof typeof CHANGED;

const DESIGNS = ['ours', 'collect, then write each'] as const;
type Design = (typeof DESIGNS)[number];

type RunFigures = Pick<Run, 'cpuMs' | 'wallMs' | 'peakRssMb'> & { usage: Usage; requests: number };

const ResultSchema = z.object({ batchItemFailures: z.array(z.unknown()) });

type Limit = Pick<Bar, 'atMost' | 'goal'> & { atMost: number };

const NEW_ROWS =
  'of a row that is new, ours writes an alias too, by which Button’s id leads to the purchase: two calls where the other design makes one.';
const NEW_ROWS_CPU = `${NEW_ROWS} Nine tenths of the CPU are the SDK, the connections and the log; packing takes a twentieth, reading and merging the rest.`;
const CHANGED_ROWS =
  'a changed row costs about ten times as much as an unchanged one, so one in ten nearly doubles the CPU of all. Its item is read a second time, unpacked, merged, packed and written, by code that runs too rarely to be compiled well.';
const CALLS =
  'of the CPU of a row, its own work takes a twelfth: parsing it, a digest of its JSON, and its key. The start of the process takes a quarter, spread over 5,000 rows, and collecting garbage a fifteenth. The rest are calls: five for a page of 100 (Button, how long it wants to wait, what is known, what differs, and the position), and the write of the one row in a hundred that has changed.';

const TWO_UNITS =
  'with every version that was seen and its attributes, a purchase takes a little over a kilobyte, and so two write units.';

/** What a reading is held to: dollars, CPU and wall time, each against writing every row. */
const LIMITS: Readonly<Record<Changed, { dollars: Limit; cpu: Limit; wall: Limit }>> = {
  all: {
    dollars: { atMost: 1.65, goal: { value: 1.12, obstacle: NEW_ROWS } },
    cpu: { atMost: 2.2, goal: { value: 0.65, obstacle: NEW_ROWS_CPU } },
    wall: { atMost: 2.1, goal: { value: 1, obstacle: NEW_ROWS } },
  },
  'one in ten': {
    dollars: { atMost: 0.3, goal: { value: 0.22, obstacle: TWO_UNITS } },
    cpu: { atMost: 0.45, goal: { value: 0.36, obstacle: CHANGED_ROWS } },
    wall: { atMost: 1 },
  },
  'one in a hundred': {
    dollars: { atMost: 0.14, goal: { value: 0.13, obstacle: TWO_UNITS } },
    cpu: { atMost: 0.26, goal: { value: 0.18, obstacle: CALLS } },
    wall: { atMost: 1 },
  },
};

/**
 * Reading rows of which all, a tenth and a hundredth have changed, against collecting them and writing each
 * (B10).
 */
export async function measureReconciliation(laboratory: Laboratory): Promise<Measurement> {
  const rows = Math.ceil((5000 * laboratory.effort) / PAGE_ROWS) * PAGE_ROWS;
  const rounds = await inRounds(DESIGNS, Math.ceil(5 * laboratory.effort), (design) =>
    readThreeTimes(laboratory, { design, rows }),
  );
  const of = (design: Design, changed: Changed, figure: (reading: RunFigures) => number): number[] =>
    rounds[design].map((readings) => figure(readings[changed]));
  const dollars = (reading: RunFigures): number => dollarsPerMillion(reading, rows);
  const cpuUs = ({ cpuMs }: RunFigures): number => (cpuMs * 1000) / rows;
  const ratio = (changed: Changed, figure: (reading: RunFigures) => number): Spread =>
    ratioOf(of('ours', changed, figure), of('collect, then write each', changed, figure));
  return {
    id: 'reconciliation',
    title: `Reading ${rows} rows`,
    explanation: `A transactions API that answers after ${PAGE_LATENCY_MS} ms with a page of ${PAGE_ROWS}. Ours looks rows up a page at a time and writes what is new, in a table without the shopper index, as the other design's table has none; its position is saved after every page.`,
    figures: namesOf(CHANGED).flatMap((changed) =>
      DESIGNS.map((design) => {
        const middle = (figure: (reading: RunFigures) => number): number =>
          median(of(design, changed, figure));
        return {
          subject: `${changed} changed: ${design}`,
          values: {
            'rows a second': middle(({ wallMs }) => (rows / wallMs) * 1000),
            'CPU µs a row': middle(cpuUs),
            'peak memory, MiB': middle(({ peakRssMb }) => peakRssMb),
            'read units': middle(({ usage }) => usage.readUnits),
            'write units': middle(({ usage }) => usage.writeUnits),
            '$ a million rows (DynamoDB)': middle(dollars),
          },
        };
      }),
    ),
    bars: namesOf(CHANGED).flatMap((changed) => [
      {
        claim: `${changed} changed, $ of DynamoDB, ours / write each`,
        ...ratio(changed, dollars),
        ...LIMITS[changed].dollars,
      },
      {
        claim: `${changed} changed, CPU, ours / write each`,
        ...ratio(changed, cpuUs),
        ...LIMITS[changed].cpu,
      },
      {
        claim: `${changed} changed, wall, ours / write each`,
        ...ratio(changed, ({ wallMs }) => wallMs),
        ...LIMITS[changed].wall,
      },
    ]),
    headlines: namesOf(CHANGED).map((changed) => ({
      figure: `a row read, ${changed} changed, CPU µs`,
      ours: median(of('ours', changed, cpuUs)),
      peer: {
        name: 'collect, then write each',
        value: median(of('collect, then write each', changed, cpuUs)),
      },
      goal: `≤ ${LIMITS[changed].cpu.goal?.value ?? LIMITS[changed].cpu.atMost} × peer`,
    })),
  };
}

/** The three readings of one design, one after the other, into empty tables. */
async function readThreeTimes(
  laboratory: Laboratory,
  { design, rows }: { design: Design; rows: number },
): Promise<Record<Changed, RunFigures>> {
  await laboratory.aws.resetTables();
  const read = (changed: Changed, generation: number): Promise<RunFigures> => {
    listRows(laboratory, { rows, share: CHANGED[changed], generation });
    return design === 'ours' ? readByOurs(laboratory, {}) : readCollected(laboratory);
  };
  return {
    all: await read('all', 1),
    'one in ten': await read('one in ten', 2),
    'one in a hundred': await read('one in a hundred', 3),
  };
}

/**
 * Memory and pace with more and more rows (with --rows, up to a million and more), the heap held to 64 MB.
 */
export async function measureGrowth(laboratory: Laboratory): Promise<Measurement> {
  const sizes = [
    (Math.ceil(100 * laboratory.effort) * PAGE_ROWS) / 2,
    Math.ceil(100 * laboratory.effort) * PAGE_ROWS * 2,
    ...(laboratory.rows > 0 ? [laboratory.rows] : []),
  ];
  const readings: RunFigures[] = [];
  for (const rows of sizes) {
    await laboratory.aws.resetTables();
    listRows(laboratory, { rows, share: 1, generation: 1 });
    readings.push(
      await readByOurs(laboratory, {
        latencyMs: 0,
        nodeOptions: ['--max-old-space-size=64', '--max-semi-space-size=4'],
      }),
    );
  }
  const [small, large] = readings;
  const figures = sizes.flatMap((rows, index) => {
    const reading = readings[index];
    return reading === undefined
      ? []
      : [
          {
            subject: `${rows} rows, all new`,
            values: {
              'rows a second': (rows / reading.wallMs) * 1000,
              'CPU µs a row': (reading.cpuMs * 1000) / rows,
              'peak memory, MiB': reading.peakRssMb,
              '$ a million rows (DynamoDB)': dollarsPerMillion(reading, rows),
            },
          },
        ];
  });
  const last = readings.at(-1);
  return {
    id: 'growth',
    title: 'Reading more and more rows',
    explanation:
      'Our reconciler with a heap of 64 MB and a transactions API that answers at once; every row is new and written. `--rows` adds a line for any number, such as a million.',
    figures,
    bars:
      small && large && last
        ? [
            {
              claim: 'peak memory, four times the rows',
              value: large.peakRssMb / small.peakRssMb,
              atMost: 1.15,
            },
            {
              claim: 'CPU a row, the most rows / the fewest',
              value: last.cpuMs / (sizes.at(-1) ?? 1) / (small.cpuMs / (sizes[0] ?? 1)),
              atMost: 1.25,
            },
          ]
        : [],
  };
}

/** Hours before this process began: within the window that is read. No row from outside of it is accepted. */
const FIRST_MODIFIED_MS = Math.floor(Date.now() / 1000) * 1000 - 4 * 3_600_000 + 512;

function modifiedMs(version: number): number {
  return FIRST_MODIFIED_MS + version * 60_000;
}

/** Rows of which the given share is another version than in the generation before. */
function listRows(
  { button }: Laboratory,
  { rows, share, generation }: { rows: number; share: number; generation: number },
): void {
  const every = Math.round(1 / share);
  button.setTransactions({
    count: rows,
    rowAt: (index) => {
      // A row's version is the last generation that changed it.
      const version = index % every === 0 ? generation : lastVersionOf(index, generation - 1);
      return transactionRow(index, {
        amount: 368 + version,
        modified_date: new Date(modifiedMs(version)).toISOString(),
      });
    },
  });
}

function lastVersionOf(index: number, generation: number): number {
  const shares = Object.values(CHANGED);
  for (let candidate = generation; candidate > 0; candidate -= 1) {
    if (index % Math.round(1 / (shares[candidate - 1] ?? 1)) === 0) return candidate;
  }
  return 1;
}

async function readByOurs(
  laboratory: Laboratory,
  { latencyMs = PAGE_LATENCY_MS, nodeOptions = [] }: { latencyMs?: number; nodeOptions?: string[] },
): Promise<RunFigures> {
  const { aws, button, bundles, env } = laboratory;
  await rewindPosition(aws.tables);
  aws.resetUsage();
  button.reset();
  button.setLatency(latencyMs);
  const handler = await startHandler({
    file: bundles.ours('transaction-reconciler').entry,
    env: { ...env, SHOPPER_FIELD: 'none' },
    nodeOptions,
  });
  const toRead = sqsRecord({
    id: 'read-message',
    body: JSON.stringify({ account: ACCOUNT, stream: 'incremental' }),
    group: ACCOUNT,
  });
  const total = { cpuMs: 0, wallMs: 0, peakRssMb: 0 };
  // What an invocation can't read to its end, it hands on to the next.
  do {
    const { results, cpuMs, wallMs, peakRssMb } = await handler.handle([{ Records: [toRead] }]);
    const { batchItemFailures } = ResultSchema.parse(results[0]);
    if (batchItemFailures.length > 0 || /outcome\W+partial/.test(handler.logSoFar()))
      throw new Error(`The rows were not read to their end.\n${handler.logSoFar().slice(-2000)}`);
    total.cpuMs += cpuMs;
    total.wallMs += wallMs;
    total.peakRssMb = Math.max(total.peakRssMb, peakRssMb);
  } while (!/outcome\W+complete/.test(handler.logSoFar()));
  await handler.end();
  return { ...total, usage: aws.usage(), requests: button.requests() };
}

async function readCollected(laboratory: Laboratory): Promise<RunFigures> {
  const { aws, button, bundles, env } = laboratory;
  aws.resetUsage();
  button.reset();
  button.setLatency(PAGE_LATENCY_MS);
  const handler = await startHandler({ file: bundles.peer('rows-collected').entry, env });
  const run = await handler.handle([{}]);
  await handler.end();
  return { ...run, usage: aws.usage(), requests: button.requests() };
}

function dollarsPerMillion({ usage }: RunFigures, rows: number): number {
  const scale = 1_000_000 / rows;
  return dollarsOf({
    dynamodbReadUnit: usage.readUnits * scale,
    dynamodbWriteUnit: usage.writeUnits * scale,
  }).total;
}
