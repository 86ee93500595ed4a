import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** A child process whose output is read by this one and whose input is empty. */
export type LocalProcess = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Every process of one local deployment. None outlives the process that started it, however that one ends.
 */
export type Processes = {
  /** Starts a program with exactly the given environment. A program that cannot be started emits `error`. */
  spawn(program: string, args: string[], options: { cwd: string; env: Record<string, string> }): LocalProcess;
  /** Kills whatever still runs and resolves once all of it is gone. */
  close(): Promise<void>;
};

/**
 * Keeps the list of living children and kills them when its input ends, which is what the kernel does to it
 * when this process dies, be it by SIGKILL. A shell, because it starts in a millisecond and needs a megabyte.
 */
const WATCHMAN = `
alive=' '
while read -r change pid; do
  case "$change" in
    started) alive="$alive$pid " ;;
    ended) alive="\${alive%% $pid *} \${alive#* $pid }" ;;
  esac
done
for pid in $alive; do kill -9 "-$pid"; done
`;

/** Starts the watchman; each process spawned later is under its eye. POSIX only. */
export function startProcesses(): Processes {
  const watchman = spawn('/bin/sh', ['-c', WATCHMAN], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchman.stdin.on('error', () => undefined);
  watchman.unref();
  const living = new Set<LocalProcess>();

  return {
    spawn(program, args, options) {
      // A process group of its own: Ctrl-C in the terminal is for the parent, which then closes in order.
      const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      const { pid } = child;
      if (pid === undefined) return child;
      living.add(child);
      watchman.stdin.write(`started ${pid}\n`);
      child.once('exit', () => {
        living.delete(child);
        watchman.stdin.write(`ended ${pid}\n`);
      });
      return child;
    },
    async close() {
      await Promise.all([...living].map(killProcess));
      watchman.stdin.end();
      await exited(watchman);
    },
  };
}

/** SIGKILL to a process and its children; resolves once it is gone. */
export async function killProcess(child: LocalProcess): Promise<void> {
  if (child.pid === undefined || hasExited(child)) return;
  const gone = exited(child);
  signalGroup(child.pid, 'SIGKILL');
  await gone;
}

/**
 * Stops a process and its children where they are, or lets them go on. Nothing happens to one that is gone.
 */
export function signalProcess(child: LocalProcess, signal: 'SIGSTOP' | 'SIGCONT'): void {
  if (child.pid !== undefined && !hasExited(child)) signalGroup(child.pid, signal);
}

/** The system may have buried a process already whose `exit` is still to come. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (!hasExited(child)) await once(child, 'exit');
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
