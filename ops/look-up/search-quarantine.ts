import {
  createQuarantineReview,
  type QuarantineReview,
  type QuarantineSummary,
} from '../../shared/quarantine/quarantine-review.ts';
import type { CommandContext } from '../command.ts';
import { quarantineTableOf } from '../quarantine-tables.ts';
import { needsMessage, quarantinedOrderMatches } from './quarantined-order-matches.ts';
import { scanFor, type ScanResult } from './scan.ts';
import type { SearchCriteria } from './search-criteria.ts';

/** A refused order message that was found, without its bytes. */
export type FoundEntry = {
  brand: string;
  id: string;
  orderId?: string | undefined;
  refusedAt: string;
  reasons: readonly string[];
};

type Search = { criteria: SearchCriteria; brands: readonly string[]; context: CommandContext };

/** By the index by order; empty if no order is given. */
export async function entriesByOrder({ criteria, brands, context }: Search): Promise<ScanResult<FoundEntry>> {
  const { order } = criteria;
  if (order === undefined) return { found: [], read: 0, isWhole: true };
  const review = openReview(context);
  const found: FoundEntry[] = [];
  let read = 0;
  for (const brand of brands) {
    for (const id of await review.listOfOrder(`order#${brand}`, order)) {
      const entry = await review.read(`order#${brand}`, id);
      read += 1;
      if (entry && quarantinedOrderMatches(entry, criteria)) found.push(asFound(brand, entry));
    }
  }
  return { found, read, isWhole: true };
}

/** By reading the brands' entries, at most `limit`. */
export async function entriesByScan(
  { criteria, brands, context }: Search,
  limit: number,
): Promise<ScanResult<FoundEntry>> {
  const review = openReview(context);
  const scanned = await scanFor(entriesOf(review, brands, needsMessage(criteria)), {
    matches: ({ entry }) => quarantinedOrderMatches(entry, criteria),
    limit,
  });
  return { ...scanned, found: scanned.found.map(({ brand, entry }) => asFound(brand, entry)) };
}

const PAGE_SIZE = 100;

async function* entriesOf(review: QuarantineReview, brands: readonly string[], withMessage: boolean) {
  for (const brand of brands) {
    let nextPage: string | undefined;
    do {
      const page = await review.list(`order#${brand}`, {
        pageSize: PAGE_SIZE,
        ...(nextPage === undefined ? {} : { nextPage }),
      });
      for (const summary of page.entries) {
        const entry = withMessage ? await review.read(summary.kind, summary.id) : summary;
        if (entry) yield { brand, entry };
      }
      ({ nextPage } = page);
    } while (nextPage !== undefined);
  }
}

function openReview({ stage, clients }: CommandContext): QuarantineReview {
  return createQuarantineReview({ client: clients.dynamodb, table: quarantineTableOf(stage, 'orders') });
}

function asFound(brand: string, { id, orderId, refusedAt, reasons }: QuarantineSummary): FoundEntry {
  const codes = [...new Set(reasons.map(({ code }) => code))];
  return { brand, id, ...(orderId !== undefined && { orderId }), refusedAt, reasons: codes };
}
