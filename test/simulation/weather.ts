import { randomFrom, type Random } from './random.ts';

/** A call that a process makes. `target` is a table, a queue, a secret, the bus, or a path at Button. */
export type Call = {
  functionName: string;
  service: 'dynamodb' | 'sqs' | 'secrets' | 'events' | 'button';
  target: string;
  operation: string;
  /** Only for calls to AWS. */
  input?: object;
};

/** What happens to a call. */
export type Fate = {
  /** From the call to its effect. */
  latencyMs: number;
  /**
   * How long the process freezes. Then it continues as if nothing had happened, even if Lambda has given it
   * up by then.
   */
  freezesForMs?: number;
  /** The process dies just before the effect, or just after it and before the answer. */
  dies?: 'before' | 'after';
  /** The error that the process gets instead; the call has no effect. */
  error?: Error;
  /**
   * The call has its effect, but the answer is lost: to the process, or to its client, which repeats the
   * call.
   */
  answer?: 'lost' | 'retried';
  /** An eventually consistent read does not see what is newer than this. */
  staleForMs?: number;
};

/** What chance and faults do in a world. */
export type Weather = {
  random: Random;
  fateOf: (call: Call) => Fate;
  /** How far a new environment's clock is ahead of the true time. */
  skewMs: (functionName: string) => number;
  /** The probability that a message of a standard queue is delivered twice. */
  duplicates: () => number;
  /** The probability that Scheduler fires twice. */
  firesTwice: () => number;
  /** Whether Lambda's poller of this queue or stream is down. */
  isPollerDown: (source: string) => boolean;
  /** Whether messages stay on the queue although Lambda has handled them. */
  losesDelete: (queue: string) => boolean;
  /** Whether the bus loses one of several events. */
  losesEvent: () => boolean;
  /** Whether the receiver's answer to Button is lost. */
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
