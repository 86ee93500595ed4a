import * as z from 'zod';

import { defineCommand, positiveLimit, type CommandContext, type CommandResult } from '../command.ts';
import { isKey, lookUp } from '../look-up/look-up.ts';
import { scanStage, stageScanCost } from '../look-up/scan-stage.ts';
import { readThrough } from '../look-up/read-through.ts';
import { findingsAsText, type Finding } from '../timeline/finding.ts';
import { opsLine } from '../timeline/words.ts';
import { onOneLine } from '../visible.ts';

/** Says what happened to anything that has an id. */
export const show = defineCommand({
  name: 'show',
  summary:
    "Shows what happened, as one timeline, and what you can do now. ID is an order, message or entry; a transaction, a Button order or a webhook in quarantine; or a shopper. With --scan also the Brand's order, a btn_ref or the id of an applied webhook.",
  usage: 'ID [--brand ID] [--scan [--limit N]]',
  options: { brand: { type: 'string' }, scan: { type: 'boolean' }, limit: { type: 'string' } },
  input: z.object({
    arguments: z.tuple([
      z
        .string({ error: 'is the id of what happened' })
        .min(1, { abort: true })
        .refine(isKey, 'is longer than any id'),
    ]),
    brand: z.string().optional(),
    scan: z.boolean().default(false),
    limit: positiveLimit(100_000),
  }),
  async run({ arguments: [asked], brand, scan, limit }, context) {
    const findings = await lookUp(asked, brand, context);
    if (findings.length > 0) return asResult(asked, findings, {});
    if (!scan) return notFound(asked, context);
    const scanned = await scanStage(asked, { context, limit });
    const { read, isWhole } = scanned;
    if (scanned.findings.length > 0) return asResult(asked, scanned.findings, { read, isWhole });
    const reach = isWhole
      ? 'the search read everything.'
      : `the search read only the first ${read} items, see --limit.`;
    return nothing(asked, { read, isWhole, readThrough: await readThrough(context) }, reach);
  },
});

function asResult(asked: string, findings: readonly Finding[], more: object): CommandResult {
  return { outcome: 'done', found: { asked, findings, ...more }, text: findingsAsText(findings) };
}

async function notFound(asked: string, context: CommandContext): Promise<CommandResult> {
  const [cost, through] = await Promise.all([stageScanCost(context), readThrough(context)]);
  const command = opsLine('show', asked, '--scan');
  return nothing(
    asked,
    { readThrough: through, scan: { cost, command } },
    `it has not been received, or only a search finds it. A search ${cost}:\n  ${onOneLine(command)}`,
  );
}

/** Evidence that Button has not reported it: how far its transactions have been read. */
function nothing(
  asked: string,
  found: { readThrough: Record<string, string> } & Record<string, unknown>,
  reach: string,
): CommandResult {
  const accounts = Object.entries(found.readThrough).map(
    ([account, instant]) => `  The account ${account} has been read up to ${instant}.`,
  );
  const text = [`Nothing has the id ${onOneLine(asked)}: ${reach}`, ...accounts];
  return { outcome: 'not-found', found: { asked, ...found }, text: `${text.join('\n')}\n` };
}
