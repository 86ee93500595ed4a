import { beforeEach, describe, expect, it, vi } from 'vitest';

import { alarmHistory } from '../../tooling/local-aws/cloudwatch/alarm-state.ts';
import pendingWebhook from '../fixtures/button/webhook-tx-pending.json' with { type: 'json' };
import { DAY_MS, HOUR_MS, inject, live, misbehave, outage, postWebhook, strike } from './play.ts';
import { share, volume } from '../volume.ts';
import { FAULTS } from './faults.ts';
import { ALARMS } from './synthesized-alarms.ts';
import { watchWorld, type Notification } from './watched-world.ts';

const byAlarm = (one: Notification, other: Notification): number => one.alarm.localeCompare(other.alarm);

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
});

describe('AWS, requirement 11: the alarms', () => {
  it('do not fire during a day of orders, webhooks, reads and sweeps', { tags: ['volume'] }, async () => {
    const { world, alarmsSince, cloudWatch } = watchWorld({ seed: 'calm' });

    await live(world, volume({ short: DAY_MS / 4, long: DAY_MS }));

    expect(cloudWatch.ignoredMetrics()).toEqual([]);
    expect(alarmsSince()).toEqual([]);
  });

  it('do not fire after a first deployment without secrets, once the schedules have run (F10)', async () => {
    const { world, alarmsSince } = watchWorld({ seed: 'new', isNew: true });
    const firstRunsMs = world.clock.now() + 2 * HOUR_MS;
    world.secrets.clear();

    await world.runFor(DAY_MS);

    expect(alarmsSince(firstRunsMs)).toEqual([]);
  });

  it.each(share(FAULTS, 4))(
    'report it, and nothing else, when $fault',
    { tags: ['volume'] },
    async ({ options, play, alarms, fault }) => {
      const { world, alarmsSince, cloudWatch } = watchWorld({ seed: fault, ...options });

      await play(world, cloudWatch);

      expect(cloudWatch.ignoredMetrics()).toEqual([]);
      expect(alarmsSince()).toEqual(alarms);
    },
  );

  it('keep firing while a webhook cannot be stored, however rarely it is tried (F1)', async () => {
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

  it('make a ticket but no page of a refused order and of a conflict, and end without intervention (A7, D4)', async () => {
    const { world, cloudWatch, notifications } = watchWorld({ seed: 'ticket' });
    for (const fault of ['an order breaks the rules (A7, B9)', 'Button contradicts itself (D4)'])
      await FAULTS.find((one) => one.fault === fault)?.play(world, cloudWatch);

    await world.runFor(DAY_MS + 2 * HOUR_MS);

    expect(notifications().toSorted(byAlarm)).toEqual([
      { alarm: 'AcmeQuarantineAlarm', state: 'ALARM', severity: 'ticket' },
      { alarm: 'AcmeQuarantineAlarm', state: 'OK', severity: 'ticket' },
      { alarm: 'PublicationConflictsAlarm', state: 'ALARM', severity: 'ticket' },
      { alarm: 'PublicationConflictsAlarm', state: 'OK', severity: 'ticket' },
    ]);
  });

  it('page when Button is down, and report when it is back (B3)', async () => {
    const { world, notifications } = watchWorld({ seed: 'recovery' });
    misbehave(world, { on: 'api', match: { path: '^/v1/order' }, answer: { status: 503 } });
    await live(world, 2 * HOUR_MS);
    world.button.faults.clear();

    await live(world, 3 * HOUR_MS);

    expect(notifications()).toEqual([
      { alarm: 'OldestOrderAlarm', state: 'ALARM', severity: 'page' },
      { alarm: 'OldestOrderAlarm', state: 'OK', severity: 'page' },
    ]);
  });

  it('are named once a day on the ticket topic while they are still on', async () => {
    const { world, remind } = watchWorld({ seed: 'reminder' });
    const before = await remind();
    misbehave(world, { on: 'api', match: { path: '^/v1/order' }, answer: { status: 503 } });
    await live(world, 2 * HOUR_MS);
    const during = await remind();
    world.button.faults.clear();
    await live(world, 3 * HOUR_MS);

    expect(during).toEqual([
      {
        severity: 'ticket',
        message:
          'These alarms of the stage development are still on: Button/development/OrderReporting/OldestOrder',
      },
    ]);
    expect([before, await remind()]).toEqual([[], []]);
  });

  it('fire once for a row that is not understood, however many sweeps read it again', async () => {
    const { world, notifications } = watchWorld({ seed: 'swept' });
    inject(world, { webhook: false, status: 'unheard-of', currency: 'USD' });
    await world.runFor(DAY_MS + 2 * HOUR_MS);
    world.reconcile(['sweep-daily']);

    await world.runFor(2 * HOUR_MS);

    expect(notifications()).toEqual([
      { alarm: 'IntakeQuarantineAlarm', state: 'ALARM', severity: 'ticket' },
      { alarm: 'IntakeQuarantineAlarm', state: 'OK', severity: 'ticket' },
    ]);
  });

  it('each have a fault that makes them fire', () => {
    const reported = new Set(FAULTS.flatMap(({ alarms }) => alarms));

    expect([...reported].sort()).toEqual(ALARMS.map(({ name }) => name).sort());
  });
});
