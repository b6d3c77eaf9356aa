// The pages of package store in Chromium, as operators use them: with a mouse, with the keyboard, on a telephone, in other languages.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";

const { CHROMIUM, SHOTS } = process.env;
const { operator, reader, empty, forget, foreign } = JSON.parse(process.env.PAGES);
const languages = ["en", "de", "ar", "ja", "zh-Hans"];
let browser;

before(async () => {
  browser = await puppeteer.launch({ executablePath: CHROMIUM, pipe: true, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
});
after(() => browser?.close());

// Each test has tabs of its own. None of them may show a dialog, run into an error, or ask another server.
const trouble = [];

async function open(t, url, { width = 1280, height = 900, scale = 1 } = {}) {
  const tab = await browser.newPage();
  t?.after(() => tab.close());
  tab.setDefaultTimeout(10_000);
  await tab.setViewport({ width, height, deviceScaleFactor: scale });
  tab.posts = 0;
  tab.on("dialog", (d) => (trouble.push(d.message()), d.dismiss()));
  tab.on("pageerror", (e) => trouble.push(String(e)));
  tab.on("console", (m) => m.text().includes("status of 4") || trouble.push(m.text()));
  tab.on("request", (r) => {
    if (r.method() === "POST") tab.posts++;
    if (!/^http:\/\/127\.0\.0\.1:|^about:|^data:/.test(r.url())) trouble.push(r.url());
  });
  await go(tab, url);
  return tab;
}

async function go(tab, url) {
  tab.answer = await tab.goto(url);
  return tab.answer;
}

// leaving does what leads to another page.
async function leaving(tab, f) {
  await tab.bringToFront();
  [tab.answer] = await Promise.all([tab.waitForNavigation(), f()]);
  return tab.answer;
}

const clicking = (tab, selector) => leaving(tab, () => tab.click(selector));
const text = (tab, selector) => tab.$eval(selector, (e) => e.textContent.trim());
const texts = (tab, selector) => tab.$$eval(selector, (all) => all.map((e) => e.textContent.trim()));
const parameter = (tab, name) => new URL(tab.url()).searchParams.get(name);
const links = (tab, selector) => tab.$$eval(selector, (all) => all.map((e) => e.href));
const shows = (tab, selector) => tab.$eval(selector, (e) => e.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }));

async function type(tab, selector, value) {
  await tab.click(selector, { count: 3 });
  await tab.keyboard.press("Backspace");
  await tab.type(selector, value);
}

// addressOf is the page of the first item of a list, without parameters.
async function addressOf(list) {
  const tab = await open(null, list);
  const [address] = await links(tab, "tbody th a");
  await tab.close();
  return address.split("?")[0];
}

// rows are the entries of the log as the list shows them, with what they are sorted by.
const rows = (tab) =>
  tab.$$eval("tbody tr", (all) =>
    all.map((tr) => {
      const [seen, first, count, level, status, route, cause, host, state] = [...tr.children].map((cell) => cell.textContent.trim());
      const [method, path = ""] = /^\//.test(route) ? ["", route] : route.split(" ");
      return {
        last_seen: tr.querySelector("th time").dateTime,
        created: tr.querySelector("td time").dateTime,
        repeats: Number(count),
        level: ["DEBUG", "INFO", "WARN", "ERROR"].indexOf(level),
        status: Number(status),
        method,
        route: path,
        code: tr.querySelector(".cause code")?.textContent ?? "",
        cause,
        host,
        state: ["new", "resolved", "ignored"].indexOf(tr.querySelector(".state").classList[1]),
        text: [seen, first, count, level, status, route, cause, host, state].join("|"),
      };
    }),
  );

// sideways is how far the page goes beyond the window, to either side, or something sticks out of its contents.
const sideways = (tab) =>
  tab.evaluate(() => {
    const reach = [...document.querySelectorAll("main *")]
      .filter((e) => e.checkVisibility() && !(innerWidth <= 1024 && e.closest("thead")))
      .map((e) => e.getBoundingClientRect())
      .filter((r) => r.width > 0)
      .map((r) => Math.max(r.right - innerWidth, -r.left));
    return Math.max(0, Math.round(document.documentElement.scrollWidth - innerWidth), ...reach.map(Math.round));
  });

test("a filter narrows the list, page by page", async (t) => {
  const tab = await open(t, operator + "logs/");
  const all = await rows(tab);
  assert.equal(all.length, 50);
  await clicking(tab, "nav.pages a");
  const rest = await rows(tab);
  assert.ok(rest.length > 20 && rest.every((r) => r.last_seen <= all[49].last_seen), "the second page has the older ones");
  await type(tab, "#search", "CONNECTION refused");
  await type(tab, "#status", "5xx");
  await tab.select("#state", "new");
  await tab.select("#range", "P7D");
  await clicking(tab, ".filter button");
  const found = await rows(tab);
  assert.equal(found.length, 6);
  assert.ok(found.every((r) => r.status >= 500 && r.cause.includes("connection refused") && r.state === 0));
  assert.deepEqual(await tab.$$eval("#search, #status, #state, #range", (all) => all.map((e) => e.value)), ["CONNECTION refused", "5xx", "new", "P7D"]);
  await tab.select("#level", "ERROR");
  await leaving(tab, () => tab.focus("#search").then(() => tab.keyboard.press("Enter")));
  assert.equal((await rows(tab)).length, 6);
  await tab.select("#state", "resolved");
  await clicking(tab, ".filter button");
  assert.deepEqual([await rows(tab), await tab.$$("table")], [[], []]);
  await clicking(tab, ".filter .buttons a");
  assert.deepEqual(await rows(tab), all, "without the filter");
});

test("each heading sorts the list, in both directions", async (t) => {
  const tab = await open(t, operator + "logs/?level=WARN");
  const count = (await rows(tab)).length;
  assert.ok(count > 20 && count < 50);
  const state = await links(tab, "tbody th a");
  for (const [i, word] of [[1, "resolved"], [4, "ignored"]]) {
    const entry = await open(null, state[i]);
    await clicking(entry, `button[value=${word}]`);
    await entry.close();
  }
  const headings = await texts(tab, "thead a");
  assert.equal(headings.length, 11);
  for (const [i, heading] of headings.entries()) {
    const lists = [];
    for (let click = 0; click < 2; click++) {
      const links = await tab.$$("thead a");
      await leaving(tab, () => links[i].click());
      const order = parameter(tab, "order") ?? "-last_seen";
      const name = order.replace("-", "");
      const sorted = await tab.$$eval("thead th", (all) => all.flatMap((e) => (e.ariaSort ? [[e.ariaSort, e.innerText]] : [])));
      assert.equal(sorted.length, 1, heading);
      assert.equal(sorted[0][0], order.startsWith("-") ? "descending" : "ascending");
      assert.ok(sorted[0][1].includes(heading.replace(/ [▲▼]/, "") + (order.startsWith("-") ? " ▼" : " ▲")), `${heading}: ${sorted[0][1]}`);
      assert.equal(parameter(tab, "level"), "WARN");
      const list = await rows(tab);
      assert.equal(list.length, count);
      const values = list.map((r) => r[name]);
      const wanted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      if (name !== "cause") assert.deepEqual(values, order.startsWith("-") ? wanted.reverse() : wanted, order); // shown causes are shortened
      assert.ok(new Set(values).size > 1, order + " has something to sort");
      lists.push(list.map((r) => r.text));
    }
    assert.deepEqual(lists[0], lists[1].reverse(), heading);
  }
});

test("an entry is resolved, ignored, and new again", async (t) => {
  const tab = await open(t, (await addressOf(operator + "logs/?code=database")) + "?language=de");
  const buttons = () => texts(tab, "form.inline button");
  assert.deepEqual([await text(tab, ".state"), await buttons()], ["Neu", ["Als behoben markieren", "Ignorieren"]]);
  assert.equal((await clicking(tab, "button[value=resolved]")).status(), 200);
  assert.deepEqual([await text(tab, ".state"), await buttons()], ["Behoben", ["Ignorieren", "Als neu markieren"]]);
  assert.equal(await tab.$eval(".saved", (e) => e.role), "status");
  await clicking(tab, "button[value=ignored]");
  assert.deepEqual([await text(tab, ".state"), await buttons()], ["Ignoriert", ["Als behoben markieren", "Als neu markieren"]]);
  await clicking(tab, "button[value=new]");
  assert.equal(await text(tab, ".state"), "Neu");
  assert.equal(parameter(tab, "language"), "de");
});

test("a title in German leaves the English one", async (t) => {
  const address = await addressOf(operator + "errors/?name=entity_not_found");
  const tab = await open(t, address + "?language=de");
  await clicking(tab, 'main p a[href*="edit=de"]');
  assert.equal(await tab.evaluate(() => document.activeElement.id), "title");
  assert.equal(await tab.$eval("#title", (e) => e.placeholder), "Objekt nicht gefunden");
  await tab.type("#title", "Auftrag „fehlt“ <b>");
  await tab.type("#description", "Erste Zeile\nZweite Zeile");
  await clicking(tab, "form.edit button");
  assert.deepEqual([await text(tab, "h1"), await text(tab, "p.value")], ["Auftrag „fehlt“ <b>", "Erste Zeile\nZweite Zeile"]);
  await go(tab, operator + "errors/?name=entity_not_found&language=de");
  assert.equal(await text(tab, "tbody td"), "Auftrag „fehlt“ <b>");
  await go(tab, address + "?language=en");
  assert.equal(await text(tab, "h1"), "Object not found");
  await tab.click("details.languages-of summary");
  await clicking(tab, 'details a[href*="edit=de"]');
  assert.equal(await tab.$eval("#title", (e) => e.value), "Auftrag „fehlt“ <b>");
  await type(tab, "#title", "x".repeat(60));
  assert.equal(await tab.$eval("#title", (e) => e.value.length), 50, "no more than a title may have");
  await type(tab, "#title", " ");
  await tab.$eval("#description", (e) => (e.value = ""));
  await clicking(tab, "form.edit button");
  await go(tab, address + "?language=de");
  assert.equal(await text(tab, "h1"), "Objekt nicht gefunden", "the program's own again");
});

test("whether repeating helps", async (t) => {
  const tab = await open(t, await addressOf(operator + "errors/?name=database"));
  const value = () => tab.$eval("form.inline select", (e) => e.value);
  assert.equal(await value(), "false");
  await tab.select("form.inline select", "true");
  await clicking(tab, "form.inline button");
  assert.deepEqual([await value(), tab.answer.status(), (await tab.$$(".saved")).length], ["true", 200, 1]);
  assert.equal((await tab.$$('a[href*="edit="]')).length, 0, "the texts belong to the program");
});

test("two people change the same thing", async (t) => {
  const address = (await addressOf(operator + "errors/?name=task_locked")) + "?edit=en&language=en";
  const [mine, theirs] = [await open(t, address), await open(t, address)];
  await theirs.type("#title", "Theirs");
  await clicking(theirs, "form.edit button");
  await mine.type("#title", "Mine");
  await clicking(mine, "form.edit button");
  assert.equal(mine.answer.status(), 409);
  assert.deepEqual((await texts(mine, "tbody tr:first-child > *")).slice(1), ["Mine", "Theirs"]);
  assert.equal(await mine.$eval("#title", (e) => e.value), "Mine");
  await clicking(mine, "form.edit button");
  assert.deepEqual([mine.answer.status(), await text(mine, "h1")], [200, "Mine"]);

  const entry = await addressOf(operator + "logs/?code=permission_denied");
  await go(mine, entry);
  await go(theirs, entry);
  await clicking(theirs, "button[value=ignored]");
  await clicking(mine, "button[value=resolved]");
  assert.deepEqual([mine.answer.status(), (await texts(mine, "tbody tr:first-child > *")).slice(1)], [409, ["Resolved", "Ignored"]]);
  await clicking(mine, "form.edit button");
  assert.deepEqual([mine.answer.status(), await text(mine, ".state")], [200, "Resolved"]);
});

test("the way back", async (t) => {
  const tab = await open(t, operator + "logs/");
  await type(tab, "#search", "orders");
  await clicking(tab, ".filter button");
  await leaving(tab, async () => (await tab.$$("thead a"))[2].click());
  const list = tab.url();
  assert.deepEqual([parameter(tab, "search"), parameter(tab, "order")], ["orders", "-repeats"]);
  await clicking(tab, "tbody th a");
  const entry = tab.url();
  await clicking(tab, "button[value=resolved]");
  await tab.reload();
  assert.equal(tab.posts, 1, "reloading does not send it again");
  await tab.goBack();
  assert.equal(tab.url(), entry);
  await tab.goBack();
  assert.deepEqual([tab.url(), await tab.$eval("#search", (e) => e.value)], [list, "orders"]);
  await tab.goBack();
  assert.deepEqual([parameter(tab, "search"), parameter(tab, "order")], ["orders", "-last_seen"]);
  await tab.goForward();
  assert.equal(tab.url(), list);
  assert.equal(tab.posts, 1);
});

// press sends Tab until the element has the focus. Whatever has it on the way shows that.
async function press(tab, selector) {
  for (let i = 0; i < 80; i++) {
    await tab.keyboard.press("Tab");
    const [there, name, outline, inside] = await tab.evaluate((selector) => {
      const e = document.activeElement;
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      return [e.matches(selector), e.outerHTML.slice(0, 80), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, inside];
    }, selector);
    assert.ok((outline && inside) || name.startsWith("<body"), "the focus is not seen: " + name);
    if (there) return;
  }
  assert.fail(`Tab does not reach ${selector}`);
}

test("with the keyboard alone", async (t) => {
  const tab = await open(t, operator + "logs/");
  const enter = () => leaving(tab, () => tab.keyboard.press("Enter"));
  await press(tab, ".skip");
  await tab.keyboard.press("Enter");
  assert.equal(await tab.evaluate(() => document.activeElement.id), "main");
  await press(tab, "#search");
  await tab.keyboard.type("UNIQUE constraint");
  await press(tab, "#state");
  await tab.keyboard.type("New");
  await press(tab, ".filter button");
  await leaving(tab, () => tab.keyboard.press("Space"));
  assert.equal((await rows(tab)).length, 3);
  await press(tab, 'thead a[href*="order=code"]');
  await enter();
  assert.equal(parameter(tab, "order"), "code");
  await press(tab, "tbody th a");
  await enter();
  await press(tab, "button[value=resolved]");
  await leaving(tab, () => tab.keyboard.press("Space"));
  assert.equal(await text(tab, ".state"), "Resolved");
  await press(tab, 'dl a[href*="errors/"]');
  await enter();
  await press(tab, 'main p a[href*="edit="]');
  await enter();
  assert.equal(await tab.evaluate(() => document.activeElement.id), "title");
  await tab.keyboard.type("Known already");
  await press(tab, "#description");
  await tab.keyboard.type("Sent twice.");
  await press(tab, "form.edit button");
  await enter();
  assert.deepEqual([await text(tab, "h1"), await text(tab, "p.value")], ["Known already", "Sent twice."]);
  await press(tab, "details.languages-of summary");
  await tab.keyboard.press("Enter");
  await press(tab, 'details.languages-of a[href*="edit=ar"]');
  await go(tab, operator + "logs/");
  await press(tab, ".zone summary");
  await tab.keyboard.press("Space");
  await press(tab, "#zone");
});

// kinds are the pages that there are, by name: each opens one in a language.
const kinds = () => (pages ??= allKinds());
let pages;

async function allKinds() {
  const error = await addressOf(operator + "errors/?name=entity_not_found");
  const quiet = await addressOf(operator + "errors/?name=gone&never=true");
  const entry = await addressOf(operator + "logs/?code=duplicate_item");
  const hostile = await addressOf(operator + "logs/?status=599");
  const at = (path, f) => async (tab, language) => {
    const url = new URL(path.replace("LANGUAGE", language), operator);
    url.searchParams.set("language", language);
    await go(tab, url.href);
    await f?.(tab);
  };
  const unfold = (tab) => tab.$$eval("main details", (all) => all.forEach((e) => (e.open = true)));
  const late = (form) => async (tab) => {
    await tab.$eval(form + " [name=version]", (e) => (e.value = "999999"));
    await Promise.all([tab.waitForNavigation(), tab.$eval(form + " button", (e) => e.click())]); // in a tab behind another one, too
  };
  return {
    errors: at("errors/?is_builtin=false"),
    "errors-unfolded": at("errors/?scope=invoices", unfold),
    "error-languages": at(error, unfold),
    "error-edit": at(quiet + "?edit=LANGUAGE"),
    log: at("logs/?status=4xx&search=orders"),
    "log-unfolded": at("logs/?status=5xx&search=unhandled", unfold),
    "log-wrong": at("logs/?status=abc&level=x&started=yesterday&ended=y&state=z&range=q&order=bb"),
    "log-empty": at(empty + "logs/?zone=nowhere"),
    "errors-empty": at(empty + "errors/"),
    entry: at(entry),
    "entry-hostile": at(hostile),
    conflict: at(quiet + "?edit=LANGUAGE", late("form.edit")),
    "conflict-state": at(entry, late("form.inline")),
    missing: at("errors/999999"),
    zone: at("logs/?state=ignored&zone=Asia/Tokyo", (tab) => tab.$eval(".zone summary", (e) => e.click())),
    languages: at("logs/?state=ignored", (tab) => tab.$eval(".languages summary", (e) => e.click())),
  };
}

// Other languages are looked at below, beside axe-core.
test("no page scrolls sideways, with long words and at 200 %", async (t) => {
  const all = Object.entries(await kinds());
  const [tab, zoomed] = [await open(t, operator), await open(t, operator, { width: 640, height: 450, scale: 2 })];
  for (const [name, show] of all) {
    await tab.setViewport({ width: 1280, height: 900 });
    await show(tab, "el");
    for (const width of [320, 390, 1025, 1280]) {
      await tab.setViewport({ width, height: 844 });
      assert.equal(await sideways(tab), 0, `${name} at ${width} px`);
    }
    await show(zoomed, "de");
    assert.equal(await sideways(zoomed), 0, name + " at 200 %");
  }
});

test("a narrow screen folds the filter", async (t) => {
  for (const list of ["logs/", "errors/"]) {
    const tab = await open(t, operator + list, { width: 390, height: 844 });
    const field = list === "logs/" ? "#search" : "#name";
    assert.equal(await shows(tab, field), false);
    await tab.click(".fold summary");
    assert.equal(await shows(tab, field), true);
    await tab.click(".fold summary");
    assert.equal(await shows(tab, field), false);
    await press(tab, ".fold summary");
    await tab.keyboard.press("Enter");
    await press(tab, field);
    await tab.keyboard.type("unhandled");
    await leaving(tab, () => tab.keyboard.press("Enter"));
    assert.deepEqual([await shows(tab, field), await text(tab, ".fold summary")], [false, "Filter (1)"]);
    await tab.setViewport({ width: 1280, height: 900 });
    assert.deepEqual([await shows(tab, field), await shows(tab, ".fold summary")], [true, false]);
  }
  const tab = await open(t, operator + "logs/", { width: 390, height: 844 });
  await tab.click(".fold summary");
  await tab.select("#order", "-repeats");
  await clicking(tab, ".filter button");
  const counts = (await rows(tab)).map((r) => r.repeats || Number(r.text.match(/\|\D*(\d+)/)[1]));
  assert.deepEqual(counts, counts.toSorted((a, b) => b - a), "where no heading is seen, a field sorts");
  await go(tab, operator + "logs/?status=abc");
  assert.equal(await shows(tab, "#status-wrong"), true, "a mistake unfolds it");
});

test("a wide screen shows the filter in two rows at most", async (t) => {
  const tab = await open(t, empty + "logs/");
  const rowsOf = () =>
    tab.$$eval(".fields > p", (all) =>
      all.filter((e) => e.checkVisibility()).map((e) => Math.round(e.querySelector("input, select, button").getBoundingClientRect().bottom / 8)));
  const all = await tab.$$eval(".languages a", (all) => all.map((e) => e.hreflang));
  assert.ok(all.length > 30);
  for (const language of all) {
    await go(tab, `${empty}logs/?search=a&language=${language}`);
    assert.ok(new Set(await rowsOf()).size <= 2, `the log in ${language}: ${await rowsOf()}`);
  }
  for (const language of ["el", "hu", "ro", "id"]) {
    await go(tab, `${empty}errors/?name=a&language=${language}`);
    assert.equal(new Set(await rowsOf()).size, 1, `the errors in ${language}: ${await rowsOf()}`);
  }
});

test("from right to left", async (t) => {
  const tab = await open(t, operator + "errors/?language=en");
  const bars = () => tab.$$eval(".spark", (all) => all.map((svg) => [...svg.querySelectorAll("rect:not(.axis)")].map((r) => [Math.round(r.getBoundingClientRect().left - svg.getBoundingClientRect().left), Math.round(r.getBoundingClientRect().height)])));
  const left = await tab.$eval("h1", (e) => e.getBoundingClientRect().left);
  const forwards = await bars();
  await go(tab, operator + "errors/?language=ar");
  assert.equal(await tab.$eval("html", (e) => getComputedStyle(e).direction), "rtl");
  assert.ok(Math.abs(1280 - (await tab.$eval("h1", (e) => e.getBoundingClientRect().right)) - left) < 2, "the heading begins at the right");
  const { x, width } = await tab.$eval("thead th:first-child", (e) => e.getBoundingClientRect().toJSON());
  assert.ok(x + width > 1200, "and so does the table");
  assert.ok(forwards.length > 5 && forwards[0].length > 5);
  assert.deepEqual((await bars()).map((row) => row.map(([x, height]) => [93 - x, height])), forwards);
});

const inZone = (moment, timeZone) => new Date(moment).toLocaleString("sv-SE", { timeZone });

test("a time zone of one's own", async (t) => {
  const tab = await open(t, operator + "logs/?level=ERROR");
  await tab.click(".zone summary");
  await type(tab, "#zone", "Europe/Berlin");
  await clicking(tab, ".zone button");
  assert.deepEqual([parameter(tab, "zone"), parameter(tab, "level")], ["Europe/Berlin", "ERROR"]);
  const moments = () => tab.$$eval("time", (all) => all.map((e) => [e.dateTime, e.textContent]));
  const list = await moments();
  for (const [moment, shown] of list) assert.match(shown, new RegExp(`^${inZone(moment, "Europe/Berlin")} \\+0[12]:00$`));
  const all = [...(await links(tab, "thead a, tbody a, header ul a")), ...(await links(tab, ".languages a"))];
  assert.ok(all.length > 30 && all.every((url) => url.includes("zone=Europe%2FBerlin")));
  const [third] = list[4];
  const bound = inZone(third, "Europe/Berlin").replace(" ", "T");
  await tab.$eval("#started", (e, value) => (e.value = value), bound);
  await clicking(tab, ".filter button");
  assert.equal(parameter(tab, "zone"), "Europe/Berlin");
  assert.equal(Date.parse(await tab.$eval("#started", (e) => e.value)), Date.parse(bound));
  const later = await rows(tab);
  assert.ok(later.length >= 3 && later.length < list.length / 2 && later.every((r) => r.last_seen >= third));
  await clicking(tab, "tbody th a");
  assert.equal(parameter(tab, "zone"), "Europe/Berlin");
  await clicking(tab, "button[value=ignored]");
  assert.equal(parameter(tab, "zone"), "Europe/Berlin", "a change keeps it");
  for (const [moment, shown] of await moments()) assert.ok(shown.startsWith(inZone(moment, "Europe/Berlin")));
  await tab.click(".zone summary");
  await type(tab, "#zone", "Mars");
  await clicking(tab, ".zone button");
  assert.deepEqual([tab.answer.status(), await shows(tab, "#zone-wrong")], [400, true]);
});

test("dead links, and addresses without their slash", async (t) => {
  const tab = await open(t, operator);
  assert.equal(tab.url(), operator + "errors/");
  for (const path of ["errors/999999", "logs/999999", "nowhere", "errors/x"]) {
    for (const [language, dir] of [["de", "ltr"], ["ar", "rtl"]]) {
      await tab.setExtraHTTPHeaders({ "Accept-Language": language });
      await go(tab, operator + path);
      assert.equal(tab.answer.status(), 404, path);
      assert.deepEqual(await tab.$eval("html", (e) => [e.lang, e.dir]), [language, dir], path);
      assert.ok((await text(tab, "h1")).length > 3);
    }
    await clicking(tab, "main a");
    assert.equal(tab.url(), operator + "errors/", path);
  }
  await go(tab, operator + "errors?name=gone");
  assert.equal(tab.url(), operator + "errors/?name=gone");
  const [id] = await links(tab, "a[href*='errors/']:not([href*='?']), .never a");
  await go(tab, operator + "logs");
  assert.deepEqual([tab.url(), typeof id], [operator + "logs/", "string"]);
});

test("the form of a foreign page changes nothing", async (t) => {
  const entry = await addressOf(operator + "logs/?code=task_locked&state=new");
  const tab = await open(t, `${foreign}?to=${encodeURIComponent(entry)}`);
  await tab.setExtraHTTPHeaders({ "Accept-Language": "de" });
  await clicking(tab, "button");
  assert.deepEqual([tab.posts, tab.answer.status(), tab.url()], [1, 403, entry]);
  assert.equal(await tab.$eval("html", (e) => e.lang), "de");
  await go(tab, entry);
  assert.equal(await text(tab, ".state"), "Neu");
});

test("lists without entries", async (t) => {
  const tab = await open(t, empty + "logs/?language=ja");
  assert.deepEqual([tab.answer.status(), (await tab.$$("table")).length, (await tab.$$("main p:last-child")).length > 0], [200, 0, true]);
  assert.ok((await text(tab, "main > p")).length > 3);
  await go(tab, empty + "errors/?language=ja");
  assert.deepEqual([tab.answer.status(), (await tab.$$("table")).length], [200, 0]);
  assert.ok((await text(tab, "main > p")).length > 3);
});

test("what was deleted meanwhile", async (t) => {
  const entry = await addressOf(operator + "logs/?search=repeated&status=203");
  const tab = await open(t, entry + "?language=de");
  assert.equal((await fetch(forget + entry.split("/").at(-1), { method: "POST" })).status, 204);
  await clicking(tab, "button[value=resolved]");
  assert.deepEqual([tab.answer.status(), await tab.$eval("html", (e) => e.lang)], [404, "de"]);
  assert.equal(await text(tab, "h1"), "Objekt nicht gefunden");
});

test("who may only read sees no forms that change something", async (t) => {
  const tab = await open(t, await addressOf(reader + "errors/?name=entity_not_found"));
  const changing = async () => (await tab.$$('main :is(form[method=post], a[href*="edit="], select, textarea)')).length;
  assert.equal(await changing(), 0);
  await go(tab, tab.url() + "?edit=en");
  assert.deepEqual([tab.answer.status(), await changing()], [200, 0]);
  await go(tab, await addressOf(reader + "logs/?code=database"));
  assert.equal(await changing(), 0);
});

test("hostile values are only shown", async (t) => {
  const tab = await open(t, await addressOf(operator + "logs/?status=599"));
  assert.match(await text(tab, "h1"), /^<script>document\.title='owned'<\/script> \ufffdevil\ufffd {{\.Name}} & "a" 'b'$/);
  assert.notEqual(await tab.title(), "owned");
  assert.deepEqual(await links(tab, "a.external"), ["https://tracing.example/trace/a%2Fb%3Fc%3D%3Cd%3E"]);
  await go(tab, operator + "errors/?is_builtin=false");
  assert.ok((await texts(tab, "tbody td")).includes("<script>alert(1)</script>"));
  assert.ok(!/[\u202a-\u202e]/.test(await tab.content()));
  assert.equal((await tab.$$("main b, main script")).length, 0);
});

// mistakes are what axe-core finds. In the dark only colours differ.
async function mistakes(tab, axe) {
  await tab.evaluate(axe); // the pages' policy forbids scripts, but not to this side
  const found = [];
  for (const scheme of ["light", "dark"]) {
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of [1280, 390]) {
      await tab.setViewport({ width, height: 844 });
      assert.equal(await sideways(tab), 0, `it scrolls sideways at ${width} px: ${tab.url()}`);
      const violations = await tab.evaluate(async (dark) => {
        const options = { resultTypes: ["violations"], elementRef: false, ...(dark ? { runOnly: ["color-contrast", "link-in-text-block"] } : {}) };
        const result = await axe.run(document, options);
        return result.violations.map((v) => ({ id: v.id, impact: v.impact, at: v.nodes.map((n) => n.target.join(" ")).slice(0, 3) }));
      }, scheme === "dark");
      found.push(...violations.map((v) => ({ ...v, scheme, width })));
    }
  }
  return found;
}

for (const language of languages) {
  test(`axe-core finds no barrier: ${language}`, async (t) => {
    const axe = await readFile(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
    const queue = Object.entries(await kinds());
    const notes = new Set();
    const work = async () => {
      const tab = await open(t, operator);
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [name, show] = next;
        await tab.setViewport({ width: 1280, height: 844 });
        await show(tab, language);
        const found = await mistakes(tab, axe);
        for (const v of found) notes.add(`${v.impact} ${v.id} on ${name}: ${v.at[0]}`);
        assert.deepEqual(found.filter((v) => v.impact === "serious" || v.impact === "critical"), [], `${name} in ${language}`);
        if (SHOTS) await pictures(tab, `${name}-${language}`);
      }
    };
    await Promise.all([work(), work()]);
    for (const note of notes) t.diagnostic(note);
  });
}

async function pictures(tab, name) {
  for (const scheme of ["light", "dark"]) {
    await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    for (const width of [1280, 390]) {
      await tab.setViewport({ width, height: 1200 });
      await tab.screenshot({ path: `${SHOTS}/${name}-${width}-${scheme}.png` });
    }
  }
}

test("nothing ran, asked, or was loaded", () => assert.deepEqual(trouble, []));
