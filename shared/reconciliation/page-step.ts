import type { Metrics } from '../runtime/metric-definitions.ts';
import type { Position, WindowPolicy } from './rules/position.ts';
import type { PositionStore } from './store/position-store.ts';
import type { StoreRowsPorts } from './store-rows.ts';

/** What reading a page needs. */
export type ReadPagePorts = StoreRowsPorts & {
  positions: Pick<PositionStore, 'create' | 'read' | 'replaceUnreadable' | 'save' | 'take'>;
  metrics: Metrics;
  windows: WindowPolicy;
  /** At most 100, so that one batch read looks up all of them. */
  pageSize: number;
  /** False once the slice's time is over. */
  timeLeft: () => boolean;
};

/** The result of reading a page: the position as it is saved now, and why to stop, if so. */
export type PageStep = {
  position: Position;
  /** Button's clock at the time of its response. */
  serverTime?: Date;
  stop?: { outcome: 'overtaken' } | { outcome: 'partial'; reason: string };
};
