import {
  ORDER_VIOLATIONS,
  ORDER_WARNINGS,
  type OrderViolationCode,
} from '@button-serverless/validation/orders';
import { AUDIT_CODES, CLIENT_CODES, HELPER_CODES } from './client-codes.ts';
import type { Explanation } from './explanation.ts';
import { LEDGER_CODES, WAIT_CODES } from './order-codes.ts';
import { ORDER_EXAMPLES } from './order-examples.ts';
import { FLAG_CODES, READ_CODES, REWARD_CODES, SIGNATURE_CODES, WEBHOOK_CODES } from './publisher-codes.ts';
import { SHOP_CODES } from './shop-codes.ts';

type Texts = { problem: string; fix: string; source: string };

function ofContract(where: string, texts: Readonly<Record<string, Texts>>): ReadonlyMap<string, Explanation> {
  const examples: Readonly<Record<string, { bad: string; good: string }>> = ORDER_EXAMPLES satisfies Record<
    OrderViolationCode,
    unknown
  >;
  return new Map(
    Object.entries(texts).map(([code, { problem, fix, source }]) => {
      const { bad = '', good = '' } = examples[code] ?? {};
      return [code, { where, rule: problem, fix, source, bad, good }];
    }),
  );
}

const CATALOG: readonly ReadonlyMap<string, Explanation>[] = [
  ofContract('an order message that is refused', ORDER_VIOLATIONS),
  ofContract('a warning about an order message', ORDER_WARNINGS),
  LEDGER_CODES,
  WAIT_CODES,
  WEBHOOK_CODES,
  FLAG_CODES,
  REWARD_CODES,
  READ_CODES,
  SIGNATURE_CODES,
  CLIENT_CODES,
  HELPER_CODES,
  SHOP_CODES,
  AUDIT_CODES,
];

/** Every code that can be explained. */
export const CODES: readonly string[] = [...new Set(CATALOG.flatMap((codes) => [...codes.keys()]))].sort();

/**
 * What a code means in each place where it occurs; empty if it is unknown. `http_503` is Button's status.
 * Pure.
 */
export function explain(code: string): Explanation[] {
  const [, isForeign, status] = /^(foreign_)?http_([1-5]\d\d)$/.exec(code) ?? [];
  const found = CATALOG.flatMap((codes) => codes.get(code) ?? []);
  return found.length > 0 || status === undefined
    ? found
    : [statusExplanation(status, isForeign !== undefined)];
}

function statusExplanation(status: string, isForeign: boolean): Explanation {
  return {
    where: 'the progress of an order',
    rule: isForeign
      ? `Something between here and Button, such as a proxy, answered ${status}.`
      : `Button answered ${status}.`,
    fix: 'Do nothing at first: the order is tried again. If it continues, ask your Button contact.',
    source: 'RFC 9110, HTTP Semantics, section 15',
    bad: status,
    good: '200',
  };
}
