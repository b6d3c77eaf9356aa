
/** Values by name, such as the arguments of a text. */
export interface Params {
  readonly [name: string]: unknown;
}

/** What is wrong with one part of the request: a member of its body (pointer), or a parameter (in and name). */
export interface FieldError {
  readonly detail: string;
  readonly pointer?: string;
  readonly in?: "query" | "path" | "header" | "cookie";
  readonly name?: string;
  readonly code?: string;
  readonly params?: Params;
  readonly details?: Params;
}

/** The members that every problem has (RFC 9457, and those that polyfault adds). */
export interface ProblemOf<Code extends string, Status extends number, Args = unknown> {
  readonly type: string;
  readonly title: string;
  readonly status: Status;
  /** The text for people. It can change: branch on the code. */
  readonly detail: string;
  readonly instance?: string;
  readonly code: Code;
  /** The language of the texts, as a BCP 47 tag, and its direction: for lang and dir of the element that shows them. */
  readonly lang: string;
  readonly dir: "ltr" | "rtl";
  readonly params?: Params & Args;
  readonly errors?: readonly FieldError[];
  readonly errors_total?: number;
  readonly details?: Params;
  readonly input?: { readonly position?: number; readonly field?: string };
  /** Repeating the same request can help. */
  readonly retryable: boolean;
  /** What support asks for. */
  readonly trace_id: string;
}

/** The text by upper-cased language tag. */
export type Texts = { readonly [L in Language]?: string };

/** The body in all languages. */
export type MultilingualError = Texts & {
  readonly code: ErrorCode;
  readonly details?: Params;
  readonly errors_total?: number;
  readonly input?: { readonly position?: number; readonly field?: string };
  readonly trace_id?: string;
  readonly params?: Params;
  readonly retryable?: boolean;
};

/** A response of fetch or ky, or of axios (error.response). */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: object;
  readonly data?: unknown;
  json?(): Promise<unknown>;
  clone?(): { json(): Promise<unknown> };
}

/** Whether the code is one that this file knows. A newer service may send others. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && knownCodes.has(code);
}

/**
 * Whether the value is the body of a problem. Its code may be newer than this file: a switch over all codes still needs a
 * default, which goes by the status.
 */
export function isProblem(value: unknown): value is Problem {
  return (
    isObject(value) &&
    typeof value["code"] === "string" &&
    typeof value["status"] === "number" &&
    typeof value["detail"] === "string" &&
    typeof value["title"] === "string"
  );
}

/** Whether the value is a body in all languages. */
export function isMultilingual(value: unknown): value is MultilingualError {
  return isObject(value) && typeof value["code"] === "string" && languageKeys(value).length > 0;
}

/**
 * The problem that an error response tells, in either form; of a body in all languages the text in the first of the
 * languages that is there (navigator.languages, say). Undefined below 400, and for a body that is not the service's: a
 * proxy answered, perhaps. It does not use up the body of a response of fetch.
 */
export async function readProblem(response: ErrorResponse, languages: readonly string[] = []): Promise<Problem | undefined> {
  if (response.status < 400) return undefined;
  let body = response.data;
  if (body === undefined) {
    try {
      body = await (response.clone ? response.clone() : response).json?.();
    } catch {
      return undefined; // no JSON, or read already
    }
  }
  return toProblem(body, response, languages);
}

/** What readProblem does, for a body that was read already. */
export function toProblem(body: unknown, response: ErrorResponse, languages: readonly string[] = []): Problem | undefined {
  if (isProblem(body)) return body;
  if (!isMultilingual(body)) return undefined;
  const told: unknown = body.retryable;
  const key = nearestKey(body, languages) ?? "";
  const errors: FieldError[] = [];
  const rest: [string, unknown][] = [];
  for (const [name, value] of Object.entries(body.details ?? {})) {
    const error = fieldError(name, value, languages);
    if (error) errors.push(error);
    else rest.push([name, value]);
  }
  const traceID = body.trace_id ?? body.details?.["trace_id"];
  const problem = {
    type: "about:blank",
    title: "",
    status: response.status,
    detail: textOf(body, languages),
    code: body.code,
    lang: canonical(key),
    dir: rightToLeft.includes(familyOf(key)?.script ?? "") ? "rtl" : "ltr",
    ...(body.params && { params: body.params }),
    ...(errors.length > 0 && { errors }),
    ...(body.errors_total !== undefined && { errors_total: body.errors_total }),
    ...(rest.length > 0 && { details: Object.fromEntries(rest) }),
    ...(body.input && { input: body.input }),
    retryable: typeof told === "boolean" ? told : isRetryable(body.code) || retryAfter(response) !== undefined,
    trace_id: typeof traceID === "string" ? traceID : "",
  };
  return problem as unknown as Problem; // the code may be newer than this file
}

/**
 * The text in the first of the languages that has one or a relative: "pt" finds PT-BR, "de-AT" finds DE. Else English, else any; ""
 * without texts.
 */
export function textOf(body: object, languages: readonly string[] = []): string {
  const key = nearestKey(body, languages);
  return key === undefined ? "" : String((body as Params)[key]);
}

/**
 * The text of each field that is wrong, by its path ("items.0.qty") or the name of the parameter, as form libraries have it. The first
 * error of a field counts.
 */
export function fieldErrors(problem: { readonly errors?: readonly FieldError[] }): Record<string, string> {
  const messages = new Map<string, string>();
  for (const e of problem.errors ?? []) {
    const path = e.in === undefined && e.pointer !== undefined ? pathOf(e.pointer) : (e.name ?? "");
    if (!messages.has(path)) messages.set(path, e.detail);
  }
  return Object.fromEntries(messages); // which makes an own property of "__proto__" too
}

/**
 * The seconds to wait before another try, from the header Retry-After; undefined without one. Across origins a browser shows the
 * header only when Access-Control-Expose-Headers names it.
 */
export function retryAfter(response: { readonly headers: object }, now: number = Date.now()): number | undefined {
  const value = headerOf(response.headers, "Retry-After");
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value);
  const at = /^[A-Za-z]{3,9}, /.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
}

/** Whether an error of the code can go away by itself. */
export function isRetryable(code: string): boolean {
  return retryableCodes.has(code);
}

const rightToLeft: readonly string[] = ["Adlm", "Arab", "Aran", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"];

function isObject(value: unknown): value is Params {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function headerOf(headers: object, name: string): string | undefined {
  const get = (headers as { get?: unknown }).get;
  let value: unknown;
  if (typeof get === "function") value = get.call(headers, name);
  else value = Object.entries(headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return value === undefined || value === null ? undefined : String(value);
}

function fieldError(name: string, value: unknown, languages: readonly string[]): FieldError | undefined {
  if (!isObject(value)) return undefined;
  const error = value["error"];
  const texts = isObject(error) ? error : value;
  if (typeof error !== "string" && languageKeys(texts).length === 0) return undefined;
  const pointer = typeof value["pointer"] === "string" ? value["pointer"] : "#/" + name.split(".").map(escaped).join("/");
  const place = value["in"] as FieldError["in"];
  return {
    detail: typeof error === "string" ? error : textOf(texts, languages),
    ...(place === undefined ? { pointer } : { in: place, name: typeof value["name"] === "string" ? value["name"] : name }),
    ...(typeof value["code"] === "string" && { code: value["code"] }),
    ...(isObject(value["params"]) && { params: value["params"] }),
    ...(isObject(value["details"]) && { details: value["details"] }),
  };
}

function escaped(step: string): string {
  return encodeURIComponent(step.replace(/~/g, "~0").replace(/\//g, "~1"));
}

/** The path of a JSON Pointer in a URI fragment (RFC 6901, section 6). */
function pathOf(pointer: string): string {
  let plain = pointer.replace(/^#/, "");
  try {
    plain = decodeURIComponent(plain);
  } catch {
    // not encoded: as it is
  }
  return plain
    .split("/")
    .slice(1)
    .map((step) => step.replace(/~1/g, "/").replace(/~0/g, "~"))
    .join(".");
}

function languageKeys(body: object): string[] {
  return Object.keys(body)
    .filter((key) => /^[A-Z]{2,3}(-[A-Z0-9]{1,8})*$/.test(key) && typeof (body as Params)[key] === "string")
    .sort();
}

function nearestKey(body: object, languages: readonly string[]): string | undefined {
  const keys = languageKeys(body);
  for (const language of [...languages, "en"]) {
    const key = nearest(language, keys);
    if (key !== undefined) return key;
  }
  return keys[0];
}

interface Family {
  readonly base: string;
  readonly script: string;
  readonly region: string;
}

function canonical(tag: string): string {
  try {
    return new Intl.Locale(tag.replace(/_/g, "-")).baseName;
  } catch {
    return tag;
  }
}

/** The tag with its likely subtags (CLDR); undefined for one that names no language, or has an extended language (zh-cmn). */
function familyOf(tag: string): Family | undefined {
  try {
    const written = new Intl.Locale(tag.replace(/_/g, "-"));
    const l = written.maximize();
    if (l.script === undefined || l.language === "und") return undefined;
    const base = l.language === "no" ? "nb" : l.language;
    const traditional = base === "zh" && l.region === "MY" && written.script === undefined; // newer data of CLDR say Hans
    return { base, script: traditional ? "Hant" : l.script, region: l.region ?? "" };
  } catch {
    return undefined;
  }
}

/** The same language first, then its parents (CLDR), then the others of its language and script, never another script. */
function nearest(want: string, keys: readonly string[]): string | undefined {
  const family = familyOf(want);
  if (family === undefined) return undefined;
  const known = keys.flatMap((key) => {
    const f = familyOf(key);
    return f === undefined ? [] : [{ key, ...f }];
  });
  for (let tag: string | undefined = canonical(want); tag !== undefined; tag = parentOf(tag)) {
    const f = familyOf(tag);
    if (f === undefined || f.script !== family.script) break;
    const same = known.filter((k) => k.base === f.base && k.script === f.script && k.region === f.region);
    const exact = same.find((k) => canonical(k.key) === tag) ?? same[0];
    if (exact !== undefined) return exact.key;
  }
  const variant = known.find((k) => k.base === family.base && k.script === family.script);
  if (variant !== undefined) return variant.key;
  return family.base === "yue" ? nearest("zh-" + family.script, keys) : undefined;
}

function parentOf(tag: string): string | undefined {
  if (tag === "nn") return "no";
  const parent = parents[tag];
  if (parent !== undefined) return parent;
  const end = tag.lastIndexOf("-");
  return end < 0 ? undefined : tag.slice(0, end);
}
