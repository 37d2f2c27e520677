// A citizen's way, from opening a link to the receipt, and every page beside it.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { EVERY_WAY, ON_DESKTOP, assertGood, assertGoodPage, onEveryWay, screenshot, send, startBrowser, words } from "./support/browser.js";
import { startStand } from "./support/stand.js";

let browser;
let server;
before(async () => {
  [browser, server] = await Promise.all([startBrowser(), startStand()]);
});
after(() => Promise.all([browser?.close(), server?.stop()]));

const suite = () => ({ browser, server });
const invite = () => server.links.invitations.pop();

onEveryWay("five questions take seven taps and two page loads at most", suite, async ({ page, way }) => {
  let loads = -1;
  page.on("framenavigated", () => (loads += 1));
  const first = await page.goto(invite());
  assert.equal(first.status(), 200);
  await assertGood(page, way);
  await screenshot(page, `form-${way.language}`);
  let taps = 0;
  for (const question of [1, 2, 3, 4, 5]) {
    await page.locator(`label:has(#q${question}-1)`).tap();
    taps += 1;
  }
  const [answer] = await Promise.all([page.waitForNavigation(), page.locator("button[type=submit]").tap()]);
  taps += 1;
  assert.equal(answer.status(), 200);
  await assertGood(page, way);
  await screenshot(page, `thanks-${way.language}`);
  assert.ok(taps <= 7 && loads <= 2, `${taps} taps, ${loads} loads`);

  const receipt = (await page.locator(".receipt").innerText()).replaceAll(/\s/g, "");
  assert.match(receipt, /^([0-9A-Z]{4}-?){7}$/);
  await page.locator("a.more").click();
  // As a person types it: small letters, blanks in other places.
  await page.locator("#code").fill(receipt.toLowerCase().replaceAll("-", " "));
  assert.equal(await send(page), 200);
  assert.equal(await page.locator(".counted h2").innerText(), words(way, "已经计入", "They count"));
  await assertGood(page, way);
});

onEveryWay("looking at an invitation does not use it up, answering does", suite, async ({ page, way }) => {
  const link = invite();
  for (let looks = 0; looks < 3; looks += 1) assert.equal((await page.goto(link)).status(), 200);
  for (const question of [1, 2, 3, 4, 5]) await page.locator(`#q${question}-2`).check();
  assert.equal(await send(page), 200);
  assert.equal((await page.goto(link)).status(), 409);
  await assertGood(page, way);
});

onEveryWay("what is wrong stands beside each question and nothing is lost", suite, async ({ page, way }) => {
  await page.goto(server.links.kinds[0]);
  await assertGood(page, way);
  await page.locator("#q1-2").check();
  await page.locator("#q3-w").fill("这段文字比二十个字要长，所以应当被退回来修改。");
  assert.equal(await send(page), 422);
  await assertGood(page, way);
  await screenshot(page, `faults-${way.language}`);

  assert.equal(await page.locator("#q1-2").isChecked(), true);
  assert.equal(await page.locator("#q3-w").inputValue(), "这段文字比二十个字要长，所以应当被退回来修改。");
  assert.deepEqual(
    await page.locator(".alert a").evaluateAll((links) => links.map((link) => link.getAttribute("href"))),
    ["#q2-1", "#q3-w"],
  );
  for (const id of ["#q2", "#q3-w"]) {
    const described = (await page.locator(id).getAttribute("aria-describedby")).split(" ");
    const texts = await Promise.all(described.map((name) => page.locator(`#${name}`).innerText()));
    assert.ok(texts.every((text) => text.trim()), texts.join("|"));
    assert.equal(described.length, 2);
  }

  await page.locator("#q2-1").check();
  await page.locator("#q2-3").check();
  await page.locator("#q3-w").fill("办得快。");
  assert.equal(await send(page), 200);
});

onEveryWay("a broken form comes back whole", suite, async ({ page, way }) => {
  await page.goto(server.links.kinds[0]);
  const fields = new URLSearchParams([["key", "nonsense"], ["q.score", "999"], ["q.ways", "phone"], ["q.why", "a\0b<script>"]]);
  const body = fields.toString();
  // By an ordinary request, for no browser sends this.
  const answer = await page.request.post(server.links.kinds[0], {
    data: body,
    headers: { "content-type": "application/x-www-form-urlencoded", "accept-language": way.language },
  });
  assert.equal(answer.status(), 422);
  const text = await answer.text();
  assert.ok(text.includes('value="phone" checked'), text);
  assert.ok(text.includes("ab&#60;script&#62;") && !text.includes("\0"), text);
});

onEveryWay("pages without a form say why and nothing more", suite, async ({ page, way }) => {
  for (const [path, status, chinese, english] of [
    [server.links.closed[0], 410, "本次测评已经结束", "This survey has ended"],
    [server.links.draft[0], 404, "本次测评还没有开始", "This survey has not begun"],
    ["/s/nosuchlink", 404, "没有找到这个页面", "There is no such page"],
    [`/i/${"0".repeat(34)}`, 404, "没有找到这个页面", "There is no such page"],
    ["/i/nonsense", 404, "没有找到这个页面", "There is no such page"],
  ]) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), status, path);
    assert.equal(await page.locator("h1").innerText(), words(way, chinese, english));
    await assertGood(page, way);
  }
});

onEveryWay("a slip in a receipt code is told from a code that is not known", suite, async ({ page, way }) => {
  await page.goto("/receipt");
  await assertGood(page, way);
  await page.locator("#code").fill("ABCD-EFGH");
  assert.equal(await send(page), 422);
  await assertGood(page, way);
  assert.equal(await page.locator("#code").inputValue(), "ABCD-EFGH");
});

onEveryWay("large print grows without a reload and stays", suite, async ({ page, way }) => {
  await page.goto(server.links.kinds[0]);
  const size = () => page.evaluate(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
  const before = await size();
  await page.locator("#q1-3").check();
  await page.locator("#large").check();
  assert.ok((await size()) > before * 1.3);
  assert.equal(await page.locator("#q1-3").isChecked(), true);
  await assertGood(page, way);
  assert.equal(await send(page), 422);
  assert.ok((await size()) > before * 1.3);
  await assertGood(page, way);
  await screenshot(page, `large-${way.language}`);
});

onEveryWay("the language can be changed", suite, async ({ page, way }) => {
  await page.goto(server.links.open[0]);
  await page.locator("a[hreflang]").click();
  const other = words(way, "en", "zh-CN");
  assert.equal(await page.locator("html").getAttribute("lang"), other);
  await assertGood(page, { ...way, language: other });
});

onEveryWay("the first view is small", suite, async ({ page }) => {
  const bodies = [];
  page.on("response", (answer) => bodies.push(answer.body()));
  await page.goto(server.links.open[0], { waitUntil: "networkidle" });
  const bytes = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length, 0);
  assert.ok(bytes > 1_000 && bytes <= 30_000, `${bytes} bytes`);
});

onEveryWay("a second tap sends nothing", suite, async ({ page, way }) => {
  if (!way.javaScript) return;
  const link = invite();
  await page.goto(link);
  for (const question of [1, 2, 3, 4, 5]) await page.locator(`#q${question}-1`).check();
  let posts = 0;
  await page.route("**/i/**", async (route) => {
    posts += 1;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await Promise.all([page.waitForNavigation(), page.locator("button[type=submit]").dblclick()]);
  assert.equal(posts, 1);
  assert.equal(await page.locator(".receipt").count(), 1);
});

onEveryWay("a desktop shows the same", suite, async ({ page, way }) => {
  for (const path of [server.links.open[0], server.links.kinds[0], server.links.preview[0], "/receipt"]) {
    await page.goto(path);
    await assertGoodPage(page, way);
  }
}, ON_DESKTOP);

onEveryWay("dark colours are readable", suite, async ({ page, way }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(server.links.kinds[0]);
  await page.locator("#q1-1").check();
  await assertGoodPage(page, way);
  assert.equal(await send(page), 422);
  await assertGoodPage(page, way);
});

onEveryWay("a lost network loses nothing, and the same form is sent once it is back", suite, async ({ page, way }) => {
  await page.goto(invite());
  await page.locator("#q1-2").check();
  const key = await page.locator("input[name=key]").inputValue();
  await page.context().setOffline(true);
  await page.locator("button[type=submit]").click();
  assert.match(await page.locator("#note").innerText(), words(way, /没有网络/, /no network/));
  await assertGood(page, way);
  await page.context().setOffline(false);
  // Opened anew, as after the browser was sent to the background.
  await page.reload();
  assert.equal(await page.locator("#q1-2").isChecked(), true);
  assert.equal(await page.locator("input[name=key]").inputValue(), key);
  assert.equal(await page.locator("#note").isVisible(), true);
  for (const question of [2, 3, 4, 5]) await page.locator(`#q${question}-1`).check();
  assert.equal(await send(page), 200);
  const left = await page.evaluate(() => Object.keys(sessionStorage));
  assert.deepEqual(left, [], "the next one in this tab starts anew");
}, EVERY_WAY.filter((way) => way.javaScript));

onEveryWay("a question for some is asked of those alone", suite, async ({ page, way }) => {
  await page.goto(server.links.kinds[0]);
  const asked = page.locator("fieldset[data-if]");
  const only = asked.locator(".only");
  assert.equal(await asked.isVisible(), !way.javaScript, "without a script it is there, with the words");
  if (!way.javaScript) assert.match(await only.innerText(), words(way, /只有在“排队”选了“一般 \/ 差”/, /Only if you chose “Fair \/ Poor” for “The queue”/));
  await page.locator("#q5-3").check();
  assert.equal(await asked.isVisible(), true);
  await assertGood(page, way);
  await screenshot(page, `kinds-${way.language}`);
  await page.locator("#q2-1").check();
  await page.locator("#q3-w").fill("好");
  assert.equal(await send(page), 422);
  assert.deepEqual(
    await page.locator(".alert a").evaluateAll((links) => links.map((link) => link.getAttribute("href"))),
    ["#q6-1"],
  );
  await page.locator("#q5-1").check();
  assert.equal(await send(page), 200);
});

onEveryWay("a preview shows the form and sends nothing", suite, async ({ page, way }) => {
  await page.goto(`${server.links.preview[0]}?lang=${way.language}`);
  await assertGoodPage(page, way);
  const title = way.language === "en" ? "This is a preview" : "这是预览";
  assert.equal(await page.locator(".preview h2").textContent(), title);
  const before = page.url();
  await page.locator("input[type=radio]").first().check();
  await page.locator("input[type=radio]").first().press("Enter");
  assert.ok(await page.locator("button[type=submit]").isDisabled());
  assert.equal(page.url(), before);
  // What was tried out is not kept for the form that is drawn later.
  await page.reload();
  assert.equal(await page.locator("input[type=radio]:checked").count(), 0);
});
