import { readDashboard } from './dashboard-body.ts';
import { escapeHtml } from './escape.ts';
import { formatElapsed, formatPeriod } from './figures.ts';
import { STYLE } from './style.ts';
import { drawWidget, type Drawing, type DrawnWidget, type ShownAlarm } from './widget-html.ts';

/** What a page shows. */
export type PageContent = Drawing & {
  /** Each board with its title. */
  boards: readonly { title: string; body: string }[];
  /** When the run began. */
  startedAt: Date;
  /** What is missing or different here, one sentence each. */
  notes: readonly string[];
  /** Metrics that functions printed and CloudWatch would ignore, with the reason. */
  ignoredMetrics: readonly string[];
};

/** The usual period of our boards: five minutes on AWS are much less here. */
const BOARD_PERIOD_MS = 300_000;

/**
 * One self-contained HTML page with every board and every alarm. Throws, with the widget's name, for anything
 * that it does not support.
 */
export function renderPage(content: PageContent): string {
  const boards = content.boards.map(({ title, body }) => ({
    title,
    widgets: readDashboard(body).map((widget) => drawWidget(widget, content)),
  }));
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Boards of a local run</title><style>${STYLE}</style></head><body>`,
    header(content, boards),
    '<main>',
    alarmSection(content.alarms),
    ...boards.map(({ title, widgets }) => boardSection(title, widgets)),
    silenceSection(boards),
    noteSection(content),
    '</main></body></html>\n',
  ].join('\n');
}

type DrawnBoard = { title: string; widgets: DrawnWidget[] };

function header({ run, phases, startedAt, alarms }: PageContent, boards: readonly DrawnBoard[]): string {
  const { fromMs, untilMs } = run.span;
  const ringing = alarms.filter(({ state }) => state === 'ALARM').length;
  const links = [
    ['alarms', ringing === 0 ? 'Alarms: none' : `Alarms: ${ringing} of ${alarms.length}`],
    ...boards.map(({ title }) => [anchorOf(title), title]),
    ['silence', 'Without data'],
    ['notes', 'What is different here'],
  ];
  const story = phases.map(
    (phase) =>
      `<li><time>${formatElapsed(phase.fromMs - fromMs)}</time><span>${escapeHtml(phase.title)}</span></li>`,
  );
  return [
    '<header><div class="top"><h1>Boards of a local run</h1>',
    `<p>${startedAt.toISOString().slice(0, 19).replace('T', ' ')} UTC, for ${formatElapsed(untilMs - fromMs)} minutes. `,
    `${formatPeriod(BOARD_PERIOD_MS)} on AWS are ${formatPeriod(run.localPeriodMs(BOARD_PERIOD_MS))} here.</p></div>`,
    `<nav>${links.map(([id = '', text = '']) => `<a href="#${id}">${escapeHtml(text)}</a>`).join('')}</nav>`,
    `<ol class="story">${story.join('')}</ol></header>`,
  ].join('');
}

const ALARM_ORDER = ['ALARM', 'INSUFFICIENT_DATA', 'OK'];

function alarmSection(alarms: readonly ShownAlarm[]): string {
  const sorted = alarms.toSorted(
    (one, other) => ALARM_ORDER.indexOf(one.state) - ALARM_ORDER.indexOf(other.state),
  );
  const loud = sorted.filter(({ state }) => state !== 'OK');
  const calm = sorted.filter(({ state }) => state === 'OK');
  return [
    '<section id="alarms"><h2>Alarms at the end of the run</h2>',
    loud.length === 0 ? '<p>None.</p>' : `<div class="cards">${loud.map(alarmCard).join('')}</div>`,
    `<details><summary>${calm.length} are OK</summary><div class="cards">${calm.map(alarmCard).join('')}</div></details>`,
    '</section>',
  ].join('');
}

/** The first line of a description is for everybody, the others say what to do. */
function alarmCard({ name, state, description, rule }: ShownAlarm): string {
  const [impact = '', ...advice] = description.split('\n');
  return [
    `<article class="card"><h3><em class="state ${state.toLowerCase()}">${state.replace('_', ' ')}</em> ${escapeHtml(name)}</h3>`,
    `<p>${escapeHtml(impact)}</p>`,
    ...advice.map((line) => `<p class="advice">${escapeHtml(line)}</p>`),
    `<p class="rule">${escapeHtml(rule)}</p></article>`,
  ].join('');
}

function boardSection(title: string, widgets: readonly DrawnWidget[]): string {
  return `<section id="${anchorOf(title)}"><h2>${escapeHtml(title)}</h2><div class="board">${widgets.map(({ html }) => html).join('\n')}</div></section>`;
}

function silenceSection(boards: readonly DrawnBoard[]): string {
  const silent = boards.flatMap((board) =>
    board.widgets
      .filter(({ withoutData }) => withoutData.length > 0)
      .map(
        ({ title, withoutData }) => `<li>${escapeHtml(title)}: ${escapeHtml(withoutData.join(', '))}</li>`,
      ),
  );
  const list =
    silent.length === 0 ? '<p>Every line of every board had data.</p>' : `<ul>${silent.join('')}</ul>`;
  return `<section id="silence"><h2>Without data in this run</h2>${list}</section>`;
}

function noteSection({ notes, ignoredMetrics }: PageContent): string {
  const all = [...notes, ...ignoredMetrics.map((problem) => `Malformed, and so ignored: ${problem}`)];
  return `<section id="notes"><h2>What is different here</h2><ul>${all.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul></section>`;
}

function anchorOf(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/gu, '-');
}
