// Changing an answer: from the page that thanks, or later with both codes, without anything of what was said before.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { EVERY_WAY, assertGood, onEveryWay, screenshot, send, startBrowser, words } from "./support/browser.js";
import { startStand } from "./support/stand.js";

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startStand()]);
});
after(() => Promise.all([browser?.close(), server?.stop()]));

const suite = () => ({ browser, server });

async function answer(page, option) {
  for (const question of [1, 2, 3, 4, 5]) await page.locator(`#q${question}-${option}`).check();
  assert.equal(await send(page), 200);
}

const code = async (page, name) => (await page.locator(name).innerText()).replaceAll(/\s/g, "");

onEveryWay("an answer is changed from its receipt, by an empty form", suite, async ({ page, way }) => {
  await page.goto(server.links.invitations.pop());
  assert.match(await page.locator(".promise").innerText(), words(way, /为止/, /until/));
  await page.locator("#told-yes").check();
  await screenshot(page, `told-${way.language}`);
  await answer(page, 1);
  await assertGood(page, way);
  await screenshot(page, `changeable-${way.language}`);
  const [receipt, secret] = [await code(page, ".receipt"), await code(page, ".secret")];
  assert.match(secret, /^([0-9A-Z]{4}-?){4}$/);

  assert.equal(await send(page), 200);
  assert.equal(page.url().split("?")[0], `${server.origin}/change`);
  assert.ok(!page.url().includes(receipt) && !page.url().includes(secret), page.url());
  await assertGood(page, way);
  await screenshot(page, `change-${way.language}`);
  assert.equal(await page.locator("input:checked").count(), 0, "what was said is not shown");
  assert.equal(await page.locator("#told").count(), 0, "what is counted apart is asked once");
  await page.locator("#q1-2").check();
  assert.equal(await send(page), 422);
  assert.equal(await page.locator("#q1-2").isChecked(), true);
  await assertGood(page, way);
  if (way.javaScript) assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), [], "no draft holds a code");
  await answer(page, 2);
  assert.notEqual(await code(page, ".receipt"), receipt);

  await page.locator("a.more").click();
  await page.locator("#code").fill(receipt);
  assert.equal(await send(page), 200);
  assert.equal(await page.locator(".replaced h2").innerText(), words(way, "已被代替", "Replaced"));
  await assertGood(page, way);
});

onEveryWay("an answer is changed later, with both codes and in large print", suite, async ({ page, way }) => {
  await page.goto(server.links.open[0]);
  await answer(page, 1);
  const [receipt, secret] = [await code(page, ".receipt"), await code(page, ".secret")];
  await page.goto(`/receipt?lang=${way.language}&print=large`);
  await page.locator("a.more").click();
  await assertGood(page, way);
  await page.locator("#code").fill(receipt);
  await page.locator("#change").fill("ABCD");
  assert.equal(await send(page), 422);
  assert.equal(await page.locator("#change").inputValue(), "ABCD");
  await assertGood(page, way);
  await screenshot(page, `change-codes-${way.language}`);
  await page.locator("#change").fill(secret.toLowerCase().replaceAll("-", " "));
  assert.equal(await send(page), 200);
  assert.equal(await page.locator("html").getAttribute("class"), "large");
  await assertGood(page, way);
  await answer(page, 3);
});

onEveryWay("a ballot is changed as a whole", suite, async ({ page, way }) => {
  await page.goto(server.links.ballots.pop());
  for (const question of [1, 2]) await page.locator(`#l1q${question}-1`).check();
  assert.equal(await send(page), 200);
  const receipt = await code(page, ".receipt");
  assert.equal(await send(page), 200);
  await assertGood(page, way);
  const chosen = await page.locator("input:checked").evaluateAll((inputs) => inputs.map((input) => input.value));
  assert.ok(chosen.every((value) => value === ""), "every line is blank");
  for (const question of [1, 2]) await page.locator(`#l2q${question}-1`).check();
  assert.equal(await send(page), 200);
  assert.notEqual(await code(page, ".receipt"), receipt);
}, EVERY_WAY.filter((way) => way.language === "zh-CN"));
