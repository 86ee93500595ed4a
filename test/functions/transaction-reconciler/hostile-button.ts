import type { ButtonHttp, ButtonRequest, ButtonResponse } from '../../../shared/button/button-http.ts';

/** The fields of a row of the Transactions API that the reconciler reads. */
export type HostileRow = {
  id: string;
  button_order_id: string;
  account_id: string;
  status: 'pending' | 'validated' | 'declined';
  category: string;
  created_date: string;
  modified_date: string;
  amount: number;
  currency: string;
};

/** Numbers from 0 to 1, the same for the same seed. */
export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How much goes wrong. */
export type Adversity = {
  /** The share of failed requests. */
  faults: number;
  /** The share of requests during which rows change. */
  changes: number;
  /** The longest time until the API shows a change. The lag of windows has to cover it. */
  delayMs: number;
  newestFirst: boolean;
};

const HOSTILE_NEXT = [
  (cursor: string) => `http://169.254.169.254/latest?cursor=${cursor}`,
  (cursor: string) => `https://evil.example/v1/affiliation/transactions?cursor=${cursor}&start=1970`,
  (cursor: string) => `?cursor=${cursor}`,
  (cursor: string) => `//elsewhere.example/?page_size=1&cursor=${cursor}`,
];

type Version = { row: HostileRow; visibleAtMs: number };

/**
 * A Transactions API that behaves as badly as Button's documents allow. Rows change while they are paged,
 * many within one second and shown late. Cursors expire or lead in circles. Pages are empty, cut off or
 * refused. `meta.next` points anywhere. One account never answers. What it shows is always true: at some
 * instant between the change and `delayMs` after it.
 */
export class HostileButton {
  readonly accounts = ['acc-1', 'acc-2', 'acc-broken'];
  readonly requests: ButtonRequest[] = [];
  adversity: Adversity;
  /** Called with every change, for a webhook. */
  onChange: (row: HostileRow) => void = () => undefined;

  readonly #random: Random;
  readonly #clock: { ms: number };
  readonly #versions = new Map<string, Version[]>();
  #cursorEpoch = 0;
  #cursors = 0;

  constructor(clock: { ms: number }, random: Random, adversity: Adversity) {
    this.#clock = clock;
    this.#random = random;
    this.adversity = adversity;
  }

  /** The truth: every transaction of the account as it is now. */
  truth(account: string): HostileRow[] {
    return [...this.#versions.values()]
      .map((versions) => versions.at(-1)?.row)
      .filter((row): row is HostileRow => row?.account_id === account);
  }

  http(): ButtonHttp {
    return { call: (request) => Promise.resolve(this.#answer(request)), close: () => undefined };
  }

  /** Changes or creates a row, often within the same second as the previous change. */
  change(): void {
    if (this.#random() < 0.5) this.#clock.ms += Math.floor(this.#random() * 3000);
    const modified = `${new Date(this.#clock.ms).toISOString().slice(0, 19)}Z`;
    const open = [...this.#versions.values()].filter((versions) => versions.at(-1)?.row.status === 'pending');
    const current =
      this.#random() < 0.6 ? open[Math.floor(this.#random() * open.length)]?.at(-1)?.row : undefined;
    const row: HostileRow = current
      ? { ...current, modified_date: modified, ...this.#nextState(current) }
      : this.#newRow(modified);
    const visibleAtMs = this.#clock.ms + Math.floor(this.#random() * this.adversity.delayMs);
    this.#versions.set(row.id, [...(this.#versions.get(row.id) ?? []), { row, visibleAtMs }]);
    this.onChange(row);
  }

  #nextState({ amount }: HostileRow): Pick<HostileRow, 'status' | 'amount'> {
    const roll = this.#random();
    if (roll < 0.6) return { status: 'pending', amount: Math.floor(this.#random() * 500) };
    return roll < 0.8 ? { status: 'validated', amount } : { status: 'declined', amount: 0 };
  }

  #newRow(modified: string): HostileRow {
    const number = this.#versions.size;
    return {
      id: `tx-${String(number).padStart(6, '0')}`,
      button_order_id: `btnorder-${number}`,
      account_id: this.accounts[Math.floor(this.#random() * this.accounts.length)] ?? 'acc-1',
      status: 'pending',
      category: 'new-user-order',
      created_date: modified,
      modified_date: modified,
      amount: Math.floor(this.#random() * 500),
      currency: 'USD',
    };
  }

  #answer(request: ButtonRequest): ButtonResponse {
    this.requests.push(request);
    this.#clock.ms += Math.floor(this.#random() * 2000);
    while (this.#random() < this.adversity.changes) this.change();
    const url = new URL(request.path, 'https://api.usebutton.com');
    if (url.pathname === '/v1/affiliation/accounts') {
      return this.#ok({
        meta: { status: 'ok' },
        objects: this.accounts.map((id) => ({ id, currency: 'USD' })),
      });
    }
    const account = url.pathname.split('/')[4] ?? '';
    if (account === 'acc-broken') return this.#answered(403, undefined);
    return this.#fault(url) ?? this.#page(account, url.searchParams);
  }

  #fault(url: URL): ButtonResponse | undefined {
    if (this.#random() >= this.adversity.faults) return undefined;
    const cursor = url.searchParams.get('cursor');
    const faults: (() => ButtonResponse)[] = [
      () => ({ ...this.#answered(429, undefined), ...{ retryAfterMs: 60_000 } }),
      () => this.#answered(503, undefined),
      () => ({ result: 'unclear', reason: 'timeout' }),
      // Truncated JSON arrives as no body at all.
      () => this.#answered(200, undefined),
      () => this.#answered(200, { meta: null, objects: null }),
      // No row and no cursor, but not the end of the list.
      () => this.#answered(200, { meta: { status: 'ok', next: 'https://evil.example/' }, objects: [] }),
      // All existing cursors expire.
      () => {
        this.#cursorEpoch += 1;
        return this.#answered(cursor === null ? 503 : 400, undefined);
      },
      // A circle of cursors.
      () =>
        this.#answered(200, {
          meta: { status: 'ok', next: cursor === null ? null : `?cursor=${encodeURIComponent(cursor)}` },
          objects: cursor === null ? undefined : [],
        }),
    ];
    return faults[Math.floor(this.#random() * faults.length)]?.();
  }

  #page(account: string, parameters: URLSearchParams): ButtonResponse {
    const dateOf = (row: HostileRow): string =>
      parameters.get('time_field') === 'created_date' ? row.created_date : row.modified_date;
    const placeOf = (row: HostileRow): string => `${dateOf(row)} ${row.id}`;
    const [epoch, , after = ''] = (parameters.get('cursor') ?? '').split('~');
    if (parameters.has('cursor') && epoch !== String(this.#cursorEpoch))
      return this.#answered(400, undefined);

    const { newestFirst } = this.adversity;
    const listed = this.#visible()
      .filter((row) => row.account_id === account)
      .filter(
        (row) =>
          dateOf(row) >= (parameters.get('start') ?? '') && dateOf(row) < (parameters.get('end') ?? ''),
      )
      .sort((one, other) => (placeOf(one) < placeOf(other) !== newestFirst ? -1 : 1))
      .filter((row) => after === '' || (newestFirst ? placeOf(row) < after : placeOf(row) > after));
    // A page may hold fewer rows than requested, or none, and still not be the last.
    const size = Math.floor(this.#random() * (Number(parameters.get('page_size')) + 1));
    const objects = listed.slice(0, size);
    const last = objects.at(-1);
    const isLast = objects.length === listed.length;
    const next = isLast ? null : this.#nextUrl(last ? placeOf(last) : after);
    return this.#ok({ meta: { status: 'ok', next, previous: null }, objects });
  }

  /** All cursors differ, even if no row lies between them. */
  #nextUrl(place: string): string | null {
    this.#cursors += 1;
    const cursor = encodeURIComponent(`${this.#cursorEpoch}~${this.#cursors}~${place}`);
    return HOSTILE_NEXT[Math.floor(this.#random() * HOSTILE_NEXT.length)]?.(cursor) ?? null;
  }

  #visible(): HostileRow[] {
    return [...this.#versions.values()].flatMap((versions) => {
      const shown = versions.findLast(({ visibleAtMs }) => visibleAtMs <= this.#clock.ms);
      return shown ? [shown.row] : [];
    });
  }

  #ok(body: unknown): ButtonResponse {
    return this.#answered(200, body);
  }

  #answered(status: number, body: unknown): ButtonResponse {
    return {
      result: 'answered',
      status,
      body,
      serverTime: new Date(this.#clock.ms - (this.#clock.ms % 1000)),
    };
  }
}
