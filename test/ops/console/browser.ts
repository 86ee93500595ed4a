import chromium from '@sparticuz/chromium';
import { chromium as playwright, type Browser } from 'playwright-core';

/** A browser, or the reason why there is none, for the title of a skipped test. */
export type FoundBrowser = { browser: Browser } | { missing: string };

/**
 * Starts the headless Chromium of the package @sparticuz/chromium, which exists for Linux on x64 and arm64.
 * Its own arguments are not used: they switch off the protections that are tested.
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
