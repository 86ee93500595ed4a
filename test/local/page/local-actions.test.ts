import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';

import { FAULT_NAMES } from '../../../ops/console/index.ts';
import { FAULT_EFFECTS, FAULTS } from '../../../local/page/faults.ts';
import { localActions } from '../../../local/page/local-actions.ts';
import type { LocalSystem } from '../../../local/system.ts';
import type { SimulatorControl } from '../../../local/tour/simulator-control.ts';
import { DEFAULT_ORDER_SETTINGS, parseOrderEvent } from '../../../shared/validation/orders/index.ts';
import { FaultSchema } from '../../../tooling/button-simulator/fault-rules.ts';

const MessageSchema = z.object({ MessageBody: z.string(), MessageGroupId: z.string() });

/** A system that notes what it is asked. */
async function noting(webhookStatus = 401) {
  const sent: z.infer<typeof MessageSchema>[] = [];
  const asked: unknown[] = [];
  const webhooks = createServer((request, response) => {
    request.resume();
    asked.push(['webhook', request.headers['x-button-signature']]);
    response.writeHead(webhookStatus).end();
  });
  await new Promise<void>((resolve) => webhooks.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    webhooks.closeAllConnections();
    webhooks.close();
  });
  const simulator: Pick<SimulatorControl, 'addFault' | 'clearFaults' | 'injectTransaction'> = {
    addFault: (rule) => Promise.resolve(void asked.push(['fault', rule])),
    clearFaults: () => Promise.resolve(void asked.push(['clear'])),
    injectTransaction: (transaction) => Promise.resolve(void asked.push(['transaction', transaction])),
  };
  const endpoints = {
    orderQueueUrl: 'http://queue',
    webhookUrl: `http://127.0.0.1:${(webhooks.address() as AddressInfo).port}/webhook`,
  } as LocalSystem['endpoints'];
  const reconcile = () => Promise.resolve(void asked.push(['reconcile']));
  const sqs = {
    send: ({ input }: { input: unknown }) => Promise.resolve(sent.push(MessageSchema.parse(input))),
  };
  const actions = localActions(
    { endpoints, reconcile },
    { sqs: sqs as never, simulator: simulator as SimulatorControl },
  );
  return { actions, sent, asked };
}

describe('the buttons of the live page on this machine', () => {
  it('send an order that the reporter accepts, and a bad one that it refuses for its total', async () => {
    const { actions, sent } = await noting();
    const good = await actions['send-order']?.({ kind: 'good' });
    const bad = await actions['send-order']?.({ kind: 'bad' });
    const [accepted, refused] = sent.map(({ MessageBody: body }) =>
      parseOrderEvent(body, { ...DEFAULT_ORDER_SETTINGS, testTokens: 'allow' }),
    );

    expect(accepted).toMatchObject({ ok: true });
    expect(refused).toMatchObject({ ok: false, violations: [{ code: 'total_not_sum' }] });
    expect(sent.map(({ MessageGroupId: group }) => group)).toEqual([good?.show, bad?.show]);
  });

  it('have Button send a webhook, forge one that must get a 401, and reconcile', async () => {
    const { actions, asked } = await noting();
    const signed = await actions['send-webhook']?.({ kind: 'signed' });
    expect(asked).toMatchObject([['transaction', { id: signed?.show, status: 'pending' }]]);
    expect(await actions['send-webhook']?.({ kind: 'forged' })).toMatchObject({ ok: true });
    expect(asked[1]).toEqual(['webhook', expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(await actions.reconcile?.({})).toMatchObject({ ok: true });
    expect(asked[2]).toEqual(['reconcile']);

    const accepting = await noting(200);
    expect(await accepting.actions['send-webhook']?.({ kind: 'forged' })).toMatchObject({ ok: false });
  });

  it.each(FAULT_NAMES)('make Button misbehave as the simulator understands it: %s', async (fault) => {
    const { actions, asked } = await noting();

    expect(await actions['break-button']?.({ fault })).toEqual({ ok: true, message: FAULT_EFFECTS[fault] });
    expect(asked).toEqual([['fault', FAULTS[fault]]]);
    expect(FaultSchema.safeParse(FAULTS[fault])).toMatchObject({ success: true });
    await actions['repair-button']?.({});
    expect(asked[1]).toEqual(['clear']);
  });

  it('are only those for which something is deployed', () => {
    const nothing = localActions(
      { endpoints: {} as LocalSystem['endpoints'], reconcile: () => Promise.resolve() },
      { sqs: {} as never, simulator: undefined },
    );

    expect(nothing).toEqual({});
  });
});
