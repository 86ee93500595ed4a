import { type OrderEventSettings, parseOrderEvent } from '@button-serverless/validation/orders';
import { previewMessage } from '../../shared/orders/preview-replay.ts';
import type { QuarantineReason } from '../../shared/quarantine/quarantine-store.ts';
import { reasonsInWords } from '../timeline/words.ts';
import { onOneLine } from '../visible.ts';
import { splitMessages } from './split-messages.ts';

/** What the reporter would say about one message of a file. It contains no refused value. */
export type CheckedMessage = {
  /** Its place in the file, from 1, and the line on which it begins. */
  message: number;
  line: number;
  orderId?: string;
  verdict: 'valid' | 'refused';
  violations: readonly QuarantineReason[];
  warnings: readonly QuarantineReason[];
};

/** A ledger without orders: only the file is checked. */
const EMPTY_LEDGER = { read: () => Promise.resolve(undefined) };

/**
 * Checks every message of a text by the rules of a brand, as its reporter does with an order that is new to
 * it.
 */
export async function checkMessages(text: string, settings: OrderEventSettings): Promise<CheckedMessage[]> {
  const checked: CheckedMessage[] = [];
  for (const [index, { line, body }] of splitMessages(text).entries()) {
    const { orderId, would, reasons } = await previewMessage(body, { ledger: EMPTY_LEDGER, settings });
    checked.push({
      message: index + 1,
      line,
      ...(orderId !== undefined && { orderId }),
      verdict: would === 'be-refused' ? 'refused' : 'valid',
      violations: reasons,
      warnings: parseOrderEvent(body, settings).warnings,
    });
  }
  return checked;
}

/** The results as text. Pure. */
export function checkedAsText(checked: readonly CheckedMessage[]): string {
  const lines = checked.map(({ message, line, orderId, verdict, violations, warnings }) => {
    const about = orderId === undefined ? '' : `, order ${onOneLine(orderId)}`;
    return [
      `${message}. line ${line}${about}: ${verdict}`,
      ...violations.map((reason) => `     ${onOneLine(reasonsInWords([reason]))}`),
      ...warnings.map((reason) => `     warning: ${onOneLine(reasonsInWords([reason]))}`),
    ].join('\n');
  });
  const refused = checked.filter(({ verdict }) => verdict === 'refused').length;
  return `${[...lines, `${checked.length} ${checked.length === 1 ? 'message' : 'messages'}, ${refused} refused`].join('\n')}\n`;
}
