// The page of the sandbox source: what has arrived, newest first. Everything that came in a call reaches the document as text nodes only, never as markup.
"use strict";

const shown = 300;
const $ = id => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function row(event) {
  const call = JSON.parse(event.json);
  return el("tr", {},
    el("td", {}, el("b", {}, event.event ?? event.type), event.arrivals > 1 ? el("span", { class: "note" }, `  came ${event.arrivals} times`) : ""),
    el("td", {}, event.userId ?? event.anonymousId ?? "", call.context?.traits?.email ? el("span", { class: "note" }, "  " + call.context.traits.email) : ""),
    el("td", { class: "nowrap" }, call.timestamp ?? ""),
    el("td", {}, el("pre", { class: "json bare" }, JSON.stringify(call.properties ?? call, null, 2))),
    el("td", { class: "last" }, el("code", {}, event.messageId)));
}

let picture = "";

async function tick() {
  if (document.hidden) return;
  try {
    const response = await fetch(`/sandbox/segment/events?limit=${shown}`, { cache: "no-store" });
    const text = await response.text();
    if (text !== picture) {
      picture = text;
      const { events } = JSON.parse(text);
      $("count").textContent = events.length === 0 ? "no events" : `${events.at(-1).number.toLocaleString("en")} events`;
      $("none").hidden = events.length > 0;
      const heads = ["event", "user", "timestamp", "properties", "messageId"].map(head => el("th", {}, head));
      $("events").replaceChildren(...(events.length === 0 ? [] : [el("table", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...events.reverse().map(row)))]));
    }
    $("pulse").textContent = "live";
    $("pulse").className = "pulse";
  } catch {
    $("pulse").textContent = "not reachable";
    $("pulse").className = "pulse off";
  }
}

document.addEventListener("visibilitychange", tick);
setInterval(tick, 1000);
tick();
