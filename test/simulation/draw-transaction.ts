import type { InjectedTransactionInput } from '../../tooling/button-simulator/injected-transaction.ts';
import { wireNumber } from '../../tooling/button-simulator/wire-json.ts';
import type { Random } from './random.ts';
import type { Step } from './step.ts';

/** One action of Button on one row, `atMs` after the start of the schedule. */
export type TransactionStep = Extract<Step, { kind: 'transaction' }>;

/** What the life of a purchase at Button is drawn from. `atMs` are counted from `startMs`. */
export type PurchaseDraw = {
  random: Random;
  startMs: number;
  timeIn: () => number;
  /**
   * Whether only a read can tell which version is current: dates in the future or going backwards, final
   * versions that differ, a last version without its shopper.
   */
  needsReads: boolean;
  /** Called with each field and its form. */
  note?: (field: string, form: Form) => void;
};

/** The forms of a field: as documented, or different. */
export type Form = 'value' | 'absent' | 'null' | 'empty' | 'spelled-otherwise';

/** What happens to the ids of a purchase. */
export const IDENTITIES = [
  'one-id',
  'one-id',
  'one-id',
  'order-appears',
  'order-disappears',
  'id-changes',
  'two-rows',
  'two-rows',
  'two-rows-without-order-at-first',
  'id-of-two-orders',
  'no-order',
] as const;

type Identity = (typeof IDENTITIES)[number];

/** Before the take-over from an older system. */
const OLD_MS = Date.parse('2025-12-20T10:00:00.125Z');

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Two versions of a purchase are further apart than the precision of a row's dates, which is one second. */
const APART_MS = 2000;

/** Every field that a row may leave out, and its other possible values (docs/button/webhooks.md, "data"). */
const OPTIONAL: Readonly<Record<string, { value: (random: Random) => unknown; otherwise?: unknown[] }>> = {
  validated_date: { value: () => '2026-06-01T12:30:00Z', otherwise: ['yesterday', 7] },
  attribution_date: { value: () => '2026-06-01T11:30:00.250Z', otherwise: ['2026-06-01T13:30:00+02:00'] },
  event_date: { value: () => '2026-06-01T11:30:00Z', otherwise: ['never'] },
  order_purchase_date: { value: () => '2026-06-01T11:29:00Z', otherwise: ['2026-06-01T11:29:00.500Z'] },
  order_purchased_date: { value: () => '2026-06-01T11:29:00Z', otherwise: ['2026-06-01 11:29'] },
  order_total: { value: (random) => random.between(0, 90) * 100 },
  order_currency: { value: () => 'USD', otherwise: ['usd'] },
  order_line_items: {
    value: (random) => linesWith(random.between(1, 9)),
    otherwise: [[], 'none', [null]],
  },
  order_id: { value: () => 'shop-1', otherwise: [wireNumber('9007199254740993')] },
  customer_order_id: { value: () => 'shop-1', otherwise: [wireNumber('9007199254740993')] },
  order_click_channel: { value: () => 'app', otherwise: ['APP', 7] },
  publisher_organization: { value: () => 'org-1' },
  commerce_organization: { value: () => 'org-2' },
  publisher_organization_name: { value: () => 'Publisher' },
  commerce_organization_name: { value: () => 'Brand', otherwise: [7] },
  btn_ref: { value: () => 'srctok-1' },
  button_id: { value: () => 'static', otherwise: [wireNumber('9007199254740993')] },
  campaign_id: { value: () => 'camp-1' },
  rate_card_id: { value: () => 'ratecard-1' },
  posting_rule_id: { value: () => 'rule-1' },
  advertising_id: { value: () => 'a-device' },
  country: { value: () => 'US', otherwise: ['us'] },
  pub_ref: { value: () => 'ref-9', otherwise: [wireNumber('9007199254740993')] },
  account_id: { value: () => 'acc-1' },
};

/** One article; with some totals also a free sample, with others a discount. */
function linesWith(total: number): object[] {
  return [
    { identifier: 'sku-1', total, publisher_commission: 1 },
    ...(total % 2 === 0 ? [{ identifier: 'sample', total: 0, quantity: 1 }] : []),
    ...(total % 3 === 0 ? [{ identifier: 'discount', description: 'Sale', total: -1 }] : []),
  ];
}

/** The names of the fields that a row may leave out. */
export const OPTIONAL_FIELDS: readonly string[] = [
  ...Object.keys(OPTIONAL),
  'publisher_customer_id',
  'amount',
  'currency',
];

/** The life of one purchase at Button, from its first row to its last. */
export function drawPurchase(draw: PurchaseDraw, name: string): TransactionStep[] {
  const { random } = draw;
  const identity = random.pick(IDENTITIES);
  const traits = drawTraits(draw, name);
  if (random.chance(0.06)) return [unknownState(draw, traits)];
  const second = `${name}-other`;
  switch (identity) {
    case 'two-rows':
    case 'two-rows-without-order-at-first': {
      const amount = traits.amount + (random.chance(0.5) ? 0 : 100);
      // The order of a purchase that an older system knew has got a new row.
      const createdMs = random.chance(0.25) ? OLD_MS : traits.createdMs;
      const other = { ...traits, amount, createdMs };
      const startsWithoutOrder = identity !== 'two-rows';
      return apart([
        ...drawRow(draw, { ...traits, key: name, id: name, identity, startsWithoutOrder }),
        ...drawRow(draw, { ...other, key: second, id: second, identity, startsWithoutOrder }),
      ]);
    }
    case 'id-of-two-orders':
      return apart([
        ...drawRow(draw, { ...traits, key: name, id: name, identity }),
        ...drawRow(draw, { ...traits, order: `${traits.order}-2`, key: second, id: name, identity }),
      ]);
    default:
      return drawRow(draw, { ...traits, key: name, id: name, identity });
  }
}

/** What all rows of a purchase share. */
type Traits = {
  order: string;
  category: string;
  amount: number;
  amountForm: Form;
  currency: string;
  currencyForm: Form;
  shopper: string;
  createdMs: number;
  dates: 'as-usual' | 'with-milliseconds' | 'whole-seconds' | 'with-offset';
};

function drawTraits({ random, startMs, timeIn }: PurchaseDraw, name: string): Traits {
  return {
    order: `btnorder-${name}`,
    category: random.pick([
      ...(['new-user-order', 'new-user-order', 'existing-user-order', 'existing-user-order'] as const),
      ...(['app-install', 'App_Install', 'gift-card'] as const),
    ]),
    amount: random.pick([0, 100, 250, 700, -50]),
    amountForm: random.pick(['value', 'value', 'value', 'value', 'value', 'absent', 'null', 'empty']),
    currency: random.pick(['USD', 'USD', 'EUR']),
    currencyForm: random.pick(['value', 'value', 'value', 'spelled-otherwise', 'absent', 'null', 'empty']),
    // Numbers that JavaScript rounds to the same value.
    shopper: random.pick(['1001', '9007199254740992', '9007199254740993']),
    createdMs: random.chance(0.12) ? OLD_MS : startMs + Math.floor(timeIn() / 2),
    dates: random.pick(['as-usual', 'as-usual', 'with-milliseconds', 'whole-seconds', 'with-offset']),
  };
}

type RowDraw = Traits & { key: string; id: string; identity: Identity; startsWithoutOrder?: boolean };

/**
 * The versions of one row: pending, adjusted, then final or not, and possibly final again at a later date.
 */
function drawRow(draw: PurchaseDraw, row: RowDraw): TransactionStep[] {
  const { random } = draw;
  const count = random.between(row.startsWithoutOrder === true || row.identity.includes('order-') ? 2 : 1, 4);
  const times = Array.from({ length: count }, () => draw.timeIn()).sort((one, other) => one - other);
  const end = random.pick(['pending', 'validated', 'validated', 'declined']);
  const isRepeated = end !== 'pending' && count > 1 && random.chance(0.2);
  const odd = oddDates(draw, row);
  const steps = times.map((atMs, index): TransactionStep => {
    const isEnd = index === count - 1 || (isRepeated && index === count - 2);
    const status = isEnd ? end : 'pending';
    const amount = isEnd || random.chance(0.5) ? row.amount : row.amount + index * 10;
    return versionStep(draw, { ...row, amount, ...identityAt(row, index, count), status, atMs, odd, isEnd });
  });
  const [last, previous] = [steps.at(-1), steps.at(-2)];
  if (!isRepeated || draw.needsReads || !last || !previous) return apart(steps);
  const { atMs, says } = last;
  const ids = { id: last.row.id, button_order_id: last.row.button_order_id };
  const repeated = shifted({ ...previous.row, ...ids }, atMs - previous.atMs);
  return apart([...steps.slice(0, -1), { kind: 'transaction', atMs, says, row: repeated }]);
}

/** The ids of a version. They change only while it is pending. */
function identityAt(row: RowDraw, index: number, count: number): { id: string; orderId: string | null } {
  const { id, order, identity } = row;
  const isLast = index === count - 1;
  switch (identity) {
    case 'no-order':
      return { id, orderId: null };
    case 'order-appears':
    case 'two-rows-without-order-at-first':
      return { id, orderId: index === 0 && !isLast ? null : order };
    case 'order-disappears':
      return { id, orderId: index === 0 ? order : null };
    case 'id-changes':
      return { id: index === 0 ? id : `${id}-${index}`, orderId: order };
    default:
      return { id, orderId: order };
  }
}

type OddDate = { index: number; byMs: number } | undefined;

/**
 * One pending version in ten has a date in the future, or earlier than the previous version's. Only for a
 * purchase with one id, because Button alone knows which of two ids is the later one, and only for one that a
 * sweep by creation finds.
 */
function oddDates({ random, needsReads, startMs }: PurchaseDraw, row: RowDraw): OddDate {
  const isPlain = ['one-id', 'no-order'].includes(row.identity) && row.createdMs > startMs - 30 * DAY_MS;
  if (!needsReads || !isPlain || !random.chance(0.25)) return undefined;
  return { index: random.between(0, 1), byMs: random.pick([9 * DAY_MS, 40 * MINUTE_MS, -40 * MINUTE_MS]) };
}

type VersionDraw = RowDraw & {
  orderId: string | null;
  status: string;
  atMs: number;
  odd: OddDate;
  /** Only repetitions follow this version. */
  isEnd: boolean;
};

function versionStep(draw: PurchaseDraw, version: VersionDraw): TransactionStep {
  const { random, startMs } = draw;
  const { key, id, orderId, status, category, atMs, odd } = version;
  const isOdd = odd !== undefined && status === 'pending' && random.chance(0.5);
  const modifiedMs = inForm(version, startMs + atMs + (isOdd ? odd.byMs : 0));
  const { values, leftOut } = drawFields(draw, version);
  const says = `${status} ${version.amount} of ${id}${orderId === null ? '' : ` (${orderId})`}`;
  return {
    kind: 'transaction',
    atMs,
    says: isOdd ? `${says}, dated ${new Date(modifiedMs).toISOString()}` : says,
    row: {
      key,
      id,
      button_order_id: orderId,
      status,
      category,
      amount: version.amount,
      currency: version.currency,
      created_date: new Date(version.createdMs).toISOString(),
      modified_date: new Date(modifiedMs).toISOString(),
      webhook: random.chance(0.8),
      extra: { ...values, ...spelledDates(version, modifiedMs) },
      left_out: leftOut,
    },
  };
}

/** Either one of the two sources writes milliseconds, or both do, or neither does. */
function inForm({ dates }: Traits, instantMs: number): number {
  return dates === 'whole-seconds' ? Math.floor(instantMs / 1000) * 1000 : instantMs;
}

function spelledDates({ dates, createdMs }: Traits, modifiedMs: number): Record<string, string> {
  if (dates === 'as-usual') return {};
  const spell = (instantMs: number): string => {
    if (dates === 'with-milliseconds') return new Date(instantMs).toISOString();
    if (dates === 'whole-seconds') return new Date(instantMs).toISOString().replace(/\.\d+Z/, 'Z');
    return new Date(instantMs + 120 * MINUTE_MS).toISOString().replace('Z', '+02:00');
  };
  return { created_date: spell(createdMs), modified_date: spell(modifiedMs) };
}

/**
 * Draws each optional field in one of its forms. A field that the reward depends on has the same form in all
 * versions.
 */
function drawFields(
  draw: PurchaseDraw,
  version: VersionDraw,
): { values: Record<string, unknown>; leftOut: string[] } {
  const { random } = draw;
  const values: Record<string, unknown> = {};
  const leftOut: string[] = [];
  const put = (field: string, form: Form, value: unknown): void => {
    draw.note?.(field, form);
    if (form === 'absent') leftOut.push(field);
    else values[field] = { null: null, empty: '' }[form as string] ?? (form === 'null' ? null : value);
  };
  for (const [field, { value, otherwise = [] }] of Object.entries(OPTIONAL)) {
    const forms = ['value', 'value', 'value', 'absent', 'null', 'empty', 'spelled-otherwise'] as const;
    const form = random.pick(forms);
    const other = otherwise[random.between(0, Math.max(0, otherwise.length - 1))];
    if (form === 'spelled-otherwise' && other === undefined) put(field, 'value', value(random));
    else put(field, form, form === 'spelled-otherwise' ? other : value(random));
  }
  const forms = ['value', 'value', 'value', 'spelled-otherwise', 'absent', 'null', 'empty'] as const;
  const shopperForm = version.isEnd && !draw.needsReads ? 'spelled-otherwise' : random.pick(forms);
  const { shopper, amount, currency } = version;
  put('publisher_customer_id', shopperForm, shopperForm === 'value' ? shopper : wireNumber(shopper));
  put('amount', version.amountForm, amount);
  const isLower = version.currencyForm === 'spelled-otherwise';
  put('currency', version.currencyForm, isLower ? currency.toLowerCase() : currency);
  return { values, leftOut };
}

/** A state that Button does not document, so that its value is unknown. */
function unknownState(draw: PurchaseDraw, traits: Traits): TransactionStep {
  const status = draw.random.pick(['paid', 'Validated', 'reversed', '']);
  const id = `${traits.order}-odd`;
  const row: RowDraw = { ...traits, key: id, id, identity: 'one-id' };
  return versionStep(draw, {
    ...row,
    orderId: traits.order,
    status,
    atMs: draw.timeIn(),
    odd: undefined,
    isEnd: true,
  });
}

/** The same steps, each at least two seconds after the previous one. */
function apart(steps: readonly TransactionStep[]): TransactionStep[] {
  let earliestMs = 0;
  return steps
    .toSorted((one, other) => one.atMs - other.atMs)
    .map((step) => {
      const atMs = Math.max(step.atMs, earliestMs);
      earliestMs = atMs + APART_MS;
      const shiftMs = atMs - step.atMs;
      return shiftMs === 0 ? step : { ...step, atMs, row: shifted(step.row, shiftMs) };
    });
}

function shifted(row: InjectedTransactionInput, byMs: number): InjectedTransactionInput {
  const { modified_date: modified = '', extra = {} } = row;
  const later = (instant: string): string => new Date(Date.parse(instant) + byMs).toISOString();
  const spelled = extra['modified_date'];
  return {
    ...row,
    modified_date: later(modified),
    ...(typeof spelled === 'string' ? { extra: { ...extra, modified_date: later(spelled) } } : {}),
  };
}
