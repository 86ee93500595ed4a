import type { StageFacts } from '../view.ts';
import { createActions } from './actions.ts';
import { createAnnouncer } from './announcer.ts';
import { fetchFacts } from './api.ts';
import { byId, timelineLink } from './dom.ts';
import { showBoards } from './boards.ts';
import { createLiveLists, type LiveList } from './live-lists.ts';
import { createTimeline } from './timeline.ts';

async function main(): Promise<void> {
  // The token has become a cookie: it need not stay in the address, which people copy.
  if (location.search !== '') history.replaceState(null, '', `${location.pathname}${location.hash}`);
  const facts = await fetchFacts();
  showStage(facts);
  const timeline = createTimeline();
  listenToForm();
  const onChange = (): void => {
    timeline.refresh();
  };
  connect(createLiveLists({ announcer: createAnnouncer(), onChange, ...createActions(facts) }));
}

function showStage({ name, account, region, boards }: StageFacts): void {
  byId('stage-name', HTMLSpanElement).textContent = name;
  byId('stage-place', HTMLParagraphElement).textContent =
    name === 'local' ? 'on this machine' : `account ${account}, ${region}`;
  document.title = `${name} – button-serverless`;
  showBoards(boards);
}

function listenToForm(): void {
  const input = byId('look-up-id', HTMLInputElement);
  byId('look-up', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const id = input.value.trim();
    if (id === '') input.focus();
    else location.hash = timelineLink(id);
  });
}

/** Follows the server's events; the browser connects again by itself. */
function connect(lists: readonly LiveList[]): void {
  const source = new EventSource('/events');
  const connection = byId('connection', HTMLParagraphElement);
  const say = (state: 'live' | 'lost', text: string): void => {
    connection.dataset['state'] = state;
    connection.textContent = text;
  };
  source.addEventListener('open', () => {
    say('live', 'Live');
  });
  source.addEventListener('error', () => {
    say('lost', 'Not connected');
  });
  for (const { name, take } of lists)
    source.addEventListener(name, ({ data }: MessageEvent<string>) => {
      take(data);
    });
  const problem = byId('problem', HTMLParagraphElement);
  source.addEventListener('problem', ({ data }: MessageEvent<string>) => {
    const text: unknown = JSON.parse(data);
    problem.hidden = typeof text !== 'string';
    problem.textContent = typeof text === 'string' ? `The stage cannot be read: ${text}` : '';
  });
}

main().catch((error: unknown) => {
  const problem = byId('problem', HTMLParagraphElement);
  problem.hidden = false;
  problem.textContent = error instanceof Error ? error.message : String(error);
});
