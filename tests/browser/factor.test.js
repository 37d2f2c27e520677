// The page for staff on which a second factor is set up, with an app that makes codes as every app does.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
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

/** The code of a secret in base 32 for this moment (RFC 6238). */
function codeOf(secret) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/\s/g, "")].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac("sha1", key).update(step).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** An account with a password; its log-in name. */
async function takeAccount(page) {
  await page.goto(server.links.accounts.pop());
  const login = await page.locator("#login").inputValue();
  await page.locator("#password").fill(LONG);
  await page.locator("#again").fill(LONG);
  assert.equal(await send(page), 200);
  return login;
}

async function logIn(page, login, password) {
  await page.locator("#login").fill(login);
  await page.locator("#password").fill(password);
  return send(page);
}

onEveryWay("a second factor is set up by scanning, confirmed by a code, and there once", suite, async ({ page, way }) => {
  const login = await takeAccount(page);
  await page.goto("/second-factor");
  await assertGood(page, way);
  await screenshot(page, `factor-${way.language}`);
  assert.equal(await logIn(page, login, "another password"), 422);
  await assertGood(page, way);
  assert.equal(await page.locator("#login").inputValue(), login);
  assert.equal(await page.locator("#password").inputValue(), "", "a password is never sent back");

  assert.equal(await logIn(page, login, LONG), 200);
  await assertGood(page, way);
  await screenshot(page, `factor-scan-${way.language}`);
  const picture = page.locator("svg[role=img]");
  assert.equal(await picture.getAttribute("aria-label"), words(way, "供应用扫描的图片", "Picture for the app"));
  const box = await picture.boundingBox();
  assert.ok(box.width >= 200 && Math.abs(box.width - box.height) < 2, JSON.stringify(box));
  const secret = await page.locator(".receipt").innerText();

  await page.locator("#code").fill("000000");
  assert.equal(await send(page), 422);
  await assertGood(page, way);
  await screenshot(page, `factor-again-${way.language}`);
  await page.locator("#code").fill(codeOf(secret));
  assert.equal(await send(page), 200);
  await assertGood(page, way);
  await screenshot(page, `factor-done-${way.language}`);
  assert.equal(await page.locator(".codes li").count(), 10);

  await page.goto("/second-factor");
  assert.equal(await logIn(page, login, LONG), 422);
  const told = await page.locator("#login-fault").innerText();
  assert.ok(told.includes(words(way, "已经开启", "already")), told);
});

onEveryWay("a desktop in the dark and in large print shows the same", suite, async ({ page, way }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`/second-factor?print=large&lang=${way.language}`);
  await assertGoodPage(page, way);
}, ON_DESKTOP);
