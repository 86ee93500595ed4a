import { StageConfigSchema } from '../../infra/config.ts';
import { ASSUMED as DURATIONS } from './duration-model.ts';
import { dollarsOf } from './prices.ts';
import { QUOTAS } from './quotas.ts';
import { table } from './report.ts';

/** Assumptions about a forged request: the function compares a signature and calls no service. */
const FORGED = { seconds: 0.005, logBytes: 350 } as const;

const DAY_SECONDS = 86_400;

/**
 * The cost of a day of forged requests at this rate a second, in dollars, and the concurrency that they need.
 */
function floodOf(
  ratePerSecond: number,
  { isStoppedAtGateway }: { isStoppedAtGateway: boolean },
): { dollars: number; concurrency: number } {
  const requests = ratePerSecond * DAY_SECONDS;
  const invocations = isStoppedAtGateway ? 0 : requests;
  const { total: dollars } = dollarsOf({
    httpApiRequest: requests,
    lambdaRequest: invocations,
    lambdaGbSecond: invocations * FORGED.seconds * DURATIONS.memoryGb,
    logIngestion: (requests * FORGED.logBytes) / 1e9,
  });
  return { dollars, concurrency: isStoppedAtGateway ? 0 : Math.ceil(ratePerSecond * FORGED.seconds) };
}

/** The section of docs/scaling.md about requests that do not come from Button. */
export function floodsSection(): string {
  const { transactions } = StageConfigSchema.parse({ stage: 'production', transactions: {} });
  const { rateLimit = NaN, burstLimit = NaN } = transactions?.throttle ?? {};
  const rows = [100, 1000, rateLimit].map((rate) => {
    const open = floodOf(rate, { isStoppedAtGateway: false });
    const stopped = floodOf(rate, { isStoppedAtGateway: true });
    return [
      rate.toLocaleString('en-US'),
      open.dollars.toFixed(0),
      String(open.concurrency),
      stopped.dollars.toFixed(0),
    ];
  });
  const newAccount = QUOTAS.newAccountConcurrency.limit;
  return [
    '## Floods',
    `Whoever knows the webhook URL can send forged requests. They write nothing, but a 429 or a 503 that one of them causes may hit Button's next webhook, and above 10% of an hour's Button pauses. So the throttle is high by default: \`throttle.rateLimit\` ${rateLimit.toLocaleString('en-US')}, \`burstLimit\` ${burstLimit.toLocaleString('en-US')}. What a flood takes:`,
    table(
      [
        'forged requests a second',
        'dollars a day',
        'executions at once',
        'dollars a day, with `webhookPath` at most',
      ],
      rows,
    ),
    `A forged request is taken to run ${FORGED.seconds * 1000} ms; one of more than 512 KB counts as several at the gateway and runs longer. A flood of F a second beside W webhooks a second needs F × ${FORGED.seconds} + W × 0.025 executions at once; a burst of ${burstLimit.toLocaleString('en-US')} webhooks within a second, after Button resumes, ${Math.ceil(burstLimit * 0.025)}. A new account has ${newAccount} for all of its functions, which ${Math.round(newAccount / FORGED.seconds).toLocaleString('en-US')} forged requests a second fill: ask for 1,000 before you go live. Reserved concurrency would only lower that.`,
    'These numbers hold for environments that run already. Each request that comes before the first of them has started needs one of its own, and Lambda starts up to 1,000 of a function in ten seconds ([scaling rate](https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html)): of more than a thousand webhooks within a fraction of a second, after hours without any, some get 503 whatever the quota is. Button sends them again, and the reconciler finds them; if it pauses the webhook, resume it once more: by then the environments run. `npm run preflight` compares the quota with what the stage needs, and `test/flows/new-account.test.ts` plays a burst with 10 executions and with that number.',
    'With `webhookPath` the URL ends in a secret segment. Requests without it get 404 from the gateway: they start no function, use up no throttle of the route, and no executions. Where a flood outgrows the throttle all the same, lower numbers only move the pause closer; change the segment (docs/configuration.md), and resume the webhook in Button’s Dashboard.',
  ].join('\n\n');
}
