import { parseApiKey } from '../../shared/button/api-key.ts';
import { createButtonHttp } from '../../shared/button/button-http.ts';
import { createTransactionsApi } from '../../shared/button/transactions-api.ts';
import { readDeploymentMark } from '../../shared/reconciliation/store/deployment-mark.ts';
import { createPositionStore } from '../../shared/reconciliation/store/position-store.ts';
import type { CommandContext } from '../command.ts';
import { opsLine } from '../timeline/words.ts';
import { check, ok, problem, unknown, type CheckLine, type Verdict } from './check.ts';
import { deadLetterCheck, eventFailureCheck, quarantineCheck } from './left-over-checks.ts';
import { rewardChecks } from './reward-checks.ts';
import { secretText, setSecretLine } from './secret-text.ts';
import { webhookChecks } from './webhook-checks.ts';

const READ_POSITIONS = 'dynamodb:GetItem and dynamodb:Query on the positions table';

/** The checks of a publisher's transactions. */
export function publisherChecks(context: CommandContext): Promise<CheckLine>[] {
  const { stage } = context;
  const ofQueue = (name: string, output: string): Promise<CheckLine> =>
    deadLetterCheck({ name: `${name}: dead letters`, queueUrl: () => stage.output(output) }, context);
  return [
    check({ name: 'API key and accounts', right: 'secretsmanager:GetSecretValue on its secret' }, () =>
      checkAccounts(context),
    ),
    ...webhookChecks(context),
    check({ name: 'last reconciliation', right: READ_POSITIONS }, () => checkReads(context)),
    check({ name: 'what is live', right: READ_POSITIONS }, () => checkLiveFrom(context)),
    check({ name: 'events', right: 'nothing' }, () => Promise.resolve(checkEvents(context))),
    quarantineCheck({ name: 'webhooks: quarantine', flow: 'transactions', kind: 'webhook' }, context),
    quarantineCheck({ name: 'rows: quarantine', flow: 'transactions', kind: 'transaction-row' }, context),
    ofQueue('deferred webhooks', 'DeferredWebhooksQueueUrl'),
    ofQueue('reads', 'ReadQueueUrl'),
    eventFailureCheck(context),
    ...rewardChecks(context),
  ];
}

const BUTTON_TIMEOUT_MS = 10_000;

async function checkAccounts({ stage, clients }: CommandContext): Promise<Verdict> {
  const secretId = stage.output('ApiKeySecretArn');
  const setIt = setSecretLine(secretId, 'key.txt');
  const text = await secretText(clients.secretsManager, secretId);
  if (text === undefined) return problem('The key is not set: nothing is read from Button.', setIt);
  const key = parseApiKey(text);
  if (key === undefined) return problem('The key is set, but it is not an API key.', setIt);
  const http = createButtonHttp({ baseUrl: stage.output('ButtonApiUrl'), timeoutMs: BUTTON_TIMEOUT_MS });
  try {
    const listing = await createTransactionsApi(http, key).listAccounts();
    if (!listing.ok) {
      if (listing.reason === 'unauthorized') return problem('Button refuses the key.', setIt);
      return unknown(`Button did not list the accounts (${listing.reason}).`, 'Try again later.');
    }
    const { accounts, cutShortBy } = listing.value;
    if (accounts.length === 0)
      return problem('Button accepts the key, but lists no account.', 'Ask your Button contact.');
    const names = accounts.map(({ id, currency }) => (currency === null ? id : `${id} (${currency})`));
    const says = `Button accepts the key and lists ${names.join(', ')}.`;
    return cutShortBy === undefined
      ? ok(says)
      : problem(`${says} The list is cut short: ${cutShortBy}.`, 'Try again later.');
  } finally {
    http.close();
  }
}

const MINUTE_MS = 60_000;

async function checkReads({ stage, clients, now }: CommandContext): Promise<Verdict> {
  const positions = createPositionStore({
    client: clients.dynamodb,
    table: stage.output('PositionsTableName'),
  });
  // This adds no account to the remembered ones, so nothing is written.
  const accounts = await positions.rememberAccounts([]);
  if (accounts.length === 0)
    return problem(
      'No account has ever been read.',
      `aws lambda invoke --function-name ${stage.output('ReconciliationPlannerName')} /dev/stdout`,
    );
  const staleMs = Number(stage.output('ReadsStaleMinutes')) * MINUTE_MS;
  const lines: string[] = [];
  let stale: string | undefined;
  for (const account of accounts) {
    const position = await positions.read(account, 'incremental');
    const readThrough =
      position === undefined || position === 'unreadable' ? undefined : position.readThrough;
    const isStale = readThrough === undefined || now().getTime() - Date.parse(readThrough) > staleMs;
    if (isStale) stale ??= account;
    lines.push(
      `${account} has been read up to ${readThrough ?? (position === 'unreadable' ? 'nobody knows when' : 'nothing')}`,
    );
  }
  const says = `${lines.join('; ')}.`;
  return stale === undefined ? ok(says) : problem(says, opsLine('positions-show', stale));
}

async function checkLiveFrom({ stage, clients }: CommandContext): Promise<Verdict> {
  if (stage.outputNames.includes('LiveFrom')) {
    return ok(`Transactions created before ${stage.output('LiveFrom')} (liveFrom) are historical.`);
  }
  const table = stage.output('PositionsTableName');
  const mark = await readDeploymentMark({ client: clients.dynamodb, table });
  return ok(
    mark === undefined
      ? 'Nothing has arrived yet. Transactions created before the first webhook or read are historical.'
      : `Transactions created before ${mark}, when this system started, are historical.`,
  );
}

function checkEvents({ stage }: CommandContext): Verdict {
  const field = stage.output('ShopperField');
  const index = field === 'none' ? 'no index finds a shopper' : `the index finds them by ${field}`;
  return stage.output('EventsNameShoppers') === 'true'
    ? ok(`They name the shopper; ${index}.`)
    : ok(`They do not name the shopper: consumers read the table for that; ${index}.`);
}
