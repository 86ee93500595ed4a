import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * When a process dies: at which call, counted from 1 over all processes, and whether that call still has its
 * effect.
 */
export type Death = { atCall: number; when: 'before its effect' | 'after its effect' };

/** Counts the calls of processes to other services, and kills one process in the middle of a call. */
export type Lifeline = {
  /** Makes a call for the current process. In a dead process it has no effect and never ends. */
  call<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Runs an invocation as its own process, until it is done or dead. */
  live<Result>(run: () => Promise<Result>): Promise<{ died: false; result: Result } | { died: true }>;
  /** Counts from 1 again. The process that makes this call dies. */
  begin(death: Death | undefined): void;
  /** From now on no process dies, and no calls are counted. */
  end(): void;
  calls(): number;
};

type Process = { isDead: boolean; died: PromiseWithResolvers<undefined>; underWay: Set<Promise<unknown>> };

export function createLifeline(): Lifeline {
  const processes = new AsyncLocalStorage<Process>();
  let calls = 0;
  let death: Death | undefined;
  let isOver = false;

  const kill = (process: Process): Promise<never> => {
    process.isDead = true;
    process.died.resolve(undefined);
    return new Promise(() => undefined);
  };
  return {
    async call(work) {
      const process = processes.getStore();
      // A call by the test itself.
      if (!process) return work();
      if (process.isDead) return kill(process);
      if (isOver) return work();
      calls += 1;
      const isLast = death?.atCall === calls;
      if (isLast && death?.when === 'before its effect') return kill(process);
      const done = work();
      process.underWay.add(done.catch(() => undefined));
      if (!isLast) return done;
      await done.catch(() => undefined);
      return kill(process);
    },

    async live(run) {
      const process: Process = { isDead: false, died: Promise.withResolvers(), underWay: new Set() };
      const end = await Promise.race([
        processes.run(process, run).then((result) => ({ died: false as const, result })),
        process.died.promise.then(() => ({ died: true as const })),
      ]);
      // Calls in progress beside the last one still have their effect before anything else happens.
      if (end.died) await Promise.all(process.underWay);
      return end;
    },

    begin(next) {
      calls = 0;
      death = next;
      isOver = false;
    },
    end: () => (isOver = true),
    calls: () => calls,
  };
}
