/** The look of the page, in light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --ink: #1c2430; --soft: #5d6b7c; --edge: #dde3ea; --grid: #e8ecf1; --phase: #7c8ba11f;
  --hover: #3b82f622; --rule: #c2410c; --ok: #15803d; --alarm: #c81e1e; --unknown: #64748b; --accent: #2457c5;
  --c0: #2563eb; --c1: #e0701a; --c2: #12805c; --c3: #c92a6b; --c4: #7c3aed; --c5: #0b8fa8; --c6: #94660a; --c7: #5f6f83;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e141b; --card: #161e28; --ink: #e6ebf2; --soft: #98a6b8; --edge: #263241; --grid: #222d3a; --phase: #9fb3cc1a;
    --hover: #93c5fd26; --rule: #fb923c; --ok: #4ade80; --alarm: #ff7b7b; --unknown: #a3b0c2; --accent: #8ab4ff;
    --c0: #6ea8fe; --c1: #ffa45c; --c2: #4fd1a1; --c3: #f783ac; --c4: #b79cff; --c5: #4dd0e1; --c6: #e3bb55; --c7: #a5b3c6;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
header, main { max-width: 1480px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 22px; }
.top { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 18px; }
h1 { font-size: 22px; margin: 0; }
.top p { margin: 0; color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: 6px 16px; margin: 10px 0; }
a { color: var(--accent); }
.story { columns: 3 320px; list-style-position: inside; font-size: 13px; margin: 12px 0 0; padding: 10px 14px; background: var(--card);
  border: 1px solid var(--edge); border-radius: 8px; }
.story time { color: var(--soft); font-variant-numeric: tabular-nums; margin-right: 6px; }
h2 { font-size: 17px; margin: 30px 0 10px; }
.board { display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: 44px; gap: 8px; }
.widget { grid-column: var(--x) / span var(--w); grid-row: calc(var(--y)) / span var(--h); background: var(--card); overflow: hidden;
  border: 1px solid var(--edge); border-radius: 8px; padding: 8px 12px; display: flex; flex-direction: column; min-width: 0; }
.widget h3 { font-size: 13px; margin: 0 0 4px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.widget.text { background: none; border: none; padding: 0 2px; justify-content: flex-end; }
.widget.text :is(h1, h2, h3, p) { margin: 0; font-size: 15px; }
.widget.text p { font-size: 13px; color: var(--soft); }
.chart { width: 100%; flex: 1 1 0; min-height: 0; display: block; }
.chart .grid { stroke: var(--grid); }
.chart .axis { fill: var(--soft); font-size: 10.5px; }
.chart .phase { fill: none; } .chart .phase.even { fill: var(--phase); }
.chart text.phase { fill: var(--soft); font-size: 9px; opacity: 0.8; }
.chart .hover { fill: transparent; }
.chart .hover:hover { fill: var(--hover); }
.chart .rule { stroke: var(--rule); stroke-dasharray: 5 4; }
.chart text.rule { fill: var(--rule); stroke: none; font-size: 10.5px; }
.line polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.line.dashed polyline { stroke-dasharray: 4 3; }
.line .faint { stroke-width: 1; opacity: 0.35; stroke-dasharray: 2 3; }
.line circle { stroke: none; }
${[0, 1, 2, 3, 4, 5, 6, 7].map((index) => `.line.c${index} polyline { stroke: var(--c${index}); } .line.c${index} circle, i.c${index} { fill: var(--c${index}); background: var(--c${index}); }`).join('\n')}
.legend { list-style: none; margin: 4px 0 0; padding: 0; font-size: 11.5px; max-height: 90px; overflow-y: auto; }
.legend li { display: flex; align-items: center; gap: 6px; height: 17px; }
.legend i { flex: none; width: 9px; height: 9px; border-radius: 2px; }
.legend span { flex: 1; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.legend b { font-weight: 600; font-variant-numeric: tabular-nums; }
.legend small { font-weight: 400; color: var(--soft); }
.empty { margin: auto; color: var(--soft); }
.values { display: flex; flex: 1; flex-direction: column; justify-content: space-evenly; }
.values strong { display: block; font-size: 30px; line-height: 1.1; font-variant-numeric: tabular-nums; }
.values span { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(380px, 1fr)); gap: 8px; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 8px; padding: 10px 14px; min-width: 0; }
.card h3 { font-size: 13.5px; margin: 0 0 4px; }
.card p { margin: 2px 0; overflow-wrap: anywhere; }
.card .advice, pre { font: 11.5px/1.45 ui-monospace, monospace; color: var(--soft); }
.card .rule { font-size: 12px; color: var(--soft); }
.state { font-style: normal; font-size: 11px; font-weight: 700; border: 1px solid currentColor; border-radius: 4px; padding: 1px 5px; }
.state.ok { color: var(--ok); } .state.alarm { color: var(--alarm); } .state.insufficient_data { color: var(--unknown); }
.chips { list-style: none; padding: 0; margin: 4px 0; display: flex; flex-wrap: wrap; gap: 6px; }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--accent); margin-bottom: 8px; }
section ul { margin: 0; padding-left: 20px; columns: 2 420px; } .widget ul, .legend { columns: auto; padding-left: 0; }
main { padding-bottom: 60px; }
@media (max-width: 900px) {
  .board { display: flex; flex-direction: column; } .widget { min-height: 60px; } .widget.timeSeries, .widget.stacked { height: 300px; }
  .cards { grid-template-columns: 1fr; }
}
`;
