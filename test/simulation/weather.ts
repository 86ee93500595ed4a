import { randomFrom, type Random } from './random.ts';

/**
 * Something that a process asks of the world. `target` is a table, a queue, a secret, the bus, or a path at
 * Button.
 */
export type Call = {
  functionName: string;
  service: 'dynamodb' | 'sqs' | 'secrets' | 'events' | 'button';
  target: string;
  operation: string;
  /** Of calls of AWS. */
  input?: object;
};

/** What becomes of a call. */
export type Fate = {
  /** From the call to its effect. */
  latencyMs: number;
  /**
   * How long the process stands still. Then it runs on as if nothing had happened, whatever Lambda thinks of
   * it by then.
   */
  freezesForMs?: number;
  /** The process dies just before its effect, or just after it and before it hears of it. */
  dies?: 'before' | 'after';
  /** What the process hears instead; the call has no effect. */
  error?: Error;
  /**
   * The call has its effect, and the answer is lost: to the process, or to its client, which asks once more.
   */
  answer?: 'lost' | 'retried';
  /** An eventually consistent read does not see what is younger. */
  staleForMs?: number;
};

/** What chance and faults do to whatever happens. */
export type Weather = {
  random: Random;
  fateOf: (call: Call) => Fate;
  /** By how much a new environment's clock is ahead of the true time. */
  skewMs: (functionName: string) => number;
  /** How likely a message of a standard queue is delivered twice. */
  duplicates: () => number;
  /** How likely Scheduler fires twice. */
  firesTwice: () => number;
  /** Whether Lambda's poller of this queue, or of the stream, is out of order. */
  isPollerDown: (source: string) => boolean;
  /** Whether what Lambda has got done stays on the queue all the same. */
  losesDelete: (queue: string) => boolean;
  /** What the bus does with one of several events. */
  losesEvent: () => boolean;
  /** Whether Button hears the receiver's answer. */
  losesWebhookAnswer: () => boolean;
};

/** Everything takes some milliseconds, and nothing goes wrong. */
export function calmWeather(seed: number | string): Weather {
  const random = randomFrom(seed, 'weather');
  return {
    random,
    fateOf: () => ({ latencyMs: random.between(2, 30) }),
    skewMs: () => 0,
    duplicates: () => 0,
    firesTwice: () => 0,
    isPollerDown: () => false,
    losesDelete: () => false,
    losesEvent: () => false,
    losesWebhookAnswer: () => false,
  };
}
