import { join } from 'node:path';

import { bundleFunctions } from './function-bundles.ts';

const root = join(import.meta.dirname, '..');
await bundleFunctions({ functionsFolder: join(root, 'functions'), distFolder: join(root, 'dist') });
