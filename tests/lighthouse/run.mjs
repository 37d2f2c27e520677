// Lighthouse figures of the citizen pages, as a slow phone sees them: the form, the ballot, the pages that thank, and those
// of receipts and changes. `npm ci && npm start` prints a table, each figure the median of RUNS runs (3), and fails where
// one is below the aim. It takes minutes and its figures move with the machine, so it is no part of the tests.

import { startFlow } from "lighthouse";
import puppeteer from "puppeteer-core";

import { startStand } from "../browser/support/stand.js";

const AIM = 98;
const FIRST_VIEW_BYTES = 30_000;
const RUNS = Number(process.env.RUNS ?? 3);
const CATEGORIES = ["performance", "accessibility", "best-practices"];

/** Walks through the pages once and returns what Lighthouse says of each. */
async function walk(browser, stand, language) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const settings = { onlyCategories: CATEGORIES };
  const flow = await startFlow(page, { config: { extends: "lighthouse:default", settings } });
  const names = [];
  const see = (name, path) => {
    names.push(`${name} (${language})`);
    return flow.navigate(`${stand.origin}${path}?lang=${language}`, { name });
  };
  const send = (name) => {
    names.push(`${name} (${language})`);
    return flow.navigate(() => page.click("main form button[type=submit]"), { name });
  };
  // Lighthouse leaves the window as a phone and makes it wide again at a time of its own: a click by place may miss.
  const choose = (options) =>
    page.evaluate((all) => all.forEach((one) => document.querySelector(one).click()), options);
  await see("form", stand.links.open[0]);
  await choose([1, 2, 3, 4, 5].map((question) => `#q${question}-1`));
  await send("thanks");
  await send("change");
  await see("ballot", stand.links.ballot[0]);
  await choose([1, 2].map((question) => `#l1q${question}-1`));
  await send("thanks for a ballot");
  await see("receipt", "/receipt");
  await see("codes", "/change");
  const { steps } = await flow.createFlowResult();
  await context.close();
  return steps.map(({ lhr }, place) => {
    if (lhr.runtimeError) throw new Error(`${names[place]}: ${lhr.runtimeError.message}`);
    const failed = Object.values(lhr.audits).filter((audit) => audit.score !== null && audit.score < 0.9);
    return {
      page: names[place],
      scores: CATEGORIES.map((category) => Math.round(lhr.categories[category].score * 100)),
      bytes: Math.round(lhr.audits["total-byte-weight"].numericValue),
      failed: failed.map((audit) => audit.id),
    };
  });
}

const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];

const stand = await startStand();
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const rows = [];
try {
  for (const language of ["zh-CN", "en"]) {
    const runs = [];
    for (let run = 0; run < RUNS; run += 1) runs.push(await walk(browser, stand, language));
    for (const [place, { page, bytes }] of runs[0].entries()) {
      const same = runs.map((run) => run[place]);
      const scores = CATEGORIES.map((_, category) => median(same.map((row) => row.scores[category])));
      rows.push({ page, scores, bytes, failed: [...new Set(same.flatMap((row) => row.failed))] });
    }
  }
} finally {
  await browser.close();
  await stand.stop();
}

console.log(["page", ...CATEGORIES, "bytes", "audits below 0.9 in some run"].join(" | "));
for (const { page, scores, bytes, failed } of rows) console.log([page, ...scores, bytes, failed.join(" ")].join(" | "));
const low = rows.filter(({ scores, bytes }) => bytes > FIRST_VIEW_BYTES || scores.some((score) => score < AIM));
if (low.length > 0) {
  console.log(`${low.length} of ${rows.length} are below ${AIM} or above ${FIRST_VIEW_BYTES} bytes`);
  process.exitCode = 1;
}
