import { createHmac, randomBytes } from 'node:crypto';

import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { messageDeduplicationId, messageGroupId } from '@button-serverless/validation/orders';
import * as z from 'zod';

import { FAULT_NAMES, type ActionResult, type ConsoleActions } from '../../ops/console/index.ts';
import type { LocalSystem } from '../system.ts';
import { orderMessage, sampleOrder } from '../tour/sample-order.ts';
import type { SimulatorControl } from '../tour/simulator-control.ts';
import { FAULT_EFFECTS, FAULTS } from './faults.ts';

/** What the page may do with the system on this machine: only what its configuration deploys is offered. */
export function localActions(
  system: Pick<LocalSystem, 'endpoints' | 'reconcile'>,
  { sqs, simulator }: { sqs: SQSClient; simulator: SimulatorControl | undefined },
): ConsoleActions {
  const { orderQueueUrl, webhookUrl } = system.endpoints;
  return {
    ...(orderQueueUrl !== undefined && { 'send-order': (input) => sendOrder(input, { sqs, orderQueueUrl }) }),
    ...(webhookUrl !== undefined && { reconcile: () => reconcile(system) }),
    ...(webhookUrl !== undefined &&
      simulator && { 'send-webhook': (input) => sendWebhook(input, { webhookUrl, simulator }) }),
    ...(simulator && {
      'break-button': (input) => breakButton(input, simulator),
      'repair-button': () => repairButton(simulator),
    }),
  };
}

const SampleOrderSchema = z.object({ kind: z.enum(['good', 'bad']) });

async function sendOrder(
  input: unknown,
  { sqs, orderQueueUrl }: { sqs: SQSClient; orderQueueUrl: string },
): Promise<ActionResult> {
  const { kind } = SampleOrderSchema.parse(input);
  const order = sampleOrder(`page-${randomBytes(4).toString('hex')}`);
  const sent = kind === 'good' ? order : { ...order, total: order.total + 1 };
  const message = orderMessage('order.created.v1', 1, sent);
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: orderQueueUrl,
      MessageBody: JSON.stringify(message),
      MessageGroupId: messageGroupId(message.subject),
      MessageDeduplicationId: messageDeduplicationId(message),
    }),
  );
  const what = kind === 'good' ? 'the order' : 'an order whose lines do not add up to its total:';
  return { ok: true, message: `Sent ${what} ${order.order_id}.`, show: order.order_id };
}

const SampleWebhookSchema = z.object({ kind: z.enum(['signed', 'forged']) });

/** Button sends it, about a purchase without an order of ours; a forged one comes from somebody else. */
async function sendWebhook(
  input: unknown,
  { webhookUrl, simulator }: { webhookUrl: string; simulator: SimulatorControl },
): Promise<ActionResult> {
  const { kind } = SampleWebhookSchema.parse(input);
  const id = `tx-page-${randomBytes(4).toString('hex')}`;
  if (kind === 'forged') return forgeWebhook(webhookUrl, id);
  await simulator.injectTransaction({
    id,
    status: 'pending',
    category: 'new-user-order',
    amount: 350,
    currency: 'USD',
    publisher_customer_id: 'me',
  });
  return { ok: true, message: `Button sends a webhook about the transaction ${id}.`, show: id };
}

async function forgeWebhook(webhookUrl: string, id: string): Promise<ActionResult> {
  const body = JSON.stringify({ id: `hook-${id}`, event_type: 'tx-validated', data: { id } });
  const { status } = await fetch(webhookUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-button-signature': createHmac('sha256', 'not the secret').update(body).digest('hex'),
    },
    body,
  });
  return {
    ok: status === 401,
    message:
      status === 401
        ? 'The forged webhook was refused with 401: its signature matches no secret.'
        : `The forged webhook was answered with ${status} instead of 401.`,
  };
}

async function reconcile({ reconcile: run }: Pick<LocalSystem, 'reconcile'>): Promise<ActionResult> {
  await run();
  return { ok: true, message: 'Every account has been read, and what was missing is stored.' };
}

const FaultSchema = z.object({ fault: z.enum(FAULT_NAMES) });

async function breakButton(input: unknown, simulator: SimulatorControl): Promise<ActionResult> {
  const { fault } = FaultSchema.parse(input);
  await simulator.addFault(FAULTS[fault]);
  return { ok: true, message: FAULT_EFFECTS[fault] };
}

async function repairButton(simulator: SimulatorControl): Promise<ActionResult> {
  await simulator.clearFaults();
  return { ok: true, message: 'Button behaves again. What waits is tried within seconds.' };
}
