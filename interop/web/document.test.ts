// The types that openapi-typescript makes of the booking service's document, with openapi-fetch: the code narrows.
import assert from "node:assert/strict";
import { test } from "node:test";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";
import { hostile } from "./hostile.js";
import type { Problem } from "./hostile.js";

const servers = JSON.parse(process.env["SERVERS"] ?? "[]") as { url: string }[];

type BookingNotFound = components["schemas"]["BookingNotFoundProblem"];

test("the document's types", async () => {
  const client = createClient<paths>({ baseUrl: servers[0]?.url ?? "", headers: { Accept: "application/problem+json" } });
  const { error, response } = await client.GET("/bookings/{booking}", { params: { path: { booking: "B-9" } } });
  assert.equal(response.status, 404);
  assert.ok(error && "status" in error);
  switch (error.code) {
    case "booking_not_found": {
      const status: 404 = error.status;
      const narrowed: BookingNotFound = error;
      const id: string | undefined = narrowed.params?.ID;
      const free: unknown = narrowed.details?.["anything"];
      assert.deepEqual([status, id, free], [404, "B-9", undefined]);
      return;
    }
    case "unhandled":
      assert.fail(error.detail);
      return;
    default: {
      const never: never = error; // the operation gives no other
      assert.fail(String(never));
    }
  }
});

test("names that are words of the language", () => {
  assert.equal(hostile({ code: "class" } as Problem), "fine");
});
