import { parseWebhookSecrets, webhookSecretProblems } from '../../shared/button/webhook-secrets.ts';
import type { CommandContext } from '../command.ts';
import { check, ok, problem, type CheckLine, type Verdict } from './check.ts';
import { judgeAnswer, judgeFailure } from './judge-probe.ts';
import { secretText, setSecretLine } from './secret-text.ts';
import { probeWebhookUrl } from './webhook-probe.ts';
import { webhookTrafficChecks } from './webhook-traffic.ts';

/** Whether Button's webhooks can arrive, and whether they do. */
export function webhookChecks(context: CommandContext): Promise<CheckLine>[] {
  const { stage } = context;
  const right = 'secretsmanager:GetSecretValue on the webhook secrets';
  return [
    check({ name: 'webhook secrets', right }, () => checkSecrets(context)),
    check({ name: 'webhook URL', right: 'access to the internet' }, async () => {
      const url = stage.output('WebhookUrl');
      const secret = await firstSecret(context);
      try {
        return judgeAnswer(await probeWebhookUrl(url, secret), {
          url,
          isSigned: secret !== undefined,
          at: context.now(),
        });
      } catch (error) {
        return judgeFailure(error, url);
      }
    }),
    ...webhookTrafficChecks(context),
  ];
}

async function checkSecrets({ stage, clients }: CommandContext): Promise<Verdict> {
  const secretId = stage.output('WebhookSecretsArn');
  const setThem = setSecretLine(secretId, 'secrets.json');
  const text = await secretText(clients.secretsManager, secretId);
  if (text === undefined) return problem('They are not set: every webhook is answered with a 503.', setThem);
  const problems = webhookSecretProblems(text);
  if (problems.length > 0) return problem(`${problems.join('. ')}.`, setThem);
  const count = parseWebhookSecrets(text)?.length ?? 0;
  return ok(count === 1 ? 'One is set, and well-formed.' : `${count} are set, all well-formed.`);
}

/** A secret to sign with; none if it cannot be read: the line of the secrets says why. */
async function firstSecret({ stage, clients }: CommandContext): Promise<string | undefined> {
  try {
    const text = await secretText(clients.secretsManager, stage.output('WebhookSecretsArn'));
    return parseWebhookSecrets(text ?? '')?.[0]?.secret;
  } catch {
    return undefined;
  }
}
