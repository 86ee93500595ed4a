import type { FaultName } from '../../ops/console/index.ts';

/** How Button misbehaves, by the page's name for it: see "Faults" in tooling/button-simulator/README.md. */
export const FAULTS: Readonly<Record<FaultName, object>> = {
  down: {
    on: 'api',
    match: { path: '^/v1/order' },
    times: 'unlimited',
    answer: { status: 503 },
  },
  slow: {
    on: 'api',
    match: { path: '^/v1/order' },
    times: 'unlimited',
    answerDelayMs: 5000,
  },
  'lost-answers': {
    on: 'api',
    match: { path: '^/v1/order' },
    times: 3,
    answer: 'lost',
  },
  'lose-webhook': { on: 'webhook', effect: 'lose' },
  'repeat-webhook': { on: 'webhook', effect: 'duplicate' },
};

/** What the page says about a fault that was switched on. */
export const FAULT_EFFECTS: Readonly<Record<FaultName, string>> = {
  down: 'Button answers every order with 503: orders wait and are tried again.',
  slow: 'Button answers after the time limit: the order is read before it is sent again.',
  'lost-answers': 'Button does its work and loses three answers: no order is reported twice.',
  'lose-webhook': 'Button loses the next webhook: "Reconcile now" finds its transaction.',
  'repeat-webhook': 'Button sends the next webhook twice: it counts once.',
};
