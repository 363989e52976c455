// How a state of the page is looked at: at two widths and in both themes, by axe and by eye.
//
// There is a picture of each in tests/output/. With HANDSET_SCREENSHOTS=1 those of the documentation are taken anew, too, into
// docs/screenshots/; no test compares them, for no two machines draw a letter alike.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import { root } from "./sandbox.mjs";

/** In px, by width. */
const HEIGHTS = { 360: 780, 1280: 860 };
const WIDTHS = [360, 1280];
const THEMES = ["light", "dark"];

const output = join(root, "tests", "output");
const album = process.env.HANDSET_SCREENSHOTS ? join(root, "docs", "screenshots") : undefined;

/** For a page that is looked at: things stand still, so that a colour is measured where it arrives. */
export const STILL = { reducedMotion: "reduce", timezoneId: "UTC", locale: "en-GB" };

/**
 * Looks at one state of the page: no axe violation, and nothing wider than the screen.
 *
 * @param {object} [options]
 * @param {string} [options.shown] the name of its pictures in the documentation
 * @param {number[]} [options.shownAt] the widths of these
 * @param {boolean} [options.asleep] whether the page's timers stand still; then no frame is looked into
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

/** What axe finds in the page and in its frames. */
async function lookAtAllFrames(page) {
  for (const frame of page.frames()) {
    const hasAxe = frame.url() === "about:blank" || (await frame.evaluate(() => "axe" in globalThis));
    if (!hasAxe) await frame.evaluate(axe.source);
  }
  return page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
}

/** The same from beside the page's scripts, where timers run although the page sleeps. Sees no frame. */
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

/** All of the page. WebP, which is half of PNG's size, is what the browser can and playwright does not ask for. */
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
