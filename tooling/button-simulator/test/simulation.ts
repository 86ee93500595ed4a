import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { startButtonSimulator, type ButtonSimulator, type SimulatorOptions } from '../simulator.ts';

/** The time of every simulation here, unless a test moves the clock. */
const START = '2025-03-14T15:09:31.000Z';
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const BRAND_KEY = 'sk-brand';
export const PUBLISHER_KEY = 'sk-publisher';

export type LineItem = Record<string, unknown> & {
  publisher_commission: number;
  attributes: Record<string, string>;
};

/**
 * A row of the Transactions API, the data of an event, or an order, with types for the fields that tests
 * read.
 */
export type Row = Record<string, unknown> & {
  id: string;
  status: string;
  amount: number;
  currency: string;
  country: string | null;
  btn_ref: string;
  button_order_id: string;
  order_id: string;
  order_total: number;
  created_date: string;
  modified_date: string;
  order_line_items: LineItem[];
};

/** The body of any of Button's answers. */
export type ButtonBody = {
  meta: { status: string; next: string | null; previous: string | null };
  object: Row;
  objects: Row[];
  error: { message: string };
};

/** The body of a webhook. */
export type Envelope = { id: string; request_id: string; event_type: string; data: Row };

type ErrorFixture = {
  name: string;
  status: number;
  headers: Record<string, string>;
  body: unknown;
  rawBody?: string;
};

type VectorFixture = {
  name: string;
  secret: string;
  bodyHex: string;
  signature: string;
  valid: boolean | null;
};

export function orderFixture(name: 'order-create' | 'order-update'): Record<string, unknown> {
  return readFixture(name) as Record<string, unknown>;
}

export function answerFixture(name: string): ButtonBody {
  return readFixture(name) as ButtonBody;
}

export function webhookFixture(name: string): Envelope {
  return readFixture(name) as Envelope;
}

export function errorFixtures(): ErrorFixture[] {
  return readFixture('errors') as ErrorFixture[];
}

export function signatureVectors(): VectorFixture[] {
  const read = readFixture('signature-vectors') as Record<
    'official' | 'derived',
    { vectors: VectorFixture[] }
  >;
  return [...read.official.vectors, ...read.derived.vectors];
}

function readFixture(name: string): unknown {
  return JSON.parse(
    readFileSync(new URL(`../../../test/fixtures/button/${name}.json`, import.meta.url), 'utf8'),
  );
}

/** Any text that matches the pattern, for `toEqual`. */
export function like(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** A simulator that ends with the test. Only the test moves its clock. */
export async function simulate(options: Partial<SimulatorOptions> = {}): Promise<Simulation> {
  const simulator = await startButtonSimulator({
    brandApiKey: BRAND_KEY,
    publisherApiKey: PUBLISHER_KEY,
    clock: { startAt: START, speed: 0 },
    ...options,
  });
  onTestFinished(() => simulator.close());
  return new Simulation(simulator);
}

export type Answered = { status: number; headers: Headers; text: string; body: ButtonBody };
export type ControlAnswered = { status: number; body: unknown };

/** A simulator and the methods to call it. */
export class Simulation {
  readonly simulator: ButtonSimulator;
  readonly controls: ButtonSimulator['controls'];

  constructor(simulator: ButtonSimulator) {
    this.simulator = simulator;
    this.controls = simulator.controls;
  }

  /** Sends a request as the Brand. */
  brand(method: string, path: string, body?: unknown): Promise<Answered> {
    return call(`${this.simulator.url}${path}`, { method, key: BRAND_KEY, body });
  }

  /** Sends a read as the Publisher. */
  publisher(path: string): Promise<Answered> {
    return call(`${this.simulator.url}${path}`, { method: 'GET', key: PUBLISHER_KEY });
  }

  /** Calls the control API. */
  control(method: string, path: string, body?: unknown): Promise<ControlAnswered> {
    return call(`${this.simulator.controlUrl}${path}`, { method, body });
  }

  create(order: Record<string, unknown> = {}): Promise<Answered> {
    return this.brand('POST', '/v1/order', { ...orderFixture('order-create'), ...order });
  }

  /** Moves the clock and waits until everything due is done, webhooks included. */
  advance(byMs: number): Promise<void> {
    return this.controls.advance(byMs);
  }
}

type Call = { method: string; key?: string; body?: unknown };

async function call(url: string, { method, key, body }: Call): Promise<Answered> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(key !== undefined && { authorization: basic(`${key}:`) }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) as ButtonBody };
}

export function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export type Received = { headers: IncomingHttpHeaders; bytes: Buffer; body: Envelope };

/** A receiver of webhooks that ends with the test. `answer` returns the status; null cuts the connection. */
export async function receive(
  answer: (received: Received) => number | null | Promise<number | null> = () => 204,
) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then(async (bytes) => {
      const one = { headers: request.headers, bytes, body: JSON.parse(bytes.toString('utf8')) as Envelope };
      received.push(one);
      const status = await answer(one);
      if (status === null) response.destroy();
      else response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
  return { received, webhook: { name: 'main', url, secret: 'webhook-secret' } };
}
