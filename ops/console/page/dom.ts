/** Attributes of an element; an attribute that is undefined or false is left out. */
export type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/** A new element with attributes, texts and elements. Texts are never markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  children: readonly (Node | string | undefined)[] = [],
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** The element of the page with this id. Throws if it is not of the type that is expected. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} #${id}.`);
  return found;
}

/** An instant in the reader's time: today's without its date. */
export function timeElement(at: string): HTMLTimeElement | undefined {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return undefined;
  const isToday = date.toDateString() === new Date().toDateString();
  const day = isToday ? '' : `${date.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })} `;
  const time = date.toLocaleTimeString(undefined, { hour12: false });
  return element('time', { datetime: at, title: at }, [`${day}${time}`]);
}

/** The address of a timeline on this page. */
export function timelineLink(id: string): string {
  return `#show=${encodeURIComponent(id)}`;
}
