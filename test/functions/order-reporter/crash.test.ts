import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { FaultInput } from '../../../local/button-simulator/fault-rules.ts';
import { startButtonSimulator, type ButtonSimulator } from '../../../local/button-simulator/simulator.ts';
import { createButtonHttp, type ButtonHttp } from '../../../shared/button/button-http.ts';
import { createOrderApi } from '../../../shared/button/order-api.ts';
import { createReportingModel, type ReportingModel } from '../../fakes/reporting-model.ts';

const sample = JSON.parse(
  readFileSync(new URL('../../fixtures/button/order-create.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;

const MINUTE_MS = 60_000;
const ENOUGH_MINUTES = 60;

let button: ButtonSimulator;
let http: ButtonHttp;

beforeAll(async () => {
  button = await startButtonSimulator({ clock: { startAt: '2026-06-01T12:00:00.000Z', speed: 0 } });
  http = createButtonHttp({ baseUrl: button.url, timeoutMs: 2000 });
});

afterAll(async () => {
  http.close();
  await button.close();
});

type Scenario = { name: string; kinds: readonly string[]; fault?: FaultInput; ends: string };

const scenarios: Scenario[] = [
  { name: 'a creation', kinds: ['created'], ends: 'open 1' },
  { name: 'an update', kinds: ['created', 'updated'], ends: 'open 2' },
  { name: 'an update of an order nobody knows', kinds: ['updated'], ends: 'open 1' },
  { name: 'a cancellation', kinds: ['created', 'updated', 'cancelled'], ends: 'nothing' },
  {
    name: 'a creation whose answer is lost',
    kinds: ['created', 'updated'],
    fault: { on: 'api', match: { method: 'POST' }, answer: 'lost' },
    ends: 'open 2',
  },
  {
    name: 'a refusal',
    kinds: ['created'],
    fault: { on: 'api', match: { method: 'POST' }, times: 'unlimited', answer: { status: 400 } },
    ends: 'quarantined',
  },
  {
    name: 'a refused key',
    kinds: ['created'],
    fault: { on: 'api', times: 2, answer: { status: 401 } },
    ends: 'open 1',
  },
];

function message(kind: string, sequence: number): string {
  const data = { ...sample, order_id: 'o-1', customer_order_id: String(sequence) };
  return JSON.stringify({
    specversion: '1.0',
    id: `event-${sequence}`,
    source: 'https://shop.example',
    type: `order.${kind}.v1`,
    subject: 'o-1',
    sequence: String(sequence),
    ...(kind === 'cancelled' ? {} : { data }),
  });
}

async function play({ kinds, fault }: Scenario, deaths: readonly number[]): Promise<ReportingModel> {
  if (fault) button.controls.addFault(fault);
  const model = createReportingModel({
    startAt: new Date(button.controls.clock().now),
    orderApi: createOrderApi(http, 'sk-simulated-brand'),
    advance: (byMs) => button.controls.advance(byMs),
    deaths,
  });
  for (const [index, kind] of kinds.entries()) model.send(message(kind, index + 1), 'o-1');
  for (let minute = 0; minute < ENOUGH_MINUTES; minute += 1) await model.tick(MINUTE_MS);
  return model;
}

function ending(model: ReportingModel): string {
  const orders = button.controls
    .orders()
    .filter(({ status }) => status !== 'deleted')
    .map(({ status, customer_order_id: version }) => `${String(status)} ${String(version)}`);
  const quarantined = [...model.quarantine.entries.keys()].map(() => 'quarantined');
  const state = model.ledger.all()[0]?.progress.state;
  const unfinished =
    state === 'settled' || state === 'refused' ? [] : [`${state ?? 'unknown'} in the ledger`];
  return [...orders, ...quarantined, ...unfinished].join(', ') || 'nothing';
}

describe.each(['409', 'upsert', 'second-order'] as const)(
  'in a world where a second create gives %s',
  (duplicateCreate) => {
    it.each(scenarios)(
      'a reporter that dies at any of its steps leaves $name as if it had not (A20, A21)',
      async (scenario) => {
        const start = () => {
          button.controls.reset();
          button.controls.setWorld({ duplicateCreate });
        };
        start();
        const steps = (await play(scenario, [])).portCalls();
        const endings: string[] = [];

        for (let death = 1; death <= steps; death += 1) {
          start();
          const model = await play(scenario, [death]);
          endings.push(ending(model));
          expect(model.deadLetters).toEqual([]);
        }

        expect(steps).toBeGreaterThan(4);
        expect(endings).toEqual(Array.from({ length: steps }, () => scenario.ends));
      },
    );
  },
);
