import type { ActionName, ActionResult, EntryRow, FaultName, StageFacts } from '../view.ts';
import { act } from './api.ts';
import { byId, element, timelineLink } from './dom.ts';

type Offered = { action: ActionName; text: string; input: object };

const BUTTONS: readonly Offered[] = [
  { action: 'send-order', text: 'Send an order', input: { kind: 'good' } },
  { action: 'send-order', text: 'Send a bad order', input: { kind: 'bad' } },
  { action: 'send-webhook', text: 'Send a webhook', input: { kind: 'signed' } },
  { action: 'send-webhook', text: 'Forge a webhook', input: { kind: 'forged' } },
  { action: 'reconcile', text: 'Reconcile now', input: {} },
];

const FAULTS: Readonly<Record<FaultName, string>> = {
  down: 'Answer every order with 503',
  slow: 'Answer too late',
  'lost-answers': 'Lose three answers after the work',
  'lose-webhook': 'Lose the next webhook',
  'repeat-webhook': 'Send the next webhook twice',
};

/** The buttons of what the stage allows. Returns what replays an entry, where that is allowed. */
export function createActions({ actions }: StageFacts): { replay?: (row: EntryRow) => void } {
  const allows = (action: ActionName): boolean => actions.includes(action);
  byId('reads-only', HTMLSpanElement).hidden = actions.length > 0;
  const offered = BUTTONS.filter(({ action }) => allows(action));
  byId('try', HTMLElement).hidden = offered.length === 0 && !allows('break-button');
  byId('try-buttons', HTMLDivElement).append(
    ...offered.map(({ action, text, input }) => buttonFor(text, () => act(action, input))),
  );
  const form = byId('misbehave', HTMLFormElement);
  form.hidden = !allows('break-button');
  const select = byId('fault', HTMLSelectElement);
  select.append(...Object.entries(FAULTS).map(([value, text]) => element('option', { value }, [text])));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void act('break-button', { fault: select.value }).then(showResult);
  });
  byId('repair', HTMLButtonElement).addEventListener('click', () => {
    void act('repair-button', {}).then(showResult);
  });
  byId('result-close', HTMLButtonElement).addEventListener('click', () => {
    byId('result', HTMLDivElement).hidden = true;
  });
  if (!allows('replay')) return {};
  return {
    replay: ({ kind, brand, entry }) => {
      void act('replay', { kind, brand, entry }).then(showResult);
    },
  };
}

/** A button that waits for its action to end. */
function buttonFor(text: string, run: () => Promise<ActionResult>): HTMLButtonElement {
  const button = element('button', { type: 'button' }, [text]);
  button.addEventListener('click', () => {
    button.disabled = true;
    void run().then((result) => {
      button.disabled = false;
      showResult(result);
    });
  });
  return button;
}

/** It stays until it is dismissed or replaced: nobody has to read against the clock. */
function showResult({ ok, message, show }: ActionResult): void {
  const box = byId('result', HTMLDivElement);
  box.dataset['ok'] = String(ok);
  box.hidden = false;
  byId('result-text', HTMLParagraphElement).textContent = message;
  const link = byId('result-link', HTMLAnchorElement);
  link.hidden = show === undefined;
  if (show !== undefined) link.href = timelineLink(show);
}
