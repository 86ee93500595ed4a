import { spawnSync } from 'node:child_process';

/** The same number for every run of a commit, and another for the next commit. Without a commit, it is 1. */
export function seedOfCommit(): number {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  return status === 0 ? Number.parseInt(stdout.slice(0, 7), 16) : 1;
}
