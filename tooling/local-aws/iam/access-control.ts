import { AwsServiceError } from '../emulators/aws-json-client.ts';
import { createAttachments } from './attachments.ts';
import { evaluate, isLike } from './evaluate.ts';
import type { AccessRequest, Verdict } from './evaluate.ts';
import type { ResourceStatement, Statement } from './policy-document.ts';
import { createManagedPolicies, type ManagedPolicies } from './managed-policies.ts';
import { accountOf, evaluateResourcePolicy } from './resource-policy.ts';
import { createTags, type Tags } from './tags.ts';

/** A role as a template makes it. */
export type Role = {
  arn: string;
  /** Who may act under it, and on which conditions. */
  trust: readonly ResourceStatement[];
  statements: readonly Statement[];
};

/** A request that was decided. */
export type AccessRecord = { role: string; action: string; resource: string };

/** An action on a resource (a pattern) that a statement allows, under its condition (JSON). */
export type Right = AccessRecord & { condition: string };

/** An action of a service of AWS. */
export type ServiceRequest = AccessRequest & { service: string };

/**
 * IAM: who may do what. Functions, schedules and mappings act under the roles of their templates. Who calls
 * with other credentials, and under a role that no template makes, is the account's administrator and may do
 * everything that no resource's policy denies. Another account's role may do what such a policy allows it.
 */
export type AccessControl = ManagedPolicies & {
  addRole(role: Role): void;
  /** Takes a role away, but not what is attached to it. */
  removeRole(roleArn: string): void;
  /** Adds statements to a role, as `AWS::IAM::Policy` does; returns what takes them away again. */
  attach(roleArn: string, statements: readonly Statement[]): () => void;
  /** The tags of a resource, in place of those that it had. */
  tag(resourceArn: string, tags: Tags): void;
  /** Adds statements to the policy of a resource; returns what takes them away again. */
  addResourcePolicy(resourceArn: string, statements: readonly ResourceStatement[]): () => void;
  /** Throws unless the service may act under the role, with the context keys that it sets. */
  assume(roleArn: string, service: string, context?: AccessRequest['context']): void;
  /** Whether the policy of the resource allows a service of AWS what it asks for. */
  allowsService(request: ServiceRequest): boolean;
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
   * one. All others are the administrator, whom only the policy of a resource can refuse something.
   */
  checkSigned(
    authorization: string | undefined,
    requests: () => readonly AccessRequest[],
    others?: 'administrator' | 'unchecked',
  ): void;
  /** The rights that nothing has needed so far. */
  unused(): Right[];
  /** What has been refused so far, in order. */
  denied(): AccessRecord[];
};

/** Starts with no roles, in an account. */
export function createAccessControl(accountId = '000000000000'): AccessControl {
  const administrator = `arn:aws:iam::${accountId}:root`;
  const resourcePolicies = createAttachments<ResourceStatement>();
  const roles = new Map<string, Role>();
  const attached = createAttachments<Statement>();
  const roleByKey = new Map<string, string>();
  const { tag, tagContext } = createTags();
  const used = new Set<string>();
  const denied: AccessRecord[] = [];

  const statementsOf = ({ arn, statements }: Role): readonly Statement[] => [
    ...statements,
    ...attached.of(arn),
  ];
  const allRights = (role: Role): Right[] => allowedBy(role.arn, statementsOf(role));
  const decide = (arn: string, asked: AccessRequest): Verdict => {
    const context = { ...DEFAULT_CONTEXT, ...tagContext(asked.resource), ...asked.context };
    const request = { ...asked, context };
    const role = roles.get(arn);
    const caller = { arn, statements: role && statementsOf(role), isOfAccount: accountOf(arn) === accountId };
    const verdict = judge(request, caller, resourcePolicies.of(request.resource));
    if (!verdict.allowed) denied.push({ role: arn, action: request.action, resource: request.resource });
    else if (verdict.by)
      for (const right of rightsOf(arn, verdict.by)) if (covers(right, request)) used.add(idOf(right));
    return verdict;
  };
  const check = (arn: string, requests: readonly AccessRequest[]): void => {
    for (const request of requests) {
      const verdict = decide(arn, request);
      if (!verdict.allowed) throw refusal(arn, request, verdict);
    }
  };

  return {
    ...createManagedPolicies(),
    addRole: (role) => {
      roles.set(role.arn, role);
    },
    removeRole: (arn) => void roles.delete(arn),
    attach: (arn, statements) => {
      if (!roles.has(arn)) throw new Error(`There is no role ${arn}.`);
      return attached.add(arn, statements);
    },
    tag,
    addResourcePolicy: (arn, statements) => resourcePolicies.add(arn, statements),
    assume: (arn, service, context = {}) => {
      const role = roles.get(arn);
      if (!role) return;
      const request = { action: 'sts:AssumeRole', resource: arn, context };
      if (!evaluateResourcePolicy(role.trust, { service }, request).allowed)
        throw new Error(`The role ${arn} cannot be assumed by ${service}.`);
    },
    allowsService: ({ service, ...request }) =>
      evaluateResourcePolicy(resourcePolicies.of(request.resource), { service }, request).allowed,
    issueKey: (arn) => {
      const key = `ASIALOCAL${String(roleByKey.size + 1).padStart(7, '0')}`;
      roleByKey.set(key, arn);
      return key;
    },
    check,
    allows: (arn, request) => decide(arn, request).allowed,
    checkSigned: (authorization, requests, others = 'unchecked') => {
      const key = /Credential=([^/]+)\//u.exec(authorization ?? '')?.[1] ?? '';
      const role = roleByKey.get(key);
      if (role !== undefined) check(role, requests());
      else if (others === 'administrator') check(administrator, requests());
    },
    unused: () => [...roles.values()].flatMap(allRights).filter((right) => !used.has(idOf(right))),
    denied: () => [...denied],
  };
}

/** Who asks, and the statements of the caller's role, if a template makes it. */
type Caller = { arn: string; statements: readonly Statement[] | undefined; isOfAccount: boolean };

/**
 * What the caller's policies and the resource's say together: in one account either may allow, from another
 * account the resource's must.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
 */
function judge(
  request: AccessRequest,
  { arn, statements, isOfAccount }: Caller,
  policy: readonly ResourceStatement[],
): Verdict {
  const byResource = evaluateResourcePolicy(policy, { arn }, request);
  if (!byResource.allowed && byResource.by) return byResource;
  if (!statements) return isOfAccount ? { allowed: true } : byResource;
  const byIdentity = evaluate(statements, request);
  return byIdentity.allowed || byIdentity.by ? byIdentity : byResource;
}

function allowedBy(role: string, statements: readonly Statement[]): Right[] {
  return statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap((statement) => rightsOf(role, statement));
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

/** An endpoint of this machine stands for one of AWS's, which is asked over TLS. */
const DEFAULT_CONTEXT = { 'aws:SecureTransport': ['true'] };

/** Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function refusal(role: string, { action, resource }: AccessRequest, { by }: Verdict): AwsServiceError {
  const kind = by && 'Principal' in by ? 'a resource-based' : 'an identity-based';
  const why = by
    ? `with an explicit deny in ${kind} policy`
    : `because no identity-based policy allows the ${action} action`;
  return new AwsServiceError(
    'AccessDeniedException',
    `User: ${role} is not authorized to perform: ${action} on resource: ${resource} ${why}`,
  );
}
