import { Marked } from 'marked';

import { drawChart, COLOURS, type Phase } from './chart.ts';
import type { MetricWidget, Widget } from './dashboard-body.ts';
import { escapeHtml } from './escape.ts';
import { formatFigure } from './figures.ts';
import { linesOf, type Line, type RunData } from './widget-data.ts';

/** An alarm as the page shows it. */
export type ShownAlarm = {
  arn: string;
  name: string;
  state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  description: string;
  rule: string;
};

/** What widgets are drawn from. */
export type Drawing = { run: RunData; phases: readonly Phase[]; alarms: readonly ShownAlarm[] };

/** A widget, and whether it had data to show. */
export type DrawnWidget = { html: string; title: string; withoutData: string[] };

/** What one column and one row of the grid measure in a chart's own units. */
const UNIT = { width: 58, height: 50 };

/** Room in a widget for its title and for a line of the legend. */
const TITLE_HEIGHT = 40;
const LEGEND_LINE_HEIGHT = 17;
const LINES_IN_A_LEGEND = 5;

// A board's texts are ours, but a page must show any text safely.
const markdown = new Marked({ renderer: { html: ({ text }) => escapeHtml(text) } });

/** Draws a widget at its place on the grid. Throws for anything that it does not support. */
export function drawWidget(widget: Widget, drawing: Drawing): DrawnWidget {
  const place = `--x:${widget.x + 1};--y:${widget.y + 1};--w:${widget.width};--h:${widget.height}`;
  const { content, title, withoutData, kind } = contentOf(widget, drawing);
  const heading = title === '' ? '' : `<h3 title="${escapeHtml(title)}">${escapeHtml(title)}</h3>`;
  return {
    html: `<article class="widget ${kind}" style="${place}">${heading}${content}</article>`,
    title,
    withoutData,
  };
}

type Content = { kind: string; content: string; title: string; withoutData: string[] };

function contentOf(widget: Widget, drawing: Drawing): Content {
  switch (widget.kind) {
    case 'text': {
      const content = markdown.parse(widget.markdown, { async: false });
      return { kind: 'text', title: '', content, withoutData: [] };
    }
    case 'alarms': {
      const shown = widget.alarmArns.flatMap(
        (arn) => drawing.alarms.find((alarm) => alarm.arn === arn) ?? [],
      );
      const unknown = widget.alarmArns.filter((arn) => !shown.some((alarm) => alarm.arn === arn));
      const content = `<ul class="chips">${shown.map(alarmChip).join('')}</ul>`;
      return { kind: 'alarms', title: widget.title, content, withoutData: unknown };
    }
    case 'logQuery': {
      const content = `<p class="note">Logs Insights is not imitated. The query:</p><pre>${escapeHtml(widget.query)}</pre>`;
      return { kind: 'log', title: widget.title, content, withoutData: [] };
    }
    case 'metric': {
      const lines = linesOf(widget, drawing.run);
      const silent = silentLines(widget, lines);
      const content =
        widget.view === 'singleValue' ? singleValues(lines) : graph(widget, { size: widget, lines, drawing });
      return { kind: widget.view, title: widget.title, content, withoutData: silent };
    }
  }
}

/** Lines without a value; if a board's search finds nothing, the search. */
function silentLines(widget: MetricWidget, lines: readonly Line[]): string[] {
  const silent = lines.filter(({ figure }) => figure === undefined).map(({ label }) => label);
  const found = widget.queries.length > 0 && lines.length === 0;
  return found ? ['nothing is found'] : silent;
}

function graph(
  widget: MetricWidget,
  {
    size,
    lines,
    drawing,
  }: { size: { width: number; height: number }; lines: readonly Line[]; drawing: Drawing },
): string {
  const drawn = lines.filter(({ figure }) => figure !== undefined);
  if (drawn.length === 0) return `<p class="empty">No data in this run</p>`;
  const legendLines = Math.min(drawn.length, LINES_IN_A_LEGEND);
  const chart = drawChart({
    span: drawing.run.span,
    lines: drawn,
    rules: widget.rules,
    phases: drawing.phases,
    isStacked: widget.view === 'stacked',
    width: size.width * UNIT.width - 24,
    height: size.height * UNIT.height - TITLE_HEIGHT - legendLines * LEGEND_LINE_HEIGHT,
  });
  return `${chart}<ul class="legend">${drawn.map(legendEntry).join('')}</ul>`;
}

function legendEntry(line: Line, index: number): string {
  const figure = line.figure === undefined ? '' : formatFigure(line.figure);
  const what = line.isTotal ? 'total' : 'max';
  return `<li><i class="c${index % COLOURS}"></i><span>${escapeHtml(line.label)}</span><b title="${what} of the run">${figure}<small> ${what}</small></b></li>`;
}

function singleValues(lines: readonly Line[]): string {
  const values = lines.map(
    ({ label, figure }) =>
      `<div><strong>${figure === undefined ? '–' : formatFigure(figure)}</strong><span>${escapeHtml(label)}</span></div>`,
  );
  return `<div class="values">${values.join('')}</div>`;
}

/** An alarm in one line: its state and its name. */
function alarmChip({ name, state }: ShownAlarm): string {
  return `<li class="state ${state.toLowerCase()}">${escapeHtml(name)}</li>`;
}
