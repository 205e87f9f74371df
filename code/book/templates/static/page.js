/* What a page does beyond being read: remember a theme, copy code, show where the reader is.
   Every part improves something that works without it. A classic script, so that a page opened from disk runs it. */

"use strict";

const root = document.documentElement;

// Theme: the system's until the button is pressed, then the reader's. The page's head puts a remembered one in place
// before the first paint; storage may be closed to pages that are opened from disk.
for (const button of document.querySelectorAll(".theme-button")) {
  const isDark = () => getComputedStyle(root).colorScheme === "dark" ||
    (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const say = () => {
    button.title = `Change to the ${isDark() ? "light" : "dark"} theme`;
    button.setAttribute("aria-label", button.title);
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // The choice then lasts as long as the page.
    }
    say();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
  button.hidden = false;
  say();
}

// A link to a place on the same page travels there, one from another page arrives: it may be a long way.
document.addEventListener("click", (event) => {
  root.classList.toggle("travelling", event.target.closest('a[href^="#"]') !== null);
});

// Copy buttons, one a block of source. The clipboard is closed to insecure pages, and there the button stays away.
if (navigator.clipboard) {
  for (const block of document.querySelectorAll("main div.sourceCode")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    block.append(button);
  }
}

// Notes to lines of code that are to show where their number is pointed at or pressed, not in a list below the code.
for (const list of document.querySelectorAll(".annotations:is(.hover, .select)")) {
  const code = list.previousElementSibling;
  const box = code.matches("div.sourceCode") ? code : code.querySelector("div.sourceCode");
  const note = document.createElement("div");
  note.className = "annotation-note";
  note.hidden = true;
  box.append(note);
  const hide = () => { note.hidden = true; };
  for (const mark of box.querySelectorAll(".annotation")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = mark.className;
    button.dataset.number = mark.dataset.number;
    button.setAttribute("aria-label", mark.getAttribute("aria-label"));
    mark.replaceWith(button);
    const item = list.querySelector(`li[value="${mark.dataset.number}"]`);
    const show = () => {
      note.innerHTML = item.innerHTML;
      note.style.top = `${button.getBoundingClientRect().bottom - box.getBoundingClientRect().top + 4}px`;
      note.hidden = false;
    };
    if (list.classList.contains("hover")) {
      button.addEventListener("pointerenter", show);
      button.addEventListener("pointerleave", hide);
      button.addEventListener("focus", show);
      button.addEventListener("blur", hide);
    } else {
      button.addEventListener("click", () => {
        const again = !note.hidden && note.dataset.number === mark.dataset.number;
        note.dataset.number = mark.dataset.number;
        if (again) hide();
        else show();
      });
    }
  }
  list.hidden = true;
}

// A link to each section, to be copied from the address bar.
for (const heading of document.querySelectorAll("article :is(h2, h3)[id]")) {
  const anchor = document.createElement("a");
  anchor.className = "anchor";
  anchor.href = `#${heading.id}`;
  anchor.textContent = "#";
  anchor.setAttribute("aria-label", "Link to this section");
  heading.append(anchor);
}

// "On this page" marks the section that is being read: the last one whose heading has passed the top of the window.
const toc = document.querySelector(".toc");
if (toc) {
  const links = new Map();
  for (const link of toc.querySelectorAll("a[href^='#']")) {
    const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (section) links.set(section, link);
  }
  const mark = () => {
    let current = null;
    for (const section of links.keys()) {
      if (section.getBoundingClientRect().top < innerHeight * 0.25) current = section;
    }
    for (const [section, link] of links) {
      if (section === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    // It steps aside where a margin note, or what reaches over the margin, has scrolled up to its place.
    const box = toc.getBoundingClientRect();
    const crowded = [...document.querySelectorAll("main :is(.margin-note, .column)")].some((note) => {
      const other = note.getBoundingClientRect();
      return other.top < box.bottom && other.bottom > box.top && other.left < box.right && other.right > box.left;
    });
    toc.classList.toggle("yields", crowded);
  };
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);
  mark();
}

// The contents start where the reader is, not at their top.
document.querySelector("#contents [aria-current='page']")?.scrollIntoView({ block: "nearest" });

// A box that scrolls sideways can be reached, and so scrolled, by keyboard.
const reach = () => {
  for (const box of document.querySelectorAll("main pre, main .scroll, main .equation > math")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("load", reach);
addEventListener("resize", reach);
