import { DynamoDBServiceException, ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb';
import { SQSServiceException } from '@aws-sdk/client-sqs';

import type { Random } from './random.ts';
import type { FunctionName } from './functions.ts';
import type { AwsTrouble } from './step.ts';
import type { Call, Fate, Weather } from './weather.ts';

type Window = { untilMs: number; probability: number };
type AwsWindow = Window & { target: string; trouble: AwsTrouble };
type Death = { functionName: FunctionName; callsLeft: number; moment: 'before' | 'after' };

/**
 * How far a new environment's clock may be off. The limit of reporters is lower, because they measure the
 * quiet time with their clocks.
 */
const MAX_SKEW_MS: Readonly<Record<string, number>> = { 'order-reporter': 3000, 'retry-sweep': 3000 };
const MAX_SKEW_OF_OTHERS_MS = 25_000;

/** Weather that a schedule changes as it runs. */
export class Storm implements Weather {
  readonly random: Random;
  /** Called with every fate other than the normal one, for the story. */
  onFate: ((call: Call, fate: Fate) => void) | undefined;

  readonly #now: () => number;
  #aws: AwsWindow[] = [];
  #deaths: Death[] = [];
  #freezes: { functionName: FunctionName; callsLeft: number; forMs: number }[] = [];
  readonly #windows = new Map<string, Window>();
  #isOver = false;

  constructor(random: Random, now: () => number) {
    this.random = random;
    this.#now = now;
  }

  /** Ends all faults. */
  end(): void {
    this.#isOver = true;
    this.#aws = [];
    this.#deaths = [];
    this.#freezes = [];
    this.#windows.clear();
  }

  addAws(
    target: string,
    trouble: AwsTrouble,
    { forMs, probability }: { forMs: number; probability: number },
  ): void {
    this.#aws.push({ target, trouble, probability, untilMs: this.#now() + forMs });
  }

  addDeath(functionName: FunctionName, call: number, moment: 'before' | 'after'): void {
    this.#deaths.push({ functionName, callsLeft: call, moment });
  }

  addFreeze(functionName: FunctionName, call: number, forMs: number): void {
    this.#freezes.push({ functionName, callsLeft: call, forMs });
  }

  /** Adds a fault for a while. `name` says which. */
  addWindow(name: string, forMs: number, probability = 1): void {
    this.#windows.set(name, { untilMs: this.#now() + forMs, probability });
  }

  readonly fateOf = (call: Call): Fate => {
    const fate = this.#fateOf(call);
    if (this.onFate && Object.keys(fate).length > 1) this.onFate(call, fate);
    return fate;
  };

  skewMs = (functionName: string): number => {
    const most = MAX_SKEW_MS[functionName] ?? MAX_SKEW_OF_OTHERS_MS;
    return this.#isOver ? 0 : this.random.between(-most, most);
  };

  duplicates = (): number => this.#probability('duplicates');
  firesTwice = (): number => (this.#isOver ? 0 : 0.2);
  isPollerDown = (source: string): boolean => this.#strikes(`poller ${source}`);
  losesDelete = (queue: string): boolean => this.#strikes(`delete ${queue}`);
  losesEvent = (): boolean => this.#strikes('events');
  losesWebhookAnswer = (): boolean => this.#strikes('webhook answers');

  #fateOf(call: Call): Fate {
    const { functionName, service } = call;
    const latencyMs = this.random.between(2, 40);
    const death = this.#deaths.find((it) => it.functionName === functionName);
    if (death && (death.callsLeft -= 1) <= 0) {
      this.#deaths.splice(this.#deaths.indexOf(death), 1);
      return { latencyMs, dies: death.moment };
    }
    const freeze = this.#freezes.find((it) => it.functionName === functionName);
    if (freeze && (freeze.callsLeft -= 1) <= 0) {
      const { forMs } = freeze;
      this.#freezes.splice(this.#freezes.indexOf(freeze), 1);
      // Lambda kills a reporter at its timeout for certain. The lease exists for claims that outlive their
      // run.
      return functionName === 'order-reporter'
        ? { latencyMs: latencyMs + forMs }
        : { latencyMs, freezesForMs: forMs };
    }
    if (service === 'button')
      return this.#strikes('button') ? { latencyMs, error: new Error('connection refused') } : { latencyMs };
    return this.#aws.length === 0 ? { latencyMs } : this.#awsFate(call, latencyMs);
  }

  #awsFate({ service, target }: Call, latencyMs: number): Fate {
    const nowMs = this.#now();
    this.#aws = this.#aws.filter(({ untilMs }) => untilMs > nowMs);
    const window = this.#aws.find((it) => it.target === target && this.random.chance(it.probability));
    switch (window?.trouble) {
      case undefined:
        return { latencyMs };
      case 'refuses':
        return { latencyMs: latencyMs + 500, error: refusal(service, this.random) };
      case 'loses-answers':
        return { latencyMs, answer: 'lost' };
      case 'makes-clients-retry':
        return { latencyMs, answer: 'retried' };
      case 'is-stale':
        return { latencyMs, staleForMs: 10_000 };
    }
  }

  #probability(name: string): number {
    const window = this.#windows.get(name);
    return window && window.untilMs > this.#now() ? window.probability : 0;
  }

  #strikes(name: string): boolean {
    const probability = this.#probability(name);
    return probability > 0 && this.random.chance(probability);
  }
}

/** The error that a client throws when it has used up its retries. */
function refusal(service: Call['service'], random: Random): Error {
  const $metadata = { attempts: 3, httpStatusCode: 400 };
  const message = 'simulated';
  if (service === 'dynamodb') {
    return random.chance(0.5)
      ? new ProvisionedThroughputExceededException({ message, $metadata })
      : new DynamoDBServiceException({ name: 'InternalServerError', message, $fault: 'server', $metadata });
  }
  if (service === 'sqs')
    return new SQSServiceException({ name: 'ServiceUnavailable', message, $fault: 'server', $metadata });
  return Object.assign(new Error(message), { name: 'InternalServiceError', $metadata });
}
