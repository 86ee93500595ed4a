export type { Phase } from './chart.ts';
export { formatFigure, formatPeriod } from './figures.ts';
export { renderPage, type PageContent } from './page.ts';
export type { ShownAlarm } from './widget-html.ts';
