// The TypeScript file against the services of the examples, through fetch, axios and ky. Whether it compiles is half of the test: a line
// under @ts-expect-error has to be wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import axios, { AxiosError } from "axios";
import ky, { HTTPError } from "ky";
import {
  errorCodes,
  fieldErrors,
  isErrorCode,
  isMultilingual,
  isProblem,
  isRetryable,
  readProblem,
  retryAfter,
  textOf,
  toProblem,
  type ErrorCode,
  type ErrorResponse,
  type MultilingualError,
  type Problem,
} from "./errors.js";
import { exhaustive } from "./exhaustive.js";

const servers = JSON.parse(process.env["SERVERS"] ?? "[]") as { name: string; url: string }[];
assert.ok(servers.length >= 7, "SERVERS names the services");

const headers = { Accept: "application/problem+json", "Accept-Language": "de" };
const good = { task: "T-100", resource: "R12", date: "2026-11-20", hours: 2 };

interface Answer {
  problem: Problem | undefined;
  wait: number | undefined;
}

type Client = (url: string, method: string, body: unknown, headers: Record<string, string>, languages: string[]) => Promise<Answer>;

const clients: Record<string, Client> = {
  async fetch(url, method, body, headers, languages) {
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(url, init);
    const problem = await readProblem(response, languages);
    assert.ok(!response.bodyUsed, "the body can still be read");
    return { problem, wait: retryAfter(response) };
  },
  async axios(url, method, body, headers, languages) {
    try {
      await axios.request({ url, method, data: body, headers });
    } catch (e) {
      assert.ok(e instanceof AxiosError && e.response);
      return { problem: await readProblem(e.response, languages), wait: retryAfter(e.response) };
    }
    return { problem: undefined, wait: undefined };
  },
  async ky(url, method, body, headers, languages) {
    try {
      await ky(url, { method, headers, retry: 0, ...(body !== undefined && { json: body }) }).json();
    } catch (e) {
      assert.ok(e instanceof HTTPError);
      return { problem: await readProblem(e.response, languages), wait: retryAfter(e.response) };
    }
    return { problem: undefined, wait: undefined };
  },
};

for (const server of servers) {
  for (const [name, client] of Object.entries(clients)) {
    const ask = (method: string, path: string, body?: unknown, how: Record<string, string> = headers, languages: string[] = []) =>
      client(server.url + path, method, body, how, languages);

    test(`${server.name}: ${name}`, async () => {
      const left = (await ask("POST", "/bookings", { ...good, hours: 8 })).problem;
      assert.equal(left?.code, "hours_left");
      const count: number | undefined = left.params?.Count;
      const status: 406 = left.status;
      assert.equal(count, 3);
      assert.equal(status, 406);
      assert.equal(left.lang, "de");
      assert.match(left.detail, /3 Stunden/);

      const three = (await ask("POST", "/bookings", { task: "T-9", resource: "R9", date: "soon", hours: 1 })).problem;
      assert.ok(three);
      assert.deepEqual(Object.keys(fieldErrors(three)).sort(), ["date", "resource", "task"]);
      assert.match(fieldErrors(three)["task"] ?? "", /T-9/);

      const busy = await ask("POST", "/bookings", { ...good, task: "T-400" });
      assert.equal(busy.problem?.code, "service_unavailable");
      assert.equal(busy.problem.retryable, true);
      assert.equal(busy.wait, 3);

      const broken = (await ask("GET", "/report")).problem;
      assert.equal(broken?.code, "unhandled");
      assert.match(broken.trace_id, /^[0-9a-f]{32}$/);
    });

    // What a client that says nothing gets: the body in all languages, told in the same form.
    test(`${server.name}: ${name}, all languages`, async () => {
      const plain = { Accept: "application/json" };
      const left = (await ask("POST", "/bookings", { ...good, hours: 8 }, plain, ["it-CH"])).problem;
      assert.equal(left?.code, "hours_left");
      assert.match(left.detail, /solo 3 ore/);
      assert.equal(left.lang, "it");
      assert.equal(left.dir, "ltr");
      assert.equal(left.status, 406);

      const both = { Accept: "application/json", "Accept-Language": "pt" };
      const bad = { task: "T-9", resource: "R9", date: "soon", hours: 1 };
      const three = (await ask("POST", "/bookings", bad, both, ["pt"])).problem;
      const same = (await ask("POST", "/bookings", bad, { ...both, Accept: "application/problem+json" })).problem;
      assert.ok(three && same);
      assert.deepEqual(fieldErrors(three), fieldErrors(same));
      const places = (p: Problem) => p.errors?.map(({ detail, pointer }) => ({ detail, pointer }));
      assert.deepEqual(places(three), places(same)); // the body in all languages has no codes of details
      const missing = (await ask("POST", "/bookings", {}, both, ["pt"])).problem;
      const missingToo = (await ask("POST", "/bookings", {}, { ...both, Accept: "application/problem+json" })).problem;
      assert.deepEqual(missing?.errors, missingToo?.errors);
      assert.equal((await ask("POST", "/bookings", { ...good, task: "T-400" }, plain)).problem?.retryable, true);
      assert.match((await ask("GET", "/report", undefined, plain)).problem?.trace_id ?? "", /^[0-9a-f]{32}$/);

      const own = (await ask("POST", "/bookings", { ...good, resource: "R41" }, plain)).problem;
      assert.equal(own, undefined, "a body of its own shape");
      assert.equal((await ask("GET", "/bookings", undefined, plain)).problem, undefined, "a success");
    });
  }
}

const problem = { type: "about:blank", title: "t", status: 423, detail: "d", code: "task_locked", lang: "en", dir: "ltr", retryable: false, trace_id: "x" };

test("a switch over all codes compiles, and an unknown code lands in default", () => {
  for (const code of errorCodes) assert.equal(exhaustive({ ...problem, code } as Problem), code);
  const unknown: unknown = { ...problem, code: "brand_new" };
  assert.ok(isProblem(unknown));
  assert.equal(exhaustive(unknown), "default 423");
  assert.ok(!isErrorCode("brand_new"));
  assert.ok(isErrorCode("task_locked"));
});

export function narrowing(p: Problem): number {
  switch (p.code) {
    case "task_locked": {
      const status: 423 = p.status;
      // @ts-expect-error the status of another kind
      const other: 404 = p.status;
      return status + other;
    }
    case "booking_not_found": {
      const id: string | undefined = p.params?.ID;
      // @ts-expect-error a string
      const wrong: number | undefined = p.params?.ID;
      return Number(id) + Number(wrong);
    }
    // @ts-expect-error no code
    case "task_lokced":
      return 0;
    default: {
      // @ts-expect-error codes are left
      const never: never = p;
      return (never as Problem).status;
    }
  }
}

// @ts-expect-error no code
export const typo: ErrorCode = "task_lokced";

test("families of languages, as in Go", async () => {
  const { readFile } = await import("node:fs/promises");
  const variants = await import("./variants.js");
  const cases = JSON.parse(await readFile(new URL("./families.json", import.meta.url), "utf8")) as { body: MultilingualError; want: string[]; text: string }[];
  assert.ok(cases.length > 500);
  const wrong = cases.filter((c) => variants.textOf(c.body, c.want) !== c.text);
  assert.deepEqual(wrong.map((c) => [c.want, c.text, variants.textOf(c.body, c.want)].join(" ")), []);
});

test("bodies that are none", async () => {
  for (const body of [null, undefined, 1, "x", [], {}, [problem], { code: "x" }, { ...problem, code: 1 }, { ...problem, status: "423" }, { EN: "x" }]) {
    assert.equal(isProblem(body), false, JSON.stringify(body));
    assert.equal(toProblem(body, { status: 400, headers: {} }), undefined, JSON.stringify(body));
  }
  assert.equal(await readProblem(new Response("<h1>Bad Gateway</h1>", { status: 502 })), undefined);
  assert.equal(await readProblem(new Response(JSON.stringify(problem), { status: 200 })), undefined);
  const read = new Response(JSON.stringify(problem), { status: 423 });
  await read.json();
  assert.equal(await readProblem(read), undefined, "somebody has read it");
  assert.ok(isMultilingual({ EN: "x", code: "y" }));
  assert.ok(!isMultilingual({ EN: 1, code: "y" }));
  assert.equal(textOf({}), "");
  assert.equal(textOf({ code: "x", DE: "d" }, ["not a tag", "", "x-y", "und"]), "d");
});

test("fields", () => {
  const errors = [
    { detail: "a", pointer: "#/items/0/qty" },
    { detail: "b", pointer: "#/items/0/qty" },
    { detail: "c", pointer: "#/a~1b/c~0d/%C3%A9" },
    { detail: "d", in: "query" as const, name: "page" },
    { detail: "e", pointer: "#/__proto__" },
    { detail: "f", pointer: "#" },
    { detail: "g", pointer: "#/100%" },
  ];
  const got = fieldErrors({ errors });
  assert.deepEqual(Object.entries(got), [["items.0.qty", "a"], ["a/b.c~d.é", "c"], ["page", "d"], ["__proto__", "e"], ["", "f"], ["100%", "g"]]);
  assert.deepEqual(fieldErrors({}), {});
  const details = JSON.parse('{"__proto__":{"code":"min","EN":"p"},"items.0.qty":{"code":"min","EN":"q","params":{"Limit":1}},"page":{"code":"number","in":"query","EN":"r"},"note":{"error":"s"},"task":{"error":{"EN":"t"},"code":"u"},"n":7}');
  const told = toProblem({ EN: "x", code: "validation_failed", details }, { status: 400, headers: {} });
  assert.deepEqual(told?.errors, [
    { detail: "p", pointer: "#/__proto__", code: "min" },
    { detail: "q", pointer: "#/items/0/qty", code: "min", params: { Limit: 1 } },
    { detail: "r", in: "query", name: "page", code: "number" },
    { detail: "s", pointer: "#/note" },
    { detail: "t", pointer: "#/task", code: "u" },
  ]);
  assert.deepEqual(told?.details, { n: 7 });
  assert.equal(toProblem({ AR: "x", code: "gone" }, { status: 410, headers: {} })?.dir, "rtl");
});

test("waits", () => {
  const at = (value: string): ErrorResponse => ({ status: 503, headers: new Headers({ "Retry-After": value }) });
  assert.equal(retryAfter(at("120")), 120);
  assert.equal(retryAfter(at("Thu, 26 Nov 2026 10:00:30 GMT"), Date.UTC(2026, 10, 26, 10, 0, 0)), 30);
  assert.equal(retryAfter(at("Thu, 26 Nov 2026 10:00:30 GMT"), Date.UTC(2026, 10, 26, 11, 0, 0)), 0);
  for (const value of ["soon", "-1", ""]) assert.equal(retryAfter(at(value)), undefined, value);
  assert.equal(retryAfter({ headers: {} }), undefined);
  assert.equal(retryAfter({ headers: { "retry-after": 7 } }), 7);
  assert.ok(isRetryable("service_unavailable"));
  assert.ok(!isRetryable("task_locked") && !isRetryable("brand_new"));
});

// What the clients get that say nothing of the format: the table of docs/formats.md, with the Accept that they really send.
const table = JSON.parse(process.env["TABLE"] ?? "{}") as Record<string, { url: string; want: Record<string, string> }>;

test("the table of who gets which format", async () => {
  assert.equal(Object.keys(table).length, 3);
  const body: Record<string, (url: string) => Promise<unknown>> = {
    fetch: async (url) => (await fetch(url)).json(),
    axios: async (url) => (await axios.get(url, { validateStatus: null })).data,
    ky: async (url) => ky(url, { throwHttpErrors: false, retry: 0 }).json(),
  };
  for (const [row, { url, want }] of Object.entries(table)) {
    for (const [client, get] of Object.entries(body)) {
      const got = await get(url);
      assert.equal(isProblem(got) ? "problem" : isMultilingual(got) ? "all languages" : got, want[client], `${row}: ${client}`);
    }
  }
});
