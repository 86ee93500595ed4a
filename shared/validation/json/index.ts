/**
 * JSON as it is written: its text, its objects, and one text for equal values. For the functions; not
 * published.
 */
export * from './canonical-json.ts';
export * from './json-object.ts';
export * from './json-path.ts';
export * from './json-text.ts';
export * from './names-value.ts';
export * from './parse-json.ts';
