/** Something that invokes functions of its own accord. */
export type Trigger = {
  /**
   * Goes on until the signal and the end of what is then under way. Rejects when it cannot go on. `closing`
   * says that everything ends: nothing has to be brought to its end any more.
   */
  run(until: AbortSignal, closing: AbortSignal): Promise<void>;
};

/** Every trigger of a cloud. */
export type Triggers = {
  /** Lets the trigger run as soon as triggers may; returns what ends it, and waits for what is under way. */
  add(trigger: Trigger): () => Promise<void>;
  /** From now on triggers may run. */
  start(): void;
  /** Ends them all. */
  stop(): void;
  /** Resolves when every trigger has ended. */
  ended(): Promise<void>;
};

/** Keeps triggers, none of which runs before `start`. A trigger that cannot go on is reported. */
export function createTriggers(onFailure: (error: unknown) => void): Triggers {
  const stopping = new AbortController();
  const waiting = new Set<() => void>();
  const running = new Set<Promise<void>>();
  let isStarted = false;

  return {
    add(trigger) {
      const own = new AbortController();
      const until = AbortSignal.any([own.signal, stopping.signal]);
      let run: Promise<void> | undefined;
      const start = (): void => {
        run = trigger.run(until, stopping.signal).catch((error: unknown) => {
          // What was under way when everything closes may fail: its function and its queue are gone.
          if (!stopping.signal.aborted) onFailure(error);
        });
        running.add(run);
      };
      if (isStarted) start();
      else waiting.add(start);
      return async () => {
        waiting.delete(start);
        own.abort();
        await run;
        if (run) running.delete(run);
      };
    },
    start() {
      isStarted = true;
      for (const start of waiting) start();
      waiting.clear();
    },
    stop: () => {
      stopping.abort();
    },
    ended: async () => {
      await Promise.all(running);
    },
  };
}
