import { readEventPattern, type EventMatcher } from './event-pattern.ts';

/** A queue to which a rule sends events, and the queue for events that the first does not accept. */
export type RuleTarget = { id: string; queueArn: string; deadLetterQueueArn?: string | undefined };

/** A rule as a template or a request makes it. */
export type RuleDefinition = {
  bus: string;
  name: string;
  arn: string;
  pattern: unknown;
  isEnabled: boolean;
  /** Made by a template: the queue has to let it in. */
  isOfTemplate: boolean;
};

/** A target to which a rule sends an event. */
export type RuleDelivery = { rule: RuleDefinition; target: RuleTarget };

/** The rules of every bus. */
export type EventRules = {
  /** Makes a rule or replaces it; its targets stay. Throws for a pattern that is not understood. */
  put(rule: RuleDefinition): void;
  /** Adds targets, or replaces those with the same id. Throws where there is no such rule. */
  putTargets(rule: RuleName, targets: readonly RuleTarget[]): void;
  removeTargets(rule: RuleName, ids: readonly string[]): void;
  remove(rule: RuleName): void;
  list(bus: string): RuleDefinition[];
  targets(rule: RuleName): RuleTarget[];
  /** Where an event goes: every target of every enabled rule of its bus that matches. */
  targetsOf(bus: string, event: Readonly<Record<string, unknown>>): RuleDelivery[];
};

export type RuleName = { bus: string; name: string };

type Rule = RuleDefinition & { matches: EventMatcher; targets: Map<string, RuleTarget> };

/** There are no rules at first. */
export function createEventRules(): EventRules {
  const rules = new Map<string, Rule>();
  const keyOf = ({ bus, name }: RuleName): string => JSON.stringify([bus, name]);
  const find = (name: RuleName): Rule => {
    const rule = rules.get(keyOf(name));
    if (!rule) throw new Error(`Rule ${name.name} does not exist on EventBus ${name.bus}.`);
    return rule;
  };
  return {
    put: (rule) => {
      const targets = rules.get(keyOf(rule))?.targets ?? new Map<string, RuleTarget>();
      rules.set(keyOf(rule), { ...rule, matches: readEventPattern(rule.pattern), targets });
    },
    putTargets: (name, targets) => {
      const rule = find(name);
      for (const target of targets) rule.targets.set(target.id, target);
    },
    removeTargets: (name, ids) => {
      const rule = find(name);
      for (const id of ids) rule.targets.delete(id);
    },
    remove: (name) => {
      rules.delete(keyOf(name));
    },
    list: (bus) => [...rules.values()].filter((rule) => rule.bus === bus),
    targets: (name) => [...find(name).targets.values()],
    targetsOf: (bus, event) =>
      [...rules.values()]
        .filter((rule) => rule.bus === bus && rule.isEnabled && rule.matches(event))
        .flatMap((rule) => [...rule.targets.values()].map((target) => ({ rule, target }))),
  };
}
