import { readdirSync, readFileSync } from 'node:fs';

/** A process in the list of Linux. */
export type ListedProcess = { pid: number; program: string; state: string; parentPid: number };

/** The living child processes of this one. (Linux only, like the emulator.) */
export function childProcesses(): ListedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((found) => found !== undefined)
    .filter(({ parentPid, state }) => parentPid === process.pid && state !== 'Z');
}

/** Whether the process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  const found = readProcess(pid);
  return found !== undefined && found.state !== 'Z';
}

/** `undefined` for a process that is gone. */
function readProcess(pid: number): ListedProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, program = '', state = '', parentPid] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat) ?? [];
    return { pid, program, state, parentPid: Number(parentPid) };
  } catch {
    return undefined;
  }
}
