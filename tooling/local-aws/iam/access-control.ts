import { AwsServiceError } from '../emulators/aws-json-client.ts';
import { evaluate, isLike } from './evaluate.ts';
import type { AccessRequest, Verdict } from './evaluate.ts';
import type { Statement } from './policy-document.ts';

/** A role as a template makes it. */
export type Role = {
  arn: string;
  /** The services that may act under it, for example `lambda.amazonaws.com`. */
  trusts: readonly string[];
  statements: readonly Statement[];
};

/** A request that was decided. */
export type AccessRecord = { role: string; action: string; resource: string };

/** An action on a resource (a pattern) that a statement allows, under its condition (JSON). */
export type Right = AccessRecord & { condition: string };

/**
 * IAM: who may do what. Functions, schedules and mappings act under the roles of their templates. Who calls
 * with other credentials, and under a role that no template makes, is the account's administrator and may do
 * everything.
 */
export type AccessControl = {
  addRole(role: Role): void;
  /** Takes a role away, but not what is attached to it. */
  removeRole(roleArn: string): void;
  /** Adds statements to a role, as `AWS::IAM::Policy` does; returns what takes them away again. */
  attach(roleArn: string, statements: readonly Statement[]): () => void;
  /** Throws unless the service may act under the role. */
  assume(roleArn: string, service: string): void;
  /** An access key id under which requests count as the role's. */
  issueKey(roleArn: string): string;
  /**
   * Throws `AwsServiceError`, in AWS's words, for the first request that the role's policies do not allow.
   */
  check(roleArn: string, requests: readonly AccessRequest[]): void;
  /** Whether the role's policies allow a request that is dropped if not. */
  allows(roleArn: string, request: AccessRequest): boolean;
  /**
   * As `check`, for the role under whose key a request is signed (its `Authorization` header), if there is
   * one.
   */
  checkSigned(authorization: string | undefined, requests: () => readonly AccessRequest[]): void;
  /** The rights that nothing has needed so far. */
  unused(): Right[];
  /** What has been refused so far, in order. */
  denied(): AccessRecord[];
};

/** Starts with no roles. */
export function createAccessControl(): AccessControl {
  const roles = new Map<string, Role>();
  const attached = new Map<string, Set<readonly Statement[]>>();
  const roleByKey = new Map<string, string>();
  const used = new Set<string>();
  const denied: AccessRecord[] = [];

  const statementsOf = ({ arn, statements }: Role): readonly Statement[] => [
    ...statements,
    ...[...(attached.get(arn) ?? [])].flat(),
  ];
  const decide = (arn: string, request: AccessRequest): Verdict => {
    const role = roles.get(arn);
    if (!role) return { allowed: true };
    const verdict = evaluate(statementsOf(role), request);
    if (!verdict.allowed) denied.push({ role: arn, action: request.action, resource: request.resource });
    else if (verdict.by)
      for (const right of rightsOf(role.arn, verdict.by)) if (covers(right, request)) used.add(idOf(right));
    return verdict;
  };
  const check = (arn: string, requests: readonly AccessRequest[]): void => {
    for (const request of requests) {
      const verdict = decide(arn, request);
      if (!verdict.allowed) throw refusal(arn, request, verdict);
    }
  };

  return {
    addRole: (role) => {
      roles.set(role.arn, role);
    },
    removeRole: (arn) => {
      roles.delete(arn);
    },
    attach: (arn, statements) => {
      if (!roles.has(arn)) throw new Error(`There is no role ${arn}.`);
      const policies = attached.get(arn) ?? new Set();
      attached.set(arn, policies.add(statements));
      return () => {
        policies.delete(statements);
      };
    },
    assume: (arn, service) => {
      if (roles.get(arn)?.trusts.includes(service) === false)
        throw new Error(`The role ${arn} cannot be assumed by ${service}.`);
    },
    issueKey: (arn) => {
      const key = `ASIALOCAL${String(roleByKey.size + 1).padStart(7, '0')}`;
      roleByKey.set(key, arn);
      return key;
    },
    check,
    allows: (arn, request) => decide(arn, request).allowed,
    checkSigned: (authorization, requests) => {
      const role = roleByKey.get(/Credential=([^/]+)\//u.exec(authorization ?? '')?.[1] ?? '');
      if (role !== undefined) check(role, requests());
    },
    unused: () =>
      [...roles.values()].flatMap((role) =>
        statementsOf(role)
          .filter(({ Effect }) => Effect === 'Allow')
          .flatMap((statement) => rightsOf(role.arn, statement))
          .filter((right) => !used.has(idOf(right))),
      ),
    denied: () => [...denied],
  };
}

function rightsOf(role: string, { Action, Resource, Condition }: Statement): Right[] {
  const condition = JSON.stringify(Condition);
  return Action.flatMap((action) => Resource.map((resource) => ({ role, action, resource, condition })));
}

function idOf({ role, action, resource, condition }: Right): string {
  return [role, action, resource, condition].join(' ');
}

function covers(right: Right, request: AccessRequest): boolean {
  return isLike(request.action, right.action) && isLike(request.resource, right.resource);
}

/** Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function refusal(role: string, { action, resource }: AccessRequest, { by }: Verdict): AwsServiceError {
  const why = by
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`;
  return new AwsServiceError(
    'AccessDeniedException',
    `User: ${role} is not authorized to perform: ${action} on resource: ${resource} ${why}`,
  );
}
