import * as z from 'zod';

const timing = {
  /** How many requests or webhooks it strikes before it is used up. */
  times: z.union([z.int().positive(), z.literal('unlimited')]).default(1),
  /** The chance with which it strikes one that matches. */
  probability: z.number().gt(0).max(1).default(1),
  /** Seeds the chance: the same seed strikes the same ones. */
  seed: z.int().nonnegative().default(1),
};

const RegexSchema = z.string().refine(isRegex, 'must be a regular expression');

const AnswerSchema = z.union([
  z.enum([
    /** Button's own. */
    'button',
    /** None: the connection is cut. */
    'lost',
    /** Button's own, but half of its JSON. */
    'truncated',
    /** Button's own, but the connection is cut in the middle of it. */
    'cut-off',
    /** 202, without Button's order id. */
    'accepted',
  ]),
  /** Button's own, without these fields of each order that it shows. */
  z.strictObject({ leavesOut: z.array(z.string()).min(1) }),
  z.strictObject({
    status: z.int().min(200).max(599),
    headers: z.record(z.string(), z.string()).default({}),
    /**
     * Text goes out as it is, anything else as JSON; without it, Button's error body. A 204 and a 304 have
     * none.
     */
    body: z.unknown().optional(),
    /** The connection is cut in the middle of the body. */
    cutOff: z.boolean().default(false),
    /** Where Button's own answer to the work is a refusal, that goes out instead. */
    unlessRefused: z.boolean().default(false),
  }),
]);

const ApiFaultSchema = z
  .strictObject({
    on: z.literal('api'),
    /**
     * All that are given must fit. `path` is a regular expression on the path as sent, without its query;
     * `orderIds` is one on the order id, for a class of orders.
     */
    match: z
      .strictObject({
        method: z.string().optional(),
        path: RegexSchema.optional(),
        orderId: z.string().optional(),
        orderIds: RegexSchema.optional(),
        apiKey: z.string().optional(),
      })
      .default({}),
    ...timing,
    answer: AnswerSchema.default('button'),
    /**
     * Real milliseconds between the request and its answer: the caller does not live on the simulator's
     * clock.
     */
    answerDelayMs: z.int().nonnegative().default(0),
    /**
     * Whether Button does what was asked: at once, never, or later on the simulator's clock. When absent:
     * never under a status of the rule's own, else at once.
     */
    work: z
      .union([z.enum(['done', 'skipped']), z.strictObject({ afterMs: z.int().nonnegative() })])
      .optional(),
  })
  .refine(({ answer, work = 'done' }) => work === 'done' || !isOwnAnswer(answer), {
    path: ['work'],
    message: "must be done: the answer is made of Button's own",
  });
export type ApiFault = z.infer<typeof ApiFaultSchema>;

const WebhookFaultSchema = z.strictObject({
  on: z.literal('webhook'),
  match: z
    .strictObject({
      eventType: z.string().optional(),
      orderId: z.string().optional(),
      transactionKey: z.string().optional(),
      endpoint: z.string().optional(),
    })
    .default({}),
  ...timing,
  effect: z.union([
    z.enum([
      /** Never sent. */
      'lose',
      /** Sent once more after it was acknowledged. */
      'duplicate',
      /** Sent after the next event of its transaction; several swap their order. */
      'reorder',
    ]),
    /** Sent that much later on the simulator's clock. */
    z.strictObject({ delayMs: z.int().nonnegative() }),
  ]),
});
export type WebhookFault = z.infer<typeof WebhookFaultSchema>;

/** A rule by which the simulator misbehaves, as POST /control/faults takes it. */
export const FaultSchema = z.discriminatedUnion('on', [ApiFaultSchema, WebhookFaultSchema]);
export type Fault = z.infer<typeof FaultSchema>;
/** A rule as it is written, before its defaults are filled in. */
export type FaultInput = z.input<typeof FaultSchema>;

/** What a rule about the API is matched with. */
export type ApiTarget = { method: string; path: string; orderId: string | null; apiKey: string | null };

/** What a rule about webhooks is matched with. */
export type WebhookTarget = {
  eventType: string;
  orderId: string | null;
  transactionKey: string;
  endpoint: string;
};

type ActiveRule<Rule> = { readonly rule: Rule; timesLeft: number; readonly draw: () => number };

/** The rules in force, oldest first. The first one that fits and has its times left strikes. */
export class FaultRules {
  #api: ActiveRule<ApiFault>[] = [];
  #webhook: ActiveRule<WebhookFault>[] = [];

  add(rule: Fault): void {
    const timesLeft = rule.times === 'unlimited' ? Infinity : rule.times;
    const draw = seededDraw(rule.seed);
    if (rule.on === 'api') this.#api.push({ rule, timesLeft, draw });
    else this.#webhook.push({ rule, timesLeft, draw });
  }

  /** The rule that strikes this request, if any; uses up one of its times. */
  takeForApi(target: ApiTarget): ApiFault | undefined {
    return take(this.#api, ({ match }) => {
      if (match.path !== undefined && !new RegExp(match.path).test(target.path)) return false;
      if (match.orderIds !== undefined && !new RegExp(match.orderIds).test(target.orderId ?? ''))
        return false;
      return (
        fits(match.method?.toUpperCase(), target.method) &&
        fits(match.orderId, target.orderId) &&
        fits(match.apiKey, target.apiKey)
      );
    });
  }

  /** The rule that strikes this webhook, if any; uses up one of its times. */
  takeForWebhook(target: WebhookTarget): WebhookFault | undefined {
    return take(
      this.#webhook,
      ({ match }) =>
        fits(match.eventType, target.eventType) &&
        fits(match.orderId, target.orderId) &&
        fits(match.transactionKey, target.transactionKey) &&
        fits(match.endpoint, target.endpoint),
    );
  }

  /** The rules with what is left of them. */
  all(): (Fault & { timesLeft: number | 'unlimited' })[] {
    return [...this.#api, ...this.#webhook].map(({ rule, timesLeft }) => ({
      ...rule,
      timesLeft: timesLeft === Infinity ? 'unlimited' : timesLeft,
    }));
  }

  /** Takes a rule out of force, by its identity. */
  remove(rule: Fault): void {
    this.#api = this.#api.filter((current) => current.rule !== rule);
    this.#webhook = this.#webhook.filter((current) => current.rule !== rule);
  }

  clear(): void {
    this.#api = [];
    this.#webhook = [];
  }
}

function take<Rule extends Fault>(
  active: ActiveRule<Rule>[],
  matches: (rule: Rule) => boolean,
): Rule | undefined {
  const striking = active.find(
    ({ rule, timesLeft, draw }) => timesLeft > 0 && matches(rule) && draw() < rule.probability,
  );
  if (striking !== undefined) striking.timesLeft -= 1;
  return striking?.rule;
}

function fits(wanted: string | undefined, actual: string | null): boolean {
  return wanted === undefined || wanted === actual;
}

function isOwnAnswer(answer: z.infer<typeof AnswerSchema>): boolean {
  if (typeof answer === 'object') return 'leavesOut' in answer;
  return answer === 'button' || answer === 'truncated' || answer === 'cut-off';
}

function isRegex(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
function seededDraw(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
