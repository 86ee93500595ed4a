import jsonata from 'jsonata';
import * as z from 'zod';

const ValueSchema = z.union([z.string(), z.record(z.string(), z.string())]);
const StateSchema = z.discriminatedUnion('Type', [
  z.strictObject({
    Type: z.literal('Task'),
    Resource: z.string(),
    Arguments: ValueSchema,
    Output: ValueSchema.optional(),
    Retry: z.array(z.looseObject({ ErrorEquals: z.tuple([z.literal('States.ALL')]) })),
    Next: z.string().optional(),
    End: z.literal(true).optional(),
  }),
  z.strictObject({
    Type: z.literal('Choice'),
    Choices: z.array(z.strictObject({ Condition: z.string(), Next: z.string() })),
    Default: z.string(),
  }),
  z.strictObject({ Type: z.literal('Succeed') }),
]);
const DefinitionSchema = z.strictObject({
  QueryLanguage: z.literal('JSONata'),
  StartAt: z.string(),
  States: z.record(z.string(), StateSchema),
});

/** What a task does: its answer to these arguments. */
export type Task = (input: Record<string, unknown>) => unknown;

/**
 * Runs a state machine to its end as Step Functions does, with `tasks` by the last two parts of their
 * resource, such as `sns:publish`. It does not try a failed task again, and throws at every other type of
 * state.
 *
 * Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
export async function playStateMachine(definition: unknown, tasks: Record<string, Task>): Promise<void> {
  const { StartAt: start, States: states } = DefinitionSchema.parse(definition);
  let input: unknown = {};
  for (let next: string | undefined = start; next !== undefined;) {
    const state: z.output<typeof StateSchema> | undefined = states[next];
    if (!state) throw new Error(`There is no state ${next}`);
    switch (state.Type) {
      case 'Succeed':
        return;
      case 'Choice': {
        const chosen = [];
        for (const choice of state.Choices) {
          if ((await evaluate(choice.Condition, { input })) === true) chosen.push(choice.Next);
        }
        next = chosen[0] ?? state.Default;
        break;
      }
      case 'Task': {
        const task = tasks[state.Resource.split(':').slice(-2).join(':')];
        if (!task) throw new Error(`There is no task ${state.Resource}`);
        const result = task((await evaluate(state.Arguments, { input })) as Record<string, unknown>);
        input = state.Output === undefined ? result : await evaluate(state.Output, { input, result });
        next = state.Next;
        break;
      }
    }
  }
}

/** Texts between `{%` and `%}` are expressions; every other value stands for itself. */
async function evaluate(value: z.output<typeof ValueSchema>, states: object): Promise<unknown> {
  if (typeof value === 'string') {
    const expression = /^\{%(.*)%\}$/s.exec(value)?.[1];
    return expression === undefined
      ? value
      : ((await jsonata(expression).evaluate({}, { states })) as unknown);
  }
  const fields: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) fields[name] = await evaluate(field, states);
  return fields;
}
