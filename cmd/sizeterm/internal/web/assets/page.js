// The page works without this script; it saves clicks.
"use strict";
(() => {
  // While something is worked on, the server tells what happens, and the page looks again; without it, after five seconds.
  // The page of uploads has a script of its own.
  if (document.querySelector(".spin") && !document.getElementById("history")) {
    let waiting = 0;
    const soon = (wait) => { clearTimeout(waiting); waiting = setTimeout(() => location.reload(), wait); };
    soon(5000);
    const told = new EventSource("/events");
    told.onopen = () => soon(2000);
    told.addEventListener("upload", () => soon(400));
    told.addEventListener("plan", () => soon(400));
  }

  // A part that is not finished asks for itself again; the rest of the page, and what somebody types into it, stays.
  const again = async (part) => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
    if (!fresh) { return; }
    part.replaceChildren(...fresh.childNodes);
    if (fresh.hasAttribute("data-again")) { setTimeout(() => again(part), 1000); }
  };
  for (const part of document.querySelectorAll("[data-again]")) { setTimeout(() => again(part), 1000); }

  // A slider asks the server, which computes with the same simulator, and shows its answer in place.
  for (const form of document.querySelectorAll("form[data-what-if]")) {
    const target = document.getElementById("demand");
    let waiting = 0, asked = 0;
    const ask = async () => {
      const number = ++asked;
      const answer = await fetch(form.dataset.whatIf + "?" + new URLSearchParams(new FormData(form)), { headers: { Accept: "text/html" } });
      if (number === asked && answer.ok) { target.innerHTML = await answer.text(); }
    };
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(ask, 120); };
    for (const label of form.querySelectorAll("label")) {
      const [slider, number] = label.querySelectorAll("input");
      if (!slider) { continue; }
      slider.hidden = false;
      slider.addEventListener("input", () => { number.value = slider.value; soon(); });
      number.addEventListener("input", () => { slider.value = number.value; soon(); });
    }
    for (const choice of form.querySelectorAll("select")) { choice.addEventListener("change", soon); }
    form.addEventListener("submit", (e) => { e.preventDefault(); ask(); });
  }
})();
