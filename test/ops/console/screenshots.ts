import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { Page } from 'playwright-core';

import { startBrowser } from './browser.ts';

/** Ignored by git. */
export const DIRECTORY = resolve(import.meta.dirname, '../../../.local/screenshots');

/** A phone, a tablet and a laptop. */
export const SIZES = [
  { width: 390, height: 844 },
  { width: 820, height: 1180 },
  { width: 1440, height: 900 },
] as const;

export const SCHEMES = ['light', 'dark'] as const;

/** Writes a screenshot of the page and returns its file. */
export async function takeScreenshot(page: Page, name: string): Promise<string> {
  await mkdir(DIRECTORY, { recursive: true });
  const path = join(DIRECTORY, `${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  return path;
}

async function main(): Promise<void> {
  const [url] = process.argv.slice(2);
  if (url === undefined) throw new Error('npm run screenshots -- URL, the link that npm start prints');
  const found = await startBrowser();
  if ('missing' in found) throw new Error(found.missing);
  for (const viewport of SIZES) {
    for (const colorScheme of SCHEMES) {
      const context = await found.browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      await page.goto(url);
      await page.locator('#alarms').waitFor();
      process.stdout.write(`${await takeScreenshot(page, `page-${colorScheme}-${viewport.width}`)}\n`);
      await context.close();
    }
  }
  await found.browser.close();
}

if (import.meta.main) await main();
