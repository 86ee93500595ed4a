import { byId } from './dom.ts';

/** Often enough to follow, and seldom enough to be left in peace. */
const INTERVAL_MS = 10_000;

/** Says to a screen reader how many rows are new: politely, and at most once in ten seconds. */
export function createAnnouncer(): { count: (what: string, fresh: number) => void } {
  const region = byId('announcer', HTMLParagraphElement);
  const counts = new Map<string, number>();
  let isWaiting = false;
  const announce = (): void => {
    isWaiting = false;
    region.textContent = `New: ${[...counts].map(([what, count]) => `${count} in ${what}`).join(', ')}`;
    counts.clear();
  };
  return {
    count(what, fresh) {
      if (fresh === 0) return;
      counts.set(what, (counts.get(what) ?? 0) + fresh);
      if (isWaiting) return;
      isWaiting = true;
      setTimeout(announce, INTERVAL_MS);
    },
  };
}
