import type { ButtonHttp, ButtonRequest, ButtonResponse } from '../../../shared/button/button-http.ts';

/** How this Button pages its lists, where docs/button/transactions-api.md leaves it open. */
export type PagingWorld = {
  /** What it does with a cursor together with filters. */
  besideFilters: 'takes-both' | 'refuses' | 'ignores-cursor' | 'drops-filters';
  /** What it does with a cursor alone, on the documented path. */
  alone: 'takes' | 'refuses' | 'drops-filters' | 'finds-nothing';
  /** `meta.next` as it is printed, and whether a request for that URL is answered. */
  printed: (place: { account: string; cursor: string }) => string;
  takesPrinted: boolean;
  /** The value of `objects` on a page without rows. */
  empty: 'list' | 'null';
  /** Whether every page with rows has a `meta.next`: the last page is then empty. */
  endsEmpty: boolean;
};

export const PLAIN_WORLD: PagingWorld = {
  besideFilters: 'takes-both',
  alone: 'takes',
  printed: ({ account, cursor }) =>
    `https://api.usebutton.com/v1/affiliation/accounts/${account}/transactions?cursor=${cursor}`,
  takesPrinted: true,
  empty: 'list',
  endsEmpty: false,
};

export type PagedRow = { id: string; button_order_id: string; account_id: string; modified_date: string };

export function pagedRow(number: number, modifiedDate: string, account = 'acc-1') {
  return {
    ...{ id: `tx-${number}`, button_order_id: `btnorder-${number}`, account_id: account },
    ...{ status: 'pending', category: 'new-user-order', amount: 100, currency: 'USD' },
    ...{ created_date: modifiedDate, modified_date: modifiedDate },
  };
}

type Cursor = { start: string; end: string; field: string; size: number; from: number };

/** A Button with one paging world. A cursor holds its filters and the number of rows before it. */
export class PagedButton {
  readonly requests: ButtonRequest[] = [];
  readonly #world: PagingWorld;
  readonly #rows: readonly PagedRow[];
  /** The answer to give instead; undefined for the usual one. */
  instead: (url: URL) => ButtonResponse | undefined = () => undefined;

  constructor(world: PagingWorld, rows: readonly PagedRow[]) {
    this.#world = world;
    this.#rows = rows;
  }

  http(): ButtonHttp {
    return { call: (request) => Promise.resolve(this.#answer(request)), close: () => undefined };
  }

  #answer(request: ButtonRequest): ButtonResponse {
    this.requests.push(request);
    const url = new URL(request.path, 'https://api.usebutton.com');
    return this.instead(url) ?? this.#list(url);
  }

  #list(url: URL): ButtonResponse {
    const [, , , ...path] = url.pathname.split('/');
    const account = (path[0] === 'accounts' ? path[1] : path[0]) ?? '';
    const parameters = url.searchParams;
    const text = parameters.get('cursor') ?? parameters.get('page');
    const sent = {
      start: '',
      end: '9999',
      field: 'created_date',
      size: 50,
      from: 0,
      ...sentFilters(parameters),
    };
    if (text === null) return this.#page(account, sent);
    const cursor = JSON.parse(Buffer.from(text, 'base64url').toString()) as Cursor;
    const everything = { ...cursor, start: '', end: '9999' };
    const isPrinted = this.#world.printed({ account, cursor: text }).endsWith(`${url.pathname}${url.search}`);
    if (isPrinted && this.#world.takesPrinted) return this.#page(account, cursor);
    const use = parameters.has('start') ? this.#world.besideFilters : this.#world.alone;
    switch (use) {
      case 'refuses':
        return { result: 'answered', status: 400, body: { meta: { status: 'error' } } };
      case 'finds-nothing':
        return { result: 'answered', status: 200, body: { meta: { status: 'ok', next: null }, objects: [] } };
      case 'ignores-cursor':
        return this.#page(account, sent);
      case 'drops-filters':
        return this.#page(account, everything);
      case 'takes':
      case 'takes-both':
        return this.#page(account, cursor);
    }
  }

  #page(account: string, { start, end, field, size, from }: Cursor): ButtonResponse {
    const listed = this.#rows.filter((row) => {
      const date: unknown = Reflect.get(row, field);
      return row.account_id === account && typeof date === 'string' && date >= start && date < end;
    });
    const objects = listed.slice(from, from + size);
    const isLast = this.#world.endsEmpty ? objects.length === 0 : from + size >= listed.length;
    const cursor = Buffer.from(JSON.stringify({ start, end, field, size, from: from + size })).toString(
      'base64url',
    );
    const next = isLast ? null : this.#world.printed({ account, cursor });
    const shown = objects.length === 0 && this.#world.empty === 'null' ? null : objects;
    return { result: 'answered', status: 200, body: { meta: { status: 'ok', next }, objects: shown } };
  }
}

function sentFilters(parameters: URLSearchParams): Partial<Cursor> {
  const start = parameters.get('start');
  const end = parameters.get('end');
  const field = parameters.get('time_field');
  const size = parameters.get('page_size');
  return {
    ...(start === null ? {} : { start }),
    ...(end === null ? {} : { end }),
    ...(field === null ? {} : { field }),
    ...(size === null ? {} : { size: Number(size) }),
  };
}
