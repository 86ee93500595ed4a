/** A parsed CloudWatch Logs Insights query. */
export type InsightsQuery = {
  /**
   * Every field of a log line that it names, except those that CloudWatch adds and those that the query
   * defines.
   */
  fields: string[];
  /** Whether its filters match a line. */
  finds: (line: unknown) => boolean;
};

type Test = (line: unknown) => boolean;

/**
 * What CloudWatch adds to every line:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
 */
const ADDED_FIELDS = new Set(['@timestamp', '@ingestionTime', '@message', '@logStream', '@log']);
const AGGREGATES = new Set(['count', 'sum', 'avg', 'min', 'max', 'pct', 'latest', 'earliest']);

/**
 * Reads the part of the language that this project's queries use: fields, filter, stats, sort and limit.
 * Throws for anything else.
 *
 * Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
export function readInsightsQuery(text: string): InsightsQuery {
  const named = new Set<string>();
  const madeUp = new Set<string>();
  const tests: Test[] = [];
  const name = (field: string): void => {
    if (!ADDED_FIELDS.has(field) && !madeUp.has(field)) named.add(field);
  };

  for (const command of text.split('\n').map((line) => line.replace(/^\| /, '').trim())) {
    const [, verb = '', rest = ''] = /^(\w+) (.+)$/.exec(command) ?? [];
    if (verb === 'fields') rest.split(', ').map(plainField).forEach(name);
    else if (verb === 'filter') tests.push(readFilter(rest, name));
    else if (verb === 'stats') readStats(rest, { name, madeUp });
    else if (verb === 'sort') name(plainField(rest.replace(/ (asc|desc)$/, '')));
    else if (verb !== 'limit' || !/^\d+$/.test(rest)) throw new Error(`Not understood: ${command}`);
  }
  return { fields: [...named], finds: (line) => tests.every((test) => test(line)) };
}

/** The value in a line at a path such as `message.event`. */
export function fieldOf(line: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      line,
    );
}

function readFilter(text: string, name: (field: string) => void): Test {
  const choices = text.split(' or ').map((term) => readTerm(term, name));
  return (line) => choices.some((test) => test(line));
}

function readTerm(term: string, name: (field: string) => void): Test {
  const [, present] = /^ispresent\(([\w.@]+)\)$/.exec(term) ?? [];
  if (present !== undefined) {
    name(present);
    return (line) => fieldOf(line, present) !== undefined;
  }
  const [, field = '', value] = /^([\w.@]+) (?:= ("[^"]*")|in (?:\[.+\]))$/.exec(term) ?? [];
  const [, list] = / in (\[.+\])$/.exec(term) ?? [];
  if (field === '') throw new Error(`Not understood: ${term}`);
  name(field);
  const wanted = JSON.parse(list ?? `[${value ?? ''}]`) as unknown[];
  return (line) => wanted.includes(fieldOf(line, field));
}

function readStats(
  text: string,
  { name, madeUp }: { name: (field: string) => void; madeUp: Set<string> },
): void {
  const [, aggregates = '', keys = ''] = /^(.+) by (.+)$/.exec(text) ?? [];
  for (const aggregate of aggregates.split(/, (?=\w+\()/)) {
    const [, call = '', argument = '', alias = ''] =
      /^(\w+)\(([\w.@*]+)(?:, \d+)?\) as (\w+)$/.exec(aggregate) ?? [];
    if (!AGGREGATES.has(call)) throw new Error(`Not understood: ${aggregate}`);
    if (argument !== '*') name(plainField(argument));
    madeUp.add(alias);
  }
  for (const key of keys.split(', ')) if (!/^bin\(\d+[smhd]\)$/.test(key)) name(plainField(key));
}

function plainField(text: string): string {
  if (!/^@?[A-Za-z]\w*(\.\w+)*$/.test(text)) throw new Error(`Not a field: ${text}`);
  return text;
}
