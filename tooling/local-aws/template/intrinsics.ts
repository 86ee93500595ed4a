/** What the names in a template stand for. Each function throws for a name it does not know. */
export type Scope = {
  /** `undefined` for the pseudo parameter AWS::NoValue. */
  ref(name: string): unknown;
  getAtt(logicalId: string, attribute: string): string;
  /** The value that another stack exports under the name. */
  importValue(name: string): string;
  condition(name: string): boolean;
  /**
   * Called on each text put together from parts, which may be the address of something that stands elsewhere
   * here.
   */
  localise(text: string): string;
};

/**
 * Replaces every intrinsic function in a template value. Throws for those that have no local meaning.
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export function resolveValue(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value))
    return value.map((item) => resolveValue(item, scope)).filter((item) => item !== undefined);
  if (!isObject(value)) return value;

  const intrinsic = intrinsicOf(value);
  if (intrinsic !== undefined) return callIntrinsic(intrinsic, scope);
  const entries = Object.entries(value).map(([key, item]) => [key, resolveValue(item, scope)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/** The logical ids and parameters that a template value refers to; pseudo parameters are left out. */
export function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isObject(value)) return [];
  const intrinsic = intrinsicOf(value);
  if (intrinsic === undefined) return Object.values(value).flatMap(referencesIn);

  const { name, argument } = intrinsic;
  if (name === 'Ref') return typeof argument === 'string' && !argument.includes('::') ? [argument] : [];
  if (name === 'Fn::GetAtt') return [attributePath(argument).logicalId];
  if (name === 'Fn::Sub') {
    const { text, variables } = substitution(argument);
    const own = placeholders(text).filter(
      (found) => !Object.hasOwn(variables, found) && !found.includes('::'),
    );
    return [...own.map((found) => found.split('.')[0] ?? found), ...referencesIn(Object.values(variables))];
  }
  return referencesIn(argument);
}

/** The conditions of a template, evaluated when they are first asked for. */
export function evaluateCondition(value: unknown, scope: Scope): boolean {
  if (!isObject(value)) throw new Error(`Not a condition: ${JSON.stringify(value)}`);
  const { name, argument } = intrinsicOf(value) ?? { name: Object.keys(value).join(), argument: undefined };
  const operands = Array.isArray(argument) ? argument : [argument];
  switch (name) {
    case 'Condition':
      return scope.condition(text(argument));
    case 'Fn::And':
      return operands.every((operand) => evaluateCondition(operand, scope));
    case 'Fn::Or':
      return operands.some((operand) => evaluateCondition(operand, scope));
    case 'Fn::Not':
      return !evaluateCondition(operands[0], scope);
    case 'Fn::Equals':
      return (
        JSON.stringify(resolveValue(operands[0], scope)) === JSON.stringify(resolveValue(operands[1], scope))
      );
    default:
      throw new Error(`The condition function ${name} is not supported locally.`);
  }
}

type Intrinsic = { name: string; argument: unknown };

function intrinsicOf(value: Record<string, unknown>): Intrinsic | undefined {
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0) return undefined;
  const [name, argument] = entry;
  return name === 'Ref' || name === 'Condition' || name.startsWith('Fn::') ? { name, argument } : undefined;
}

function callIntrinsic({ name, argument }: Intrinsic, scope: Scope): unknown {
  switch (name) {
    case 'Ref':
      return scope.ref(text(argument));
    case 'Fn::GetAtt': {
      const { logicalId, attribute } = attributePath(argument);
      return scope.getAtt(logicalId, attribute);
    }
    case 'Fn::Join': {
      const [separator, parts] = list(argument);
      return scope.localise(list(resolveValue(parts, scope)).map(text).join(text(separator)));
    }
    case 'Fn::Sub':
      return scope.localise(substitute(argument, scope));
    case 'Fn::Select': {
      const [index, items] = list(resolveValue(argument, scope));
      return list(items)[Number(index)];
    }
    case 'Fn::Split': {
      const [separator, whole] = list(argument);
      return text(resolveValue(whole, scope)).split(text(separator));
    }
    case 'Fn::If': {
      const [condition, whenTrue, whenFalse] = list(argument);
      return resolveValue(scope.condition(text(condition)) ? whenTrue : whenFalse, scope);
    }
    case 'Fn::ImportValue':
      return scope.importValue(text(resolveValue(argument, scope)));
    // A property may be called `Condition`, as in a policy statement; only template conditions are
    // references.
    case 'Condition':
      return { Condition: resolveValue(argument, scope) };
    default:
      throw new Error(`${name} is not supported locally.`);
  }
}

function substitute(argument: unknown, scope: Scope): string {
  const { text: template, variables } = substitution(argument);
  return template.replaceAll(/\$\{([^}]*)\}/g, (_whole, found: string) => {
    if (found.startsWith('!')) return `\${${found.slice(1)}}`;
    const name = found.trim();
    if (Object.hasOwn(variables, name)) return text(resolveValue(variables[name], scope));
    const [logicalId = name, ...attribute] = name.split('.');
    return attribute.length === 0 ? text(scope.ref(name)) : scope.getAtt(logicalId, attribute.join('.'));
  });
}

function substitution(argument: unknown): { text: string; variables: Record<string, unknown> } {
  if (typeof argument === 'string') return { text: argument, variables: {} };
  const [template, variables] = list(argument);
  if (!isObject(variables)) throw new Error('Fn::Sub needs an object of variables.');
  return { text: text(template), variables };
}

function placeholders(template: string): string[] {
  return [...template.matchAll(/\$\{([^!}][^}]*)\}/g)].map(([, name = '']) => name.trim());
}

function attributePath(argument: unknown): { logicalId: string; attribute: string } {
  const [logicalId, ...rest] = typeof argument === 'string' ? argument.split('.') : list(argument).map(text);
  if (logicalId === undefined || rest.length === 0)
    throw new Error('Fn::GetAtt needs a resource and an attribute.');
  return { logicalId, attribute: rest.join('.') };
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value))
    throw new Error(`Expected a list in a template function, got ${JSON.stringify(value)}.`);
  return value;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`Expected a text in a template function, got ${JSON.stringify(value)}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
