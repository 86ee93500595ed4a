import { readdirSync, readFileSync } from 'node:fs';

/** All living descendants of a process. (Linux only, like the emulator.) */
export function descendantsOf(pid: number): number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const stat = readStat(Number(name));
        return stat ? [[Number(name), stat.parentPid] as const] : [];
      }),
  );
  const found = [pid];
  for (const ancestor of found) {
    found.push(...[...parents].filter(([, parent]) => parent === ancestor).map(([child]) => child));
  }
  return found.slice(1);
}

/** Whether the process exists and is not a zombie. */
export function isAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.state !== 'Z';
}

/** `undefined` for a process that is gone. */
function readStat(pid: number): { state: string; parentPid: number } | undefined {
  try {
    const [, state = '', parentPid] =
      /^\d+ \(.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { state, parentPid: Number(parentPid) };
  } catch {
    return undefined;
  }
}
