// The program starts, answers, and the harness sees what it sends.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { onEveryWay, startBrowser } from "./support/browser.js";
import { startServer } from "./support/server.js";

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startServer({ before: [["migrate"]] })]);
});
after(() => Promise.all([browser?.close(), server?.stop()]));

onEveryWay("the server says that it is alive", () => ({ browser, server }), async ({ page }) => {
  const answer = await page.goto("/healthz");
  assert.equal(answer.status(), 200);
  assert.equal((await page.locator("body").innerText()).trim(), "ok");
});
