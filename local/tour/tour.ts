import { styleText } from 'node:util';

import type { Stage } from './stage.ts';
import type { Step } from './step.ts';
import { createStory } from './story.ts';

/** The result of a step. */
export type StepResult = {
  id: string;
  title: string;
  outcome: 'passed' | 'failed' | 'skipped';
  /** What to print; for a failure, why. */
  facts: string[];
  durationMs: number;
};

/** Called when each step begins and ends. */
export type Narrator = { begin: (step: Step) => void; end: (result: StepResult) => void };

/** Plays the story. If a step fails, the others are still played. */
export async function playTour(stage: Stage, narrator: Narrator): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of createStory(stage)) {
    narrator.begin(step);
    const missing = results.filter(({ id, outcome }) => outcome === 'failed' && step.after?.includes(id));
    const result = await playStep(step, { stage, missing });
    narrator.end(result);
    results.push(result);
  }
  return results;
}

async function playStep(
  step: Step,
  { stage, missing }: { stage: Stage; missing: readonly StepResult[] },
): Promise<StepResult> {
  const { id, title } = step;
  if (step.needsSimulator && !stage.simulator) {
    return {
      id,
      title,
      outcome: 'skipped',
      facts: ['Only the simulator can be asked for this'],
      durationMs: 0,
    };
  }
  if (missing.length > 0) {
    const facts = missing.map((other) => `Not played, because this failed: ${other.title}`);
    return { id, title, outcome: 'failed', facts, durationMs: 0 };
  }
  const startedAt = performance.now();
  const end = (outcome: StepResult['outcome'], facts: string[]): StepResult => {
    return { id, title, outcome, facts, durationMs: Math.round(performance.now() - startedAt) };
  };
  try {
    return end('passed', await step.play(stage));
  } catch (error) {
    return end('failed', [error instanceof Error ? error.message : String(error)]);
  }
}

const SIGNS = { passed: ['green', '✔'], failed: ['red', '✘'], skipped: ['dim', '–'] } as const;

/** Prints the story line by line, in colour on a terminal that wants it. */
export function lineNarrator(write: (line: string) => void): Narrator {
  let number = 0;
  return {
    begin: ({ title }) => {
      number += 1;
      write(`\n${styleText('bold', `${number}. ${title}`)}`);
    },
    end: ({ outcome, facts }) => {
      const [colour, sign] = SIGNS[outcome];
      for (const fact of facts) write(`   ${styleText(colour, sign)} ${fact}`);
    },
  };
}
