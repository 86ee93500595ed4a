import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { App } from 'aws-cdk-lib/core';
import * as z from 'zod';

import { StageConfigSchema } from '../../infra/config.ts';
import { addStacks } from '../../infra/stage.ts';
import { UNCHECKED_APP } from '../../infra/unchecked-app.ts';
import { TINY_BUNDLES_FOLDER } from './tiny-bundles.ts';

const ResourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
const TemplateSchema = z.object({
  Resources: z.record(z.string(), ResourceSchema),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown(), Export: z.unknown() }).partial()).default({}),
});

/** A resource as in its template. */
export type TemplateResource = z.output<typeof ResourceSchema> & { logicalId: string };

/** One synthesized stage. */
export type SynthesizedStage = {
  stackNames: string[];
  /** The environment of each stack, as the CDK names it. */
  environments: string[];
  /** Stacks that cannot be deleted before somebody takes their protection away. */
  protectedStacks: string[];
  /** The stacks that are deployed before a stack, without what all of them need, by stack. */
  deployedBefore: ReadonlyMap<string, string[]>;
  /** The templates as text, by stack. */
  templates: ReadonlyMap<string, string>;
  /** All templates, one after the other. */
  templateText: string;
  /** Every resource of the type, from all stacks or from the one whose name ends in `stack`. */
  resources(type: string, stack?: string): TemplateResource[];
  /** Names of a stack's outputs. */
  outputs(stack: string): string[];
  /** The value of one output of any stack. */
  outputValue(name: string): unknown;
  /** Outputs that other stacks could import. */
  exports: unknown[];
};

/** Synthesizes a stage as infra/app.ts does, with tiny files for the functions' bundles. */
export function synthesizeStage(config: z.input<typeof StageConfigSchema>): SynthesizedStage {
  const outdir = mkdtempSync(join(tmpdir(), 'button-serverless-'));
  const app = new App({
    analyticsReporting: false,
    outdir,
    ...UNCHECKED_APP,
  });
  addStacks(app, { config: StageConfigSchema.parse(config), bundlesFolder: TINY_BUNDLES_FOLDER });
  const { stacks } = app.synth();
  const texts = new Map(
    stacks.map(({ stackName, templateFullPath }) => [stackName, readFileSync(templateFullPath, 'utf8')]),
  );
  const templates = new Map([...texts].map(([name, text]) => [name, TemplateSchema.parse(JSON.parse(text))]));

  const templatesOf = (stack: string) =>
    [...templates].filter(([name]) => name.endsWith(stack)).map(([, template]) => template);
  return {
    stackNames: [...texts.keys()],
    environments: stacks.map(({ environment }) => environment.name),
    protectedStacks: stacks.filter((stack) => stack.terminationProtection).map(({ stackName }) => stackName),
    deployedBefore: new Map(
      stacks.map((stack) => [
        stack.stackName,
        stack.dependencies.map(({ id }) => id).filter((id) => texts.has(id)),
      ]),
    ),
    templates: texts,
    templateText: [...texts.values()].join('\n'),
    resources: (type, stack = '') =>
      templatesOf(stack)
        .flatMap(({ Resources }) => Object.entries(Resources))
        .filter(([, { Type }]) => Type === type)
        .map(([logicalId, resource]) => ({ logicalId, ...resource })),
    outputs: (stack) => templatesOf(stack).flatMap(({ Outputs }) => Object.keys(Outputs)),
    outputValue: (name) => templatesOf('').find(({ Outputs }) => name in Outputs)?.Outputs[name]?.Value,
    exports: templatesOf('').flatMap(({ Outputs }) =>
      Object.values(Outputs).flatMap(({ Export }) => Export ?? []),
    ),
  };
}

/** A brand's stage with default settings. */
export const BRAND_STAGE = { stage: 'development', orderReporting: { brands: [{ id: 'acme' }] } };

/** A publisher's stage with default settings. */
export const PUBLISHER_STAGE = { stage: 'development', transactions: {} };

/** Both flows in a stage that keeps its data. */
export const PRODUCTION_STAGE = { ...BRAND_STAGE, ...PUBLISHER_STAGE, stage: 'production' };

/** Both flows with the audit of orders and the publisher API, in a stage that is deleted with its stack. */
export const DEVELOPMENT_STAGE = {
  stage: 'development',
  transactions: { publisherApi: {} },
  orderReporting: { brands: [{ id: 'acme', audit: {} }] },
};
