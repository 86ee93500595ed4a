import { parseSigningSecrets } from '../../shared/transactions/rules/signing-secrets.ts';
import type { CommandContext } from '../command.ts';
import { check, ok, problem, type CheckLine, type Verdict } from './check.ts';
import { deadLetterCheck } from './left-over-checks.ts';
import { secretText, setSecretLine } from './secret-text.ts';

/** The checks of the reward queue, and of the delivery of its events, if the stage has them. */
export function rewardChecks(context: CommandContext): Promise<CheckLine>[] {
  const { stage } = context;
  const has = (output: string): boolean => stage.outputNames.includes(output);
  const deadLetters = { name: 'rewards: dead letters', queueUrl: () => stage.output('RewardQueueUrl') };
  const secret = { name: 'event delivery: secret', right: 'secretsmanager:GetSecretValue on its secret' };
  return [
    ...(has('RewardQueueUrl') ? [deadLetterCheck(deadLetters, context)] : []),
    ...(has('EventDeliverySecretsArn') ? [check(secret, () => checkSecret(context))] : []),
  ];
}

async function checkSecret({ stage, clients }: CommandContext): Promise<Verdict> {
  const secretId = stage.output('EventDeliverySecretsArn');
  const setIt = setSecretLine(secretId, 'secret.txt');
  const text = await secretText(clients.secretsManager, secretId);
  if (text === undefined) return problem('It is not set: no event is delivered to your URL.', setIt);
  const secrets = parseSigningSecrets(text);
  if (secrets === undefined)
    return problem(
      'It is set, but it is not whsec_ and the base64 of 24 to 64 bytes: no event is delivered to your URL.',
      setIt,
    );
  return ok(
    secrets.length === 1 ? 'One is set, and well-formed.' : `${secrets.length} are set, all well-formed.`,
  );
}
