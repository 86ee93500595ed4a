import { describe, expect, it } from 'vitest';

import { drawChart, type Chart } from '../chart.ts';
import type { Line } from '../widget-data.ts';

/** A chart whose plot is 100 units wide and 100 high, from 0 to 10 seconds. */
function chart(lines: Line[], change: Partial<Chart> = {}): string {
  return drawChart({
    span: { fromMs: 0, untilMs: 10_000 },
    lines,
    rules: [],
    phases: [],
    isStacked: false,
    width: 156,
    height: 134,
    ...change,
  });
}

function line(label: string, values: (number | undefined)[], fromMs = 0): Line {
  const points = values.map((value, index) => ({ atMs: fromMs + index * 2000, value }));
  return { label, points, periodMs: 2000, figure: 1, isTotal: false };
}

function points(svg: string): string[] {
  return [...svg.matchAll(/<polyline points="([^"]*)"/gu)].map(([, text = '']) => text);
}

describe('a chart', () => {
  it('joins consecutive periods, and shows an isolated one as a dot, joined faintly', () => {
    const svg = chart([line('orders', [0, 10, undefined, 5])]);

    expect(points(svg)).toEqual(['46,114 66,14']);
    expect(svg).toContain('<circle cx="106" cy="64" r="2.4"/>');
    expect(svg).toContain('<polyline class="faint" points="46,114 66,14 106,64"/>');
  });

  it('begins at the left edge if the first period begins before the run', () => {
    expect(points(chart([line('orders', [10, 0], -1000)]))).toEqual(['46,14 56,114']);
  });

  it('adds up stacked lines, and labels them with their own values', () => {
    const svg = chart([line('one', [4, 4]), line('other', [6, 6])], { isStacked: true });

    expect(points(svg).toSorted()).toEqual(['46,14 66,14', '46,74 66,74']);
    expect(svg).toContain('<title>0:00\none: 4\nother: 6</title>');
  });

  it('extends below zero if values do', () => {
    expect(points(chart([line('change', [-10, 10])]))).toEqual(['46,114 66,14']);
  });

  it('draws a limit that is in sight, and names the others one below the other', () => {
    const rules = [
      { value: 5, label: 'alarm' },
      { value: 1000, label: 'pause' },
      { value: 2000, label: 'end' },
    ];

    const svg = chart([line('orders', [0, 10])], { rules });

    const texts = [...svg.matchAll(/<text class="rule" x="\d+" y="(\d+)" text-anchor="end">([^<]*)/gu)];
    expect(texts.map(([, y, text]) => [y, text])).toEqual([
      ['23', '▲ pause 1,000'],
      ['36', '▲ end 2,000'],
      ['60', 'alarm 5'],
    ]);
    expect(svg).toContain('<line class="rule" x1="46" x2="146" y1="64" y2="64"/>');
  });

  it('shows the phases of the run', () => {
    const svg = chart([line('orders', [1])], { phases: [{ title: 'Outage', fromMs: 2000, untilMs: 5000 }] });

    expect(svg).toContain('x="66" y="14" width="30" height="100"');
    expect(svg).toContain('text-anchor="middle">1</text>');
  });

  it('shows labels unchanged', () => {
    expect(chart([line('<a & b>', [1])])).toContain('&lt;a &amp; b&gt;: 1');
  });
});
