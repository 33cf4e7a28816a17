// The page works without this script; it saves clicks.
"use strict";
(() => {
  // Files dropped anywhere on the form are chosen.
  for (const form of document.querySelectorAll("form.drop")) {
    const input = form.querySelector("input[type=file]");
    form.addEventListener("dragover", (e) => { e.preventDefault(); form.classList.add("over"); });
    form.addEventListener("dragleave", () => form.classList.remove("over"));
    form.addEventListener("drop", (e) => {
      e.preventDefault();
      form.classList.remove("over");
      if (e.dataTransfer.files.length) { input.files = e.dataTransfer.files; }
    });
  }

  // While something is worked on, the server tells what happens, and the page looks again; without it, after five seconds.
  // Files that were chosen and not sent stay.
  if (document.querySelector(".spin")) {
    let waiting = 0;
    const look = () => {
      if (![...document.querySelectorAll("input[type=file]")].some((i) => i.files.length)) { location.reload(); }
    };
    const soon = (wait) => { clearTimeout(waiting); waiting = setTimeout(look, wait); };
    soon(5000);
    const told = new EventSource("/events");
    told.onopen = () => soon(2000);
    told.addEventListener("upload", () => soon(400));
    told.addEventListener("plan", () => soon(400));
  }

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
      slider.hidden = false;
      slider.addEventListener("input", () => { number.value = slider.value; soon(); });
      number.addEventListener("input", () => { slider.value = number.value; soon(); });
    }
    form.addEventListener("submit", (e) => { e.preventDefault(); ask(); });
  }
})();
