import { describe, expect, it } from 'vitest';

import { describeAlarms } from './describe-alarms.ts';
import { playStateMachine } from './play-state-machine.ts';
import { resolve, STAGE } from './synthesized-alarms.ts';

/** A description, reasons and metrics that are as long as CloudWatch allows. */
const DESCRIPTION_BYTES = 10_000;
/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html, "Maximum input or output size" */
const PAYLOAD_BYTES = 262_144;

/** The names that the reminder of this many alarms contains. */
async function remindOf(count: number): Promise<{ names: string[]; messages: number; largest: number }> {
  const alarms = Array.from({ length: count }, (_, index) => ({
    name: `Button/development/Brand-${index}/Age`,
    state: 'ALARM',
  }));
  const [machine] = STAGE.resources('AWS::StepFunctions::StateMachine');
  const messages: string[] = [];
  let largest = 0;
  const describing = describeAlarms(() => alarms);
  await playStateMachine(resolve(machine?.Properties['Definition']), {
    'cloudwatch:describeAlarms': (input) => {
      const asked = Number(input['MaxRecords'] ?? 50);
      largest = Math.max(largest, Math.min(asked, count) * DESCRIPTION_BYTES);
      return describing(input);
    },
    'sns:publish': ({ Message: message }) => messages.push(String(message)),
  });
  const names = messages.flatMap((message) => message.match(/Button\/\S+\/Age/gu) ?? []);
  return { names, messages: messages.length, largest };
}

describe('AWS, requirement 11: the reminder', () => {
  it.each([1, 20, 21, 50, 51, 120])(
    'names every one of %i alarms in one message, and reads no answer that Step Functions refuses',
    async (count) => {
      const { names, messages, largest } = await remindOf(count);

      expect(new Set(names).size).toBe(count);
      expect(messages).toBe(1);
      expect(largest).toBeLessThanOrEqual(PAYLOAD_BYTES);
    },
  );
});
