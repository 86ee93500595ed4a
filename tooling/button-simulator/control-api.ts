import * as z from 'zod';
import { parseJson, type ApiRequest } from './api-request.ts';
import type { Answer } from './button-answer.ts';
import type { SimulatorControls } from './controls.ts';
import { FaultSchema } from './fault-rules.ts';
import { InjectedTransactionSchema } from './injected-transaction.ts';
import { problemsOf } from './problems.ts';
import { ShopperSchema } from './shoppers.ts';
import { WebhookSchema } from './webhook-dispatcher.ts';
import { WorldChangeSchema } from './world.ts';

/** A control: its response, from the segment of its path in braces and its JSON body. */
type Control = (controls: SimulatorControls, input: { name: string; json: unknown }) => unknown;

const ClockChangeSchema = z.strictObject({
  advanceMs: z.int().nonnegative().optional(),
  speed: z.number().nonnegative().optional(),
});
const EventSchema = z.strictObject({ event_type: z.string(), data: z.record(z.string(), z.unknown()) });

const NOT_FOUND = Symbol('not found');

/** Every control by its method and path. */
const CONTROLS: Readonly<Record<string, Control>> = {
  'GET /control': () => ({ controls: Object.keys(CONTROLS) }),
  'GET /control/requests': (controls) => controls.requests(),
  'GET /control/orders': (controls) => controls.orders(),
  'POST /control/orders/{}/finalize': (controls, { name }) => found(controls.finalizeOrder(name)),
  'GET /control/transactions': (controls) => controls.transactions(),
  'POST /control/transactions': (controls, { json }) =>
    controls.injectTransaction(InjectedTransactionSchema.parse(json)),
  'GET /control/accounts': (controls) => controls.accounts(),
  'GET /control/webhooks': (controls) => controls.webhooks(),
  'POST /control/webhooks': (controls, { json }) => {
    const { event_type: eventType, data } = EventSchema.parse(json);
    controls.sendWebhook({ eventType, data });
  },
  'GET /control/webhook-endpoints': (controls) => controls.webhookEndpoints(),
  'PUT /control/webhook-endpoints': (controls, { json }) => {
    controls.setWebhookEndpoints(z.array(WebhookSchema).parse(json));
    return controls.webhookEndpoints();
  },
  'POST /control/webhook-endpoints/{}/pause': (controls, { name }) => found(controls.pauseEndpoint(name)),
  'POST /control/webhook-endpoints/{}/resume': (controls, { name }) => found(controls.resumeEndpoint(name)),
  'GET /control/shoppers': (controls) => controls.shoppers(),
  'PUT /control/shoppers': (controls, { json }) => {
    controls.setShoppers(z.record(z.string(), ShopperSchema).parse(json));
    return controls.shoppers();
  },
  'GET /control/world': (controls) => controls.world(),
  'PUT /control/world': (controls, { json }) => {
    return controls.setWorld(WorldChangeSchema.parse(json));
  },
  'GET /control/faults': (controls) => controls.faults(),
  'POST /control/faults': (controls, { json }) => {
    controls.addFault(FaultSchema.parse(json));
    return controls.faults();
  },
  'DELETE /control/faults': (controls) => {
    controls.clearFaults();
  },
  'GET /control/clock': (controls) => controls.clock(),
  'POST /control/clock': async (controls, { json }) => {
    const { advanceMs, speed } = ClockChangeSchema.parse(json);
    if (speed !== undefined) controls.setClockSpeed(speed);
    if (advanceMs !== undefined) await controls.advance(advanceMs);
    return controls.clock();
  },
  'POST /control/reset': (controls) => {
    controls.reset();
  },
};

/**
 * Answers a request under /control (README.md beside this file). 400 says what is wrong with a body, 404 that
 * there is no such control, order or endpoint.
 */
export async function answerControlApi(controls: SimulatorControls, request: ApiRequest): Promise<Answer> {
  const route = routeOf(request);
  if (route === undefined) return refusal(404, 'No such control; GET /control lists them');
  const parsed = request.body === '' ? { json: undefined } : parseJson(request.body);
  if (parsed === undefined) return refusal(400, 'The body is not JSON');
  try {
    const result = await route.control(controls, { name: route.name, json: parsed.json });
    return result === NOT_FOUND
      ? refusal(404, `Nothing named ${route.name} to do that to`)
      : shown(200, result ?? { done: true });
  } catch (error) {
    if (error instanceof z.ZodError) return refusal(400, problemsOf(error));
    throw error;
  }
}

function routeOf({ method, segments = [] }: ApiRequest): { control: Control; name: string } | undefined {
  const [root, group, name = '', verb] = segments;
  const parts = verb === undefined ? [root, group] : [root, group, '{}', verb];
  if (segments.length !== parts.filter((part) => part !== undefined).length) return undefined;
  const path = parts.filter((part) => part !== undefined).join('/');
  const control = CONTROLS[`${method} /${path}`];
  return control && { control, name };
}

/** A control's result if it found its object. */
function found(result: boolean | readonly unknown[]): unknown {
  const isThere = typeof result === 'boolean' ? result : result.length > 0;
  if (!isThere) return NOT_FOUND;
  return typeof result === 'boolean' ? undefined : result;
}

function refusal(status: number, error: string): Answer {
  return shown(status, { error });
}

/** JSON for people who read it in a terminal. */
function shown(status: number, content: unknown): Answer {
  return { status, body: `${JSON.stringify(content, null, 2)}\n` };
}
