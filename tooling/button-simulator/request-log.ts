import type { ApiRequest } from './api-request.ts';

/** A request to Button's API as the simulator saw it, without its API key. */
export type RequestRecord = {
  /** When it arrived, on the simulator's clock. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** The Brand's id of the order that it is about, whichever id it names. */
  readonly orderId: string | null;
  readonly requestBody: string;
  /** Whether a fault rule applied to it. */
  faulty: boolean;
  /** The result of Button's own work; null while it has not been done. */
  workStatus: number | null;
  /**
   * Whether the response is complete and in Button's own format for its status: another system may have sent
   * any other.
   */
  isButtons: boolean;
  /** The response; null if the connection was broken instead, or if there is none yet. */
  status: number | null;
  responseBody: string | null;
};

/** Enough for any test, and little enough for a simulator that runs for days. */
const KEPT_REQUESTS = 20_000;

/** The requests seen, oldest first; the latest 20,000 are kept. */
export class RequestLog {
  #records: RequestRecord[] = [];

  /** Records a request; its result is added later. */
  open(request: ApiRequest, { atMs, orderId }: Pick<RequestRecord, 'atMs' | 'orderId'>): RequestRecord {
    const record: RequestRecord = {
      atMs,
      method: request.method,
      path: request.path,
      query: request.query.toString(),
      orderId,
      requestBody: request.body,
      faulty: false,
      isButtons: false,
      workStatus: null,
      status: null,
      responseBody: null,
    };
    this.#records.push(record);
    if (this.#records.length > KEPT_REQUESTS) this.#records.shift();
    return record;
  }

  all(): readonly RequestRecord[] {
    return this.#records;
  }

  clear(): void {
    this.#records = [];
  }
}
