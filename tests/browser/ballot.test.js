// A ballot: one person rates thirty on a phone, leaves some blank, and is told what that means.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { EVERY_WAY, ON_DESKTOP, assertGood, onEveryWay, screenshot, send, startBrowser, words } from "./support/browser.js";
import { startStand } from "./support/stand.js";

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startStand()]);
});
after(() => Promise.all([browser?.close(), server?.stop()]));

const suite = () => ({ browser, server });
const LARGE = EVERY_WAY.map((way) => ({ ...way, large: true }));
const invite = () => server.links.ballots.pop();

/** What a screen reader says of an option. */
const spoken = (page, id) => page.locator(id).evaluate((input) => {
  const group = input.closest("[role=radiogroup]");
  const legend = input.closest("fieldset").querySelector("legend");
  return [legend, document.getElementById(group.getAttribute("aria-labelledby")), input.labels[0]]
    .map((element) => element.textContent.replaceAll(/\s+/g, " ").trim());
});

onEveryWay("thirty are rated on one sheet, some left blank", suite, async ({ page, way }) => {
  assert.equal((await page.goto(invite())).status(), 200);
  await assertGood(page, way);
  await screenshot(page, `ballot-${way.language}`);
  assert.equal(await page.locator("fieldset.line").count(), 30);
  // Every line is blank from the start, and says so.
  assert.equal(await page.locator('input[value=""]:checked').count(), 60);
  const [legend, asked, option] = await spoken(page, "#l3q1-1");
  assert.match(legend, /03/);
  assert.match(asked, /03 .+/, "the question names whom it is about");
  assert.equal(option, words(way, "好", "Good"));

  for (const line of [1, 2, 30]) {
    await page.locator(`label:has(#l${line}q1-1)`).click();
    await page.locator(`label:has(#l${line}q2-2)`).click();
  }
  // Chosen by mistake, and taken back.
  await page.locator("label:has(#l5q1-4)").click();
  await page.locator("label:has(#l5q1-0)").click();
  if (way.javaScript) {
    assert.equal(await page.locator("#counts").innerText(), words(way, "已评 3 位，留空 27 位", "Rated: 3. Left blank: 27"));
  } else {
    assert.equal(await page.locator("#counts").isVisible(), false);
  }
  assert.equal(await send(page), 200);
  await assertGood(page, way);
  const said = await page.locator(".done strong").innerText();
  assert.equal(said, words(way, "您评议了 3 位，留空（弃权）27 位。", "You rated 3 and left 27 blank, which counts as abstaining."));
  await screenshot(page, `ballot-thanks-${way.language}`);
});

onEveryWay("a line that is begun comes back with the rest as it was", suite, async ({ page, way }) => {
  await page.goto(invite());
  await page.locator("#l1q1-2").check({ force: true });
  await page.locator("#l1q2-2").check({ force: true });
  await page.locator("#l7q2-3").check({ force: true });
  await page.locator("#l7q3-w").fill("说得少");
  assert.equal(await send(page), 422);
  await assertGood(page, way);
  await screenshot(page, `ballot-faults-${way.language}`);
  assert.deepEqual(
    await page.locator(".alert a").evaluateAll((links) => links.map((link) => link.getAttribute("href"))),
    ["#l7q1-1"],
  );
  assert.equal(await page.locator("#l1q2-2").isChecked(), true);
  assert.equal(await page.locator("#l7q3-w").inputValue(), "说得少");
  await page.locator("#l7q1-1").check({ force: true });
  assert.equal(await send(page), 200);
});

onEveryWay("a wholly blank ballot is asked about once", suite, async ({ page, way }) => {
  await page.goto(invite());
  assert.equal(await send(page), 422);
  await assertGood(page, way);
  await page.locator("input[name=blank]").check();
  assert.equal(await send(page), 200);
});

onEveryWay("on a wide screen names stand before their options", suite, async ({ page, way }) => {
  await page.goto(server.links.ballot[0]);
  await assertGood(page, way);
  await screenshot(page, `ballot-wide-${way.language}`);
  // Longer labels, as in English, stand below each other on every screen.
  if (way.language === "en") {
    assert.equal(await page.locator("#l1 .ask .beside").count(), 0);
    return;
  }
  const [name, option] = await Promise.all(
    ["#l1 legend", "#l1 .ask .beside"].map((place) => page.locator(place).first().boundingBox()),
  );
  assert.ok(name.x + name.width <= option.x + 1, "beside each other");
}, ON_DESKTOP);

onEveryWay("in large print it fits the narrowest phone", suite, async ({ page, way }) => {
  await page.goto(`${server.links.ballot[0]}?print=large&lang=${way.language}`);
  await assertGood(page, way);
  await screenshot(page, `ballot-large-${way.language}`);
}, LARGE);

onEveryWay("the first view of thirty lines is small", suite, async ({ page }) => {
  let bytes = 0;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(server.links.ballot[0], { waitUntil: "load" });
  assert.ok(bytes > 1_000 && bytes <= 30 * 1024, `${bytes} bytes`);
}, EVERY_WAY.slice(0, 2));
