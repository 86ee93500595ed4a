import chromium from '@sparticuz/chromium';
import { chromium as playwright, type Browser } from 'playwright-core';

/** A browser, or why there is none: for the title of a test that is skipped. */
export type FoundBrowser = { browser: Browser } | { missing: string };

/**
 * Starts the headless Chromium of the package @sparticuz/chromium, which exists for Linux on x64 and arm64.
 * Its own arguments are not used: they switch the protections off that the tests are about.
 */
export async function startBrowser(): Promise<FoundBrowser> {
  try {
    const executablePath = await chromium.executablePath();
    // A container's root has no sandbox. The pages are our own.
    return { browser: await playwright.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] }) };
  } catch (error) {
    const [reason = ''] = String(error).split('\n');
    return { missing: `no Chromium here (${reason})` };
  }
}
