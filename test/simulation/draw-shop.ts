import { drawEnvelope, drawOrder, drawTraits, type Draw } from './draw-order.ts';
import type { ProducerMessage } from './messages.ts';
import type { Random } from './random.ts';
import type { MessageVersion, Step } from './step.ts';

/** The brand's configuration, as far as its messages depend on it. */
export type BrandRules = { orderBy: 'sequence' | 'time'; allowFinalizationDate: boolean };

/** What the messages of an order are drawn from. */
export type ShopDraw = {
  random: Random;
  rules: BrandRules;
  timeIn: () => number;
  /** The order id belongs to another shop's order at Button, so the ledger may refuse any message of ours. */
  isTaken?: boolean;
  note?: Draw['note'];
};

type Data = { fields: Record<string, unknown>; total: number; hasLines: boolean };
type Version = Pick<MessageVersion, 'sequence' | 'kind'> & { data?: Data; twin: number };

const BASE_MS = Date.parse('2026-06-01T10:00:00Z');
/** More than a ledger entry can hold, even compressed. */
const TOO_LARGE_CHARACTERS = 800_000;

/**
 * The life of one order as its shop reports it: versions in any order, copies, different messages with the
 * same version, cancellations, and bad messages.
 */
export function drawOrderLife(shop: ShopDraw, orderId: string): Step[] {
  const { random, rules } = shop;
  const traits = drawTraits(random, { orderId, mayHaveFinalizationDate: rules.allowFinalizationDate });
  const draw: Draw = { random, traits, ...(shop.note && { note: shop.note }) };
  const versions = [...drawVersions(draw), ...drawCancellations(random)];
  const isStray = random.chance(0.25);
  const steps = versions.flatMap((version): Step[] => {
    const step = sendStep(shop, { draw, version, versions });
    const copies = random.pick([1, 1, 1, 2, 2, 3]);
    return Array.from({ length: copies }, () => ({
      ...step,
      atMs: shop.timeIn(),
      ...(isStray && random.chance(0.4) ? { group: `${orderId}-astray` } : {}),
    }));
  });
  if (random.chance(0.4)) steps.push(badStep(shop, draw));
  if (random.chance(0.004)) steps.push(tooLargeStep(shop, draw));
  return steps;
}

function drawVersions(draw: Draw): Version[] {
  const { random } = draw;
  const versions: Version[] = [];
  const count = random.between(2, 5);
  for (let number = 1; number <= count; number += 1) {
    const kind = number === 1 || random.chance(0.15) ? 'created' : 'updated';
    const previous = versions.at(-1)?.data;
    const data = previous && random.chance(0.25) ? previous : drawData(draw, kind);
    versions.push({ sequence: 2 * number - 1, kind, data, twin: 0 });
  }
  const [doubled] = versions.slice(random.between(0, count - 1));
  if (doubled && random.chance(0.25))
    versions.push({ ...doubled, data: drawData(draw, doubled.kind), twin: 1 });
  return versions;
}

/** Uses few amounts, so that some versions have the same content. */
function drawData(draw: Draw, kind: 'created' | 'updated' | 'cancelled'): Data {
  const { random } = draw;
  const total = random.pick([0, 1000, 2000, 3000]);
  const hasLines = random.chance(kind === 'created' ? 0.8 : 0.6);
  const lines = random.pick([[total], [total - total / 10, total / 10], [total / 2, 0, total / 2]]);
  const none = random.pick(
    total === 0 ? (['absent', 'null', 'empty'] as const) : (['absent', 'null'] as const),
  );
  return { fields: drawOrder(draw, { total, lines: hasLines ? lines : none }), total, hasLines };
}

/**
 * Cancellations at any position among the versions: equal to one of them or between two, repeated unchanged
 * or as another message.
 */
function drawCancellations(random: Random): Version[] {
  if (!random.chance(0.4)) return [];
  const sequence = random.between(0, 9);
  const repeats = random.pick([0, 0, 1, 2]);
  return Array.from({ length: repeats + 1 }, (_, twin) => ({ sequence, kind: 'cancelled', twin }));
}

type Sent = { draw: Draw; version: Version; versions: readonly Version[] };

function sendStep(shop: ShopDraw, { draw, version, versions }: Sent): Step & { kind: 'send' } {
  const { orderId } = draw.traits;
  const { sequence, kind, data } = version;
  const amount = data
    ? `, ${data.total} ${draw.traits.currency}${data.hasLines ? '' : ' without lines'}`
    : '';
  return {
    kind: 'send',
    atMs: 0,
    message: buildMessage(shop.rules, draw, version),
    says: `${orderId} version ${sequence} (${kind}${amount})`,
    version: { orderId, sequence, kind },
    ...(shop.isTaken === true || mayContradict(version, versions) ? { mayBeRefused: true } : {}),
  };
}

/**
 * Whether this version may be refused because of another one: the same version with other content, or lines
 * that do not add up to its total.
 */
function mayContradict({ sequence, kind, data }: Version, versions: readonly Version[]): boolean {
  if (!data) return false;
  return versions.some((other) => {
    if (other.sequence === sequence && (other.kind !== kind || other.data !== data)) return true;
    return !data.hasLines && other.data?.hasLines === true && other.data.total !== data.total;
  });
}

/** The message of a version. `twin` makes messages about the same version differ. */
export function buildMessage(rules: BrandRules, draw: Draw, version: Version): ProducerMessage {
  const { random } = draw;
  const { orderId } = draw.traits;
  const { sequence, kind, data, twin } = version;
  const eventId = `${orderId}-${sequence}-${kind}-${twin}`;
  const time = new Date(BASE_MS + sequence * 1000).toISOString();
  const isByTime = rules.orderBy === 'time';
  const ordering = isByTime
    ? { time, ...drawn(draw, 'sequence', String(random.between(0, 9))) }
    : { sequence: `${random.pick(['', '', '0'])}${sequence}`, ...drawn(draw, 'time', time) };
  draw.note?.(isByTime ? 'time' : 'sequence', 'value');
  const attributes = {
    ...drawEnvelope(draw),
    ...ordering,
    specversion: '1.0',
    type: `order.${kind}.v1`,
    id: eventId,
    source: 'https://shop.example',
    subject: orderId,
  };
  const content = data ? { data: data.fields } : random.pick([{}, { data: null }, { data: {} }]);
  return { body: JSON.stringify({ ...attributes, ...content }), orderId, eventId };
}

function drawn({ random, note }: Draw, name: string, value: string): Record<string, unknown> {
  const form = random.pick(['value', 'absent', 'null'] as const);
  note?.(name, form);
  return form === 'absent' ? {} : { [name]: form === 'null' ? null : value };
}

const FLAWS = {
  'not JSON': () => '{"specversion"',
  'a wrong sum': (body) =>
    changed(body, (order) => ({ ...order, total: 7778, line_items: [{ identifier: 'a', total: 1 }] })),
  'a bad token': (body) => changed(body, (order) => ({ ...order, btn_ref: 'No Referrer Token' })),
  'an unknown field': (body) => changed(body, (order) => ({ ...order, coupon: 'SAVE10' })),
  'a negative line': (body) =>
    changed(body, (order) => ({
      ...order,
      total: 0,
      line_items: [
        { identifier: 'a', total: -1 },
        { identifier: 'b', total: 1 },
      ],
    })),
  'an order of its own': (body) => JSON.stringify((JSON.parse(body) as { data: unknown }).data),
  'a notification of SNS': (body) =>
    JSON.stringify({ Type: 'Notification', MessageId: 'n-1', Message: body }),
  'an event of EventBridge': (body) =>
    JSON.stringify({
      version: '0',
      id: 'e-1',
      'detail-type': 'order',
      source: 'shop',
      detail: JSON.parse(body) as unknown,
    }),
  'a list of messages': (body) => `[${body}]`,
} as const satisfies Record<string, (body: string) => string>;

function changed(body: string, change: (order: object) => object): string {
  const message = JSON.parse(body) as { data: object };
  return JSON.stringify({ ...message, data: change(message.data) });
}

function badStep(shop: ShopDraw, draw: Draw): Step {
  const { random } = shop;
  const names = Object.keys(FLAWS) as (keyof typeof FLAWS)[];
  const flaw = names[random.between(0, names.length - 1)] ?? 'not JSON';
  const version: Version = { sequence: 99, kind: 'updated', data: drawData(draw, 'updated'), twin: 9 };
  const message = buildMessage(shop.rules, draw, version);
  const { orderId } = message;
  return {
    kind: 'send',
    atMs: shop.timeIn(),
    message: { ...message, body: FLAWS[flaw](message.body), eventId: `${orderId}-${flaw}` },
    says: `a bad message about ${orderId} (${flaw})`,
    isNoMessage: true,
  };
}

/** A valid message that is too large for the ledger. It must go to quarantine. */
function tooLargeStep(shop: ShopDraw, draw: Draw): Step {
  const version: Version = { sequence: 0, kind: 'updated', data: drawData(draw, 'updated'), twin: 8 };
  const message = buildMessage(shop.rules, draw, version);
  const description = shop.random.hex(TOO_LARGE_CHARACTERS);
  const body = changed(message.body, (order) => ({
    ...order,
    total: 500,
    line_items: [{ identifier: 'huge', total: 500, description }],
  }));
  const { orderId } = draw.traits;
  return {
    kind: 'send',
    atMs: shop.timeIn(),
    message: { ...message, body },
    says: `${orderId} version 0 (updated, too large for the ledger)`,
    version: { orderId, sequence: 0, kind: 'updated' },
    mayBeRefused: true,
  };
}

/** One shop's order at Button, under an order id that this brand uses as well. */
export function drawTakenOrder(random: Random, orderId: string): Step {
  const total = random.pick([99_900, 1000]);
  return { kind: 'other-shop', atMs: 0, orderId, total };
}
