// Pages for staff: a password is chosen by a one-time link, and such a link is asked for.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { ON_DESKTOP, assertGood, assertGoodPage, onEveryWay, screenshot, send, startBrowser, words } from "./support/browser.js";
import { startStand } from "./support/stand.js";

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startStand()]);
});
after(() => Promise.all([browser?.close(), server?.stop()]));

const suite = () => ({ browser, server });
const LONG = "a long password of these tests";

onEveryWay("a link is looked at, gets a password and is over", suite, async ({ page, way }) => {
  const link = server.links.accounts.pop();
  for (let looks = 0; looks < 2; looks += 1) assert.equal((await page.goto(link)).status(), 200);
  await assertGood(page, way);
  await screenshot(page, `account-${way.language}`);
  assert.match(await page.locator("#login").inputValue(), /^leader/);

  await page.locator("#password").fill("short");
  await page.locator("#again").fill("short");
  assert.equal(await send(page), 422);
  await assertGood(page, way);
  await screenshot(page, `account-short-${way.language}`);
  const described = (await page.locator("#password").getAttribute("aria-describedby")).split(" ");
  assert.deepEqual(described, ["password-hint", "password-fault"]);
  assert.equal(await page.locator("#password").inputValue(), "", "a password is never sent back");

  await page.locator("#password").fill(LONG);
  await page.locator("#again").fill(`${LONG}!`);
  assert.equal(await send(page), 422);
  await assertGood(page, way);
  await page.locator("#password").fill(LONG);
  await page.locator("#again").fill(LONG);
  assert.equal(await send(page), 200);
  await assertGood(page, way);
  await screenshot(page, `account-done-${way.language}`);
  assert.equal(await page.locator("h1").innerText(), words(way, "密码已设置", "The password is set"));

  assert.equal((await page.goto(link)).status(), 404);
  await assertGood(page, way);
  assert.equal(await page.locator("h1").innerText(), words(way, "这个链接已经失效", "This link holds no longer"));
});

onEveryWay("the first account is asked for its name as well", suite, async ({ page, way }) => {
  await page.goto(server.links.first[0]);
  await assertGood(page, way);
  await screenshot(page, `account-first-${way.language}`);
  assert.equal(await page.locator("input.entry").count(), 4);
});

onEveryWay("a link is asked for by name or address", suite, async ({ page, way }) => {
  await page.goto("/reset");
  await assertGood(page, way);
  await page.locator("#login").fill("nobody");
  assert.equal(await send(page), 200);
  await assertGood(page, way);
  await screenshot(page, `reset-${way.language}`);
  assert.equal(await page.locator("[role=status] h2").innerText(), words(way, "请查看邮箱", "Look into your mailbox"));
});

onEveryWay("a desktop in the dark and in large print shows the same", suite, async ({ page, way }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  for (const path of [server.links.first[0], "/reset"]) {
    await page.goto(`${path}?print=large&lang=${way.language}`);
    await assertGoodPage(page, way);
  }
}, ON_DESKTOP);
