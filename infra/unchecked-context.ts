/**
 * Context of an app whose templates are only read or played. It leaves CloudFormation's own rules out, whose
 * engine takes seconds to start; `cdk synth` and test/infra/compliance apply them.
 */
export const UNCHECKED_CONTEXT = { '@aws-cdk/core:validateAgainstDefaultRules': false };
