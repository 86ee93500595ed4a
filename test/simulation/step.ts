import type { ApiFault, WebhookFault } from '../../tooling/button-simulator/fault-rules.ts';
import type { InjectedTransactionInput } from '../../tooling/button-simulator/injected-transaction.ts';
import type { FunctionName } from './functions.ts';
import type { ProducerMessage } from './messages.ts';

/** The version of an order in a message, as far as the invariants need it. */
export type MessageVersion = { orderId: string; sequence: number; kind: 'created' | 'updated' | 'cancelled' };

/**
 * How an AWS service misbehaves: it refuses calls, does the work and loses the answer (to the function, or to
 * the SDK client, which retries), or returns old data.
 */
export type AwsTrouble = 'refuses' | 'loses-answers' | 'makes-clients-retry' | 'is-stale';

type Lengthy = { forMs: number };
type Chance = { probability: number };

/** A step of a schedule: what happens `atMs` after the start. */
export type Step = { atMs: number } & (
  | {
      kind: 'send';
      message: ProducerMessage;
      says: string;
      /** The version in a good message. Without it, the message is bad. */
      version?: MessageVersion;
      /** Bad, whatever the ledger holds: it must end in quarantine. */
      isNoMessage?: true;
      /**
       * A good message that may be refused for another reason: the same version with other content, lines
       * that differ, another shop's order.
       */
      mayBeRefused?: true;
      /** Nothing is wrong with the message or around it, so it must be reported within a minute. */
      isHealthy?: true;
      /** A message group other than the order's. */
      group?: string;
    }
  | { kind: 'death'; functionName: FunctionName; call: number; moment: 'before' | 'after' }
  | ({ kind: 'freeze'; functionName: FunctionName; call: number } & Lengthy)
  | ({ kind: 'aws'; target: string; trouble: AwsTrouble } & Lengthy & Chance)
  | ({ kind: 'poller-down'; source: string } & Lengthy)
  | ({ kind: 'deletes-lost'; queue: string } & Lengthy & Chance)
  | ({ kind: 'events-lost' } & Lengthy & Chance)
  | ({ kind: 'duplicates' } & Lengthy & Chance)
  | { kind: 'button'; fault: ApiFault; forMs?: number }
  /** Orders with matching ids always get this answer, even after other faults have ended. */
  | { kind: 'class-fails'; orderIds: string; fault: ApiFault }
  /** The look-up by token never works, even after other faults have ended. */
  | { kind: 'look-ups-fail'; fault: ApiFault }
  | { kind: 'other-shop'; orderId: string; total: number }
  | ({ kind: 'button-unreachable' } & Lengthy)
  | { kind: 'webhook'; fault: WebhookFault }
  | ({ kind: 'webhook-answers-lost' } & Lengthy & Chance)
  | ({ kind: 'webhooks-paused' } & Lengthy)
  | ({ kind: 'unreadable' } & Lengthy)
  | { kind: 'rotation'; weKnowAfterMs: number }
  | ({ kind: 'secret-missing'; secret: string } & Lengthy)
  | { kind: 'reconcile'; streams: readonly string[] }
  | { kind: 'expire' }
  | { kind: 'deployment' }
  | { kind: 'redrive' }
  | ({ kind: 'pause' } & Lengthy)
  | { kind: 'back-up' }
  | { kind: 'restore' }
  | { kind: 'back-up-tables'; tables: readonly string[] }
  | { kind: 'restore-tables'; tables: readonly string[] }
  | { kind: 'replay' }
  | { kind: 'republish' }
  | { kind: 'backfill'; id: string }
  | { kind: 'spoil' }
  /**
   * A later release, which is rolled back, has stored an order with attributes, or in a state, that this
   * release does not know.
   */
  | ({ kind: 'later-release'; orderId: string; how: 'attributes' | 'state' } & Lengthy)
  | { kind: 'finalize'; orderId: string }
  | { kind: 'transaction'; row: InjectedTransactionInput; says: string }
  | { kind: 'install'; id: string; amount: number; webhook: boolean }
  | { kind: 'contradiction'; orderId: string; amount: number; webhook: boolean }
  | { kind: 'forgery'; orderId: string; how: 'other-secret' | 'changed-body' | 'no-signature' | 'garbage' }
  | { kind: 'checkout'; id: string; btnRef: string | null }
  | { kind: 'odd-webhook'; id: string; oddity: 'ping' | 'no-json-number' | 'new-status' }
);

/** A step by a schedule, an operator, Button or a stranger. */
export type Operation = Step & {
  kind:
    | 'reconcile'
    | 'expire'
    | 'deployment'
    | 'redrive'
    | 'pause'
    | 'back-up'
    | 'restore'
    | 'back-up-tables'
    | 'restore-tables'
    | 'transaction'
    | 'replay'
    | 'republish'
    | 'backfill'
    | 'spoil'
    | 'later-release'
    | 'finalize'
    | 'install'
    | 'contradiction'
    | 'forgery'
    | 'checkout'
    | 'odd-webhook';
};

/** Describes a step in words. */
export function describeStep(step: Step): string {
  const percent =
    'probability' in step && step.probability < 1 ? `, ${step.probability * 100}% of the time` : '';
  const duration = 'forMs' in step ? ` for ${seconds(step.forMs)}${percent}` : percent;
  switch (step.kind) {
    case 'send':
      return step.group === undefined
        ? `the shop sends ${step.says}`
        : `the shop sends ${step.says}, in the message group ${step.group}`;
    case 'death':
      return `${step.functionName} will die just ${step.moment} its ${ordinal(step.call)} call from now on`;
    case 'freeze':
      return `${step.functionName} will stand still at its ${ordinal(step.call)} call${duration}`;
    case 'aws':
      return `${step.target} ${AWS_WORDS[step.trouble]}${duration}`;
    case 'poller-down':
      return `nothing is taken off ${step.source}${duration}`;
    case 'deletes-lost':
      return `what is done stays on ${step.queue}${duration}`;
    case 'events-lost':
      return `the bus does not take events${duration}`;
    case 'duplicates':
      return `standard queues deliver twice${duration}`;
    case 'button':
      return `Button will ${describeFault(step.fault)}${duration}`;
    case 'class-fails':
      return `Button will always ${describeFault(step.fault)}`;
    case 'look-ups-fail':
      return `Button will always ${describeFault(step.fault)}`;
    case 'other-shop':
      return `another shop of the organization has an order ${step.orderId} of its own, worth ${step.total}`;
    case 'button-unreachable':
      return `Button can't be reached${duration}`;
    case 'webhook':
      return `Button will ${describeWebhookFault(step.fault)}`;
    case 'webhook-answers-lost':
      return `Button does not hear our answers to webhooks${duration}`;
    case 'webhooks-paused':
      return `Button pauses its webhooks${duration}`;
    case 'unreadable':
      return `Button can't show its latest transaction${duration}`;
    case 'rotation':
      return step.weKnowAfterMs < 0
        ? 'Button signs with a new secret, and we know it already'
        : `Button signs with a new secret, and we know it after ${seconds(step.weKnowAfterMs)}`;
    case 'secret-missing':
      return `the secret ${step.secret} has no value${duration}`;
    default:
      return describeOperation(step);
  }
}

function describeOperation(step: Operation): string {
  switch (step.kind) {
    case 'reconcile':
      return `Scheduler starts the planner for ${step.streams.join(', ')}`;
    case 'expire':
      return 'Scheduler starts the expiry of personal data and of customers';
    case 'deployment':
      return 'a deployment replaces every idle environment';
    case 'redrive':
      return 'an operator redrives the dead-letter queues';
    case 'pause':
      return `an operator pauses the brand for ${seconds(step.forMs)}`;
    case 'back-up':
      return 'the ledger is backed up';
    case 'restore':
      return 'the ledger is restored from its backup; the shop sends again what it has sent since';
    case 'back-up-tables':
      return `these tables are backed up: ${step.tables.join(', ')}`;
    case 'restore-tables':
      return `these tables are restored from their backup: ${step.tables.join(', ')}`;
    case 'transaction':
      return `Button lists ${step.says}, ${describeWebhook({ webhook: step.row.webhook !== false })}`;
    case 'replay':
      return 'an operator replays what stands in quarantine';
    case 'republish':
      return 'an operator publishes the current versions again';
    case 'backfill':
      return `an operator starts the backfill ${step.id}`;
    case 'spoil':
      return 'somebody spoils the position of the incremental stream';
    case 'later-release':
      return step.how === 'attributes'
        ? `a later release has stored ${step.orderId} with attributes that this one does not know`
        : `a later release has stored ${step.orderId} in a state that this one does not know, and is back in ${seconds(step.forMs)}`;
    case 'finalize':
      return `Button finalizes ${step.orderId}`;
    case 'install':
      return `Button records the app install ${step.id}, ${describeWebhook(step)}`;
    case 'contradiction':
      return `Button changes the finalized ${step.orderId} to ${step.amount}, ${describeWebhook(step)}`;
    case 'forgery':
      return `somebody forges a webhook about ${step.orderId} (${step.how})`;
    case 'checkout':
      return `Button sends the checkout ${step.id} of the token ${step.btnRef ?? 'null'}`;
    case 'odd-webhook':
      return `Button sends the webhook ${step.id}, which nobody understands (${step.oddity})`;
  }
}

const AWS_WORDS = {
  refuses: 'refuses requests',
  'loses-answers': 'does what it is asked, and its answers are lost',
  'makes-clients-retry': 'does what it is asked, and makes clients ask again',
  'is-stale': 'shows what stood there before to reads that allow it',
} as const satisfies Record<AwsTrouble, string>;

function describeWebhook({ webhook }: { webhook: boolean }): string {
  return webhook ? 'with a webhook' : 'without a webhook';
}

function describeFault({ answer, answerDelayMs, work, match, times, probability }: ApiFault): string {
  const { method, path, orderId, orderIds } = match;
  const asked = [method, path, orderId, orderIds].filter((part) => part !== undefined).join(' ') || 'request';
  const chance = probability < 1 ? ` with chance ${probability}` : '';
  const often = `${times === 'unlimited' ? 'all' : `the next ${times}`} that match ${asked}${chance}`;
  const worked =
    work === undefined
      ? ''
      : typeof work === 'object'
        ? `, and do the work ${seconds(work.afterMs)} later`
        : `, work ${work}`;
  const after = answerDelayMs > 0 ? ` after ${seconds(answerDelayMs)}` : '';
  const how = typeof answer === 'object' ? describeAnswer(answer) : `give the answer "${answer}"`;
  return `${how}${after} to ${often}${worked}`;
}

function describeAnswer(answer: Exclude<ApiFault['answer'], string>): string {
  if ('leavesOut' in answer) return `leave out ${answer.leavesOut.join(', ')} in its answers`;
  const { status, body, cutOff } = answer;
  const text = body === undefined ? "Button's error" : JSON.stringify(body).slice(0, 60);
  return `answer ${status} with ${text}${cutOff ? ', cut off' : ''}`;
}

function describeWebhookFault({ effect, times }: WebhookFault): string {
  const how = typeof effect === 'object' ? `delay by ${seconds(effect.delayMs)}` : effect;
  return `${how} the next ${times} webhooks`;
}

/** Formats milliseconds for people. */
function seconds(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 1000)} s`;
}

function ordinal(count: number): string {
  return ['first', 'second', 'third'][count - 1] ?? `${count}th`;
}
