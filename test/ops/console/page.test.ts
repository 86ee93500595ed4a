import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import * as z from 'zod';

import { openConsole, type RunningConsole } from '../../../ops/console/open-console.ts';
import { sampleEntry, SHOPPER } from '../timeline/samples.ts';
import { startBrowser } from './browser.ts';
import { SCHEMES, SIZES, takeScreenshot } from './screenshots.ts';
import { startSmallStage, type SmallStage } from './small-stage.ts';

const found = await startBrowser();
/** To end what hangs: far above the work, on a busy machine too. */
const LIMIT_MS = 240_000;

const WAITING = { state: 'waiting', dueAt: '2026-06-01T12:00:00.000Z', reason: 'http_503' } as const;
const LONG = { tags: ['long'] };

let drawn = 0;
let stage: SmallStage;
let console: RunningConsole;
let browser: Browser;

beforeAll(async () => {
  if ('missing' in found) return;
  ({ browser } = found);
  stage = await startSmallStage();
  console = await openConsole({
    outputsFile: stage.outputsFile,
    watch: { intervalMs: 200, itemsPerRefresh: 1000 },
    mayReplay: true,
    actions: {
      'send-order': () => Promise.resolve({ ok: true, message: 'Sent the order B07.', show: 'B07' }),
      reconcile: () => Promise.resolve({ ok: false, message: 'Button is down.' }),
      'break-button': () => Promise.resolve({ ok: true, message: 'Button is down now.' }),
      'repair-button': () => Promise.resolve({ ok: true, message: 'Button behaves again.' }),
    },
    boards: [{ title: 'Boards', url: '/boards' }],
    boardsPage: () => {
      drawn += 1;
      return `<!doctype html><html lang="en"><title>Boards</title><main><h1>Boards</h1><p>Drawing ${drawn}</p></main></html>`;
    },
    port: 0,
  });
});

afterAll(async () => {
  if ('missing' in found) return;
  await browser.close();
  await console.close();
  await stage.close();
});

/** A page that fails the test for every error that the browser reports. */
async function open(
  { skip, onTestFinished }: Pick<TestContext, 'skip' | 'onTestFinished'>,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; context: BrowserContext; errors: string[] }> {
  if ('missing' in found) skip(found.missing);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(console.url);
  await page.locator('#alarms .row').first().waitFor();
  return { page, context, errors };
}

const ViolationsSchema = z.object({
  violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
});

/** What axe-core finds against WCAG 2.2 A and AA and its best practices, once every animation has ended. */
async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate('Promise.allSettled(document.getAnimations().map(({ finished }) => finished))');
  // By the debugging protocol, which the page's policy does not restrict.
  await page.evaluate(axe.source);
  const results = await page.evaluate('axe.run()');
  const { violations } = ViolationsSchema.parse(results);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

describe('the live page in a browser', () => {
  it('operators, requirement 4: shows the stage and follows it, and can be used by keyboard alone, without findings of axe', async (test) => {
    const { page, context, errors } = await open(test);
    expect(await page.title()).toBe('local – button-serverless');
    expect(page.url()).not.toContain('token');
    expect(await context.cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
    expect(await page.locator('#orders .row').allInnerTexts()).toEqual([expect.stringContaining('B07')]);
    await stage.orders.write({ ...sampleEntry(WAITING), orderId: 'B09' }, 0);
    await page.locator('#orders .row', { hasText: 'B09' }).getByText('Waiting').waitFor();
    expect(await page.locator('#overview a', { hasText: 'Orders' }).innerText()).toMatch(/2$/);
    expect(await page.locator('body').innerText()).not.toContain(SHOPPER);
    await takeScreenshot(page, 'test-light-1440');

    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Skip to the lists');
    expect(await violationsOn(page)).toEqual([]);
    await page.getByLabel('What happened to').focus();
    await page.keyboard.type('B07');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'What happened' });
    await dialog.getByText('Button holds version 3 (updated), USD 70.00.').waitFor();
    expect(await dialog.getByRole('listitem').count()).toBe(3);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.waitForURL(({ hash }) => !hash.includes('show'));

    expect(await page.locator(':focus').getAttribute('id')).toBe('look-up-id');
    expect(errors).toEqual([]);
  });

  it(
    'shows the result of an action in a status that stays, with a link to its timeline',
    LONG,
    async (test) => {
      const { page } = await open(test);
      const status = page.locator('#result').getByRole('status');
      await page.getByRole('button', { name: 'Reconcile now' }).click();
      await status.getByText('Button is down.').waitFor();
      await page.getByLabel('Make Button misbehave').selectOption('lost-answers');
      await page.getByRole('button', { name: 'Misbehave', exact: true }).click();
      await status.getByText('Button is down now.').waitFor();
      await page.getByRole('button', { name: 'Behave again' }).click();
      await status.getByText('Button behaves again.').waitFor();
      await page.getByRole('button', { name: 'Send an order', exact: true }).click();
      await page.getByRole('link', { name: 'What happened' }).click();

      await page.getByRole('dialog').getByText('Order B07 of the brand acme').waitFor();
    },
  );

  it('keeps the focus where it is while rows change', LONG, async (test) => {
    const { page } = await open(test);
    await page.locator('#orders').getByRole('link', { name: 'B07' }).focus();
    await stage.orders.write({ ...sampleEntry({ state: 'settled' }), orderId: 'B10' }, 0);
    await page.locator('#orders .row', { hasText: 'B10' }).waitFor();
    expect(await page.locator(':focus').innerText()).toBe('B07');
    await stage.orders.write(sampleEntry({ state: 'refused', reason: 'too_late' }), 1);
    await page.locator('#orders .row', { hasText: 'B07' }).getByText('Refused').waitFor();

    expect(await page.locator(':focus').innerText()).toBe('B07');
  });

  it.for(SIZES.flatMap((size) => SCHEMES.map((colorScheme) => ({ ...size, colorScheme }))))(
    'fits $width pixels in $colorScheme, without findings of axe',
    LONG,
    async ({ width, height, colorScheme }, test) => {
      const { page, errors } = await open(test, { viewport: { width, height }, colorScheme });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await violationsOn(page)).toEqual([]);
      await takeScreenshot(page, `test-${colorScheme}-${width}`);
      await page.locator('#orders').getByRole('link', { name: 'B07' }).click();
      await page.getByRole('dialog').getByText('Order B07 of the brand acme').waitFor();
      expect(await violationsOn(page)).toEqual([]);

      expect(errors).toEqual([]);
    },
  );

  it('replays an entry of the quarantine, which leaves the list', LONG, async (test) => {
    const { page } = await open(test);
    await page.getByRole('button', { name: 'Replay B08' }).click();
    await page.getByText('Replayed: the message is on the order queue again.').waitFor();
    await page.getByText('Nothing waits to be fixed.').waitFor();

    expect(await stage.receive()).toHaveLength(1);
  });

  it('shows the boards among the lists, drawn anew each time they are opened', async (test) => {
    const { page, errors } = await open(test);
    const before = drawn;
    const summary = page.locator('#boards summary');
    await summary.focus();
    await page.keyboard.press('Enter');
    const boards = page.frameLocator('#boards-frame');
    await boards.getByText(`Drawing ${before + 1}`).waitFor();
    expect(await violationsOn(page)).toEqual([]);
    await summary.click();
    await summary.click();
    await boards.getByText(`Drawing ${before + 2}`).waitFor();

    expect(errors).toEqual([]);
  });

  it('shows the boards on a separate page, and survives a reload', LONG, async (test) => {
    const { page, context, errors } = await open(test);
    const [boards] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('link', { name: 'Boards' }).click(),
    ]);
    await boards.getByRole('heading', { name: 'Boards' }).waitFor();
    await page.reload();
    await page.locator('#alarms .row').first().waitFor();

    expect(errors).toEqual([]);
  });
});
