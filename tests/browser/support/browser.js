// Pages in a real Chromium, as a phone or a desktop, with and without JavaScript, in either language.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

/** Screenshots of failures, and of whatever a test wants to show, land here. */
export const SCREENSHOTS = process.env.SCREENSHOTS ?? join(tmpdir(), "mingjian-screenshots");

// Generous: that a machine is busy is no fault of a page.
const TEST_MILLISECONDS = 240_000;
const STEP_MILLISECONDS = 60_000;

const DEVICES = {
  // The narrowest phone still in use, at its real density.
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 800 } },
};

/** Every way in which a citizen page must work. */
export const EVERY_WAY = ["zh-CN", "en"].flatMap((language) =>
  [false, true].map((javaScript) => ({ device: "phone", language, javaScript })),
);

/** The same on a wide screen. */
export const ON_DESKTOP = EVERY_WAY.map((way) => ({ ...way, device: "desktop" }));

/** What the page says in its language. */
export const words = (way, chinese, english) => (way.language === "zh-CN" ? chinese : english);

/** Starts Chromium; one for a file of tests is enough, for every page gets a context of its own. */
export async function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Root cannot use the sandbox; the rest keeps Chromium from looking for servers of its maker.
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/**
 * Runs `body` with a page in each of `ways`, each as a test of its own. `suite` is asked late for
 * `{ browser, server }`, because tests are declared before `before` has run.
 *
 * After `body` the page must have asked nobody but the server for anything, and nothing may have
 * gone wrong in it. If anything fails, a screenshot is taken.
 */
export function onEveryWay(title, suite, body, ways = EVERY_WAY) {
  for (const way of ways) {
    const script = way.javaScript ? "with" : "without";
    const name = `${title} (${way.device}, ${way.language}, ${script} JavaScript)`;
    test(name, { timeout: TEST_MILLISECONDS }, () => withPage(suite(), way, body));
  }
}

/** Runs `body` with one page of the way given; see `onEveryWay`. */
export async function withPage({ browser, server }, way, body) {
  const context = await browser.newContext({
    ...DEVICES[way.device],
    baseURL: server.origin,
    locale: way.language,
    timezoneId: "Asia/Shanghai",
    javaScriptEnabled: way.javaScript,
  });
  context.setDefaultTimeout(STEP_MILLISECONDS);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error in the page: ${error.message}`));
  page.on("console", (message) => {
    // The browser itself reports answers like 404 and 422 as errors; tests look at those themselves.
    const isStatus = message.text().startsWith("Failed to load resource: the server responded");
    if (message.type() === "error" && !isStatus) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== server.origin) faults.push(`asked ${request.url()}`);
  });
  try {
    await body({ page, server, way });
    assert.deepEqual(faults, []);
  } catch (error) {
    const file = await screenshot(page, `failed-${Date.now()}`).catch(() => "none");
    error.message += `\nat ${page.url()}, screenshot: ${file}`;
    throw error;
  } finally {
    await context.close();
  }
}

/** Saves what the page looks like, whole, and returns the path. */
export async function screenshot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  const path = join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  return path;
}

/** Sends the form and returns the status of the page that comes. */
export async function send(page) {
  const [answer] = await Promise.all([page.waitForNavigation(), page.locator("button[type=submit]").click()]);
  return answer.status();
}

/** What holds for every page that people fill in. */
export async function assertGood(page, way) {
  await assertGoodPage(page, way);
  await assertBigTargets(page);
}

/** What holds for every page: accessible, told in its language, titled, and no wider than the screen. */
export async function assertGoodPage(page, way) {
  const violations = await findViolations(page, way);
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(told, [], "axe");

  const { lang, title, overflow } = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    title: document.title,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  }));
  assert.equal(lang.split("-")[0], way.language.split("-")[0], "language of the document");
  assert.notEqual(title, "", "title");
  assert.ok(overflow <= 0, `${overflow} pixels wider than the screen`);
}

/** Everything that can be tapped is at least 44 pixels high and wide, or lies in a label that is. */
async function assertBigTargets(page) {
  const small = await page.evaluate(() => {
    const least = 44;
    const isBig = (element) => {
      const { width, height } = element.getBoundingClientRect();
      return width >= least && height >= least;
    };
    const targets = [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, a[role=button]")];
    return targets
      .filter((target) => target.checkVisibility() && !isBig(target))
      .filter((target) => ![...(target.labels ?? [])].some(isBig))
      .map((target) => target.outerHTML.slice(0, 200));
  });
  assert.deepEqual(small, [], "targets smaller than 44 pixels");
}

/**
 * Runs axe on the page. It works with promises, which stand still where JavaScript is off, so there
 * it looks at a copy of what the page came to, with scripts taken out and `noscript` shown.
 */
async function findViolations(page, way) {
  const analyze = (page) => new AxeBuilder({ page }).setLegacyMode(true).analyze();
  if (way.javaScript) return (await analyze(page)).violations;

  const html = (await page.content())
    .replaceAll(/<script\b.*?<\/script>/gs, "")
    .replaceAll(/<\/?noscript>/g, "");
  const context = await page.context().browser().newContext({ ...DEVICES[way.device], locale: way.language });
  try {
    const copy = await context.newPage();
    await copy.route(page.url(), (route) => route.fulfill({ body: html, contentType: "text/html; charset=utf-8" }));
    await copy.goto(page.url());
    return (await analyze(copy)).violations;
  } finally {
    await context.close();
  }
}
