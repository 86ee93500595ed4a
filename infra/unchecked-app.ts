/**
 * Properties of an app whose templates are only read or played. They skip CloudFormation's own rules, whose
 * engine takes ten seconds to start; `cdk synth` and test/infra/compliance apply them.
 */
export const UNCHECKED_APP = { builtinCloudFormationValidation: false } as const;

/** The same for an app in a process of its own. */
export const UNCHECKED_ENVIRONMENT = { CDK_VALIDATION: 'false' } as const;
