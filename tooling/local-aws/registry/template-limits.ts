import type { Template } from '../template/template.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const LIMITS = {
  bodyBytes: 1_048_576,
  resources: 500,
  outputs: 200,
  parameters: 200,
  nameCharacters: 255,
  descriptionBytes: 1024,
};

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html, "StackName" */
const STACK_NAME = /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html */
const LOGICAL_ID = /^[A-Za-z0-9]+$/;

/** Why CloudFormation refuses a template as a whole; one sentence for each reason. */
export function templateLimitProblems(
  { stackName, text }: { stackName: string; text: string },
  { Resources, Outputs, Parameters, Description = '' }: Template,
): string[] {
  const counts = {
    resources: Object.keys(Resources),
    outputs: Object.keys(Outputs),
    parameters: Object.keys(Parameters),
  };
  const ids = Object.values(counts).flat();
  return [
    ...(STACK_NAME.test(stackName) ? [] : [`${stackName} cannot be the name of a stack.`]),
    ...over('the template has', bytes(text), { limit: LIMITS.bodyBytes, unit: 'bytes' }),
    ...over('the resources are', counts.resources.length, { limit: LIMITS.resources, unit: 'resources' }),
    ...over('the outputs are', counts.outputs.length, { limit: LIMITS.outputs, unit: 'outputs' }),
    ...over('the parameters are', counts.parameters.length, { limit: LIMITS.parameters, unit: 'parameters' }),
    ...over('the description has', bytes(Description), { limit: LIMITS.descriptionBytes, unit: 'bytes' }),
    ...ids
      .filter((id) => id.length > LIMITS.nameCharacters || !LOGICAL_ID.test(id))
      .map((id) => `${id} cannot be a logical id.`),
  ];
}

/** One sentence if the value is over the limit. */
export function over(
  subject: string,
  value: number,
  { limit, unit }: { limit: number; unit: string },
): string[] {
  return value > limit ? [`${subject} ${value} ${unit}, more than ${limit}.`] : [];
}

/** The length in UTF-8. */
export function bytes(text: string): number {
  return Buffer.byteLength(text);
}
