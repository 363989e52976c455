// Inspects a state of the page at two widths and in both themes, with axe and with pictures for the eye.
//
// The pictures go into tests/output/. With HANDSET_SCREENSHOTS=1 the pictures of the documentation in docs/screenshots/ are
// updated too. No test compares pictures, since machines draw letters differently.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import { root } from "./sandbox.mjs";

/** Height of the screen by its width, in px. */
const HEIGHTS = { 360: 780, 1280: 860 };
const WIDTHS = [360, 1280];
const THEMES = ["light", "dark"];

const output = join(root, "tests", "output");
const album = process.env.HANDSET_SCREENSHOTS ? join(root, "docs", "screenshots") : undefined;

/** Page options for an inspection: no animations, so that axe measures the final colours. */
export const STILL = { reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB" };

/**
 * Inspects one state of the page: fails on an axe violation, and on content wider than the screen.
 *
 * @param {object} [options]
 * @param {string} [options.shown] the name of the state's pictures in the documentation
 * @param {number[]} [options.shownAt] the widths of these pictures
 * @param {boolean} [options.asleep] whether the page's timers are held back; frames are then not inspected
 */
export async function inspect(page, state, { shown, shownAt = WIDTHS, asleep = false } = {}) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHTS[width] });
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme });
      const look = `${width}-${colorScheme}`;
      hasNone(asleep ? await lookFromOutside(page) : await lookAtAllFrames(page), `${state}-${look}`);
      await fits(page, `${state}-${look}`);
      const taken = await picture(page);
      await save(output, `${state}-${look}`, taken);
      if (album && shown && shownAt.includes(width)) await save(album, `${shown}-${look}`, taken);
    }
  }
}

/** The violations that axe finds in the page and its frames. */
async function lookAtAllFrames(page) {
  for (const frame of page.frames()) {
    const hasAxe = frame.url() === "about:blank" || (await frame.evaluate(() => "axe" in globalThis));
    if (!hasAxe) await frame.evaluate(axe.source);
  }
  return page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
}

/** The same from an isolated world, where timers run although the page sleeps. Without frames. */
async function lookFromOutside(page) {
  const browser = await page.context().newCDPSession(page);
  const { frameTree } = await browser.send("Page.getFrameTree");
  const { executionContextId: contextId } = await browser.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const evaluate = (expression) => browser.send("Runtime.evaluate", { contextId, expression, awaitPromise: true, returnByValue: true });
  await evaluate(axe.source);
  const { result } = await evaluate('axe.run(document, { resultTypes: ["violations"] })');
  await browser.detach();
  return result.value;
}

function hasNone({ violations }, name) {
  const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
  assert.deepEqual(found, [], name);
}

async function fits(page, name) {
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  assert.equal(scrollWidth <= clientWidth, true, `${name}: ${scrollWidth} px on a screen of ${clientWidth} px`);
}

/** A picture of the whole page, as WebP by the DevTools protocol: half the size of PNG, and playwright does not offer it. */
async function picture(page) {
  const browser = await page.context().newCDPSession(page);
  const { cssContentSize } = await browser.send("Page.getLayoutMetrics");
  const clip = { ...cssContentSize, scale: 1 };
  const { data } = await browser.send("Page.captureScreenshot", { format: "webp", captureBeyondViewport: true, clip });
  await browser.detach();
  return Buffer.from(data, "base64");
}

async function save(folder, name, data) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.webp`), data);
}
