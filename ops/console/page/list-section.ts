import type { Row, Section } from '../view.ts';
import { element } from './dom.ts';

/** A list of the page. */
export type ListSection<Shown extends Row> = {
  section: HTMLElement;
  /** Shows the rows; returns how many are new since the last time, 0 the first time. */
  show: (content: Section<Shown>) => number;
};

type ListOptions<Shown extends Row> = {
  id: string;
  title: string;
  /** What an empty list says. */
  empty: string;
  elementsOf: (row: Shown) => Node[];
};

/** So many rows are shown at first. */
const FEW = 8;

/**
 * A list whose rows stay in place while they are the same, so that neither the focus nor a selection is lost
 * when others arrive.
 */
export function createListSection<Shown extends Row>({
  id,
  title,
  empty,
  elementsOf,
}: ListOptions<Shown>): ListSection<Shown> {
  const headingId = `${id}-heading`;
  const note = element('p', { class: 'note', hidden: true });
  const nothing = element('p', { class: 'empty' }, [empty]);
  const list = element('ul', { id: `${id}-rows` });
  const more = element('button', {
    type: 'button',
    class: 'more',
    hidden: true,
    'aria-expanded': 'false',
    'aria-controls': list.id,
  });
  const heading = element('h2', { id: headingId }, [title]);
  const section = element('section', { id, class: 'list', 'aria-labelledby': headingId }, [
    heading,
    list,
    nothing,
    more,
    note,
  ]);
  let known: ReadonlyMap<string, { row: HTMLLIElement; content: string }> | undefined;
  let isWhole = false;
  const fold = (): void => {
    const rows = [...list.children];
    for (const [index, row] of rows.entries()) row.toggleAttribute('hidden', !isWhole && index >= FEW);
    more.hidden = rows.length <= FEW;
    more.textContent = isWhole ? 'Show fewer' : `Show all ${rows.length}`;
    more.setAttribute('aria-expanded', String(isWhole));
  };
  more.addEventListener('click', () => {
    isWhole = !isWhole;
    fold();
  });
  return {
    section,
    show({ rows, note: text }) {
      const next = new Map(
        rows.map((row) => {
          const content = JSON.stringify(row);
          const before = known?.get(row.key);
          if (before?.content === content) return [row.key, before];
          const item = element('li', { class: known ? 'row fresh' : 'row' }, elementsOf(row));
          return [row.key, { row: item, content }];
        }),
      );
      const fresh = known ? rows.filter(({ key }) => known?.has(key) === false).length : 0;
      known = next;
      keepFocus(list, () => {
        place(
          list,
          [...next.values()].map(({ row }) => row),
        );
      });
      nothing.hidden = rows.length > 0;
      note.hidden = text === undefined;
      note.textContent = text ?? '';
      fold();
      return fresh;
    },
  };
}

/** Puts the rows into the list in this order, and moves only those that are elsewhere. */
function place(list: HTMLElement, rows: readonly HTMLElement[]): void {
  const wanted = new Set<Element>(rows);
  for (const row of [...list.children]) if (!wanted.has(row)) row.remove();
  for (const [index, row] of rows.entries()) {
    const there = list.children[index];
    if (there !== row) list.insertBefore(row, there ?? null);
  }
}

/** A row that was replaced by a newer version of itself keeps the focus on the same link. */
function keepFocus(list: HTMLElement, change: () => void): void {
  const focused = document.activeElement;
  const href = list.contains(focused) ? focused?.getAttribute('href') : undefined;
  change();
  if (href === null || href === undefined || document.activeElement === focused) return;
  for (const link of list.querySelectorAll('a')) if (link.getAttribute('href') === href) link.focus();
}
