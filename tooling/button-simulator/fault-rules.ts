import * as z from 'zod';

const timing = {
  /** How many requests or webhooks it applies to before it is used up. */
  times: z.union([z.int().positive(), z.literal('unlimited')]).default(1),
  /** The probability that it applies to one that matches. */
  probability: z.number().gt(0).max(1).default(1),
  /** Seeds the probability: the same seed gives the same result. */
  seed: z.int().nonnegative().default(1),
};

const RegexSchema = z.string().refine(isRegex, 'must be a regular expression');

const AnswerSchema = z.union([
  z.enum([
    /** Button's own response. */
    'button',
    /** No response: the connection is broken. */
    'lost',
    /** Button's own response, but half of its JSON. */
    'truncated',
    /** Button's own response, but the connection breaks in the middle of it. */
    'cut-off',
    /** 202, without Button's order id. */
    'accepted',
  ]),
  /** Button's own response, without these fields of each order that it shows. */
  z.strictObject({ leavesOut: z.array(z.string()).min(1) }),
  z.strictObject({
    status: z.int().min(200).max(599),
    headers: z.record(z.string(), z.string()).default({}),
    /**
     * Text is sent unchanged, anything else as JSON; without it, Button's error body is sent. A 204 and a 304
     * have none.
     */
    body: z.unknown().optional(),
    /** The connection breaks in the middle of the body. */
    cutOff: z.boolean().default(false),
    /** If Button's own response to the work is a refusal, that is sent instead. */
    unlessRefused: z.boolean().default(false),
  }),
]);

const ApiFaultSchema = z
  .strictObject({
    on: z.literal('api'),
    /**
     * All given fields must match. `path` is a regular expression for the path as sent, without its query;
     * `orderIds` is one for the order id, for a class of orders.
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
     * Whether Button does what the request asks: at once, never, or later on the simulator's clock. Unless
     * given: never if the rule sets a status, otherwise at once.
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

/** A rule for a fault of the simulator, as POST /control/faults accepts it. */
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

/** The current rules, oldest first. The first one that matches and is not used up applies. */
export class FaultRules {
  #api: ActiveRule<ApiFault>[] = [];
  #webhook: ActiveRule<WebhookFault>[] = [];

  add(rule: Fault): void {
    const timesLeft = rule.times === 'unlimited' ? Infinity : rule.times;
    const draw = seededDraw(rule.seed);
    if (rule.on === 'api') this.#api.push({ rule, timesLeft, draw });
    else this.#webhook.push({ rule, timesLeft, draw });
  }

  /** The rule that applies to this request, if any; counts as one use of it. */
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

  /** The rule that applies to this webhook, if any; counts as one use of it. */
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

  /** The rules with their remaining uses. */
  all(): (Fault & { timesLeft: number | 'unlimited' })[] {
    return [...this.#api, ...this.#webhook].map(({ rule, timesLeft }) => ({
      ...rule,
      timesLeft: timesLeft === Infinity ? 'unlimited' : timesLeft,
    }));
  }

  /** Removes a rule, by its identity. */
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
