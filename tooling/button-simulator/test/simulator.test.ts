import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startButtonSimulator } from '../simulator.ts';
import { SimulatorStateSchema } from '../state.ts';
import { DAY_MS, orderFixture, receive, simulate } from './simulation.ts';

const SIMULATOR = new URL('../simulator.ts', import.meta.url).href;

describe('a simulator', () => {
  it('starts on a free port and returns its URL', async () => {
    const [first, second] = [await simulate(), await simulate()];

    expect(first.simulator.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(first.simulator.controlUrl).toBe(`${first.simulator.url}/control`);
    expect(second.simulator.url).not.toBe(first.simulator.url);
  });

  it('rejects if its port is in use', async () => {
    const { simulator } = await simulate();
    const port = Number(new URL(simulator.url).port);

    await expect(startButtonSimulator({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
  });

  it('answers 404 outside its two APIs', async () => {
    const { simulator } = await simulate();

    const response = await fetch(`${simulator.url}/favicon.ico`);

    expect(response.status).toBe(404);
  });

  it('runs in real time and in the default world by default', async () => {
    const simulator = await startButtonSimulator();
    const { now, speed } = simulator.controls.clock();

    await simulator.close();

    expect(speed).toBe(1);
    expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(60_000);
  });

  it('continues with the state of an earlier one, as plain JSON, without repeating a webhook', async () => {
    const { webhook, received } = await receive();
    const first = await simulate();
    await first.create({ order_id: 'A-1' });
    await first.control('POST', '/transactions', { currency: 'EUR', amount: 300 });
    await first.control('PUT', '/world', { duplicateCreate: '409' });
    const state = SimulatorStateSchema.parse(JSON.parse(JSON.stringify(first.controls.state())));

    const second = await simulate({ webhooks: [webhook] });
    second.controls.restore(state);
    const again = await second.create({ order_id: 'A-1' });
    await second.advance(31 * DAY_MS);

    expect(second.controls.accounts()).toEqual(first.controls.accounts());
    expect(again.status).toBe(409);
    // The order is finalized on its date; nothing is sent about what happened before.
    expect(received.map(({ body }) => body.event_type)).toEqual(['tx-validated']);
    expect(second.controls.transactions()).toHaveLength(2);
  });

  it('can be closed while a webhook and a slow answer are in progress', async () => {
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const { webhook } = await receive(() => {
      arrived();
      return new Promise<number>(() => undefined);
    });
    const simulation = await simulate({ webhooks: [webhook] });
    simulation.controls.addFault({ on: 'api', answerDelayMs: 3_600_000 });
    const call = simulation.create();
    const refused = expect(call).rejects.toThrow('fetch failed');
    await arrival;

    await simulation.simulator.close();

    await refused;
    await expect(fetch(simulation.simulator.url)).rejects.toThrow('fetch failed');
    expect(simulation.controls.webhooks()[0]?.attempts).toHaveLength(1);
  });

  it('keeps no process alive once it is closed', async () => {
    const script = `
      const { startButtonSimulator } = await import(${JSON.stringify(SIMULATOR)});
      const webhooks = [{ name: 'main', url: 'http://127.0.0.1:9/', secret: 's' }];
      const simulator = await startButtonSimulator({ webhooks });
      await fetch(simulator.url + '/v1/order', {
        method: 'POST',
        headers: { authorization: 'Basic ' + btoa('sk-simulated-brand:'), 'content-type': 'application/json' },
        body: ${JSON.stringify(JSON.stringify(orderFixture('order-create')))},
      });
      await simulator.controls.advance(60_000);
      console.log(simulator.controls.webhooks()[0].state);
      await simulator.close();`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { timeout: 120_000 });

    const [output, exit] = await Promise.all([text(child.stdout), once(child, 'exit')]);

    expect([output, exit[0]]).toEqual(['waiting\n', 0]);
  });
});
