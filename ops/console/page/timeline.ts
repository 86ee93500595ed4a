import type { TimelineAnswer } from '../view.ts';
import { fetchTimeline } from './api.ts';
import { byId, element, timeElement } from './dom.ts';

type Finding = TimelineAnswer['findings'][number];

/** The sheet with what happened to one id: it follows the address `#show=ID`. */
export function createTimeline(): { refresh: () => void } {
  const dialog = byId('timeline', HTMLDialogElement);
  const heading = byId('timeline-heading', HTMLHeadingElement);
  const body = byId('timeline-body', HTMLDivElement);
  let asked: string | undefined;
  let shown = '';

  const load = async (id: string): Promise<void> => {
    const content = await contentOf(id);
    // Another id may have been asked for since; the same content keeps focus and selection.
    if (id !== asked || content.text === shown) return;
    shown = content.text;
    body.replaceChildren(...content.nodes());
  };
  const follow = (): void => {
    const id = idIn(location.hash);
    asked = id;
    if (id === undefined) {
      dialog.close();
      return;
    }
    shown = '';
    body.replaceChildren(element('p', { class: 'answer' }, ['Looking…']));
    if (!dialog.open) dialog.showModal();
    heading.focus();
    void load(id);
  };
  dialog.addEventListener('close', () => {
    asked = undefined;
    if (idIn(location.hash) !== undefined) history.replaceState(null, '', location.pathname);
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  byId('timeline-close', HTMLButtonElement).addEventListener('click', () => {
    dialog.close();
  });
  addEventListener('hashchange', follow);
  follow();

  let isWaiting = false;
  return {
    refresh() {
      if (asked === undefined || isWaiting) return;
      isWaiting = true;
      setTimeout(() => {
        isWaiting = false;
        if (asked !== undefined) void load(asked);
      }, REFRESH_MS);
    },
  };
}

const REFRESH_MS = 1000;

/** The id in `#show=ID`, if there is one. */
function idIn(hash: string): string | undefined {
  const id = new URLSearchParams(hash.replace(/^#/, '').replaceAll('+', '%2B')).get('show');
  return id === null || id === '' ? undefined : id;
}

async function contentOf(id: string): Promise<{ text: string; nodes: () => Node[] }> {
  try {
    const answer = await fetchTimeline(id);
    const text = JSON.stringify([id, answer]);
    if (answer.findings.length > 0) return { text, nodes: () => answer.findings.map(findingElement) };
    return { text, nodes: () => [nothingElement(id, answer)] };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { text: problem, nodes: () => [element('p', { class: 'answer' }, [problem])] };
  }
}

function findingElement({ title, answer, differences, timeline, next }: Finding): Node {
  const moments = timeline.map(({ at, what }) => element('li', {}, [timeElement(at), what]));
  return element('section', { class: 'finding' }, [
    element('h3', {}, [title]),
    element('p', { class: 'answer' }, [answer]),
    differences.length > 0
      ? element(
          'ul',
          { class: 'differences' },
          differences.map((difference) => element('li', {}, [difference])),
        )
      : undefined,
    element('h4', {}, ['What happened, the oldest first']),
    element('ol', { class: 'moments' }, moments),
    next.length > 0 ? element('h4', {}, ['What you can do now']) : undefined,
    ...next.map(commandElement),
  ]);
}

function commandElement(command: string): Node {
  const copy = element('button', { type: 'button', class: 'small', 'aria-label': `Copy: ${command}` }, [
    'Copy',
  ]);
  copy.addEventListener('click', () => {
    void navigator.clipboard.writeText(command).then(() => {
      copy.textContent = 'Copied';
    });
  });
  return element('div', { class: 'command' }, [element('code', {}, [command]), copy]);
}

function nothingElement(id: string, { readThrough }: TimelineAnswer): Node {
  const accounts = Object.entries(readThrough).map(
    ([account, until]) => `The account ${account} has been read up to ${until}.`,
  );
  return element('section', { class: 'finding' }, [
    element('h3', {}, [id]),
    element('p', { class: 'answer' }, [
      'Nothing has this id: it has not been received, or only a search finds it.',
    ]),
    ...accounts.map((line) => element('p', { class: 'answer' }, [line])),
    element('h4', {}, ['What you can do now']),
    commandElement(`npm run ops -- show '${id.replaceAll("'", `'\\''`)}' --scan`),
  ]);
}
