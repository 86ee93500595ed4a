import { beforeEach, describe, expect, it, vi } from 'vitest';

import { alarmHistory } from '../../local/aws/cloudwatch/alarm-state.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { DAY_MS, HOUR_MS, live, outage, postWebhook, strike } from './play.ts';
import { FAULTS } from './faults.ts';
import { ALARMS } from './synthesized-alarms.ts';
import { watchWorld } from './watched-world.ts';

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
});

describe('the alarms', () => {
  it('stay calm through a day of orders, webhooks, reads and sweeps', async () => {
    const { world, alarmsSince, cloudWatch } = watchWorld({ seed: 'calm' });

    await live(world, DAY_MS);

    expect(cloudWatch.ignoredMetrics()).toEqual([]);
    expect(alarmsSince()).toEqual([]);
  });

  it('stay calm after a first deployment without secrets, once the schedules have run (F10)', async () => {
    const { world, alarmsSince } = watchWorld({ seed: 'new', isNew: true });
    const firstRunsMs = world.clock.now() + 2 * HOUR_MS;
    world.secrets.clear();

    await world.runFor(DAY_MS);

    expect(alarmsSince(firstRunsMs)).toEqual([]);
  });

  it.each(FAULTS)(
    'tell of it, and of nothing else, when $fault',
    async ({ options, play, alarms, fault }) => {
      const { world, alarmsSince, cloudWatch } = watchWorld({ seed: fault, ...options });

      await play(world);

      expect(cloudWatch.ignoredMetrics()).toEqual([]);
      expect(alarmsSince()).toEqual(alarms);
    },
  );

  it('ring on while a webhook can not be stored, however far apart its tries lie (F1)', async () => {
    const { world, cloudWatch } = watchWorld({ seed: 'held' });
    const startMs = world.clock.now();
    strike(
      world,
      ({ functionName, target }) =>
        /^(webhook-|deferred-webhooks$)/.test(functionName) && target === 'transactions',
      {
        error: outage(),
      },
    );
    await postWebhook(world, pendingWebhook);
    await world.runFor(12 * HOUR_MS);

    const alarm = ALARMS.find(({ name }) => name === 'IntakeDeferredWebhooksAgeAlarm');
    const span = { fromMs: startMs, untilMs: world.clock.now() };
    const history = alarm ? alarmHistory(alarm.definition, cloudWatch.metrics, span) : [];

    expect(history.map(({ state }) => state)).toEqual(['OK', 'ALARM']);
    expect(world.gauges().queues.deferredWebhooks.oldestAgeSeconds).toBe(0);
  });

  it('are there for a fault each', () => {
    const reported = new Set(FAULTS.flatMap(({ alarms }) => alarms));

    expect([...reported].sort()).toEqual(ALARMS.map(({ name }) => name).sort());
  });
});
