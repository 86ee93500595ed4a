import * as fc from 'fast-check';
import { describe, expect, it, vi, onTestFinished } from 'vitest';
import { SimulatorClock } from '../clock.ts';

const START = '2025-01-01T00:00:00.000Z';
const START_MS = Date.parse(START);
const DAY_MS = 86_400_000;

describe('the clock of the simulator', () => {
  it('stops at speed 0 and moves when it is told to', async () => {
    const clock = new SimulatorClock({ startAt: START, speed: 0 });

    await clock.advance(DAY_MS);

    expect(clock.now()).toBe(START_MS + DAY_MS);
  });

  it('shows the real time by default', () => {
    const before = Date.now();

    const now = new SimulatorClock({ speed: 1 }).now();

    expect(now - before).toBeGreaterThanOrEqual(0);
    expect(now - before).toBeLessThan(60_000);
  });

  it('runs at the speed it is given', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const clock = new SimulatorClock({ startAt: START, speed: 60 });

    vi.advanceTimersByTime(1000);
    clock.setSpeed(2);
    vi.advanceTimersByTime(1000);

    expect(clock.now()).toBe(START_MS + 62_000);
  });

  it('fires alarms as time passes', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const clock = new SimulatorClock({ startAt: START, speed: 3600 });
    const sounded: number[] = [];
    clock.at(START_MS + 3_600_000, () => sounded.push(clock.now()));

    vi.advanceTimersByTime(999);
    const before = [...sounded];
    vi.advanceTimersByTime(1);

    expect(before).toEqual([]);
    expect(sounded).toEqual([START_MS + 3_600_000]);
  });

  it('waits for an alarm that is further away than a timer can wait', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const clock = new SimulatorClock({ startAt: START, speed: 1 });
    let sounded = 0;
    clock.at(START_MS + 30 * DAY_MS, () => (sounded += 1));

    vi.advanceTimersByTime(29 * DAY_MS);
    const early = sounded;
    vi.advanceTimersByTime(DAY_MS);

    expect([early, sounded]).toEqual([0, 1]);
  });

  it('fires what is due on the way in order, each at its own instant, in whatever order the alarms were set', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(DAY_MS), { maxLength: 30 }), async (delays) => {
        const clock = new SimulatorClock({ startAt: START, speed: 0 });
        const sounded: number[] = [];
        for (const delay of delays) clock.at(START_MS + delay, () => sounded.push(clock.now() - START_MS));

        await clock.advance(DAY_MS / 2);

        const due = delays.filter((delay) => delay <= DAY_MS / 2).sort((a, b) => a - b);
        expect(sounded).toEqual(due);
      }),
    );
  });

  it('ends a move only when the work that came due, and what followed from it, is done', async () => {
    const clock = new SimulatorClock({ startAt: START, speed: 0 });
    const done: string[] = [];
    const work = async (name: string, next?: () => void) => {
      await new Promise(setImmediate);
      done.push(`${name} at ${clock.now() - START_MS}`);
      next?.();
    };
    const second = () => {
      clock.track(work('second'));
    };
    clock.at(START_MS + 1000, () => {
      clock.track(work('first', () => clock.at(clock.now() + 500, second)));
    });

    await clock.advance(2000);

    expect(done).toEqual(['first at 1000', 'second at 1500']);
  });

  it('runs what is due at one instant in parallel', async () => {
    const clock = new SimulatorClock({ startAt: START, speed: 0 });
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    clock.track(released);
    clock.at(START_MS, () => {
      release();
    });

    await clock.advance(0);

    await expect(released).resolves.toBeUndefined();
  });

  it('does not fire a cancelled alarm', async () => {
    const clock = new SimulatorClock({ startAt: START, speed: 0 });
    let sounded = 0;
    const callOff = clock.at(START_MS + 10, () => (sounded += 1));

    callOff();
    await clock.advance(20);

    expect(sounded).toBe(0);
  });

  it('makes one move after the other when several are requested at once', async () => {
    const clock = new SimulatorClock({ startAt: START, speed: 0 });

    await Promise.all([clock.advance(10), clock.advance(20), clock.advance(30)]);

    expect(clock.now()).toBe(START_MS + 60);
  });

  it('fires nothing more once it is stopped', async () => {
    const clock = new SimulatorClock({ startAt: START, speed: 0 });
    let sounded = 0;
    clock.at(START_MS + 10, () => (sounded += 1));

    await clock.stop();
    clock.at(START_MS + 10, () => (sounded += 1));
    await clock.advance(20);

    expect(sounded).toBe(0);
  });
});
