import * as z from 'zod';

import { runOps } from '../run.ts';
import type { ActionName, ActionResult } from './view.ts';

/** What the page's buttons do. Each throws if it cannot be done; those that are missing are not offered. */
export type ConsoleActions = Partial<Record<ActionName, (input: unknown) => Promise<ActionResult>>>;

const ReplaySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('order'), brand: z.string(), entry: z.string().min(1) }),
  z.object({ kind: z.literal('webhook'), entry: z.string().min(1) }),
]);

const ReplayedSchema = z.object({
  outcome: z.string(),
  found: z.object({
    problem: z.string().optional(),
    sent: z.number().optional(),
    refused: z.array(z.object({ reasons: z.array(z.object({ code: z.string() })).default([]) })).default([]),
    applied: z.number().default(0),
    unchanged: z.number().default(0),
    quarantined: z.number().default(0),
  }),
});

/**
 * Replays an entry of the quarantine with the command that an operator would run: it checks the account and
 * records who did it.
 */
export function replayAction(outputsFile: string): (input: unknown) => Promise<ActionResult> {
  return async (input) => {
    const parsed = ReplaySchema.safeParse(input);
    if (!parsed.success) return { ok: false, message: 'Only an order message or a webhook can be replayed.' };
    const { data } = parsed;
    // An entry that begins with a dash is no option.
    const command = data.kind === 'order' ? ['orders-replay', `--brand=${data.brand}`] : ['webhooks-replay'];
    const printed = { out: '' };
    await runOps([...command, '--yes', '--json', `--outputs-file=${outputsFile}`, '--', data.entry], {
      out: (text) => (printed.out += text),
      err: () => undefined,
    });
    return { ...wordsOf(ReplayedSchema.parse(JSON.parse(printed.out))), show: data.entry };
  };
}

function wordsOf({ outcome, found }: z.infer<typeof ReplayedSchema>): ActionResult {
  const { problem, sent, refused, applied, unchanged, quarantined } = found;
  if (problem !== undefined) return { ok: false, message: problem };
  if (outcome === 'not-found') return { ok: false, message: 'The entry does not exist any more.' };
  if (sent === 1) return { ok: true, message: 'Replayed: the message is on the order queue again.' };
  if (applied + unchanged > 0) return { ok: true, message: 'Replayed: the webhook has been applied.' };
  const codes = refused.flatMap(({ reasons }) => reasons.map(({ code }) => code));
  if (refused.length > 0 || quarantined > 0)
    return {
      ok: false,
      message: `Not replayed: it would be refused again${codes.length > 0 ? ` (${codes.join(', ')})` : ''}. Its timeline shows how to fix it.`,
    };
  return { ok: false, message: 'Nothing was replayed.' };
}
