// The form of the time-booking service. It asks for problem details in the chosen language; the server's texts are shown as they come.

const words = {
  en: { heading: "Book hours", language: "Language", framework: "Framework", trace: "Trace id", copy: "Copy", copied: "Copied", task: "Task",
    resource: "Person", date: "Date", hours: "Hours", book: "Book", report: "Report", try: "Try:", done: "Booked:",
    wait: "You can try again in {s} s.", now: "You can try again now.", offline: "The service does not answer." },
  de: { heading: "Stunden buchen", language: "Sprache", framework: "Framework", trace: "Trace-ID", copy: "Kopieren", copied: "Kopiert", task: "Aufgabe",
    resource: "Person", date: "Datum", hours: "Stunden", book: "Buchen", report: "Bericht", try: "Zum Ausprobieren:", done: "Gebucht:",
    wait: "In {s} s können Sie es erneut versuchen.", now: "Sie können es jetzt erneut versuchen.", offline: "Der Dienst antwortet nicht." },
  fr: { heading: "Saisir des heures", language: "Langue", framework: "Framework", trace: "Identifiant de trace", copy: "Copier", copied: "Copié", task: "Tâche",
    resource: "Personne", date: "Date", hours: "Heures", book: "Enregistrer", report: "Rapport", try: "À essayer :", done: "Enregistré :",
    wait: "Vous pourrez réessayer dans {s} s.", now: "Vous pouvez réessayer.", offline: "Le service ne répond pas." },
  it: { heading: "Registra ore", language: "Lingua", framework: "Framework", trace: "ID di traccia", copy: "Copia", copied: "Copiato", task: "Attività",
    resource: "Persona", date: "Data", hours: "Ore", book: "Registra", report: "Rapporto", try: "Da provare:", done: "Registrato:",
    wait: "Potrà riprovare tra {s} s.", now: "Può riprovare ora.", offline: "Il servizio non risponde." },
  pt: { heading: "Registrar horas", language: "Idioma", framework: "Framework", trace: "ID de rastreamento", copy: "Copiar", copied: "Copiado", task: "Tarefa",
    resource: "Pessoa", date: "Data", hours: "Horas", book: "Registrar", report: "Relatório", try: "Experimente:", done: "Registrado:",
    wait: "Tente novamente em {s} s.", now: "Você já pode tentar novamente.", offline: "O serviço não responde." },
  ar: { heading: "حجز ساعات", language: "اللغة", framework: "إطار العمل", trace: "معرّف التتبع", copy: "نسخ", copied: "تم النسخ", task: "المهمة",
    resource: "الشخص", date: "التاريخ", hours: "الساعات", book: "حجز", report: "تقرير", try: "جرّب:", done: "تم الحجز:",
    wait: "يمكنك المحاولة مجددًا بعد {s} ث.", now: "يمكنك المحاولة مجددًا الآن.", offline: "الخدمة لا تستجيب." },
};
const names = { en: "English", de: "Deutsch", fr: "Français", it: "Italiano", pt: "Português", ar: "العربية" };
const tries = ["T-200: locked", "T-300: a finished project", "T-400: busy, with a countdown", "R41: not known yet", "T-9, R9, 2026-02-30: three fields",
  "no hours, or 11 of them", "hours: two"];

const $ = (id) => document.getElementById(id);
const fields = ["task", "resource", "date", "hours"];
const word = (name) => words[$("language").value][name];
let last; // repeats the last request, so that another language shows at once
let timer;

function show(element, text) {
  element.textContent = text;
  element.hidden = text === "";
}

function translate() {
  const language = $("language").value;
  document.documentElement.lang = language;
  document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
}

function clear() {
  clearInterval(timer);
  $("alert").hidden = $("done").hidden = true;
  $("countdown").hidden = true;
  $("copy").textContent = word("copy");
  $("book").disabled = false;
  for (const name of fields) {
    $(name).removeAttribute("aria-invalid");
    $(name + "-error").textContent = "";
  }
}

async function ask(method, path, body) {
  const language = $("language").value;
  const accept = "application/problem+json, application/json;q=0.5"; // success is JSON, errors are problem details
  const headers = { Accept: accept, "Accept-Language": language };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return fetch($("framework").value + path, { method, headers, body });
}

async function send(method, path, body, done) {
  last = () => send(method, path, body, done);
  clear();
  let response;
  try {
    response = await ask(method, path, body);
  } catch {
    return fail({ title: word("offline"), detail: "", dir: document.documentElement.dir, lang: document.documentElement.lang });
  }
  if (response.ok) {
    last = undefined;
    return show($("done"), done(await response.json()));
  }
  const problem = await response.json().catch(() => ({})); // not JSON: something between here and the service answered
  fail(problem, response.status);
  const seconds = Number(response.headers.get("Retry-After"));
  if (seconds > 0) count(seconds);
}

function fail(problem, status) {
  $("alert").hidden = false;
  $("alert").lang = problem.lang ?? "";
  $("alert").dir = problem.dir ?? "";
  $("alert").dataset.code = problem.code ?? "";
  show($("title"), problem.title ?? String(status));
  show($("detail"), problem.detail ?? "");
  $("trace-id").textContent = problem.trace_id ?? "";
  $("trace").hidden = !problem.trace_id;
  for (const error of problem.errors ?? []) {
    const name = decodeURIComponent(error.pointer ?? "").replace("#/", "");
    if (!fields.includes(name)) continue; // the detail of the problem is all that is shown of others
    $(name).setAttribute("aria-invalid", "true");
    const place = $(name + "-error");
    place.lang = problem.lang;
    place.dir = problem.dir;
    place.textContent = error.detail;
  }
  document.querySelector("[aria-invalid=true]")?.focus();
}

function count(seconds) {
  const end = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    show($("countdown"), left > 0 ? word("wait").replace("{s}", left) : word("now"));
    $("book").disabled = left > 0;
    if (left <= 0) clearInterval(timer);
  };
  timer = setInterval(tick, 200);
  tick();
}

// input is what the form says: empty fields are left out, and what is no number is sent as it is.
function input() {
  const value = {};
  for (const name of fields) {
    const text = $(name).value.trim();
    if (text !== "") value[name] = name === "hours" && !Number.isNaN(Number(text)) ? Number(text) : text;
  }
  return JSON.stringify(value);
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send("POST", "/bookings", input(), (b) => `${word("done")} ${b.id} (${b.task}, ${b.date}, ${b.hours})`);
});
$("report").addEventListener("click", () => send("GET", "/report", undefined, String));
$("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText($("trace-id").textContent);
    $("copy").textContent = word("copied");
  } catch {
    getSelection().selectAllChildren($("trace-id")); // not allowed here: to copy by hand
  }
});
for (const id of ["language", "framework"]) {
  $(id).addEventListener("change", () => {
    translate();
    clear();
    last?.();
  });
}

for (const [tag, name] of Object.entries(names)) $("language").append(new Option(name, tag));
$("language").value = navigator.languages.map((tag) => tag.split("-")[0]).find((tag) => words[tag]) ?? "en";
for (const { name, path } of await (await fetch("frameworks.json")).json()) $("framework").append(new Option(name, path));
for (const text of tries) $("tries").append(Object.assign(document.createElement("li"), { textContent: text }));
translate();
document.body.dataset.ready = "true";
