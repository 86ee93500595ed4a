import type { BillOfMaterials } from './bom.ts';

type Component = BillOfMaterials['components'][number];

/** The packages are ours: their licence is that of the project. */
const OURS = '@button-serverless';
const LINE = '-'.repeat(80);

/** The name, version, licence and licence texts of every package of others. */
export function noticesOf({ components }: BillOfMaterials): string {
  return components
    .filter(({ group }) => group !== OURS)
    .map(noticeOf)
    .join(`\n${LINE}\n\n`);
}

function noticeOf({ group, name, version, author, licenses, evidence }: Component): string {
  const texts = (evidence?.licenses ?? []).flatMap(({ license: { text } }) =>
    text === undefined ? [] : [Buffer.from(text.content, 'base64').toString('utf8').trim()],
  );
  const title = `${group === undefined ? '' : `${group}/`}${name} ${version}`;
  const owner = author === undefined ? '' : `\nBy ${author}`;
  const body = texts.length === 0 ? 'The package comes without a licence text.' : texts.join('\n\n');
  return `${title}\nLicence: ${licenses.join(' AND ')}${owner}\n\n${body}\n`;
}
