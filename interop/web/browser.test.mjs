// The page of examples/web in Chromium, and what a script may read of an answer from another origin.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";

const { PAGE, CHROMIUM, SHOTS, ORIGINS, ELSEWHERE, WITHOUT } = process.env;
let browser;
let page;

before(async () => {
  browser = await puppeteer.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  await browser.defaultBrowserContext().overridePermissions(new URL(PAGE).origin, ["clipboard-read", "clipboard-write", "clipboard-sanitized-write"]);
  page = await browser.newPage();
  await page.setViewport({ width: 900, height: 1000 });
  page.setDefaultTimeout(20_000);
  page.errors = [];
  page.on("pageerror", (e) => page.errors.push(String(e)));
  await page.goto(PAGE);
  await page.waitForSelector("body[data-ready]");
});
after(() => browser?.close());

const text = (selector) => page.$eval(selector, (e) => e.textContent);
const visible = (selector) => page.$eval(selector, (e) => !e.hidden && e.getClientRects().length > 0);
const shot = (name) => (SHOTS ? page.screenshot({ path: `${SHOTS}/${name}.png` }) : undefined);

async function book(fields) {
  for (const [name, value] of Object.entries({ task: "T-100", resource: "R12", date: "2026-11-18", hours: "1", ...fields })) {
    await page.$eval("#" + name, (e, value) => (e.value = value), value);
  }
  const answered = page.waitForResponse((r) => r.url().endsWith("/bookings"));
  await page.click("#book");
  const response = await answered;
  await page.waitForSelector("#alert:not([hidden]), #done:not([hidden])");
  return response;
}

async function choose(id, value) {
  await page.select("#" + id, value);
}

test("errors stand at their fields", async () => {
  await choose("language", "en");
  await book({ task: "T-9", resource: "R9", date: "2026-02-30" });
  assert.equal(await text("#task-error"), "There is no task T-9.");
  assert.equal(await text("#resource-error"), "There is no resource R9.");
  assert.match(await text("#date-error"), /YYYY-MM-DD/);
  assert.equal(await text("#hours-error"), "");
  assert.deepEqual(await page.$$eval("[aria-invalid]", (all) => all.map((e) => e.id)), ["task", "resource", "date"]);
  assert.equal(await page.evaluate(() => document.activeElement.id), "task", "the first that is wrong");
  await shot("fields-en");
});

test("another language, and right to left", async () => {
  await choose("language", "ar");
  await page.waitForSelector('#alert[lang="ar"]');
  assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
  assert.equal(await page.$eval("#alert", (e) => getComputedStyle(e).direction), "rtl");
  assert.equal(await page.$eval("#task-error", (e) => getComputedStyle(e).direction), "rtl");
  assert.match(await text("#task-error"), /لا توجد مهمة/);
  const [label, input] = await page.$$eval("#task, label[for=task]", (all) => all.map((e) => e.getBoundingClientRect().right));
  assert.ok(Math.abs(label - input) < 2, "the label begins at the right");
  assert.ok(await page.evaluate(() => document.body.scrollWidth <= innerWidth), "nothing sticks out");
  await shot("fields-ar");
  await choose("language", "de");
  await page.waitForSelector('#alert[lang="de"]');
  assert.match(await text("#task-error"), /T-9/);
  assert.equal(await page.evaluate(() => document.documentElement.dir), "ltr");
});

test("each framework answers, and a success is no error", async () => {
  await choose("language", "en");
  const frameworks = await page.$$eval("#framework option", (all) => all.map((e) => e.value));
  assert.equal(frameworks.length, 7);
  for (const [i, framework] of frameworks.entries()) {
    await choose("framework", framework);
    const locked = await book({ task: "T-200" });
    assert.ok(locked.url().includes(framework + "/"), framework);
    assert.equal(await page.$eval("#alert", (e) => e.dataset.code), "task_locked", framework);
    await book({ date: "2026-10-0" + (i + 1) });
    assert.match(await text("#done"), /Booked: B-3/, framework);
    assert.equal(await visible("#alert"), false, framework);
  }
});

test("a countdown from Retry-After", async () => {
  await book({ task: "T-400" });
  assert.match(await text("#countdown"), /try again in [123] s/);
  assert.equal(await page.$eval("#book", (e) => e.disabled), true);
  await shot("countdown");
  await page.waitForFunction(() => document.querySelector("#countdown").textContent.includes("now"), { timeout: 20_000 });
  assert.equal(await page.$eval("#book", (e) => e.disabled), false);
});

test("the trace id to copy", async () => {
  await page.click("#report");
  await page.waitForSelector('#alert[data-code="unhandled"]');
  const id = await text("#trace-id");
  assert.match(id, /^[0-9a-f]{32}$/);
  await page.bringToFront();
  await page.click("#copy");
  await page.waitForFunction(() => document.querySelector("#copy").textContent === "Copied");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), id);
  assert.ok(!(await page.content()).includes("db.internal"));
  await page.setViewport({ width: 360, height: 740 });
  assert.ok(await page.evaluate(() => document.body.scrollWidth <= innerWidth), "it fits a telephone");
  await shot("telephone");
  assert.deepEqual(page.errors, []);
});

// ORIGINS: by name of a middleware, a service without and one with the headers that a browser may read.
for (const [name, { closed, open }] of Object.entries(JSON.parse(ORIGINS))) {
  test(`what a browser may read from another origin: ${name}`, async () => {
    const other = await browser.newPage();
    await other.goto(ELSEWHERE);
    const read = (url) =>
      other.evaluate(async (url) => {
        const headers = { Accept: "application/problem+json", "Accept-Language": "de", "Content-Type": "application/json" };
        const r = await fetch(url, { method: "POST", headers, body: "{}" });
        const seen = ["Content-Type", "Content-Language", "Cache-Control", "Retry-After", "X-Request-Id", "WWW-Authenticate", "Allow"].filter((n) => r.headers.has(n));
        return { seen, status: r.status, code: (await r.json()).code };
      }, url);
    assert.deepEqual(await read(closed), { seen: ["Content-Type", "Content-Language", "Cache-Control"], status: 503, code: "service_unavailable" });
    assert.deepEqual(await read(open), { seen: ["Content-Type", "Content-Language", "Cache-Control", "Retry-After", "X-Request-Id", "WWW-Authenticate", "Allow"], status: 503, code: "service_unavailable" });
    await other.close();
  });
}

test("without the middleware a browser reads nothing", async () => {
  const other = await browser.newPage();
  await other.goto(ELSEWHERE);
  assert.equal(await other.evaluate((url) => fetch(url).then(() => "read", () => "refused"), WITHOUT), "refused");
});

test("which requests a browser asks for permission first", async () => {
  const other = await browser.newPage();
  await other.goto(ELSEWHERE);
  const methods = (headers) =>
    other.evaluate(
      async (url, headers) => {
        await (await fetch(url + "methods")).json(); // forgets what was before
        await fetch(url + "another", { method: "POST", headers, body: "{}" }); // permissions are kept for an address
        return (await fetch(url + "methods")).json();
      },
      JSON.parse(ORIGINS)["go-chi/cors"].closed,
      headers,
    );
  assert.deepEqual(await methods({ Accept: "application/problem+json", "Accept-Language": "pt-BR, pt;q=0.8" }), ["POST"]);
  assert.deepEqual(await methods({ "Content-Type": "application/json" }), ["OPTIONS", "POST"]);
});
