// The page of the sandbox: what arrives, live, and the contact lookup. Everything that came in a call reaches the document
// as text nodes only, never as markup.
"use strict";

const shownCalls = 300;
const $ = id => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
  return element;
}

const parse = text => { try { return JSON.parse(text); } catch { return undefined; } };
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

async function get(url) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

// JSON with colours.
function json(value, className = "json") {
  const pre = el("pre", { class: className });
  const write = (item, indent) => {
    const inner = indent + "  ";
    if (item !== null && typeof item === "object") {
      const list = Array.isArray(item);
      const entries = list ? item.map(x => [null, x]) : Object.entries(item);
      if (entries.length === 0) { pre.append(list ? "[]" : "{}"); return; }
      pre.append(list ? "[\n" : "{\n");
      entries.forEach(([key, entry], i) => {
        pre.append(inner);
        if (key !== null) pre.append(el("span", { class: "k" }, JSON.stringify(key)), ": ");
        write(entry, inner);
        pre.append(i < entries.length - 1 ? ",\n" : "\n");
      });
      pre.append(indent + (list ? "]" : "}"));
    } else {
      pre.append(el("span", { class: typeof item === "string" ? "s" : "v" }, JSON.stringify(item)));
    }
  };
  write(value, "");
  return pre;
}

const jsonOrText = text => {
  const value = parse(text);
  return value !== undefined ? json(value) : el("pre", { class: "json" }, text || "(empty)");
};

// ---- Where we are: calls, or one contact -------------------------------------------------------------------------

function place() {
  const query = new URLSearchParams(location.search);
  return { email: query.get("email"), userId: query.get("userId"), tab: query.get("tab") === "events" ? "events" : "fields" };
}

function contactUrl(email, userId, tab) {
  const query = new URLSearchParams(email ? { email } : { userId });
  if (tab === "events") query.set("tab", tab);
  return `/sandbox?${query}`;
}

function go(url) {
  history.pushState(null, "", url);
  show();
}

function show() {
  const { email, userId } = place();
  const contact = Boolean(email || userId);
  $("live").hidden = contact;
  $("contact").hidden = !contact;
  $("who").value = email ?? userId ?? "";
  document.title = contact ? `${email ?? userId} · Sandbox Iterable` : "Sandbox Iterable";
  shownContact = "";
  tick();
}

// ---- Calls -------------------------------------------------------------------------------------------------------

let session = "";
let newest = 0;
let filter = "all";
let paused = false;

function outcome(call) {
  if (call.refused) return "bad";
  const answer = call.items > 1 || call.endpoint.toLowerCase().includes("bulk") ? parse(call.answer) : null;
  return answer && answer.failCount > 0 ? "part" : "good";
}

function what(call) {
  const body = parse(call.body);
  const names = fields => {
    const all = Object.keys(fields ?? {});
    return all.length === 0 ? "" : all.slice(0, 6).join(", ") + (all.length > 6 ? ` and ${all.length - 6} more` : "");
  };
  switch (call.endpoint) {
    case "events/track": return [el("b", {}, call.eventName ?? ""), "  ", names(body?.dataFields)];
    case "users/update": return [names(body?.dataFields)];
    case "commerce/trackPurchase": return [el("b", {}, "Purchase"), body ? `  ${body.total ?? "without total"} · ${count(body.items?.length ?? 0, "item")}` : ""];
    case "commerce/updateCart": return [el("b", {}, "Cart"), body ? `  ${count(body.items?.length ?? 0, "item")}` : ""];
    case "users/bulkUpdate": return [call.items > 0 ? el("b", {}, count(call.items, "user")) : ""];
    case "events/trackBulk": return [call.items > 0 ? el("b", {}, count(call.items, "event")) : "", call.eventName ? `  ${call.eventName}, …` : ""];
    case "users/updateEmail": return [`→ ${body?.newEmail ?? ""}`];
    case "users/merge": return [`→ ${body?.destinationEmail ?? body?.destinationUserId ?? ""}`];
    default: return [""];
  }
}

function failures(call) {
  const answer = parse(call.answer);
  const parts = Object.entries(answer?.failedUpdates ?? {}).filter(([, list]) => list.length > 0)
    .map(([name, list]) => `${name}: ${list.slice(0, 3).join(", ")}${list.length > 3 ? ` and ${list.length - 3} more` : ""}`);
  if (answer?.disallowedEventNames?.length) parts.push(`disallowedEventNames: ${answer.disallowedEventNames.join(", ")}`);
  return parts.join(" · ");
}

// BadJsonBody's reasons stand in its params, by path.
function reason(call) {
  const params = call.code === "BadJsonBody" ? Object.entries(parse(call.answer)?.params ?? {}) : [];
  return params.length > 0 ? params.map(([path, complaint]) => `${path}: ${complaint}`).join(" · ") : call.message ?? "";
}

function row(call) {
  const kind = outcome(call);
  const fold = el("span", { class: "fold", "aria-hidden": "true" }, "▸");
  const who = call.email ?? call.userId;
  const item = el("li", { class: kind });
  const line = el("div", { class: "call", role: "button", tabindex: "0", "aria-expanded": "false" },
    el("time", { datetime: call.at, title: call.at }, new Date(call.at).toISOString().slice(11, 23)),
    el("span", { class: "status" }, call.status === 0 ? "—" : String(call.status)),
    el("span", { class: "endpoint", title: `${call.method} /api/${call.path}` }, (call.method === "POST" ? "" : call.method + " ") + (call.endpoint === "unknown" ? call.path : call.endpoint)),
    el("span", { class: "who" }, who ? el("a", { href: contactUrl(call.email, call.userId), "data-contact": true }, who) : "",
      call.email && call.userId ? el("span", { class: "note" }, "  " + call.userId) : ""),
    el("span", { class: "what" }, ...what(call)),
    fold);
  item.append(line);
  if (kind === "bad") item.append(el("p", { class: "why" }, el("code", {}, call.code ?? (call.fault ? `fault ${call.fault}` : "")), reason(call)));
  else if (kind === "part") item.append(el("p", { class: "why" }, el("code", {}, call.message ?? ""), failures(call)));
  else if (call.fault) item.append(el("p", { class: "why" }, el("code", {}, `fault ${call.fault}`)));

  let detail = null;
  const toggle = () => {
    if (detail) { detail.remove(); detail = null; }
    else {
      detail = el("div", { class: "detail" },
        el("div", {}, el("h3", {}, `Request ${call.number}`), jsonOrText(call.body)),
        el("div", {}, el("h3", {}, call.tookEffect ? "Answer, took effect" : "Answer"), jsonOrText(call.answer)));
      item.append(detail);
    }
    fold.textContent = detail ? "▾" : "▸";
    line.setAttribute("aria-expanded", String(Boolean(detail)));
  };
  line.addEventListener("click", event => { if (!event.target.closest("a")) toggle(); });
  line.addEventListener("keydown", event => { if (event.key === "Enter" && event.target === line) toggle(); });
  item.call = call;
  item.kind = kind;
  item.words = `${call.endpoint} ${call.email ?? ""} ${call.userId ?? ""} ${call.eventName ?? ""} ${call.code ?? ""} ${call.status}`.toLowerCase();
  return item;
}

function sift(item) {
  const words = $("find").value.trim().toLowerCase();
  item.hidden = (filter === "accepted" && item.kind === "bad") || (filter === "refused" && item.kind === "good") || (words !== "" && !item.words.includes(words));
}

async function updateCalls() {
  const answer = await get(`/sandbox/calls?after=${newest}&limit=${shownCalls}`);
  if (answer.startedAt !== session) {
    const again = newest > 0;
    session = answer.startedAt;
    newest = 0;
    $("calls").replaceChildren();
    if (again) return updateCalls();
  }
  const list = $("calls");
  const fresh = document.createDocumentFragment();
  for (const call of answer.calls) {
    newest = call.number;
    const item = row(call);
    sift(item);
    fresh.prepend(item);
  }
  list.prepend(fresh);
  while (list.children.length > shownCalls) list.lastChild.remove();
  $("noCalls").hidden = list.children.length > 0;
}

async function updateState() {
  const state = await get("/sandbox/state");
  $("projectType").textContent = { hybrid: "hybrid project", email: "email-based project", userId: "userID-based project" }[state.projectType] ?? state.projectType;
  const tile = (number, label, alarm) => el("div", { class: alarm ? "tile alarm" : "tile" }, el("b", {}, number.toLocaleString("en")), el("span", {}, label));
  $("tiles").replaceChildren(
    tile(state.users, state.users === 1 ? "user" : "users"), tile(state.events, state.events === 1 ? "custom event" : "custom events"), tile(state.purchases, state.purchases === 1 ? "purchase" : "purchases"),
    tile(state.calls, "calls"), tile(state.refused, "refused", state.refused > 0));

  const shown = state.rates.filter(rate => rate.calls > 0 || /update$|bulkUpdate|track/.test(rate.endpoint));
  $("rates").replaceChildren(...shown.map(rate => {
    const used = rate.capacity ? (rate.capacity - rate.remaining) / rate.capacity : 0;
    return el("li", { class: rate.calls === 0 ? "idle" : null },
      el("div", { class: "line" },
        el("span", { class: "endpoint" }, rate.endpoint),
        el("span", { class: "number" }, el("b", {}, `${rate.lastSecond}/s`), rate.capacity ? ` of ${rate.perSecond}` : " no limit", ` · ${rate.calls.toLocaleString("en")}`)),
      rate.capacity ? el("progress", { max: "1", value: String(used), class: used > .97 ? "full" : used > .7 ? "high" : null, "aria-label": `${rate.endpoint}: part of the bucket that is used` }) : "",
      rate.limited > 0 ? el("span", { class: "limited" }, `${count(rate.limited, "call")} answered with 429`) : "");
  }));

  $("faultsCard").hidden = state.faults.length === 0;
  $("faults").replaceChildren(...state.faults.map(fault => el("li", {},
    el("code", {}, fault.mode + (fault.mode.startsWith("status") ? ` ${fault.status}` : "")),
    ` for ${fault.callsLeft < 0 ? "every call" : count(fault.callsLeft, "call")} of ${fault.endpoint ?? "any endpoint"}${fault.user ? `, user ${fault.user}` : ""}`)));
}

// ---- Contact -----------------------------------------------------------------------------------------------------

let shownContact = "";

function cell(value) {
  return value !== null && typeof value === "object" ? json(value, "json bare") : el("span", {}, String(value));
}

function table(heads, rows) {
  return el("table", {}, el("thead", {}, el("tr", {}, ...heads.map(head => el("th", {}, head)))), el("tbody", {}, ...rows));
}

async function updateContact() {
  const { email, userId, tab } = place();
  const contact = await get(`/sandbox/contact?${new URLSearchParams(email ? { email } : { userId })}`);
  const picture = JSON.stringify(contact) + tab;
  if (picture === shownContact) return; // A selection or an open scroll position survives while nothing changes.
  shownContact = picture;

  for (const name of ["fields", "events"]) {
    $(name).hidden = name !== tab;
    document.querySelector(`[data-tab="${name}"]`).setAttribute("aria-selected", String(name === tab));
  }
  const user = contact.user;
  const name = user?.email ?? user?.userId ?? email ?? userId;
  $("name").textContent = name;
  $("avatar").textContent = (name[0] ?? "?").toUpperCase();
  $("tabEvents").textContent = user ? `Event history (${contact.eventCount.toLocaleString("en")})` : "Event history";
  if (!user) {
    $("facts").textContent = contact.forgotten ? "Forgotten: data about this user is never taken again" : "No such contact";
    const nothing = () => el("p", { class: "empty" }, contact.forgotten ? "This contact has been forgotten." : `Nobody here has the ${email ? "email" : "userId"} ${name}. Emails are found in any case, userIds only as written.`);
    $("fields").replaceChildren(nothing());
    $("events").replaceChildren(nothing());
    return;
  }
  const date = text => new Date(text).toISOString().slice(0, 19).replace("T", " ");
  $("facts").textContent = [user.userId && user.email ? `userId ${user.userId}` : "", `created ${date(contact.createdAt)}`, `updated ${date(contact.updatedAt)}`].filter(Boolean).join("  ·  ");

  $("fields").replaceChildren(table(["Field", "Value", "Type"], Object.entries(user.dataFields).map(([field, value]) => el("tr", {},
    el("td", { class: "name" }, field),
    el("td", {}, cell(value)),
    el("td", { class: "last" }, el("span", { class: "type" }, (Array.isArray(value) ? "array of " : "") + (contact.types[field] ?? (Array.isArray(value) ? "object" : typeof value))))))));

  const rows = contact.events.map(event => {
    const fields = event.eventType === "purchase"
      ? { total: event.total, shoppingCartItems: event.shoppingCartItems, ...(Object.keys(event.dataFields).length ? { dataFields: event.dataFields } : {}) }
      : event.dataFields;
    return el("tr", {},
      el("td", {}, el("b", {}, event.eventName)),
      el("td", {}, el("span", { class: `type ${event.eventType}` }, event.eventType)),
      el("td", {}, event.email ?? event.userId ?? ""),
      el("td", { class: "nowrap" }, event.createdAt),
      el("td", {}, json(fields, "json bare")));
  });
  $("events").replaceChildren(rows.length > 0
    ? table(["eventName", "eventType", user.email ? "email" : "userId", "createdAt", "dataFields"], rows)
    : el("p", { class: "empty" }, "No events yet."));
  if (contact.events.length < contact.eventCount)
    $("events").append(el("p", { class: "empty" }, `The newest ${contact.events.length} of ${contact.eventCount.toLocaleString("en")} events.`));
}

// ---- The clock ---------------------------------------------------------------------------------------------------

let busy = false;
let again = false;

async function tick() {
  if (document.hidden) return;
  if (busy) { again = true; return; }
  busy = true;
  try {
    await updateState();
    if ($("live").hidden) await updateContact();
    else if (!paused) await updateCalls();
    $("pulse").textContent = paused ? "paused" : "live";
    $("pulse").className = paused ? "pulse still" : "pulse";
  } catch {
    $("pulse").textContent = "not reachable";
    $("pulse").className = "pulse off";
  } finally {
    busy = false;
    if (again) { again = false; setTimeout(tick); }
  }
}

document.addEventListener("click", event => {
  const link = event.target.closest("a[data-home], a[data-contact]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
});
$("lookup").addEventListener("submit", event => {
  event.preventDefault();
  const who = $("who").value.trim();
  go(who === "" ? "/sandbox" : who.includes("@") ? contactUrl(who, null) : contactUrl(null, who));
});
$("filter").addEventListener("click", event => {
  filter = event.target.dataset.show ?? filter;
  for (const button of $("filter").children) button.setAttribute("aria-pressed", String(button.dataset.show === filter));
  for (const item of $("calls").children) sift(item);
});
$("find").addEventListener("input", () => { for (const item of $("calls").children) sift(item); });
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Resume" : "Pause";
  tick();
});
$("clearFaults").addEventListener("click", async () => { await fetch("/sandbox/faults", { method: "DELETE" }); tick(); });
document.querySelector(".tabs").addEventListener("click", event => {
  const tab = event.target.dataset.tab;
  const { email, userId } = place();
  if (tab) go(contactUrl(email, userId, tab));
});
window.addEventListener("popstate", show);
document.addEventListener("visibilitychange", () => tick());
setInterval(tick, 1000);
show();
// Where a real write key is set, there is no sandbox source.
fetch("/sandbox/segment/events?limit=0").then(answer => { $("segment").hidden = !answer.ok; });
