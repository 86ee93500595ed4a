import type { QuarantinedItem } from '../../shared/quarantine/quarantine-review.ts';
import { entryDifferences } from './entry-differences.ts';
import { entryMoments, isOpen } from './entry-moments.ts';
import { inTimeOrder, type Finding, type Moment } from './finding.ts';
import { opsLine } from './words.ts';

/** What happened to a webhook, or a row of the Transactions API, that was refused. Pure. */
export function webhookFinding(
  entry: QuarantinedItem,
  { kind, byHand }: { kind: 'webhook' | 'row'; byHand: readonly Moment[] },
): Finding {
  const { id } = entry;
  const what = kind === 'webhook' ? 'the webhook' : 'the row of the Transactions API';
  const plural = kind === 'webhook' ? 'webhooks' : 'rows';
  const show = opsLine('quarantine-show', plural, id);
  return {
    kind,
    id,
    title: kind === 'webhook' ? `Webhook ${id}` : `Row ${id} of the Transactions API`,
    answer: isOpen(entry)
      ? `We refused it: ${what} cannot be read, and its content is not shown.`
      : `${what} was refused and has been replayed; it may have been applied since.`,
    differences: isOpen(entry) ? entryDifferences(entry) : [],
    timeline: inTimeOrder([...entryMoments(entry, what), ...byHand]),
    next: kind === 'webhook' ? [show, opsLine('webhooks-replay', id)] : [show],
  };
}
