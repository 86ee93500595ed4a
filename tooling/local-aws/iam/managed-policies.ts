import type { Statement } from './policy-document.ts';

/** The customer managed policies of an account. */
export type ManagedPolicies = {
  /** What a managed policy allows to a role that has it. */
  addManagedPolicy(policyArn: string, statements: readonly Statement[]): void;
  removeManagedPolicy(policyArn: string): void;
  /** The statements of a managed policy. Throws if there is none with this ARN. */
  managedPolicy(policyArn: string): readonly Statement[];
};

/** Starts without any. */
export function createManagedPolicies(): ManagedPolicies {
  const policies = new Map<string, readonly Statement[]>();
  return {
    addManagedPolicy: (arn, statements) => {
      policies.set(arn, statements);
    },
    removeManagedPolicy: (arn) => {
      policies.delete(arn);
    },
    managedPolicy: (arn) => {
      const statements = policies.get(arn);
      if (!statements) throw new Error(`There is no managed policy ${arn}.`);
      return statements;
    },
  };
}
