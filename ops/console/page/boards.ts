import type { StageFacts } from '../view.ts';
import { byId, element } from './dom.ts';

const REDRAW_MS = 10_000;

/** Links to every board. What this server draws is also shown here, and redrawn while it is open. */
export function showBoards(boards: StageFacts['boards']): void {
  byId('overview', HTMLElement).append(
    ...boards.map(({ title, url }) =>
      element('a', { class: 'board', href: url, target: '_blank', rel: 'noreferrer' }, [`${title} ↗`]),
    ),
  );
  const drawnHere = boards.find(({ url }) => url.startsWith('/'));
  if (drawnHere === undefined) return;
  const section = byId('boards', HTMLDetailsElement);
  const frame = byId('boards-frame', HTMLIFrameElement);
  section.hidden = false;
  section.addEventListener('toggle', () => {
    if (section.open) frame.src = drawnHere.url;
  });
  setInterval(() => {
    // A reload keeps the place to which the reader has scrolled.
    if (section.open && !document.hidden) frame.contentWindow?.location.reload();
  }, REDRAW_MS);
}
