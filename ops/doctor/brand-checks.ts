import { parseApiKey } from '../../shared/button/api-key.ts';
import { createButtonHttp } from '../../shared/button/button-http.ts';
import { createOrderApi } from '../../shared/button/order-api.ts';
import { createBreakerStore } from '../../shared/orders/store/breaker-store.ts';
import { brandOutput, settingsOf } from '../brand-orders.ts';
import type { CommandContext } from '../command.ts';
import { opsLine } from '../timeline/words.ts';
import { check, ok, problem, unknown, type CheckLine, type Verdict } from './check.ts';
import { deadLetterCheck, quarantineCheck } from './left-over-checks.ts';
import { secretText, setSecretLine } from './secret-text.ts';

/** The checks of a brand's orders. */
export function brandChecks(brand: string, context: CommandContext): Promise<CheckLine>[] {
  const { stage } = context;
  return [
    check({ name: `${brand}: API key`, right: 'secretsmanager:GetSecretValue on its secret' }, () =>
      checkKey(brand, context),
    ),
    check({ name: `${brand}: breaker`, right: 'dynamodb:GetItem on the order ledger' }, () =>
      checkBreaker(brand, context),
    ),
    quarantineCheck({ name: `${brand}: quarantine`, flow: 'orders', kind: `order#${brand}` }, context),
    deadLetterCheck(
      { name: `${brand}: dead letters`, queueUrl: () => brandOutput(stage, 'OrderQueueUrl', brand) },
      context,
    ),
  ];
}

/** An order that does not exist: Button's answer shows whether it accepts the key, and changes nothing. */
const NO_ORDER = 'button-serverless-doctor';

const BUTTON_TIMEOUT_MS = 10_000;

async function checkKey(brand: string, context: CommandContext): Promise<Verdict> {
  const { stage, clients } = context;
  const secretId = brandOutput(stage, 'ApiKeySecretArn', brand);
  const setIt = setSecretLine(secretId, 'key.txt');
  const text = await secretText(clients.secretsManager, secretId);
  if (text === undefined) return problem('It is not set: nothing is reported.', setIt);
  const key = parseApiKey(text);
  if (key === undefined) return problem('It is set, but it is not an API key.', setIt);
  const http = createButtonHttp({
    baseUrl: settingsOf(brand, context).buttonApiUrl,
    timeoutMs: BUTTON_TIMEOUT_MS,
  });
  try {
    const answer = await createOrderApi(http, key).get(NO_ORDER);
    if (answer.answer === 'not-found' || answer.answer === 'found')
      return ok('It is set, and Button accepts it.');
    if (answer.answer === 'unauthorized') return problem('Button refuses it.', setIt);
    const reason = 'reason' in answer ? answer.reason : answer.answer;
    if (answer.answer === 'unanswered' && answer.isRefused)
      return problem(`Button refuses to look up an order with it (${reason}).`, 'Ask your Button contact.');
    return unknown(`It is set; Button did not say whether it accepts it (${reason}).`, 'Try again later.');
  } finally {
    http.close();
  }
}

async function checkBreaker(brand: string, { stage, clients }: CommandContext): Promise<Verdict> {
  const table = stage.output('OrderLedgerTableName');
  const unreadable: string[] = [];
  const store = createBreakerStore({
    client: clients.dynamodb,
    table,
    brand,
    onUnreadable: (key) => unreadable.push(key),
  });
  const breaker = (await store.read())?.value;
  if (unreadable.length > 0)
    return problem(
      'Its item in the ledger is unreadable, so the breaker counts as closed.',
      'You may delete the item: see "An item is unreadable" in docs/runbook.md.',
    );
  if (breaker?.state !== 'open') return ok('Closed.');
  if (breaker.cause === 'paused')
    return problem(
      `The brand has been paused by an operator since ${breaker.since}: ${breaker.reason}. Its orders wait.`,
      `Once Button may be called again: ${opsLine('brand-resume', '--brand', brand, '--yes')}`,
    );
  const cause = breaker.cause === 'key-refused' ? 'Button refuses the key' : 'Button fails';
  return problem(
    `Open since ${breaker.since}: ${cause}. Orders wait; the next probe is at ${breaker.nextProbeAt}.`,
    breaker.cause === 'key-refused'
      ? 'Set the right key; the next probe closes it.'
      : `Wait for the probe, or, if you know that Button works: ${opsLine('breaker-close', '--brand', brand, '--yes')}`,
  );
}
