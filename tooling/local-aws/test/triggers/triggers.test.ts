import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createTriggers } from '../../triggers/triggers.ts';

function recorded() {
  const events: string[] = [];
  const trigger = {
    async run(until: AbortSignal) {
      events.push('runs');
      if (!until.aborted) await once(until, 'abort');
      events.push('ended');
    },
  };
  return { events, trigger };
}

describe('triggers', () => {
  it('run from the common start, or at once if they come later', async () => {
    const triggers = createTriggers(() => undefined);
    const [early, late] = [recorded(), recorded()];
    triggers.add(early.trigger);
    expect(early.events).toEqual([]);

    triggers.start();
    triggers.add(late.trigger);

    expect([early.events, late.events]).toEqual([['runs'], ['runs']]);
    triggers.stop();
    await triggers.ended();
    expect([early.events, late.events]).toEqual([
      ['runs', 'ended'],
      ['runs', 'ended'],
    ]);
  });

  it('end one by one, after the work in progress', async () => {
    const triggers = createTriggers(() => undefined);
    const [one, other] = [recorded(), recorded()];
    const stop = triggers.add(one.trigger);
    triggers.add(other.trigger);
    triggers.start();

    await stop();

    expect([one.events, other.events]).toEqual([['runs', 'ended'], ['runs']]);
  });

  it('never run if they are removed before the start', async () => {
    const triggers = createTriggers(() => undefined);
    const { events, trigger } = recorded();
    await triggers.add(trigger)();

    triggers.start();

    expect(events).toEqual([]);
  });

  it('report the error that ends one of them, unless all are to end', async () => {
    const failures: unknown[] = [];
    const triggers = createTriggers((error) => failures.push(error));
    triggers.start();
    triggers.add({ run: () => Promise.reject(new Error('gone')) });
    await triggers.ended();

    triggers.stop();
    triggers.add({ run: () => Promise.reject(new Error('closing')) });
    await triggers.ended();

    expect(failures).toEqual([new Error('gone')]);
  });
});
