/* What `book preview` adds to a page: it loads itself anew when the book has changed, and lays over itself what is
   wrong with the sources. The page below stays as it was last good. */

"use strict";

{
  const { state } = document.currentScript.dataset;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { position: fixed; inset: auto 0 0; z-index: 99; max-height: 60vh; overflow: auto; color: #fff;
            background: #7a1f1f; font: 14px/1.5 ui-monospace, monospace; box-shadow: 0 0 1rem #0008; }
    pre { margin: 1rem 1.5rem; white-space: pre-wrap; font: inherit; }`);

  const board = document.createElement("aside");
  board.id = "preview-faults";
  board.setAttribute("role", "alert");
  const shadow = board.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [sheet];

  new EventSource("/.preview/events").addEventListener("message", ({ data }) => {
    const shown = JSON.parse(data);
    if (shown.state !== state) {
      location.reload();
      return;
    }
    shadow.replaceChildren(...shown.faults.map((fault) => {
      const text = document.createElement("pre");
      text.textContent = fault;
      return text;
    }));
    if (shown.faults.length) document.body.append(board);
    else board.remove();
  });
}
