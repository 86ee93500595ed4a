const SCALES = [
  { from: 1e9, suffix: 'G' },
  { from: 1e6, suffix: 'M' },
  { from: 1e4, suffix: 'k', divisor: 1e3 },
];

/** A number in little space: 12.3k, 1,234, 0.25. */
export function formatFigure(value: number): string {
  const size = Math.abs(value);
  const scale = SCALES.find(({ from }) => size >= from);
  const shown = scale ? value / (scale.divisor ?? scale.from) : value;
  const maximumFractionDigits = Number.isInteger(shown) ? 0 : Math.abs(shown) < 10 ? 2 : 1;
  return `${shown.toLocaleString('en', { maximumFractionDigits })}${scale?.suffix ?? ''}`;
}

/** A time since the beginning: 0:05, 1:20. */
export function formatElapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A length of time in words: 2 s, 5 min, 6 h. */
export function formatPeriod(ms: number): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

/** About `count` round numbers from at or below the first to at or above the last. */
export function ticks(lowest: number, highest: number, count: number): number[] {
  const span = highest - lowest || 1;
  const rough = span / count;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  const first = Math.floor(lowest / step + 1e-9);
  const last = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}
