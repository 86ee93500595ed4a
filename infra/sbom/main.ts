import { join } from 'node:path';

import { writeBillOfMaterials } from './bill-of-materials.ts';
import { functionContents, packageContents, PUBLISHED } from './contents.ts';

/** `npm run sbom`: what is deployed and published is made of, into `dist/sbom`. */
const dist = join(import.meta.dirname, '..', '..', 'dist');
const folder = join(dist, 'sbom');
const contents = [await functionContents(dist), ...(await Promise.all(PUBLISHED.map(packageContents)))];
for (const one of contents) {
  const { components } = await writeBillOfMaterials(one, folder);
  console.log(`${one.name}: ${components.length} packages, in ${join(folder, `${one.name}.cdx.json`)}`);
}
