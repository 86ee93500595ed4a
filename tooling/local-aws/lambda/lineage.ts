import { hash, randomUUID } from 'node:crypto';

/**
 * How often a function may be invoked in one chain of requests: AWS says "approximately 16 times".
 *
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
const MAX_IN_A_CHAIN = 16;

/** An invocation in a chain: its trace header, and whether Lambda drops it as one of a loop. */
export type Link = { traceId: string; isLoop: boolean };

/**
 * The next invocation of a function in a chain. `received` are the trace headers under which the functions
 * before it have sent its messages; without any, a chain begins. Of several chains the longest counts.
 *
 * AWS SDKs send the header on as it is. AWS does not document how it counts in it: here each function has its
 * own `name:count`, by a hash of its name.
 */
export function nextLink(functionName: string, received: readonly string[]): Link {
  const own = hash('sha256', functionName).slice(0, 8);
  const lineages = received.map(readLineage);
  const longest = lineages.reduce(
    (one, other) => ((other.get(own) ?? 0) > (one.get(own) ?? 0) ? other : one),
    lineages[0] ?? new Map<string, number>(),
  );
  const count = (longest.get(own) ?? 0) + 1;
  const root = received.map((header) => /Root=([^;]+)/u.exec(header)?.[1]).find((id) => id !== undefined);
  const chain = [...new Map(longest).set(own, count)].map((link) => link.join(':')).join('|');
  return {
    traceId: `Root=${root ?? newRoot()};Parent=${randomHex(16)};Sampled=0;Lineage=${chain}`,
    isLoop: count > MAX_IN_A_CHAIN,
  };
}

function readLineage(header: string): Map<string, number> {
  const [, chain = ''] = /Lineage=([^;]+)/u.exec(header) ?? [];
  const links = chain === '' ? [] : chain.split('|').map((link) => link.split(':'));
  return new Map(links.map(([name = '', count]) => [name, Number(count)]));
}

function newRoot(): string {
  return `1-${Math.floor(Date.now() / 1000).toString(16)}-${randomHex(24)}`;
}

function randomHex(length: number): string {
  return randomUUID().replaceAll('-', '').slice(0, length);
}
