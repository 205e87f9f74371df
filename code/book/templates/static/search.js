/* Search, by Pagefind: its index lies in the folder pagefind/ beside the pages and is fetched only when a reader
   searches. Browsers let no page opened from disk fetch anything, so there the dialog says what to do instead. */

"use strict";

for (const button of document.querySelectorAll(".search-button")) {
  // Where this script lies tells where the book lies, whatever page it is on.
  const book = new URL("../", document.currentScript.src);
  const served = location.protocol !== "file:";

  const dialog = document.createElement("dialog");
  dialog.className = "search";
  dialog.setAttribute("aria-label", "Search the book");
  dialog.innerHTML = `
    <form method="dialog" role="search">
      <input type="search" aria-label="Search the book" placeholder="A word or two" autocomplete="off" autofocus>
      <button>Close</button>
    </form>
    <p role="status"></p>
    <ol></ol>`;
  document.body.append(dialog);
  const [input, status, list] = ["input", "[role='status']", "ol"].map((name) => dialog.querySelector(name));

  let pagefind = null;
  const load = async () => {
    pagefind ??= import(new URL("pagefind/pagefind.js", book)).then(async (module) => {
      await module.init();
      return module;
    });
    return pagefind;
  };

  const show = (found) => {
    list.replaceChildren(...found.flatMap((page) => {
      const parts = page.sub_results.length ? page.sub_results.slice(0, 3) : [page];
      return parts.map((part) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = part.url;
        const title = part.title ?? page.meta.title;
        link.textContent = title === page.meta.title ? title : `${page.meta.title}: ${title}`;
        const excerpt = document.createElement("p");
        excerpt.innerHTML = part.excerpt; // Pagefind escapes it, but for <mark>
        item.append(link, excerpt);
        return item;
      });
    }));
  };

  const search = async () => {
    const words = input.value.trim();
    if (!words) {
      list.replaceChildren();
      status.textContent = "";
      return;
    }
    const index = await load();
    const answer = await index.debouncedSearch(words, {}, 150);
    if (answer === null) return; // the reader went on typing
    const found = await Promise.all(answer.results.slice(0, 8).map((result) => result.data()));
    const pages = answer.results.length;
    status.textContent = pages ? `Found on ${pages} ${pages === 1 ? "page" : "pages"}` : "Found nowhere";
    show(found);
  };

  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    if (served) load();
    else {
      input.disabled = true;
      status.textContent = "Search needs the book to come from a server, and this page was opened from disk. " +
        "Run python3 -m http.server in the book's folder and open http://localhost:8000 instead.";
    }
  };

  button.addEventListener("click", open);
  input.addEventListener("input", search);
  dialog.addEventListener("close", () => button.focus());
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) dialog.close();
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      open();
    }
  });
  button.hidden = false;
}
