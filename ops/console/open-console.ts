import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { createClients } from '../clients.ts';
import type { CommandContext } from '../command.ts';
import { lookUp } from '../look-up/look-up.ts';
import { readThrough } from '../look-up/read-through.ts';
import { NO_PROGRESS } from '../progress.ts';
import { readStage } from '../stage.ts';
import { replayAction, type ConsoleActions } from './actions.ts';
import { createBroadcast, type Broadcast } from './broadcast.ts';
import { serveConsole } from './console-server.ts';
import { readPageFiles } from './page-files.ts';
import { ACTION_NAMES, type StageFacts, type TimelineAnswer } from './view.ts';
import { watchStage, type StageWatch, type WatchOptions } from './watch/stage-watch.ts';

/** What a console shows and may do. */
export type ConsoleOptions = {
  /** The stacks' outputs, which say what the stage is. */
  outputsFile: string;
  watch: WatchOptions;
  /** Whether entries of the quarantine may be replayed. */
  mayReplay: boolean;
  /** What its other buttons do. */
  actions: Omit<ConsoleActions, 'replay'>;
  /** Where the boards are. */
  boards?: StageFacts['boards'];
  /** The page behind `/boards`, if the boards are drawn here. */
  boardsPage?: () => string;
  /** 0 takes any free port. */
  port: number;
};

/** A running console. `url` has the token of this run: whoever has it can use the console. */
export type RunningConsole = { url: string; close: () => Promise<void> };

/**
 * Opens the live page of a stage, on this machine. Throws if the port is taken, and a `UsageError` if the
 * file is not about exactly one stage.
 */
export async function openConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { outputsFile, boards = [], boardsPage, port, watch } = options;
  const stage = await readStage(outputsFile);
  const actions: ConsoleActions = {
    ...options.actions,
    ...(options.mayReplay && { replay: replayAction(outputsFile) }),
  };
  const clients = createClients(stage);
  const context: CommandContext = {
    ...{ stage, clients, isDryRun: true },
    now: () => new Date(),
    progress: NO_PROGRESS,
  };
  const broadcast = createBroadcast();
  const closing = new AbortController();
  const token = randomBytes(24).toString('base64url');
  const { name, account, region } = stage;
  const server = await serveConsole(
    {
      files: await readPageFiles(),
      facts: {
        name,
        account,
        region,
        boards,
        actions: ACTION_NAMES.filter((action) => actions[action] !== undefined),
      },
      broadcast,
      lookUp: (id) => answerLookUp(id, context),
      act: async (action, input) => {
        const run = actions[action];
        return run ? run(input) : { ok: false, message: 'This console only reads.' };
      },
      ...(boardsPage && { boardsPage }),
    },
    { port, token },
  );
  const watching = keepWatching(watchStage(context, watch), {
    broadcast,
    intervalMs: watch.intervalMs,
    signal: closing.signal,
  });
  return {
    url: `http://127.0.0.1:${server.port}/?token=${token}`,
    async close() {
      closing.abort();
      await server.close();
      await watching;
      clients.close();
    },
  };
}

async function answerLookUp(id: string, context: CommandContext): Promise<TimelineAnswer> {
  const findings = await lookUp(id, undefined, context);
  return { findings, readThrough: findings.length > 0 ? {} : await readThrough(context) };
}

/** Reads the stage while a page is open, and only then: reads cost. */
async function keepWatching(
  watch: StageWatch,
  { broadcast, intervalMs, signal }: { broadcast: Broadcast; intervalMs: number; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    if (broadcast.isWatched()) {
      try {
        broadcast.show(await watch.refresh());
      } catch (error) {
        broadcast.complain(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
      }
    }
    await delay(broadcast.isWatched() ? intervalMs : IDLE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** How soon a page that was just opened is noticed. */
const IDLE_MS = 100;
